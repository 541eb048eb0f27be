// One HTTP exchange for providers that speak it: time limit, redirects, proxies, a bound on what is
// read. Errors are worded `Get "<url>": <cause>`, as Argo's users know them.
import { Agent, EnvHttpProxyAgent, interceptors, request, type Dispatcher } from "undici";

export interface HttpExchange {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Accept any TLS certificate. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const maxRedirects = 10;
const longestBodyBytes = 10 * 1024 * 1024;
const dispatchers = new Map<string, Dispatcher>();

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Connections are kept and shared; idle ones do not keep the process alive. A proxy is never used for this machine. */
function dispatcherFor({ hostname }: URL, insecure: boolean): Dispatcher {
  const direct = isLoopback(hostname);
  const key = `${direct} ${insecure}`;
  const known = dispatchers.get(key);
  if (known) return known;
  const connect = { timeout: 30_000, ...(insecure ? { rejectUnauthorized: false } : {}) };
  const tls = insecure ? { requestTls: { rejectUnauthorized: false } } : {};
  const agent = direct ? new Agent({ connect }) : new EnvHttpProxyAgent({ connect, ...tls });
  const redirect = interceptors.redirect({ maxRedirections: maxRedirects });
  const dispatcher = agent.compose(redirect);
  dispatchers.set(key, dispatcher);
  return dispatcher;
}

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === "http:" || address?.protocol === "https:") return address;
  throw new Error(`"${url}" is no http or https address`);
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

function titled(method: string): string {
  return method.charAt(0) + method.slice(1).toLowerCase();
}

/**
 * Sends one request and reads the whole answer, whatever its status. Follows up to ten redirects.
 * Rejects with `Get "<url>": context deadline exceeded` after `timeoutMs`, and with the network's
 * own words when there is no answer.
 */
export async function exchange(asked: HttpExchange): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs, insecure } = asked;
  const address = addressOf(url);
  const timeout = AbortSignal.timeout(Math.max(0, timeoutMs));
  const signal = AbortSignal.any([asked.signal, timeout]);
  try {
    if (timeoutMs <= 0) throw new Error("context deadline exceeded");
    const answer = await request(address, {
      method,
      headers,
      signal,
      dispatcher: dispatcherFor(address, insecure),
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, text: await textOf(answer.body) };
  } catch (error) {
    const cause = timeout.aborted ? "context deadline exceeded" : causeText(error);
    throw new Error(`${titled(method)} "${url}": ${cause}`, { cause: error });
  }
}
