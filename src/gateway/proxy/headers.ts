// What of a message's header section travels on, and what is for one connection only (RFC 9110, 7.6.1).
import type { IncomingMessage } from "node:http";
import type { RequestHeadersFilter } from "../config.ts";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** `expect` is answered here; `host` and the forwarding chain are written anew. */
const notForwarded = new Set([...hopByHop, "expect", "host", "http2-settings", "x-forwarded-for"]);
const notReturned = new Set([...hopByHop].filter((name) => name !== "trailer"));

const forwardedFor = "x-forwarded-for";
const forwardedProto = "x-forwarded-proto";
const forwardedHost = "x-forwarded-host";

/**
 * The fields to send to a backend, names and values in turn, in the client's order and spelling, with the
 * client's address appended to X-Forwarded-For. No Via is added.
 */
export function requestHeaders(
  request: IncomingMessage,
  host: string | undefined,
  filters: readonly RequestHeadersFilter[],
): string[] {
  const headers = endToEndFields(request);
  if (host !== undefined) headers.push("host", host);
  headers.push(forwardedFor, forwardedChain(request));
  if (request.headers[forwardedProto] === undefined) headers.push(forwardedProto, "http");
  if (request.headers[forwardedHost] === undefined && host !== undefined) {
    headers.push(forwardedHost, host);
  }
  if (acceptsTrailers(request)) headers.push("te", "trailers");
  return filters.reduce(applyFilter, headers);
}

function endToEndFields(request: IncomingMessage): string[] {
  const raw = request.rawHeaders;
  const named = namedByConnection(request.headers.connection);
  const headers: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    const lower = name.toLowerCase();
    if (!notForwarded.has(lower) && !named?.has(lower)) headers.push(name, raw[index + 1] ?? "");
  }
  return headers;
}

function forwardedChain(request: IncomingMessage): string {
  const before = request.headers[forwardedFor];
  const address = clientAddress(request);
  return before === undefined ? address : `${String(before)}, ${address}`;
}

function clientAddress(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? "unknown";
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

function acceptsTrailers(request: IncomingMessage): boolean {
  return /(?:^|,)\s*trailers\s*(?:,|$)/iu.test(String(request.headers["te"] ?? ""));
}

/** Fields that the sender declared to be for this connection only; almost always none. */
function namedByConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined) return undefined;
  const lower = connection.toLowerCase();
  if (lower === "keep-alive" || lower === "close") return undefined;
  return new Set(lower.split(",").map((name) => name.trim()));
}

function applyFilter(headers: string[], filter: RequestHeadersFilter): string[] {
  const set = filter.set ?? [];
  const gone = new Set(
    [...(filter.remove ?? []), ...set.map((field) => field.name)].map((name) => name.toLowerCase()),
  );
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!gone.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? "");
  }
  for (const field of [...set, ...(filter.add ?? [])]) kept.push(field.name, field.value);
  return kept;
}

/** A response's fields as received, without what was meant for the connection to the gateway. */
export function responseHeaders(raw: readonly (Buffer | string)[]): string[] {
  const headers: string[] = [];
  let named: Set<string> | undefined;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = textOf(raw[index]);
    const lower = name.toLowerCase();
    if (lower === "connection") {
      named = withNames(named, textOf(raw[index + 1]));
    } else if (!notReturned.has(lower)) {
      headers.push(name, textOf(raw[index + 1]));
    }
  }
  return named ? withoutNames(headers, named) : headers;
}

function withNames(named: Set<string> | undefined, connection: string): Set<string> | undefined {
  const more = namedByConnection(connection);
  return more ? new Set([...(named ?? []), ...more]) : named;
}

function withoutNames(headers: readonly string[], named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (!named.has(name.toLowerCase())) kept.push(name, headers[index + 1] ?? "");
  }
  return kept;
}

export function textOf(value: Buffer | string | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : value.toString("latin1");
}
