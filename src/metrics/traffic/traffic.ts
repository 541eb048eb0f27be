// metrics/traffic: the gateway's own counts per version, as provider.plugin["haldane.dev/traffic"]:
//   service: shop                       # alias `backend`; without it all Services of the namespace
//   version: "{{args.canary-hash}}"     # alias `podTemplateHash`; without it all versions
//   window: 30s                         # up to 1h; the stretch before now that is looked at
//   query: errorRate                    # successRate, requests, failedRequests, requestsPerSecond, latency
//   quantile: 0.95                      # latency only, in milliseconds
//   minRequests: 20                     # fewer (default 1) = no data, which is never a pass
//   baseline: { version: "{{args.stable-hash}}" }   # then result is { canary, stable }
//   gatewayErrors: include              # exclude: what the gateway answered itself does not count
// Its source is source.ts; history.ts is the one behind `haldane up`.
import type { Metric } from "../../api/argo/analysis.ts";
import { floatInput, jsonInput, nilInput } from "../../lib/expr/expr.ts";
import { formatFloat } from "../../lib/go-format.ts";
import { unreachable } from "../../lib/invariant.ts";
import { latencyQuantileMs } from "../../lib/latency-histogram.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderContext,
  type ProviderFactory,
} from "../provider.ts";
import { trafficConfigOf, trafficKind, type TrafficConfig } from "./config.ts";
import type { TrafficCounts, TrafficSource } from "./source.ts";

const capabilities = { asynchronous: false } as const;

/** A count over a window that was watched only in part would be too small, and too small may look good. */
const coverageSlackMs = 1500;

function coversWindow(counts: TrafficCounts, windowMs: number, now: number): boolean {
  return counts.fromMs - (now - windowMs) <= coverageSlackMs;
}

interface Tally {
  readonly requests: number;
  readonly failed: number;
}

function tallyOf(counts: TrafficCounts, { gatewayErrors }: TrafficConfig): Tally {
  const left = gatewayErrors === "exclude" ? counts.gatewayErrors : 0;
  return { requests: counts.requests - left, failed: counts.failed - left };
}

/** The figure asked for; undefined = no data. */
function figureOf(counts: TrafficCounts, config: TrafficConfig, now: number): number | undefined {
  const { requests, failed } = tallyOf(counts, config);
  if (requests < config.minRequests) return undefined;
  const isWhole = coversWindow(counts, config.windowMs, now);
  switch (config.query) {
    case "errorRate":
      return requests > 0 ? failed / requests : undefined;
    case "successRate":
      return requests > 0 ? 1 - failed / requests : undefined;
    case "requests":
      return isWhole ? requests : undefined;
    case "failedRequests":
      return isWhole ? failed : undefined;
    case "requestsPerSecond": {
      const seconds = (counts.toMs - counts.fromMs) / 1000;
      return seconds > 0 ? requests / seconds : undefined;
    }
    case "latency":
      return latencyQuantileMs(counts.latency, config.quantile);
    default:
      return unreachable(config.query);
  }
}

interface Reading {
  readonly figure: number | undefined;
  readonly counts: TrafficCounts | undefined;
}

class TrafficProvider implements MetricProvider {
  readonly type = "Traffic";
  readonly #config: TrafficConfig;
  readonly #source: TrafficSource;

  constructor(config: TrafficConfig, source: TrafficSource) {
    this.#config = config;
    this.#source = source;
  }

  async measure(question: MetricQuestion): Promise<MetricAnswer> {
    const canary = this.#read(question, this.#config.version);
    const { baseline } = this.#config;
    if (baseline === undefined) {
      if (canary.figure === undefined) return noData(canary);
      return valueOf(canary, formatFloat(canary.figure), floatInput(canary.figure));
    }
    const stable = this.#read(question, baseline.version);
    if (canary.figure === undefined || stable.figure === undefined) return noData(canary);
    const both = { canary: canary.figure, stable: stable.figure };
    return valueOf(canary, JSON.stringify(both), jsonInput(both));
  }

  #read({ run, now }: MetricQuestion, version: string | undefined): Reading {
    const filter = {
      namespace: run.metadata.namespace ?? "",
      ...(this.#config.service === undefined ? {} : { service: this.#config.service }),
      ...(version === undefined ? {} : { version }),
    };
    const counts = this.#source.window(filter, this.#config.windowMs, now);
    return { counts, figure: counts && figureOf(counts, this.#config, now) };
  }
}

type Value = Extract<MetricAnswer, { kind: "value" }>;

function metadataOf({ counts }: Reading): Pick<Value, "metadata"> {
  if (counts === undefined) return {};
  const seconds = formatFloat(Math.round((counts.toMs - counts.fromMs) / 100) / 10);
  return {
    metadata: {
      requests: String(counts.requests),
      failed: String(counts.failed),
      observedSeconds: seconds,
    },
  };
}

function valueOf(reading: Reading, text: string, result: Value["result"]): Value {
  return { kind: "value", text, result, ...metadataOf(reading) };
}

/** Argo's conditions turn this into an error, never a pass; without conditions it is one here. */
function noData(reading: Reading): Value {
  return valueOf(reading, "", nilInput);
}

function hasCondition({ successCondition = "", failureCondition = "" }: Metric): boolean {
  return successCondition !== "" || failureCondition !== "";
}

export const trafficProvider: ProviderFactory = {
  kind: trafficKind,
  capabilities,
  create(metric: Metric, context: ProviderContext): MetricProvider {
    const config = trafficConfigOf(metric);
    if (!hasCondition(metric)) {
      throw new ProviderError(
        `metric '${metric.name}': ${trafficKind} needs a successCondition or a failureCondition; without one every value would pass`,
      );
    }
    if (context.traffic === undefined) {
      throw new ProviderError(
        `metric '${metric.name}': ${trafficKind} reads the counts of Haldane's own gateway, and none runs here; use prometheus or web instead`,
      );
    }
    return new TrafficProvider(config, context.traffic);
  },
};
