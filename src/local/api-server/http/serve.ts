// http: sockets in, calls out. Everything a client can do wrong before its request means something
// is dealt with here: who it is, how much it sends, how slowly it reads.
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorText, type Logger } from "../../../runtime/log.ts";
import type { Clock } from "../../../runtime/clock.ts";
import { RequestProblem, type Call, type Reply } from "../call.ts";
import type { Credentials } from "../access/guard.ts";
import type { Dispatch } from "../dispatch.ts";
import { internalErrorStatus, statusOfError } from "../status.ts";
import { respond } from "./respond.ts";

/** Kubernetes' own limit for a body. */
export const largestBodyBytes = 3 * 1_048_576;

function tooLarge(): RequestProblem {
  return new RequestProblem(
    413,
    "RequestEntityTooLarge",
    `Request entity too large: limit is ${largestBodyBytes}`,
    {
      Connection: "close",
    },
  );
}

/** Reads by events: leaving a `for await` early would destroy the connection before the refusal is sent. */
function collect(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const onData = (chunk: Uint8Array): void => {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size <= largestBodyBytes) return;
      request.off("data", onData);
      reject(tooLarge());
    };
    request.on("data", onData);
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", reject);
  });
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new RequestProblem(
      415,
      "UnsupportedMediaType",
      `the body is encoded as ${encoding}; send it as it is`,
    );
  }
  if (Number(request.headers["content-length"] ?? 0) > largestBodyBytes) throw tooLarge();
  return collect(request);
}

export interface ServeOptions {
  readonly dispatch: Dispatch;
  readonly guard: (credentials: Credentials, path: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly slowClientMs: number;
  /** Aborts when the server closes: streams end. */
  readonly closing: AbortSignal;
}

function memoized<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Aborts when the connection has gone, or the server closes. */
function signalFor(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  response.once("close", () => {
    closing.removeEventListener("abort", abort);
    abort();
  });
  if (closing.aborted) abort();
  else closing.addEventListener("abort", abort, { once: true });
  return gone.signal;
}

interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
}

function askedOf(request: IncomingMessage): Asked {
  const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s);
  return { path, query: new URLSearchParams(query) };
}

function callFrom(request: IncomingMessage, asked: Asked, signal: AbortSignal): Call {
  const {
    accept = "",
    "content-type": contentType = "",
    "user-agent": userAgent = "",
  } = request.headers;
  return {
    method: request.method ?? "GET",
    ...asked,
    headers: { accept, contentType, userAgent },
    signal,
    body: memoized(() => readBody(request)),
  };
}

function isPretty(query: URLSearchParams, userAgent: string): boolean {
  const wanted = query.get("pretty");
  // As Kubernetes does it: people with curl or a browser get lines, programs do not.
  return wanted === null
    ? /^(curl|Wget|Mozilla)\b/.test(userAgent)
    : wanted !== "false" && wanted !== "0";
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export function createRequestHandler(options: ServeOptions): RequestHandler {
  const { dispatch, guard, clock, log, slowClientMs, closing } = options;

  function refusal(error: unknown, request: IncomingMessage): Reply {
    const status = statusOfError(error);
    if (status === undefined) {
      const stack = error instanceof Error ? error.stack : undefined;
      log.error("a request failed", {
        method: request.method,
        url: request.url,
        error: errorText(error),
        stack,
      });
    }
    const body = status ?? internalErrorStatus;
    return { kind: "json", status: Number(body["code"]), body };
  }

  function answerTo(request: IncomingMessage, asked: Asked, signal: AbortSignal): Promise<Reply> {
    const { host, origin, authorization } = request.headers;
    guard({ host, origin, authorization }, asked.path);
    return dispatch(callFrom(request, asked, signal));
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = askedOf(request);
    const signal = signalFor(response, closing);
    const pretty = isPretty(asked.query, request.headers["user-agent"] ?? "");
    let reply: Reply;
    try {
      reply = await answerTo(request, asked, signal);
    } catch (error) {
      // Nobody is left to answer: the client went before it had sent everything.
      if (request.socket.destroyed) return;
      if (error instanceof RequestProblem) {
        for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
      }
      reply = refusal(error, request);
      // What is left of the body is let pass, so that the client gets to read the answer.
      request.resume();
    }
    await respond(response, reply, { clock, slowClientMs, pretty });
  }

  return (request, response) => {
    // Clients may go at any moment; the reply's end is noticed by `close`, not by an error.
    response.on("error", () => undefined);
    handle(request, response).catch((error: unknown) => {
      if (!response.destroyed)
        log.error("a reply failed", { url: request.url, error: errorText(error) });
      response.destroy();
    });
  };
}
