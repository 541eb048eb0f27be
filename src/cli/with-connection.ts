// The frame of most commands: connect, work, close whatever happens.
import { haldaneError } from "../lib/errors.ts";
import { isJsonObject } from "../lib/json.ts";
import { isStoreError } from "../objects/object-store.ts";
import type { CommandCall, Connection } from "./command.ts";

export async function withConnection<T>(
  call: CommandCall,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await call.cli.connect(call.options);
  try {
    return await work(connection);
  } catch (error) {
    throw explained(error, connection);
  } finally {
    await connection.close();
  }
}

/** Which server did not answer or refused, and what to do about it; other errors speak for themselves. */
function explained(error: unknown, { server }: Connection): unknown {
  if (!isStoreError(error)) return error;
  const { details, reason, message } = error;
  const unreachable = isJsonObject(details) ? details["unreachable"] : undefined;
  if (typeof unreachable === "string")
    return haldaneError(
      "API_SERVER_UNREACHABLE",
      { server, problem: unreachable },
      { cause: error },
    );
  const isRefused = reason === "Unauthorized" || reason === "Forbidden";
  return isRefused
    ? haldaneError("API_SERVER_REFUSED", { server, problem: message }, { cause: error })
    : error;
}
