// gateway.json: how to find the gateway of a data directory, and whether it still is the one that wrote it.
import { join } from "node:path";
import { z } from "zod";
import { readIfThere, writeWhole } from "./config-store.ts";

const stateSchema = z.object({
  pid: z.int(),
  /** See process-identity.ts. */
  startTime: z.string(),
  startedAtMs: z.number(),
  epoch: z.string(),
  admin: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("unix"), path: z.string() }),
    z.object({ kind: z.literal("tcp"), host: z.string(), port: z.int() }),
  ]),
  /** Bearer token of the admin API. */
  token: z.string(),
  listeners: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      port: z.int(),
      error: z.string().exactOptional(),
    }),
  ),
});

export type GatewayState = Readonly<z.infer<typeof stateSchema>>;
export type AdminAddress = GatewayState["admin"];

export function stateFileIn(dataDir: string): string {
  return join(dataDir, "gateway.json");
}

/** Readable by the owner only: it holds the token. */
export async function writeState(dataDir: string, state: GatewayState): Promise<void> {
  await writeWhole(stateFileIn(dataDir), `${JSON.stringify(state, undefined, 2)}\n`, 0o600);
}

/** Undefined when no gateway ever ran there, or the file is not one of ours. */
export async function readState(dataDir: string): Promise<GatewayState | undefined> {
  const text = await readIfThere(stateFileIn(dataDir));
  if (text === undefined) return undefined;
  const parsed = stateSchema.safeParse(parseOrUndefined(text));
  return parsed.success ? parsed.data : undefined;
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
