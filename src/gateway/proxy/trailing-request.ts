// A request with trailers on its way to a backend. undici, which carries all others, cannot send trailers; node:http
// can. So a request that declares some (`Trailer: x-sum`) goes over a connection of its own, and is reported to
// the same handler in the same order. Trailers that were not declared are dropped, as RFC 9110 (6.5.1) allows.
import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { errors } from "undici";
import type { Dispatcher } from "undici";

/** Where it goes, and how long to wait for a connection and for the answer to begin. */
export interface TrailingPlace {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Told once, when nothing of it is left. */
  readonly onEnd: () => void;
}

/** Fields that say where a message ends, where it goes or who sends it: never taken from behind the body. */
const notTrailing: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "expect",
  "host",
  "keep-alive",
  "max-forwards",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The trailers that the client announced and may send; undefined when there are none. */
export function declaredTrailers({ headers }: IncomingMessage): readonly string[] | undefined {
  if (headers["transfer-encoding"] === undefined || headers.trailer === undefined) return undefined;
  const names = headers.trailer.split(",").map((name) => name.trim().toLowerCase());
  const allowed = names.filter((name) => name !== "" && !notTrailing.has(name));
  return allowed.length === 0 ? undefined : allowed;
}

function trailersOf(
  { rawTrailers }: IncomingMessage,
  names: readonly string[],
): [string, string][] {
  const found: [string, string][] = [];
  for (let index = 0; index + 1 < rawTrailers.length; index += 2) {
    const name = rawTrailers[index] ?? "";
    if (names.includes(name.toLowerCase())) found.push([name, rawTrailers[index + 1] ?? ""]);
  }
  return found;
}

export interface TrailingInput {
  /** The client's message: its trailers are there when the body has ended. */
  readonly request: IncomingMessage;
  readonly body: Readable;
  readonly names: readonly string[];
}

/** Sends one request; ends exactly once, in onResponseEnd or onResponseError of the handler. */
export class TrailingRequest {
  readonly #input: TrailingInput;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #outgoing: ClientRequest;
  readonly #controller: Dispatcher.DispatchController;
  readonly #onEnd: () => void;
  #timer: NodeJS.Timeout;
  #response: IncomingMessage | undefined;
  #hasBegun = false;
  #isOver = false;

  constructor(
    input: TrailingInput,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    place: TrailingPlace,
  ) {
    this.#input = input;
    this.#handler = handler;
    this.#onEnd = place.onEnd;
    this.#controller = this.#controllerFor();
    this.#timer = setTimeout(
      () => this.#fail(new errors.ConnectTimeoutError("no connection in time")),
      place.connectTimeoutMs,
    );
    const { names } = input;
    const { host, port } = place;
    this.#outgoing = httpRequest({
      host,
      port,
      path: options.path,
      method: options.method,
      headers: [
        ...(options.headers as string[]),
        ...["transfer-encoding", "chunked", "trailer", names.join(", "), "connection", "close"],
      ],
      agent: false,
    });
    this.#outgoing.on("socket", (socket) =>
      socket.once("connect", () => this.#begin(place.headersTimeoutMs)),
    );
    this.#outgoing.on("information", ({ statusCode, headers }) =>
      this.#handler.onResponseStart?.(this.#controller, statusCode, headers),
    );
    this.#outgoing.on("response", (response) => this.#receive(response));
    this.#outgoing.on("error", (error) => this.#fail(error));
  }

  /** Cuts it; the handler hears of that as of any failure. */
  destroy(error: Error): void {
    this.#fail(error);
  }

  #controllerFor(): Dispatcher.DispatchController {
    const isAborted = (): boolean => this.#isOver;
    const isPaused = (): boolean => this.#response?.isPaused() ?? false;
    return {
      get aborted() {
        return isAborted();
      },
      get paused() {
        return isPaused();
      },
      reason: null,
      abort: (error) => this.#fail(error),
      pause: () => void this.#response?.pause(),
      resume: () => void this.#response?.resume(),
    };
  }

  #begin(headersTimeoutMs: number): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(
      () => this.#fail(new errors.HeadersTimeoutError("no answer in time")),
      headersTimeoutMs,
    );
    this.#handler.onRequestStart?.(this.#controller, undefined);
    // The handler may have given up in that very call.
    if (isOver(this.#controller)) return;
    this.#hasBegun = true;
    const { body, request, names } = this.#input;
    body.once("end", () => {
      this.#outgoing.addTrailers(trailersOf(request, names));
      this.#outgoing.end();
    });
    body.pipe(this.#outgoing, { end: false });
  }

  #receive(response: IncomingMessage): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#response = response;
    const { statusCode = 502, statusMessage, headers, rawHeaders } = response;
    this.#controller.rawHeaders = rawHeaders;
    this.#handler.onResponseStart?.(this.#controller, statusCode, headers, statusMessage);
    response.on("data", (chunk: Buffer) => this.#handler.onResponseData?.(this.#controller, chunk));
    response.on("error", (error) => this.#fail(error));
    response.on("end", () => {
      if (!response.complete || !this.#end()) return;
      this.#controller.rawTrailers = response.rawTrailers;
      this.#handler.onResponseEnd?.(this.#controller, {});
    });
    response.on("close", () => this.#fail(new Error("the answer ended before its end")));
  }

  #fail(error: Error): void {
    if (this.#end()) this.#handler.onResponseError?.(this.#controller, error);
  }

  /** True the first time. A body that was not begun may go elsewhere; of one that was, nobody gets the rest. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#hasBegun) this.#input.body.destroy();
    this.#outgoing.destroy();
    this.#onEnd();
    return true;
  }
}

function isOver({ aborted }: Dispatcher.DispatchController): boolean {
  return aborted;
}
