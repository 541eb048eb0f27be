import { describe, expect, it } from "vitest";
import type { AnalysisPhase, Metric, MetricResult } from "../../api/argo/analysis.ts";
import { formatTime } from "../../lib/time.ts";
import { floatInput } from "../../lib/expr/expr.ts";
import { assessRun } from "./assess.ts";
import { planRun, planWithoutSecrets } from "./plan.ts";
import { play, runOf, startMs, type PlayOptions } from "./transcript.test-support.ts";
import { metricVerdict } from "./verdict.ts";

const metric = (over: Partial<Metric> = {}): Metric => ({
  name: "m",
  provider: { web: {} },
  successCondition: "result < 5",
  ...over,
});
const five = { count: 5, interval: "10s" };

describe("whole runs", () => {
  it.each<[string, readonly Metric[], PlayOptions["answers"], readonly string[]]>([
    ["one good measurement", [metric()], { m: [1] }, ["0s Successful m=Successful[1]"]],
    [
      "one bad measurement",
      [metric()],
      { m: [9] },
      ['0s Failed m=Failed[9] (Metric "m" assessed Failed due to failed (1) > failureLimit (0))'],
    ],
    [
      "count and interval",
      [metric({ count: 3, interval: "10s" })],
      { m: [1, 2, 3] },
      [
        "0s Running m=Running[1]",
        "10s Running m=Running[1 2]",
        "20s Successful m=Successful[1 2 3]",
      ],
    ],
    [
      "failures within the limit",
      [metric({ count: 3, interval: "10s", failureLimit: 1 })],
      { m: [1, 9, 2] },
      [
        "0s Running m=Running[1]",
        "10s Running m=Running[1 9]",
        "20s Successful m=Successful[1 9 2]",
      ],
    ],
    [
      "an error is retried after ten seconds and does not count",
      [metric({ count: 2, interval: "1m" })],
      { m: ["!boom", 1, 2] },
      [
        "0s Running m=Running[Error]",
        "10s Running m=Running[Error 1]",
        "70s Successful m=Successful[Error 1 2]",
      ],
    ],
    [
      "no data is never a pass",
      [metric({ consecutiveErrorLimit: 1 })],
      { m: ["nil"] },
      [
        "0s Running m=Running[Error]",
        '10s Error m=Error[Error Error] (Metric "m" assessed Error due to consecutiveErrors (2) > consecutiveErrorLimit (1): "Error Message: could not evaluate successCondition "result < 5": metric result is nil or empty: no data returned from the metric provider")',
      ],
    ],
    [
      "neither condition is inconclusive",
      [metric({ failureCondition: "result > 7" })],
      { m: [6] },
      [
        '0s Inconclusive m=Inconclusive[6] (Metric "m" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0))',
      ],
    ],
    [
      "initial delay",
      [metric({ initialDelay: "30s" })],
      { m: [1] },
      ["0s Running ", "30s Successful m=Successful[1]"],
    ],
    [
      "consecutive successes end it early",
      [metric({ ...five, failureLimit: 3, consecutiveSuccessLimit: 2 })],
      { m: [1, 9, 1, 1] },
      [
        "0s Running m=Running[1]",
        "10s Running m=Running[1 9]",
        "20s Running m=Running[1 9 1]",
        "30s Successful m=Successful[1 9 1 1]",
      ],
    ],
    [
      "consecutive successes not reached with a failure limit: inconclusive",
      [metric({ count: 3, interval: "10s", failureLimit: 1, consecutiveSuccessLimit: 2 })],
      { m: [1, 9, 1] },
      [
        "0s Running m=Running[1]",
        "10s Running m=Running[1 9]",
        '20s Inconclusive m=Inconclusive[1 9 1] (Metric "m" assessed Inconclusive due to consecutiveSuccesses (1) < consecutiveSuccessLimit (2))',
      ],
    ],
    [
      "consecutive successes not reached without one: failed",
      [metric({ count: 2, interval: "10s", failureLimit: -1, consecutiveSuccessLimit: 2 })],
      { m: [1, 9] },
      [
        "0s Running m=Running[1]",
        '10s Failed m=Failed[1 9] (Metric "m" assessed Failed due to consecutiveSuccesses (0) < consecutiveSuccessLimit (2))',
      ],
    ],
    [
      "failures only, all within the limit, are no pass",
      [metric({ failureLimit: 1 })],
      { m: [9] },
      [
        '0s Failed m=Failed[9] (Metric "m" assessed Failed due to none of 1 measurements successful)',
      ],
    ],
    [
      "a bad metric ends the run and all others",
      [metric({ interval: "10s" }), metric({ name: "n", interval: "4s" })],
      { m: [1], n: [1, 1, 9] },
      [
        "0s Running m=Running[1] n=Running[1]",
        "4s Running m=Running[1] n=Running[1 1]",
        '8s Failed m=Successful[1] n=Failed[1 1 9] (Metric "n" assessed Failed due to failed (1) > failureLimit (0))',
      ],
    ],
    [
      "intervals below a second are a second",
      [metric({ count: 2, interval: "100ms" })],
      { m: [1, 1] },
      ["0s Running m=Running[1]", "1s Successful m=Successful[1 1]"],
    ],
    [
      "a provider that takes its time",
      [metric()],
      { m: ["~0", "~2", "~0.5", "ok"] },
      [
        "0s Running m=Running[Running]",
        "0s Running m=Running[Running]",
        "2s Running m=Running[Running]",
        "3s Successful m=Successful[Successful]",
      ],
    ],
    [
      "a bad metric stops what is in flight before the run ends",
      [metric(), metric({ name: "n", initialDelay: "5s" })],
      { m: ["~60"], n: [9] },
      [
        "0s Running m=Running[Running]",
        "5s Running m=Running[Running] n=Failed[9]",
        '5s Failed m=Successful[Inconclusive] n=Failed[9] (Metric "n" assessed Failed due to failed (1) > failureLimit (0))',
      ],
    ],
  ])("%s", (_name, metrics, answers, lines) => {
    expect(play({ metrics }, { answers }).lines).toEqual(lines);
  });

  it("numbers may be given as text, as arguments leave them", () => {
    const metrics = [metric({ count: "{{args.n}}", interval: "1s", failureLimit: "{{ args.n }}" })];
    const { lines } = play(
      { metrics, args: [{ name: "n", value: "2" }] },
      { answers: { m: [9, 1] } },
    );
    expect(lines.at(-1)).toBe("1s Successful m=Successful[9 1]");
  });

  it("dry-run metrics are judged, shown and summed up apart, and never fail the run", () => {
    const metrics = [metric(), metric({ name: "try" })];
    const { run, events } = play(
      { metrics, dryRun: [{ metricName: "^try$" }] },
      { answers: { m: [1], try: [9] } },
    );
    expect(run.status).toMatchObject({
      phase: "Successful",
      runSummary: { count: 1, successful: 1 },
      dryRunSummary: { count: 1, failed: 1 },
    });
    expect(run.status?.metricResults?.[1]).toMatchObject({
      name: "try",
      dryRun: true,
      phase: "Failed",
      message: "Metric assessed Failed due to failed (1) > failureLimit (0)",
    });
    expect(events).toEqual([
      "Normal MetricSuccessful",
      "Warning MetricFailed",
      "Normal AnalysisRunSuccessful",
    ]);
  });

  it("with dry-run metrics alone it is successful", () => {
    const { run } = play(
      { metrics: [metric()], dryRun: [{ metricName: ".*" }] },
      { answers: { m: [9] } },
    );
    expect(run.status).toMatchObject({
      phase: "Successful",
      runSummary: {},
      dryRunSummary: { count: 1, failed: 1 },
    });
  });

  it("the worst metric names the run: Failed before Error before Inconclusive", () => {
    const metrics = [
      metric({ name: "unsure", failureCondition: "result > 7" }),
      metric({ name: "broken", consecutiveErrorLimit: 0 }),
      metric({ name: "bad" }),
    ];
    const { run } = play({ metrics }, { answers: { unsure: [6], broken: ["!x"], bad: [9] } });
    expect(run.status).toMatchObject({
      phase: "Failed",
      message: 'Metric "bad" assessed Failed due to failed (1) > failureLimit (0)',
      runSummary: { count: 3, failed: 1, error: 1, inconclusive: 1 },
    });
  });

  it("keeps ten measurements, or what the last matching rule says, and all counts", () => {
    const metrics = [
      metric({ count: 12, interval: "1s" }),
      metric({ name: "n", count: 12, interval: "1s" }),
    ];
    const measurementRetention = [
      { metricName: ".*", limit: 2 },
      { metricName: "n", limit: 3 },
      { metricName: "^m$", limit: 0 },
    ];
    const { run, last } = play({ metrics, measurementRetention }, { answers: { m: [1], n: [1] } });
    expect(
      run.status?.metricResults?.map(({ count, measurements }) => [count, measurements?.length]),
    ).toEqual([
      [12, 10],
      [12, 3],
    ]);
    expect(last.overfull.map(({ metric: { name }, limit }) => [name, limit])).toEqual([
      ["m", 10],
      ["n", 3],
    ]);
  });

  it("counts errors apart and consecutively", () => {
    const { run } = play(
      { metrics: [metric({ count: 2, interval: "1s" })] },
      { answers: { m: ["!a", "!b", 1, "!c", 1] } },
    );
    expect(run.status?.metricResults?.[0]).toMatchObject({
      count: 2,
      successful: 2,
      error: 3,
      consecutiveError: 0,
      consecutiveSuccess: 1,
    });
  });
});

