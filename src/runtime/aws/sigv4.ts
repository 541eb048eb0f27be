// AWS Signature Version 4, as Amazon's documentation describes it.
import { createHash, createHmac } from "node:crypto";
import type { EpochMs } from "../../lib/time.ts";
import type { Credentials } from "./context.ts";

export interface Signing extends Credentials {
  readonly service: string;
  readonly now: EpochMs;
}

export interface Signable {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

/** RFC 3986: what encodeURIComponent leaves alone beyond the unreserved characters is encoded too. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compared(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function canonicalQuery(query: URLSearchParams): string {
  // By name first: as one text, `a-b=1` would come before `a=1`.
  return [...query]
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([a, left], [b, right]) => compared(a, b) || compared(left, right))
    .map((pair) => pair.join("="))
    .join("&");
}

/** Each segment is encoded twice: once as it is sent, once for signing. */
function canonicalPath(pathname: string): string {
  return pathname.split("/").map(encoded).join("/");
}

/** The request's headers with `authorization`, `x-amz-date` and, if there is one, the session token. */
export function signedHeaders(
  request: Signable,
  signing: Signing,
): Readonly<Record<string, string>> {
  const url = new URL(request.url);
  const timestamp = new Date(signing.now).toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = [timestamp.slice(0, 8), signing.region, signing.service, "aws4_request"];
  const { sessionToken = "" } = signing;
  const added = {
    "x-amz-date": timestamp,
    ...(sessionToken === "" ? {} : { "x-amz-security-token": sessionToken }),
  };
  const headers = Object.entries({ ...request.headers, ...added, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/\s+/g, " ")] as const)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const names = headers.map(([name]) => name).join(";");
  const canonical = [
    request.method,
    canonicalPath(url.pathname),
    canonicalQuery(url.searchParams),
    ...headers.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    sha256(request.body ?? ""),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", timestamp, scope.join("/"), sha256(canonical)].join("\n");
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${signing.secretAccessKey}`);
  const signature = hmac(key, toSign).toString("hex");
  const credential = `${signing.accessKeyId}/${scope.join("/")}`;
  return {
    ...request.headers,
    ...added,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
