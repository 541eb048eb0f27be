// Replies onto the wire. A stream waits for a slow client, but not for ever: then the connection ends,
// and the client comes back with the version it has seen.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { stringify } from "yaml";
import type { Clock } from "../../../runtime/clock.ts";
import type { Reply } from "../call.ts";

export interface RespondOptions {
  readonly clock: Clock;
  /** How long a stream waits for its client to take what was sent. */
  readonly slowClientMs: number;
  readonly pretty: boolean;
}

/** Header values are ASCII texts in quotes; a warning about a field may quote anything. */
function warningHeader(text: string): string {
  const quoted = text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
  return `299 - "${quoted}"`;
}

type JsonReply = Extract<Reply, { kind: "json" }>;

function encoded({ body, contentType = "application/json" }: JsonReply, pretty: boolean): string {
  if (contentType.startsWith("application/yaml"))
    return stringify(body, { aliasDuplicateObjects: false });
  return `${JSON.stringify(body, undefined, pretty ? 2 : undefined)}\n`;
}

function sendJson(response: ServerResponse, reply: JsonReply, pretty: boolean): void {
  const bytes = Buffer.from(encoded(reply, pretty));
  const { warnings = [], contentType = "application/json" } = reply;
  response.writeHead(reply.status, {
    "Content-Type": contentType,
    "Content-Length": bytes.byteLength,
    "Cache-Control": "no-cache, private",
    ...(warnings.length > 0 ? { Warning: warnings.map((warning) => warningHeader(warning)) } : {}),
  });
  response.end(bytes);
}

function sendText(
  response: ServerResponse,
  { status, text, contentType }: Extract<Reply, { kind: "text" }>,
): void {
  const bytes = Buffer.from(text);
  response.writeHead(status, {
    "Content-Type": contentType ?? "text/plain; charset=utf-8",
    "Content-Length": bytes.byteLength,
  });
  response.end(bytes);
}

/** Resolves true when the client has taken what was sent, false when it took too long or has gone. */
async function drained(
  response: ServerResponse,
  { clock, slowClientMs }: RespondOptions,
): Promise<boolean> {
  const giveUp = new AbortController();
  const cancel = clock.after(slowClientMs, () => giveUp.abort());
  const onClose = (): void => giveUp.abort();
  response.once("close", onClose);
  try {
    if (response.destroyed) return false;
    await once(response, "drain", { signal: giveUp.signal });
    return true;
  } catch (error) {
    if (giveUp.signal.aborted) return false;
    throw error;
  } finally {
    cancel();
    response.off("close", onClose);
  }
}

async function sendStream(
  response: ServerResponse,
  { contentType, chunks }: Extract<Reply, { kind: "stream" }>,
  options: RespondOptions,
): Promise<void> {
  response.writeHead(200, { "Content-Type": contentType, "Cache-Control": "no-cache, private" });
  response.flushHeaders();
  for await (const chunk of chunks) {
    if (chunk.length === 0 || response.write(chunk)) continue;
    if (await drained(response, options)) continue;
    response.destroy();
    return;
  }
  response.end();
}

/** Resolves when the reply is handed over; a stream rejects with what its source threw. */
export async function respond(
  response: ServerResponse,
  reply: Reply,
  options: RespondOptions,
): Promise<void> {
  switch (reply.kind) {
    case "json":
      sendJson(response, reply, options.pretty);
      return;
    case "text":
      sendText(response, reply);
      return;
    case "stream":
      return sendStream(response, reply, options);
  }
}