describe("termination", () => {
  const endless = metric({ interval: "10s" });
  it.each<[string, readonly Metric[], PlayOptions["answers"], string]>([
    [
      "an endless metric",
      [endless],
      { m: [1] },
      "25s Successful m=Successful[1 1 1] (Run Terminated)",
    ],
    ["never measured", [metric({ initialDelay: "1h" })], {}, "25s Successful  (Run Terminated)"],
    [
      "a count not reached",
      [metric({ count: 9, interval: "10s" })],
      { m: [1] },
      "25s Successful m=Running[1 1 1] (Run Terminated)",
    ],
    [
      "a Job in flight does not spoil a good run",
      [metric()],
      { m: ["~60"] },
      "25s Successful m=Successful[Inconclusive] (Run Terminated)",
    ],
    [
      "limits exceeded before count still",
      [metric({ count: 9, interval: "10s", failureLimit: 5 })],
      { m: [9] },
      "25s Successful m=Running[9 9 9] (Run Terminated)",
    ],
  ])("%s", (_name, metrics, answers, last) => {
    expect(play({ metrics }, { answers, terminateAtSecond: 25 }).lines.at(-1)).toBe(last);
  });

  it("says on the measurement that it was stopped, and does not count it", () => {
    const { run } = play(
      { metrics: [metric()] },
      { answers: { m: ["~60"] }, terminateAtSecond: 5 },
    );
    const [result] = run.status?.metricResults ?? [];
    expect(result?.measurements).toEqual([
      {
        phase: "Inconclusive",
        message: "Metric Terminated",
        startedAt: formatTime(startMs),
        finishedAt: formatTime(startMs + 5000),
      },
    ]);
    expect(result?.inconclusive).toBeUndefined();
  });
});

