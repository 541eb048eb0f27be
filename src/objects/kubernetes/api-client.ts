// Requests to one API server over one connection pool. Turns Status answers into StoreErrors.
import type { Dispatcher } from "undici";
import { isJsonObject, type Json } from "../../lib/json.ts";
import { sleep, type Clock } from "../../runtime/clock.ts";
import { StoreError, storeErrorCodes, type StoreErrorReason } from "../object-store.ts";
import { Connections, type Lines } from "./connections.ts";
import { credentialsFrom, type Credentials } from "./credentials.ts";
import { KubeconfigError, type ClusterAccess } from "./kubeconfig.ts";
import type { RateLimit } from "./rate-limit.ts";
import { waitBeforeRetry, type Failure } from "./retry.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Any failure is the caller's to judge, 429 too: the request is not sent again. */
  readonly isAskedOnce?: boolean;
}

export interface ApiClientOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly connections?: number;
  /** How long one answer may take; watches are not bound by it. */
  readonly timeoutMs?: number;
  /** Shared by all clients of a process; without it nothing waits. */
  readonly rateLimit?: RateLimit;
  /** Its requests never wait for the rate limit. */
  readonly isUrgent?: boolean;
  /** How often a failure that may pass is tried again; default 0: people want to know at once. */
  readonly retries?: number;
  /** In [0, 1): spreads the waits between tries. */
  readonly random?: () => number;
  /** Told of every answer, with its HTTP status code. */
  readonly onAnswer?: (request: ApiRequest, code: number) => void;
}

const defaultTimeoutMs = 30_000;

function reasonOf(status: Json, code: number): StoreErrorReason {
  const said = isJsonObject(status) ? status["reason"] : undefined;
  if (typeof said === "string" && Object.hasOwn(storeErrorCodes, said))
    return said as StoreErrorReason;
  if (said === "Gone") return "Expired";
  const byCode = Object.entries(storeErrorCodes).find(([, known]) => known === code)?.[0];
  return (byCode as StoreErrorReason | undefined) ?? (code >= 500 ? "InternalError" : "BadRequest");
}

/** The StoreError for a Status object, or for any body that came with an error code. */
export function storeErrorFrom(body: string, code: number): StoreError {
  let status: Json;
  try {
    status = JSON.parse(body) as Json;
  } catch {
    return new StoreError(reasonOf(null, code), body.trim() || `the API server answered ${code}`);
  }
  const message =
    isJsonObject(status) && typeof status["message"] === "string" ? status["message"] : body;
  const details = isJsonObject(status) ? status["details"] : undefined;
  return new StoreError(reasonOf(status, code), message, details === undefined ? {} : { details });
}

const connectionProblems: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "the host name is not known",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  ECONNRESET: "the connection was cut",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_HEADERS_TIMEOUT: "it took the request and did not answer in time",
  UND_ERR_BODY_TIMEOUT: "it stopped in the middle of its answer",
};

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
}

/** Without the password it may have. */
function proxyName(proxyUrl: string): string {
  const { protocol, host } = new URL(proxyUrl);
  return `${protocol}//${host}`;
}

function unreachable(error: unknown, access: ClusterAccess): StoreError {
  const code = codeOf(error);
  const reason =
    connectionProblems[code] ?? (error instanceof Error ? error.message : String(error));
  const way =
    access.proxyUrl === undefined ? "" : ` through the proxy ${proxyName(access.proxyUrl)}`;
  const message = `the API server ${access.server} cannot be reached${way}: ${reason} (from ${access.origin})`;
  return new StoreError(code.endsWith("_TIMEOUT") ? "Timeout" : "ServiceUnavailable", message, {
    details: { unreachable: reason },
    cause: error,
  });
}

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

/** Either is there: an answer, whatever its code, or why there is none. */
interface Tried {
  readonly answer: Answer | undefined;
  readonly error: unknown;
}

/** undefined: the connection is not what failed. */
function connectionFailure(error: unknown): Failure | undefined {
  const isUnreachable =
    error instanceof StoreError &&
    isJsonObject(error.details) &&
    error.details["unreachable"] !== undefined;
  return isUnreachable ? { kind: "connection", code: codeOf(error.cause) } : undefined;
}

export class ApiClient {
  readonly #options: ApiClientOptions;
  readonly #connections: Connections;
  readonly #credentials: Credentials;
  readonly #origin: string;
  readonly #basePath: string;

  constructor(options: ApiClientOptions) {
    const { access, connections = 8, timeoutMs = defaultTimeoutMs } = options;
    this.#options = options;
    this.#connections = new Connections(access, { connections, timeoutMs });
    this.#credentials = credentialsFrom(access.credentials);
    const { origin, pathname } = new URL(access.server);
    this.#origin = origin;
    this.#basePath = pathname.replace(/\/$/, "");
  }

