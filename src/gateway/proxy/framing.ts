// Checks that everyone downstream will read a request's borders as the gateway does. Node's parser already
// refuses what is plainly ambiguous (Content-Length with Transfer-Encoding, repeated lengths, bad chunks);
// this adds what it lets through, and finds the target and the host the request is for.
import type { IncomingMessage } from "node:http";

export type Framing =
  | {
      readonly kind: "sound";
      /** Path and query as received, beginning with /. */
      readonly target: string;
      /** The authority the request is for; undefined in HTTP/1.0 without Host. */
      readonly authority: string | undefined;
      readonly hasBody: boolean;
    }
  | { readonly kind: "refused"; readonly status: 400 | 501; readonly message: string };

export function framingOf(request: IncomingMessage): Framing {
  const coding = request.headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    return refused(
      501,
      `transfer coding "${coding}" is not supported; send chunked or Content-Length`,
    );
  }
  if (coding !== undefined && request.httpVersion === "1.0") {
    return refused(400, "an HTTP/1.0 request cannot use Transfer-Encoding");
  }
  if (countOfHosts(request.rawHeaders) > 1) return refused(400, "more than one Host field");
  const length = request.headers["content-length"];
  const hasBody = coding !== undefined || (length !== undefined && !/^0+$/u.test(length));
  return withTarget(request, hasBody);
}

function withTarget(request: IncomingMessage, hasBody: boolean): Framing {
  const url = request.url ?? "";
  if (url.startsWith("/")) {
    return { kind: "sound", target: url, authority: request.headers.host, hasBody };
  }
  const absolute = /^https?:\/\/([^/?#@]+)([/?].*)?$/iu.exec(url);
  if (!absolute) return refused(501, `request target "${url}" cannot be forwarded; send a path`);
  const [, authority, rest = ""] = absolute;
  const target = rest.startsWith("/") ? rest : `/${rest}`;
  return { kind: "sound", target, authority, hasBody };
}

function countOfHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") count += 1;
  }
  return count;
}

function refused(status: 400 | 501, message: string): Framing {
  return { kind: "refused", status, message };
}
