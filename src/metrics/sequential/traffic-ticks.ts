// From the gateway's counts to ticks of the judge.
import type { LatencyMetric, SequentialConfig } from "../../core/judge/sequential/config.ts";
import { defaultEdgesMs } from "../../core/judge/sequential/settings.ts";
import type { BothSamples, Sample, Tick } from "../../core/judge/sequential/tick.ts";
import { latencyBucketMiddleMs, type LatencyHistogram } from "../../lib/latency-histogram.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { TrafficCounts, TrafficSource } from "../traffic/source.ts";
import type { LeadingServices, ShareInForce } from "./traffic-weights.ts";
import type { Versions } from "./versions.ts";

export interface TrafficTicksOptions {
  readonly source: TrafficSource;
  readonly namespace: string;
  readonly service: string | undefined;
  readonly gatewayErrors: "include" | "exclude";
  readonly versions: Versions;
  readonly judge: SequentialConfig;
  /** undefined = nobody can tell: the sample ratio is then not judged. */
  readonly share: ShareInForce | undefined;
  readonly services: LeadingServices;
}

/**
 * What the gateway counted for one version, and what it had to answer itself because the version's Service had no pod
 * to send it to: a version that is not there fails its users as well.
 */
function countsOf(
  arm: keyof Versions,
  { source, namespace, service, versions, services }: TrafficTicksOptions,
  [sinceMs, now]: readonly [EpochMs, EpochMs],
): readonly TrafficCounts[] {
  const filter = { namespace, ...(service === undefined ? {} : { service }) };
  const own = source.ticks({ ...filter, version: versions[arm] }, sinceMs, now);
  const leading = services[arm];
  if (leading === undefined || (service !== undefined && service !== leading)) return own;
  const nobodys = source.ticks({ namespace, service: leading, version: "" }, sinceMs, now);
  return own.map((counts, index): TrafficCounts => {
    const { gatewayErrors: lost = 0, divided = 0 } = nobodys[index] ?? {};
    return {
      ...counts,
      requests: counts.requests + lost,
      divided: counts.divided + divided,
      failed: counts.failed + lost,
      gatewayErrors: counts.gatewayErrors + lost,
    };
  });
}

/** How many requests took up to each edge, and how many longer than the last. */
function bucketsOf(latency: LatencyHistogram, edgesMs: readonly number[]): readonly number[] {
  const buckets = Array.from({ length: edgesMs.length + 1 }, () => 0);
  for (const [index, count] of latency.counts) {
    const middleMs = latencyBucketMiddleMs(latency, index);
    const edge = edgesMs.findIndex((each) => middleMs <= each);
    const place = edge === -1 ? edgesMs.length : edge;
    buckets[place] = (buckets[place] ?? 0) + count;
  }
  return buckets;
}

function latencySample({ latency }: TrafficCounts, metric: LatencyMetric): Sample {
  return { buckets: bucketsOf(latency, metric.edgesMs ?? defaultEdgesMs) };
}

function errorsSample(counts: TrafficCounts, { gatewayErrors }: TrafficTicksOptions): Sample {
  const left = gatewayErrors === "exclude" ? counts.gatewayErrors : 0;
  return { total: counts.requests - left, count: counts.failed - left };
}

function samplesOf(
  canary: TrafficCounts,
  stable: TrafficCounts,
  options: TrafficTicksOptions,
): Tick["samples"] {
  const entries = options.judge.metrics.flatMap((metric): [string, BothSamples][] => {
    const of = (counts: TrafficCounts): Sample | undefined => {
      if (metric.kind === "latency") return latencySample(counts, metric);
      return metric.kind === "errors" ? errorsSample(counts, options) : undefined;
    };
    const [ofCanary, ofStable] = [of(canary), of(stable)];
    return ofCanary && ofStable ? [[metric.name, { canary: ofCanary, stable: ofStable }]] : [];
  });
  return Object.fromEntries(entries);
}

/**
 * What the sample-ratio guard compares, while a share is in force: what the weights divided, as it was begun, since
 * a slow version's answers come later. Requests that a header or another route leads to a version do not count.
 */
function requestsOf(
  canary: TrafficCounts,
  stable: TrafficCounts,
  { share }: TrafficTicksOptions,
): Pick<Tick, "requests" | "canaryShare"> {
  const isInForce = share !== undefined && canary.fromMs >= share.sinceMs;
  const divided = { canary: canary.divided, stable: stable.divided };
  // A gateway that began before it counted these has none at all.
  if (isInForce && divided.canary + divided.stable > 0)
    return { requests: divided, canaryShare: share.share };
  return { requests: { canary: canary.requests, stable: stable.requests } };
}

/** What the gateway counted for both versions, about a second each, since `sinceMs`. */
export function trafficTicks(
  options: TrafficTicksOptions,
  sinceMs: EpochMs,
  now: EpochMs,
): readonly Tick[] {
  const stable = countsOf("stable", options, [sinceMs, now]);
  const canary = countsOf("canary", options, [sinceMs, now]);
  return canary.flatMap((counts, index): readonly Tick[] => {
    const other = stable[index];
    if (other === undefined) return [];
    const { fromMs, toMs } = counts;
    const requests = requestsOf(counts, other, options);
    return [{ fromMs, toMs, ...requests, samples: samplesOf(counts, other, options) }];
  });
}