  get access(): ClusterAccess {
    return this.#options.access;
  }

  /** The parsed answer. Rejects with a StoreError once retry.ts says that trying again is no use. */
  async json(request: ApiRequest): Promise<Json> {
    const text = await this.#text(request);
    if (text === "") return null;
    try {
      return JSON.parse(text) as Json;
    } catch (error) {
      const { server } = this.access;
      throw new StoreError(
        "InternalError",
        `${server} answered something that is no JSON; is it an API server?`,
        { cause: error },
      );
    }
  }

  /** The answer's body as it arrives, for watches and logs. */
  async stream(request: ApiRequest): Promise<Dispatcher.ResponseData["body"]> {
    const response = await this.#sendExplained(request, "watches");
    if (response.statusCode < 300) return response.body;
    if (response.statusCode === 401) this.#credentials.forget();
    throw storeErrorFrom(await response.body.text(), response.statusCode);
  }

  async close(): Promise<void> {
    await this.#connections.close();
  }

  async #text(request: ApiRequest): Promise<string> {
    const { clock } = this.#options;
    let wasRefused = false;
    for (let tries = 1; ; tries += 1) {
      const { answer, error } = await this.#try(request);
      if (answer !== undefined && answer.code < 300) return answer.text;
      if (answer?.code === 401) {
        this.#credentials.forget();
        // What was remembered had run out; with what is fetched now it may go.
        if (!wasRefused) {
          wasRefused = true;
          continue;
        }
      }
      const waitMs = this.#waitBeforeRetry(request, { answer, error }, tries);
      if (waitMs === undefined)
        throw answer === undefined ? error : storeErrorFrom(answer.text, answer.code);
      await sleep(clock, waitMs, request.signal);
    }
  }

  #waitBeforeRetry(
    request: ApiRequest,
    { answer, error }: Tried,
    tries: number,
  ): number | undefined {
    const { retries = 0, random = Math.random } = this.#options;
    const failure: Failure | undefined =
      answer !== undefined
        ? { kind: "answer", code: answer.code, retryAfter: answer.retryAfter }
        : connectionFailure(error);
    return failure && waitBeforeRetry(failure, request, tries, { retries, random });
  }

  async #try(request: ApiRequest): Promise<Tried> {
    try {
      const { statusCode, headers, body } = await this.#send(request, "requests");
      const { "retry-after": later } = headers;
      const retryAfter = Array.isArray(later) ? later[0] : later;
      const answer = { code: statusCode, text: await body.text(), retryAfter };
      return { answer, error: undefined };
    } catch (error) {
      return { answer: undefined, error: this.#explained(error, request) };
    }
  }

  #explained(error: unknown, { signal }: ApiRequest): unknown {
    const isOurs =
      error instanceof StoreError || error instanceof KubeconfigError || signal?.aborted === true;
    return isOurs ? error : unreachable(error, this.access);
  }

  async #sendExplained(request: ApiRequest, line: keyof Lines): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#send(request, line);
    } catch (error) {
      throw this.#explained(error, request);
    }
  }

  async #send(request: ApiRequest, line: keyof Lines): Promise<Dispatcher.ResponseData> {
    const { clock, rateLimit, isUrgent = false, onAnswer } = this.#options;
    if (isUrgent) rateLimit?.takeAtOnce();
    else await rateLimit?.take(request.signal);
    const { header, certificate } = await this.#credentials.get(clock.now());
    const response = await this.#connections.with(certificate)[line].request({
      origin: this.#origin,
      method: request.method,
      path: `${this.#basePath}${request.path}`,
      headers: this.#headers(request, header),
      body: request.body === undefined ? null : JSON.stringify(request.body),
      ...(request.signal ? { signal: request.signal } : {}),
    });
    onAnswer?.(request, response.statusCode);
    return response;
  }

  #headers(
    request: ApiRequest,
    authorization: string | undefined,
  ): Record<string, string | string[]> {
    const { access, userAgent } = this.#options;
    const impersonate = Object.entries(access.impersonate).map(
      ([name, value]): [string, string | string[]] => [
        name,
        typeof value === "string" ? value : [...value],
      ],
    );
    return {
      accept: request.accept ?? "application/json",
      "user-agent": userAgent,
      ...(authorization === undefined ? {} : { authorization }),
      ...(request.body === undefined
        ? {}
        : { "content-type": request.contentType ?? "application/json" }),
      ...Object.fromEntries(impersonate),
    };
  }
}
