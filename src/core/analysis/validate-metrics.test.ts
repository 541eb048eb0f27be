import { describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import { validateMetrics, validateRules } from "./validate-metrics.ts";

const metric = (over: Partial<Metric> = {}): Metric => ({
  name: "m",
  provider: { job: {} },
  ...over,
});

describe("validateMetrics", () => {
  it.each<[string, readonly Metric[], string | undefined]>([
    ["one plain metric", [metric()], undefined],
    ["an endless metric", [metric({ interval: "10s" })], undefined],
    [
      "limits that fit",
      [metric({ count: 3, interval: "1s", failureLimit: 1, consecutiveSuccessLimit: 2 })],
      undefined,
    ],
    [
      "failure off, success on",
      [metric({ count: 3, interval: "1s", failureLimit: -1, consecutiveSuccessLimit: 2 })],
      undefined,
    ],
    ["numbers as text", [metric({ count: "3", interval: "1s", failureLimit: "1" })], undefined],
    ["nothing", [], "no metrics specified"],
    ["a repeated name", [metric(), metric()], "metrics[1]: duplicate name 'm'"],
    [
      "negative success limit",
      [metric({ consecutiveSuccessLimit: -1 })],
      "metrics[0]: consecutiveSuccessLimit must be >= 0",
    ],
    [
      "failure limit -2",
      [metric({ failureLimit: -2 })],
      "metrics[0]: failureLimit must be >= 0, or -1 to be disabled",
    ],
    [
      "both off",
      [metric({ failureLimit: -1 })],
      "metrics[0]: failureLimit and consecutiveSuccessLimit cannot both be disabled",
    ],
    [
      "negative inconclusive",
      [metric({ inconclusiveLimit: -1 })],
      "metrics[0]: inconclusiveLimit must be >= 0",
    ],
    [
      "negative error",
      [metric({ consecutiveErrorLimit: -1 })],
      "metrics[0]: consecutiveErrorLimit must be >= 0",
    ],
    [
      "count below the limits' sum",
      [metric({ count: 3, interval: "1s", failureLimit: 2, consecutiveSuccessLimit: 2 })],
      "metrics[0]: count (3) must be >= failureLimit + consecutiveSuccessLimit (2 + 2) if both >= 0",
    ],
    [
      "count below the success limit",
      [metric({ count: 1, failureLimit: -1, consecutiveSuccessLimit: 2 })],
      "metrics[0]: count must be >= consecutiveSuccessLimit",
    ],
    [
      "count below inconclusive",
      [metric({ count: 1, inconclusiveLimit: 2 })],
      "metrics[0]: count must be >= inconclusiveLimit",
    ],
    ["a negative count", [metric({ count: -1 })], "metrics[0]: count must be >= 0"],
    [
      "count without interval",
      [metric({ count: 2 })],
      "metrics[0]: interval must be specified when count > 1",
    ],
    [
      "a bad interval",
      [metric({ interval: "1d" })],
      'metrics[0]: invalid interval string: time: unknown unit "d" in duration "1d"',
    ],
    [
      "a bad delay",
      [metric({ initialDelay: "10" })],
      'metrics[0]: invalid startDelay string: time: missing unit in duration "10"',
    ],
    [
      "no provider",
      [metric(), metric({ name: "n", provider: {} })],
      "metrics[1]: no provider specified",
    ],
    [
      "two providers",
      [metric({ provider: { job: {}, web: {} } })],
      "metrics[0]: multiple providers specified",
    ],
    [
      "two plugins",
      [metric({ provider: { plugin: { "a/b": {}, "c/d": {} } } })],
      "metrics[0]: multiple providers specified",
    ],
  ])("%s", (_name, metrics, problem) => {
    expect(validateMetrics({ metrics })).toBe(problem);
  });
});

describe("validateRules", () => {
  const metrics = [metric({ name: "error-rate" }), metric({ name: "latency" })];
  it.each([
    ["unanchored", { dryRun: [{ metricName: "rate" }] }, undefined],
    [
      "none hit",
      { dryRun: [{ metricName: "late" }, { metricName: "^rate" }] },
      "dryRun[1]: Rule didn't match any metric name(s)",
    ],
    [
      "a bare star is no expression",
      { dryRun: [{ metricName: "*" }] },
      "dryRun[0]: Rule didn't match any metric name(s)",
    ],
    [
      "retention",
      { measurementRetention: [{ metricName: "nope", limit: 1 }] },
      "measurementRetention[0]: Rule didn't match any metric name(s)",
    ],
  ])("%s", (_name, spec, problem) => {
    expect(validateRules(spec, metrics)).toBe(problem);
  });
});