describe("a run that cannot go on", () => {
  it.each([
    [
      { metrics: [metric({ name: "{{args.x}}" })] },
      "Unable to resolve metric arguments: failed to resolve {{args.x}}",
    ],
    [
      { metrics: [metric()], args: [{ name: "x" }] },
      'Unable to resolve metric arguments: argument "x" was not supplied',
    ],
    [{ metrics: [metric(), metric()] }, "Analysis spec invalid: metrics[1]: duplicate name 'm'"],
    [{ metrics: [] }, "Analysis spec invalid: no metrics specified"],
    [
      { metrics: [metric()], dryRun: [{ metricName: "*" }] },
      "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)",
    ],
  ])("ends as Error with completedAt: %j", (spec, message) => {
    const { run, events } = play(spec, { answers: {} });
    expect(run.status).toMatchObject({ phase: "Error", message, completedAt: formatTime(startMs) });
    expect(events).toEqual(["Warning AnalysisRunError"]);
  });

  it("stops what is in flight when a secret has gone", () => {
    const metricResults: readonly MetricResult[] = [
      {
        name: "m",
        phase: "Running",
        measurements: [{ phase: "Running", startedAt: formatTime(startMs) }],
      },
    ];
    const run = runOf(
      { metrics: [metric()] },
      { phase: "Running", startedAt: formatTime(startMs), metricResults },
    );
    const plan = planWithoutSecrets(run, planRun(run, startMs), 'secrets "s" not found');
    expect(plan).toMatchObject({
      kind: "invalid",
      message: 'Unable to resolve metric arguments: secrets "s" not found',
      tasks: [{ kind: "terminate" }],
    });
  });
});

