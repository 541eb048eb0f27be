// Copies of requests to another backend, whose answers are thrown away. The request itself never waits for a copy:
// a body too large to keep, or a backend that falls behind, costs the copy.
import type { IncomingMessage } from "node:http";
import type { Dispatcher } from "undici";
import type { Target } from "./balancer.ts";
import type { MirrorTarget } from "./rule-target.ts";

/** The largest body that is copied, in bytes. */
export const mirrorBodyLimit = 1_048_576;
const mostCopiesInFlight = 1_024;
const copyTimeoutMs = 30_000;

/** Sends the copies that are due of a request whose head is in `options`; bodies are collected as they pass. */
export function mirrorRequest(
  mirrors: readonly MirrorTarget[],
  request: IncomingMessage,
  options: Dispatcher.DispatchOptions,
  hasBody: boolean,
): void {
  for (const { balancer, sampler } of mirrors) {
    if (!sampler.take()) continue;
    const target = balancer.choose(performance.now());
    if (!target) {
      balancer.seriesWithoutEndpoint().add("mirrorSkipped");
    } else if (hasBody) {
      collectBody(request, target, (body) => sendCopy(target, { ...options, body }));
    } else {
      sendCopy(target, { ...options, body: null });
    }
  }
}

function collectBody(
  request: IncomingMessage,
  target: Target,
  onWhole: (body: Buffer) => void,
): void {
  let chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= mirrorBodyLimit) chunks.push(chunk);
    else chunks = [];
  });
  request.once("close", () => {
    if (request.complete && size <= mirrorBodyLimit) onWhole(Buffer.concat(chunks));
    else target.series.add("mirrorSkipped");
  });
}

function sendCopy(target: Target, options: Dispatcher.DispatchOptions): void {
  const { upstream, series } = target;
  if (upstream.mirrorsInFlight >= mostCopiesInFlight) {
    series.add("mirrorSkipped");
    return;
  }
  upstream.mirrorsInFlight += 1;
  series.add("mirrored");
  const timeouts = { headersTimeout: copyTimeoutMs, bodyTimeout: copyTimeoutMs };
  upstream.dispatch({ ...options, ...timeouts }, new DiscardedAnswer(target), "kept");
}

class DiscardedAnswer implements Dispatcher.DispatchHandler {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  onRequestStart(): void {
    // Nothing to prepare; the method marks this as a handler of the current interface.
  }

  onResponseEnd(): void {
    this.#target.upstream.mirrorsInFlight -= 1;
  }

  onResponseError(): void {
    this.#target.upstream.mirrorsInFlight -= 1;
    this.#target.series.add("mirrorFailed");
  }
}
