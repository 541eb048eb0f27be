// One request and its answer. Flow: send to the chosen endpoint; stream the answer back; or, once at most and only
// where it cannot be carried out twice, send again; or answer in the backend's place and say why.
// Guarantees: settled exactly once, as answered, lost or aborted by the client; the endpoint's in-flight count
// falls exactly once per attempt; nothing is sent after the client is gone.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import type { FailureKind } from "../stats/series.ts";
import { answer, failureStatus } from "./answer.ts";
import type { Balancer, Target } from "./balancer.ts";
import { causeOf, kindOf } from "./failure.ts";
import type { Attempted } from "./failure.ts";
import { responseHeaders } from "./headers.ts";
import { sendInformational } from "./informational.ts";
import type { RequestBody } from "./request-body.ts";
import type { RuleTarget } from "./rule-target.ts";
import type { Lane } from "./upstream.ts";

/** Hears of every request lost, with a sentence that says where and why. */
export interface ExchangeObserver {
  onLost(kind: FailureKind, message: string): void;
}

export interface ExchangeInput {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly rule: RuleTarget;
  readonly balancer: Balancer;
  readonly target: Target;
  readonly options: Dispatcher.DispatchOptions;
  readonly body: RequestBody | undefined;
  /** Names of the fields the client will send behind the body. */
  readonly trailers: readonly string[] | undefined;
  /** The client waits for "100 Continue" before it sends the body. */
  readonly awaitsContinue: boolean;
}

/** Methods whose repetition has the effect of one request (RFC 9110, 9.2.2). */
const idempotentMethods: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "TRACE",
  "PUT",
  "DELETE",
]);

export class Exchange implements Dispatcher.DispatchHandler {
  readonly #input: ExchangeInput;
  readonly #observer: ExchangeObserver;
  readonly #startMs = performance.now();
  readonly #isRepeatable: boolean;
  #target: Target;
  #controller: Dispatcher.DispatchController | undefined;
  #attempt = 0;
  #awaitsContinue: boolean;
  #isSettled = false;
  #hasTimedOut = false;
  #status = 0;
  #requestTimer: NodeJS.Timeout | undefined;
  #attemptTimer: NodeJS.Timeout | undefined;

  constructor(input: ExchangeInput, observer: ExchangeObserver) {
    this.#input = input;
    this.#observer = observer;
    this.#target = input.target;
    this.#awaitsContinue = input.awaitsContinue;
    this.#isRepeatable = input.body === undefined && idempotentMethods.has(input.options.method);
  }