describe("secrets", () => {
  it("never reach the status", () => {
    const run = runOf({ metrics: [metric()] });
    const plan = planRun(run, startMs);
    if (plan.kind !== "going") throw new Error(plan.kind);
    const [task] = plan.tasks;
    const answered = [
      {
        task: task!,
        answer: {
          kind: "error",
          message: "GET https://x?token=hunter2hunter2 failed",
          metadata: { q: "hunter2hunter2" },
        },
        startedAtMs: startMs,
        finishedAtMs: startMs,
        description: { ResolvedPrometheusQuery: "up{k='hunter2hunter2'}" },
      },
    ] as const;
    const { status } = assessRun(
      run,
      plan,
      { answered, secretValues: ["hunter2", "hunter2hunter2"] },
      startMs,
    );
    expect(JSON.stringify(status)).not.toContain("hunter2");
    expect(status.metricResults?.[0]).toMatchObject({
      message: "GET https://x?token=***** failed",
      metadata: { ResolvedPrometheusQuery: "up{k='*****'}" },
      measurements: [{ metadata: { q: "*****" } }],
    });
  });

  it("does not mask figures that happen to contain a short secret", () => {
    const run = runOf({ metrics: [metric()] });
    const plan = planRun(run, startMs);
    if (plan.kind !== "going") throw new Error(plan.kind);
    const answered = [
      {
        task: plan.tasks[0]!,
        answer: { kind: "value", text: "0.12", result: floatInput(0.12) },
        startedAtMs: startMs,
        finishedAtMs: startMs,
      },
    ] as const;
    const { status } = assessRun(run, plan, { answered, secretValues: ["1"] }, startMs);
    expect(status.metricResults?.[0]?.measurements?.[0]?.value).toBe("0.12");
  });
});

it("what is measured is judged whole, and shown only so far that the status can be stored", () => {
  const run = runOf({ metrics: [metric({ successCondition: 'result endsWith "end"' })] });
  const plan = planRun(run, startMs);
  if (plan.kind !== "going") throw new Error(plan.kind);
  const text = `${"x".repeat(1_000_000)}end`;
  const answered = [
    {
      task: plan.tasks[0]!,
      answer: {
        kind: "value",
        text,
        result: { kind: "string", value: text },
        metadata: { warnings: text },
      },
      startedAtMs: startMs,
      finishedAtMs: startMs,
    },
  ] as const;
  const { status } = assessRun(run, plan, { answered, secretValues: [] }, startMs);
  const [measurement] = status.metricResults?.[0]?.measurements ?? [];
  expect(measurement?.phase).toBe("Successful");
  expect(measurement?.value).toMatch(/^x{8192}… \(1000003 characters\)$/);
  expect(JSON.stringify(status).length).toBeLessThan(20_000);
});

describe("time to live", () => {
  it.each<[AnalysisPhase, object, number | undefined]>([
    ["Successful", { secondsAfterSuccess: 5, secondsAfterCompletion: 50 }, 6],
    ["Failed", { secondsAfterFailure: 7, secondsAfterCompletion: 50 }, 8],
    ["Error", { secondsAfterFailure: 7, secondsAfterCompletion: 50 }, 51],
    ["Inconclusive", { secondsAfterCompletion: 0 }, 1],
    ["Successful", { secondsAfterFailure: 7 }, undefined],
    ["Successful", {}, undefined],
  ])("%s with %j", (phase, ttlStrategy, seconds) => {
    const run = runOf({ metrics: [], ttlStrategy }, { phase, completedAt: formatTime(startMs) });
    const at = (now: number) =>
      assessRun(run, planRun(run, now), { answered: [], secretValues: [] }, now);
    expect(at(startMs).next?.atMs).toBe(
      seconds === undefined ? undefined : startMs + seconds * 1000,
    );
    expect(at(startMs).expired).toBe(false);
    expect(at(startMs + 100_000).expired).toBe(seconds !== undefined);
  });
});

describe("metricVerdict, several limits exceeded at once", () => {
  const counts = { failed: 9, inconclusive: 9, consecutiveError: 9, count: 18 };
  it.each<[Partial<MetricResult>, AnalysisPhase]>([
    [counts, "Error"],
    [{ ...counts, consecutiveError: 0 }, "Inconclusive"],
    [{ ...counts, consecutiveError: 0, inconclusive: 0 }, "Failed"],
  ])("%j → %s", (over, phase) => {
    expect(metricVerdict(metric(five), { name: "m", phase: "Running", ...over }, false).phase).toBe(
      phase,
    );
  });
});

it("deciding twice on the same run gives the same answer", () => {
  const { run } = play(
    { metrics: [metric({ interval: "10s" })] },
    { answers: { m: [1] }, untilSecond: 5 },
  );
  const again = assessRun(
    run,
    planRun(run, startMs + 5000),
    { answered: [], secretValues: [] },
    startMs + 5000,
  );
  expect(again.status).toEqual(run.status);
  expect(again.events).toEqual([]);
});
