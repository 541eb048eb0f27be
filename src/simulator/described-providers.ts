// Answers to metrics in a simulation: what the world describes by the metric's name, else the
// `traffic` provider over the described traffic. A metric nobody described has no data.
import type { Metric } from "../api/argo/analysis.ts";
import { floatInput, floatsInput, jsonInput, nilInput, type ExprInput } from "../lib/expr/expr.ts";
import { isJsonObject, type Json } from "../lib/json.ts";
import { formatTime, parseTime, type EpochMs } from "../lib/time.ts";
import type {
  MetricAnswer,
  MetricProvider,
  ProviderContext,
  ProviderFactory,
} from "../metrics/provider.ts";
import { sequentialProvider } from "../metrics/sequential/sequential.ts";
import { trafficProvider } from "../metrics/traffic/traffic.ts";
import type { DescribedAnswer, World } from "./scenario.ts";

export interface DescribedProvidersOptions {
  readonly world: World;
  readonly startMs: EpochMs;
  readonly context: ProviderContext;
}

function inputOf(value: Json): ExprInput {
  if (value === null) return nilInput;
  if (typeof value === "number") return floatInput(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "number"))
    return floatsInput(value);
  return jsonInput(value);
}

function answerAt(world: World, name: string, sinceMs: number): DescribedAnswer | undefined {
  const described = Object.entries(world.answers).find(([known]) => known === name)?.[1];
  return described?.findLast(({ atMs }) => atMs <= sinceMs)?.answer;
}

/** A Job and the like: runs for the described time, then has the described outcome. */
function outcomeAnswer(
  answer: Extract<DescribedAnswer, { kind: "outcome" }>,
  begunMs: EpochMs,
  now: EpochMs,
): MetricAnswer {
  const endsMs = begunMs + answer.afterMs;
  if (now < endsMs)
    return { kind: "running", resumeAtMs: endsMs, metadata: { began: formatTime(begunMs) } };
  return { kind: "phase", phase: answer.outcome };
}

function described(metric: Metric, { world, startMs }: DescribedProvidersOptions): MetricProvider {
  const answer = (now: EpochMs, begunMs: EpochMs): MetricAnswer => {
    const found = answerAt(world, metric.name, now - startMs);
    if (!found)
      return { kind: "error", message: `the world describes no answer to metric ${metric.name}` };
    switch (found.kind) {
      case "value":
        return { kind: "value", text: JSON.stringify(found.value), result: inputOf(found.value) };
      case "error":
        return { kind: "error", message: found.message };
      case "outcome":
        return outcomeAnswer(found, begunMs, now);
    }
  };
  return {
    type: "Described",
    measure: async ({ now }) => answer(now, now),
    resume: async ({ now }, measurement) =>
      answer(now, parseTime(measurement.metadata?.["began"] ?? measurement.startedAt) ?? now),
    terminate: async () => ({ kind: "phase", phase: "Inconclusive" }),
  };
}

/** Those that read the described traffic as it is. */
function readerOfTraffic({ provider }: Metric): ProviderFactory | undefined {
  const { plugin } = provider;
  if (!isJsonObject(plugin)) return undefined;
  return [trafficProvider, sequentialProvider].find(({ kind }) => kind in plugin);
}

/** Whoever counts out there: here the described traffic is all there is to count. */
function countedHere(metric: Metric): Metric {
  const { plugin } = metric.provider;
  const config = isJsonObject(plugin) ? plugin[sequentialProvider.kind] : undefined;
  if (!isJsonObject(config)) return metric;
  const own = { ...config, source: "traffic" };
  return { ...metric, provider: { plugin: { [sequentialProvider.kind]: own } } };
}

/** The provider of each metric of a simulation. */
export function describedProviders(
  options: DescribedProvidersOptions,
): (metric: Metric) => MetricProvider {
  return (metric) => {
    const isDescribed = Object.hasOwn(options.world.answers, metric.name);
    const reader = isDescribed ? undefined : readerOfTraffic(metric);
    return reader?.create(countedHere(metric), options.context) ?? described(metric, options);
  };
}
