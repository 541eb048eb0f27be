// What cannot be: negative counts, more bad events than requests, a number that is none. Said, never counted.
import type { MetricSettings } from "./settings.ts";
import type { BothSamples, Sample, Tick } from "./tick.ts";

const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;

const wholeWay = "use differences of counters, not rate() or increase()";

function countProblem(sample: Sample): string | undefined {
  if (!("total" in sample)) return "is no count; give total and count";
  if (!isWhole(sample.total)) return `total is ${sample.total}, not a whole number; ${wholeWay}`;
  if (!isWhole(sample.count)) return `count is ${sample.count}, not a whole number; ${wholeWay}`;
  if (sample.count <= sample.total) return undefined;
  return `count is ${sample.count}, more than the total of ${sample.total}; count both over the same requests`;
}

function latencyProblem(sample: Sample, edges: number): string | undefined {
  if (!("buckets" in sample)) return "is no histogram; give buckets";
  const { buckets } = sample;
  if (buckets.length !== edges + 1) {
    return `there are ${buckets.length} buckets; ${edges} edges need ${edges + 1}`;
  }
  const wrong = buckets.find((count) => !isWhole(count));
  return wrong === undefined
    ? undefined
    : `a bucket holds ${wrong}, not a whole number; ${wholeWay}`;
}

function meanProblem(sample: Sample, atMost: number | undefined): string | undefined {
  if (!("sum" in sample)) return "is no mean; give values and sum";
  const { values, sum } = sample;
  if (!isWhole(values))
    return `values is ${values}, not a whole number; count the values summed up`;
  if (!Number.isFinite(sum) || sum < 0) return `sum is ${sum}; values must be 0 or more`;
  if (values === 0 && sum > 0) return `sum is ${sum} of no values; count the values summed up`;
  if (atMost !== undefined && sum > atMost * values * (1 + 1e-12)) {
    return `the mean is ${sum / values}, more than atMost allows; set atMost to the largest possible value`;
  }
  return undefined;
}

function levelProblem(sample: Sample): string | undefined {
  if (!("level" in sample)) return "is no level; give level";
  return isPositive(sample.level) ? undefined : `level is ${sample.level}; use a number above 0`;
}

function sampleProblem(metric: MetricSettings, sample: Sample): string | undefined {
  switch (metric.kind) {
    case "errors":
    case "count":
      return countProblem(sample);
    case "latency":
      return latencyProblem(sample, metric.edgesMs.length);
    case "mean":
      return meanProblem(sample, metric.atMost);
    case "slope":
      return levelProblem(sample);
  }
}

/** What is wrong with a metric's samples of one tick: where · what · what to do. */
export function samplesProblem(metric: MetricSettings, samples: BothSamples): string | undefined {
  for (const arm of ["canary", "stable"] as const) {
    const problem = sampleProblem(metric, samples[arm]);
    if (problem !== undefined) return `metric ${metric.name}, ${arm}: ${problem}.`;
  }
  return undefined;
}

/** What is wrong with a tick as a whole. */
export function tickProblem({ fromMs, toMs, requests, canaryShare }: Tick): string | undefined {
  if (!(Number.isFinite(fromMs) && Number.isFinite(toMs) && fromMs < toMs)) {
    return `a tick lasts from ${fromMs} to ${toMs}; it must end after it begins.`;
  }
  if (requests !== undefined && !(isWhole(requests.canary) && isWhole(requests.stable))) {
    return `a tick has ${requests.canary} and ${requests.stable} requests; ${wholeWay}.`;
  }
  if (canaryShare !== undefined && !(canaryShare >= 0 && canaryShare <= 1)) {
    return `a tick's canaryShare is ${canaryShare}; use a number from 0 to 1.`;
  }
  return undefined;
}