  start(): void {
    const { response, rule } = this.#input;
    const { requestMs } = rule.timeouts;
    response.once("close", this.#onClientGone);
    if (requestMs !== undefined) this.#requestTimer = setTimeout(this.#onTimeout, requestMs);
    this.#send(this.#isRepeatable ? "kept" : "brief");
  }

  /** The gateway has to end now: answered 504, or cut where the answer has begun. */
  cut(): void {
    if (this.#isSettled) return;
    this.#lose("timeout", "the gateway is stopping and did not get an answer in time");
    this.#controller?.abort(new Error("the gateway is stopping"));
  }

  #send(lane: Lane): void {
    const { backendRequestMs } = this.#input.rule.timeouts;
    this.#attempt += 1;
    this.#controller = undefined;
    clearTimeout(this.#attemptTimer);
    if (backendRequestMs !== undefined) {
      this.#attemptTimer = setTimeout(this.#onTimeout, backendRequestMs);
    }
    const { upstream } = this.#target;
    upstream.inFlight += 1;
    const { options, request, body, trailers } = this.#input;
    if (body === undefined || trailers === undefined) upstream.dispatch(options, this, lane);
    else upstream.dispatchTrailing({ request, body, names: trailers }, options, this);
  }

  /** The connection stands; the request is written next. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isSettled) {
      controller.abort(new Error("the client is gone"));
    } else if (this.#awaitsContinue) {
      this.#awaitsContinue = false;
      this.#input.response.writeContinue();
    }
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: NodeJS.Dict<string | string[]>,
    message?: string,
  ): void {
    const { response } = this.#input;
    if (status < 200) {
      sendInformational(this.#input, status, headers);
      return;
    }
    this.#status = status;
    const raw = Array.isArray(controller.rawHeaders) ? controller.rawHeaders : [];
    response.writeHead(status, message, responseHeaders(raw));
    // Headers of a stream must not wait for its first event; those of a short answer leave together with it.
    queueMicrotask(this.#flushHeaders);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { response } = this.#input;
    this.#target.series.add("responseBytes", chunk.length);
    if (response.write(chunk)) return;
    controller.pause();
    response.once("drain", () => controller.resume());
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#target.upstream.inFlight -= 1;
    if (this.#isSettled) return;
    const { response } = this.#input;
    const { rawTrailers } = controller;
    if (Array.isArray(rawTrailers) && rawTrailers.length > 0) {
      response.addTrailers(pairsOf(responseHeaders(rawTrailers)));
    }
    this.#target.series.addResponse(this.#status);
    this.#target.series.addLatency(performance.now() - this.#startMs);
    this.#settle();
    response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#target.upstream.inFlight -= 1;
    if (this.#isSettled) return;
    const attempted = this.#attempted();
    const kind = kindOf(error, attempted);
    if (kind === "badRequest") {
      this.#settle();
      this.#answerInstead(400, kind, causeOf(error));
      return;
    }
    if (kind !== "upstreamReset" && !attempted.wasSent) this.#noteFailedConnect();
    if (!this.#sendAgain(kind)) this.#lose(kind, causeOf(error));
  }

  #attempted(): Attempted {
    return { wasSent: this.#controller !== undefined, hasTimedOut: this.#hasTimedOut };
  }

  #noteFailedConnect(): void {
    this.#target.upstream.suspect(performance.now());
    this.#target.series.add("failedConnects");
  }

  /** True when the request is on its way again. */
  #sendAgain(kind: FailureKind): boolean {
    const isSafe = this.#controller === undefined || this.#isRepeatable;
    if (!isSafe || this.#attempt > 1 || this.#hasTimedOut || this.#status > 0) return false;
    if (kind === "timeout" && this.#controller !== undefined) return false;
    const next = this.#input.balancer.chooseAgain(this.#target, kind, performance.now());
    if (!next) return false;
    this.#target.series.add("retries");
    this.#target = next;
    this.#send("fresh");
    return true;
  }

  /** The answer will not come, or not to its end. */
  #lose(kind: FailureKind, cause: string): void {
    const { response, balancer } = this.#input;
    const { upstream, series } = this.#target;
    const message = `backend ${balancer.backend}, pod ${upstream.pod} at ${upstream.host}:${String(upstream.port)}: ${cause}`;
    series.addLost(kind);
    if (kind === "timeout") series.addLatency(performance.now() - this.#startMs);
    this.#settle();
    this.#observer.onLost(kind, message);
    // A begun answer can only be cut, so that the client sees it is not whole.
    if (response.headersSent) response.destroy();
    else this.#answerInstead(failureStatus[kind], kind, message);
  }

  #answerInstead(status: number, kind: FailureKind | "badRequest", message: string): void {
    const { response, body } = this.#input;
    // A client that was never told to continue will not send the body the parser waits for.
    if (this.#awaitsContinue) response.shouldKeepAlive = false;
    body?.destroy();
    answer(response, status, kind, message);
  }

  #settle(): void {
    this.#isSettled = true;
    clearTimeout(this.#requestTimer);
    clearTimeout(this.#attemptTimer);
  }

  readonly #flushHeaders = (): void => {
    const { response } = this.#input;
    if (!response.writableEnded && !response.destroyed) response.flushHeaders();
  };

  readonly #onClientGone = (): void => {
    if (this.#isSettled) return;
    this.#target.series.addClientAbort();
    this.#settle();
    this.#controller?.abort(new Error("the client is gone"));
  };

  readonly #onTimeout = (): void => {
    if (this.#isSettled) return;
    this.#hasTimedOut = true;
    if (this.#controller) this.#controller.abort(new Error("the rule's timeout is over"));
    else this.#lose("timeout", "no connection within the rule's timeout");
  };
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    pairs.push([flat[index] ?? "", flat[index + 1] ?? ""]);
  }
  return pairs;
}
