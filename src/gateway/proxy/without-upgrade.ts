// Serves a request that asked for another protocol as the plain request it also is. node:http hands such a connection
// over as soon as anyone listens for upgrades, so its head is written anew, without the wish, and read again.
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

const wishes: ReadonlySet<string> = new Set(["upgrade", "http2-settings"]);

export function withoutUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const lines = [`${request.method ?? "GET"} ${request.url ?? "/"} HTTP/${request.httpVersion}`];
  const raw = request.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    const value = raw[index + 1] ?? "";
    const lower = name.toLowerCase();
    if (wishes.has(lower)) continue;
    lines.push(`${name}: ${lower === "connection" ? withoutWishes(value) : value}`);
  }
  const text = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  socket.unshift(Buffer.concat([text, head]));
  server.emit("connection", socket);
}

function withoutWishes(connection: string): string {
  const kept = connection
    .split(",")
    .map((option) => option.trim())
    .filter((option) => !wishes.has(option.toLowerCase()));
  return kept.length > 0 ? kept.join(", ") : "keep-alive";
}
