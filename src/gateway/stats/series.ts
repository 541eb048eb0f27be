// Counters and latencies of one version behind one backend. The hot path adds to typed arrays at fixed places;
// names appear only when a snapshot is taken. Counters never shrink while the gateway's epoch lasts.
import {
  latencyBucketCount,
  latencyBucketOf,
  latencyHistogramOf,
} from "../../lib/latency-histogram.ts";
import type { CounterSeries } from "../../lib/latency-histogram.ts";

/**
 * `requests` counts finished ones, and is always the sum of `responses1xx` (switched protocols) to
 * `responses5xx` (all the backend's own answers), `lost` (answered by the gateway itself with 502, 503 or 504,
 * or cut short because the backend died) and `clientAborts`. The four error kinds say why a request was lost.
 * `divided` counts begun ones that the weights of several backends divided; a rule with one backend divides nothing.
 * `retries` and `failedConnects` belong to the endpoint that failed, even when another one then answered.
 */
export const counterNames = [
  "requests",
  "divided",
  "responses1xx",
  "responses2xx",
  "responses3xx",
  "responses4xx",
  "responses5xx",
  "lost",
  "clientAborts",
  "noEndpoint",
  "connectFailed",
  "timeout",
  "upstreamReset",
  "retries",
  "failedConnects",
  "mirrored",
  "mirrorFailed",
  "mirrorSkipped",
  "requestBytes",
  "responseBytes",
  "latencySumMs",
] as const;
export type CounterName = (typeof counterNames)[number];

/** Why the gateway answered in a backend's place. */
export type FailureKind = "noEndpoint" | "connectFailed" | "timeout" | "upstreamReset";

const slotOf = Object.fromEntries(counterNames.map((name, slot) => [name, slot])) as Readonly<
  Record<CounterName, number>
>;

export class Series {
  readonly backend: string;
  readonly version: string;
  readonly #counters = new Float64Array(counterNames.length);
  readonly #buckets = new Float64Array(latencyBucketCount);

  constructor(backend: string, version: string) {
    this.backend = backend;
    this.version = version;
  }

  add(name: CounterName, amount = 1): void {
    const slot = slotOf[name];
    this.#counters[slot] = (this.#counters[slot] ?? 0) + amount;
  }

  /** A finished exchange that a backend answered, or that ran into a timeout. */
  addLatency(valueMs: number): void {
    const bucket = latencyBucketOf(valueMs);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.add("latencySumMs", valueMs);
  }

  /** One answer of the backend, by the class of its status code. */
  addResponse(status: number): void {
    this.add("requests");
    this.add(responseClasses[Math.floor(status / 100)] ?? "responses5xx");
  }

  addLost(kind: FailureKind): void {
    this.add("requests");
    this.add("lost");
    this.add(kind);
  }

  addClientAbort(): void {
    this.add("requests");
    this.add("clientAborts");
  }

  snapshot(): CounterSeries {
    const counters = Object.fromEntries(
      counterNames.map((name) => [name, this.#counters[slotOf[name]] ?? 0]),
    );
    const latency = latencyHistogramOf(this.#buckets);
    return { backend: this.backend, version: this.version, counters, latency };
  }
}

const responseClasses: Readonly<Record<number, CounterName>> = {
  1: "responses1xx",
  2: "responses2xx",
  3: "responses3xx",
  4: "responses4xx",
  5: "responses5xx",
};
