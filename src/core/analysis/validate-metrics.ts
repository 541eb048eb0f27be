import type { AnalysisRunSpec, Metric } from "../../api/argo/analysis.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { compileGoRegexp } from "../../lib/go-regexp.ts";
import { entriesOf, isJsonObject, ownProperty } from "../../lib/json.ts";
import { integerOf, limitsOf } from "./limits.ts";

function limitProblem(metric: Metric): string | undefined {
  const { failure, inconclusive, consecutiveError, consecutiveSuccess } = limitsOf(metric);
  if (consecutiveSuccess < 0) return "consecutiveSuccessLimit must be >= 0";
  if (failure < -1) return "failureLimit must be >= 0, or -1 to be disabled";
  if (failure === -1 && consecutiveSuccess === 0) {
    return "failureLimit and consecutiveSuccessLimit cannot both be disabled";
  }
  if (inconclusive < 0) return "inconclusiveLimit must be >= 0";
  return consecutiveError < 0 ? "consecutiveErrorLimit must be >= 0" : undefined;
}

function countProblem(metric: Metric): string | undefined {
  const count = integerOf(metric.count, 0);
  // Argo takes a negative count as reached at once, which would pass without a single measurement.
  if (count < 0) return "count must be >= 0";
  if (count === 0) return undefined;
  const { failure, inconclusive, consecutiveSuccess } = limitsOf(metric);
  if (failure >= 0 && count < failure + consecutiveSuccess) {
    const sum = `(${failure} + ${consecutiveSuccess})`;
    return `count (${count}) must be >= failureLimit + consecutiveSuccessLimit ${sum} if both >= 0`;
  }
  if (failure < 0 && count < consecutiveSuccess) return "count must be >= consecutiveSuccessLimit";
  return count < inconclusive ? "count must be >= inconclusiveLimit" : undefined;
}

function timeProblem({ count, interval = "", initialDelay = "" }: Metric): string | undefined {
  if (integerOf(count, 0) > 1 && interval === "")
    return "interval must be specified when count > 1";
  const parsedInterval = interval === "" ? undefined : parseGoDuration(interval);
  if (parsedInterval?.ok === false) return `invalid interval string: ${parsedInterval.message}`;
  const parsedDelay = initialDelay === "" ? undefined : parseGoDuration(initialDelay);
  return parsedDelay?.ok === false
    ? `invalid startDelay string: ${parsedDelay.message}`
    : undefined;
}

function providerProblem(metric: Metric): string | undefined {
  const providers = entriesOf(metric.provider).filter(([, config]) => config !== null);
  if (providers.length === 0) return "no provider specified";
  const plugins = ownProperty(metric.provider, "plugin");
  const severalPlugins = isJsonObject(plugins) && entriesOf(plugins).length > 1;
  return providers.length > 1 || severalPlugins ? "multiple providers specified" : undefined;
}

function metricProblem(metric: Metric): string | undefined {
  return (
    limitProblem(metric) ?? countProblem(metric) ?? timeProblem(metric) ?? providerProblem(metric)
  );
}

/**
 * What is wrong with the metrics of a run whose arguments are put in; undefined = nothing. Argo's
 * texts (argo-rollouts.md §1.12 "Metrics"): `no metrics specified`, `metrics[0]: …`.
 */
export function validateMetrics({ metrics }: Pick<AnalysisRunSpec, "metrics">): string | undefined {
  if (metrics.length === 0) return "no metrics specified";
  const names = metrics.map(({ name }) => name);
  const repeated = names.findIndex((name, index) => names.indexOf(name) < index);
  if (repeated >= 0) return `metrics[${repeated}]: duplicate name '${names[repeated] ?? ""}'`;
  for (const [index, metric] of metrics.entries()) {
    const problem = metricProblem(metric);
    if (problem !== undefined) return `metrics[${index}]: ${problem}`;
  }
  return undefined;
}

interface Rule {
  readonly metricName: string;
}

/** The metrics a rule's (unanchored) regular expression hits; a bad expression hits none. */
export function metricsHitBy(rule: Rule, metrics: readonly Metric[]): readonly string[] {
  const pattern = compileGoRegexp(rule.metricName);
  if (!pattern.ok) return [];
  return metrics.map(({ name }) => name).filter((name) => pattern.matches(name));
}

function idleRule(
  field: "dryRun" | "measurementRetention",
  rules: readonly Rule[],
  metrics: readonly Metric[],
): string | undefined {
  const index = rules.findIndex((rule) => metricsHitBy(rule, metrics).length === 0);
  return index < 0 ? undefined : `${field}[${index}]: Rule didn't match any metric name(s)`;
}

/** Dry-run and retention rules that hit no metric: each must hit at least one. */
export function validateRules(
  spec: Pick<AnalysisRunSpec, "dryRun" | "measurementRetention">,
  metrics: readonly Metric[],
): string | undefined {
  return (
    idleRule("dryRun", spec.dryRun ?? [], metrics) ??
    idleRule("measurementRetention", spec.measurementRetention ?? [], metrics)
  );
}
