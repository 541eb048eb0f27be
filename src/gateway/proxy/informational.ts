// Interim answers (1xx) that a client may use before the real one.
import type { ServerResponse } from "node:http";

interface Receiver {
  readonly request: { readonly httpVersion: string };
  readonly response: ServerResponse;
}

/** Passes 102 and 103 on; HTTP/1.0 clients know neither, and 100 was answered by the gateway itself. */
export function sendInformational(
  { request, response }: Receiver,
  status: number,
  headers: NodeJS.Dict<string | string[]>,
): void {
  if (request.httpVersion === "1.0" || response.destroyed) return;
  if (status === 102) response.writeProcessing();
  const { link } = headers;
  if (status === 103 && link !== undefined) response.writeEarlyHints({ link });
}
