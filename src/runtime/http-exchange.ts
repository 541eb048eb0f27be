// One HTTP exchange for adapters that speak it: time limit, redirects, proxies, a bound on what is
// read. Errors are worded `Get "<url>": <cause>`, as Argo's users know them.
import { Agent, EnvHttpProxyAgent, interceptors, request, type Dispatcher } from "undici";

export interface HttpExchange {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Accept any TLS certificate. Default false. */
  readonly insecure?: boolean;
  /**
   * What to do when sent elsewhere: follow up to ten times (default), or take that for the answer.
   * Only Authorization and Cookie are withheld from another host, so keys in headers of their own
   * want "answer".
   */
  readonly redirects?: "follow" | "answer";
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const maxRedirects = 10;
const longestBodyBytes = 10 * 1024 * 1024;
const dispatchers = new Map<string, Dispatcher>();

/** This machine, and the link-local addresses at which clouds tell machines about themselves. */
function isNear(hostname: string): boolean {
  return (
    hostname === "localhost" || hostname === "[::1]" || /^(?:127|169\.254)[.\d]+$/.test(hostname)
  );
}

interface Way {
  readonly isDirect: boolean;
  readonly insecure: boolean;
  readonly redirects: "follow" | "answer";
}

function newDispatcher({ isDirect, insecure, redirects }: Way): Dispatcher {
  const connect = { timeout: 30_000, ...(insecure ? { rejectUnauthorized: false } : {}) };
  const tls = insecure ? { requestTls: { rejectUnauthorized: false } } : {};
  const agent = isDirect ? new Agent({ connect }) : new EnvHttpProxyAgent({ connect, ...tls });
  if (redirects === "answer") return agent;
  return agent.compose(interceptors.redirect({ maxRedirections: maxRedirects }));
}

/** Connections are kept and shared; idle ones do not keep the process alive. */
function dispatcherFor(way: Way): Dispatcher {
  const key = JSON.stringify(way);
  const known = dispatchers.get(key);
  if (known) return known;
  const dispatcher = newDispatcher(way);
  dispatchers.set(key, dispatcher);
  return dispatcher;
}

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === "http:" || address?.protocol === "https:") return address;
  throw new Error(`"${shown(url)}" is no http or https address`);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > longestBodyBytes)
      throw new Error(`the answer is longer than ${longestBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** undici wraps what the network said; the innermost text is the telling one. */
function causeText(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return causeText(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? causeText(error.cause) : error.message;
}

/** A password in an address is no part of what is told about it, as in Go. */
function shown(url: string): string {
  return url.replace(/^(https?:\/\/[^/?#@:]*):[^/?#]*@/i, "$1:xxxxx@");
}

/** `http://name:password@host` signs in with that name, unless a header does. */
function withSignIn(
  { username, password }: URL,
  headers: HttpExchange["headers"],
): HttpExchange["headers"] {
  if (username === "" && password === "") return headers;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}`, ...headers };
}

function titled(method: string): string {
  return method.charAt(0) + method.slice(1).toLowerCase();
}

/**
 * Sends one request and reads the whole answer, whatever its status, ten megabytes at most. A proxy
 * of the environment is never used for this machine. Rejects with
 * `Get "<url>": context deadline exceeded` after `timeoutMs`, and with the network's own words when
 * there is no answer.
 */
export async function exchange(asked: HttpExchange): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs, insecure = false, redirects = "follow" } = asked;
  const address = addressOf(url);
  const timeout = AbortSignal.timeout(Math.max(0, timeoutMs));
  const signal = AbortSignal.any([asked.signal, timeout]);
  try {
    if (timeoutMs <= 0) throw new Error("context deadline exceeded");
    const answer = await request(address, {
      method,
      headers: withSignIn(address, headers),
      signal,
      dispatcher: dispatcherFor({ isDirect: isNear(address.hostname), insecure, redirects }),
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, text: await textOf(answer.body) };
  } catch (error) {
    const cause = timeout.aborted ? "context deadline exceeded" : causeText(error);
    throw new Error(`${titled(method)} "${shown(url)}": ${cause}`, { cause: error });
  }
}
