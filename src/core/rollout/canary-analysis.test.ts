import { describe, expect, it } from "vitest";
import { pause, resume, retry, unpause } from "./testing/deeds.test-support.ts";
import { at, deploy, play } from "./testing/play.test-support.ts";
import { rolloutOf, routed } from "./testing/rollout-of.test-support.ts";
import type { ToyWorld, Verdict } from "./testing/world.test-support.ts";
import { analysisOf } from "./testing/steps-language.test-support.ts";

// v1 is there from the start; v2 comes at 10m. Pods need 10 s. `v2:1/2` = 1 of 2 available.

const v2 = at(600, deploy("web:v2"));
const background = { analysis: { ...analysisOf("check"), startingStep: 1 } };

const first =
  (phase: Verdict["phase"]) =>
  (_object: unknown, attempt: number): Verdict => ({
    phase: attempt === 0 ? phase : "Successful",
    afterSeconds: 60,
    message: "error rate 20%",
  });

describe("a canary that is judged", () => {
  it("goes on after a successful step analysis", () => {
    expect(play(rolloutOf(routed("w20 a w50")), [v2]).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "11m10s 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "11m20s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "11m30s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "12m 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("aborts on a failed one; the retry asks again", () => {
    expect(
      play(rolloutOf(routed("w20 a w50")), [v2, at(1000, retry)], { runVerdict: first("Failed") })
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "11m10s 0% · v1:4/4 v2:1/1 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: error rate 20%)",
        "11m40s 0% · v1:4/4 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: error rate 20%)",
        "16m40s 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "16m50s 20% · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "17m50s 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "18m 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "18m10s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "18m40s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("aborts on an error", () => {
    expect(play(rolloutOf(routed("w20 a w50")), [v2], { runVerdict: first("Error") }).transcript)
      .toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "11m10s 0% · v1:4/4 v2:1/1 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: error rate 20%)",
        "11m40s 0% · v1:4/4 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: error rate 20%)",
      ]
    `);
  });

  it("waits for a person when inconclusive, then asks again", () => {
    expect(
      play(rolloutOf(routed("w20 a w50")), [v2, at(1000, resume)], {
        runVerdict: first("Inconclusive"),
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "11m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (InconclusiveAnalysisRun)",
        "16m40s 20% · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "17m40s 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "17m50s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "18m 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "18m30s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("aborts in the middle of a pause when the background analysis fails", () => {
    expect(
      play(rolloutOf(routed("w20 p5 w50", background)), [v2], { runVerdict: first("Failed") })
        .transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
        "11m10s 0% · v1:4/4 v2:1/1 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: error rate 20%)",
        "11m40s 0% · v1:4/4 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: error rate 20%)",
      ]
    `);
  });

  it("holds even a pause that is over while the background analysis is inconclusive", () => {
    expect(
      play(rolloutOf(routed("w20 p5 w50", background)), [v2, at(1500, resume)], {
        runVerdict: first("Inconclusive"),
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
        "25m 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "25m10s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "25m20s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "25m50s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("holds on a verdict that comes between a resume and the unpausing", () => {
    expect(
      play(
        rolloutOf(routed("w20 p w50", background)),
        [v2, at(630, pause), at(640, resume), at(700, unpause)],
        { runVerdict: first("Inconclusive") },
      ).transcript.slice(4),
    ).toMatchInlineSnapshot(`
      [
        "10m30s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (manually paused)",
        "11m40s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (InconclusiveAnalysisRun)",
      ]
    `);
  });

  it("ends a background analysis that passed with the promotion", () => {
    expect(
      play(rolloutOf(routed("w20 p5 w50", background)), [v2], {
        runVerdict: () => ({ phase: "Successful", afterSeconds: 100000 }),
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
        "15m10s 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "15m20s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "15m30s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "16m 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("runs an experiment beside the canary, with a share of its own", () => {
    expect(play(rolloutOf(routed("w20 e w50")), [v2]).transcript).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20%/5 · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "15m10s 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "15m20s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "15m30s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "16m 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("says what is wrong with an experiment that cannot be carried out", () => {
    const text = `The Experiment "e" is invalid: invalid duration string`;
    const time = "2026-01-01T00:10:11Z";
    const refuse = (world: ToyWorld): void => {
      for (const [name, experiment] of world.experiments) {
        const times = { lastUpdateTime: time, lastTransitionTime: time };
        const said = { status: "True", reason: "InvalidSpec", message: text, ...times } as const;
        const status = { conditions: [{ type: "InvalidSpec" as const, ...said }] };
        world.experiments.set(name, { ...experiment, status });
      }
    };
    const { world } = play(rolloutOf(routed("w20 e w50")), [v2, at(611, refuse)], {}, 640);
    expect(world.rollout.status.phase).toBe("Progressing");
    expect(world.rollout.status.message).toBe(text);
  });

  it("aborts on a failed experiment", () => {
    expect(
      play(rolloutOf(routed("w20 e w50")), [v2], { experimentVerdict: first("Failed") }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20%/5 · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "11m10s 0% · v1:4/4 v2:1/1 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Experiment analysis phase is error/failed: error rate 20%)",
        "11m40s 0% · v1:4/4 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Experiment analysis phase is error/failed: error rate 20%)",
      ]
    `);
  });

  it("holds on an inconclusive experiment, then runs another", () => {
    expect(
      play(rolloutOf(routed("w20 e w50")), [v2, at(1500, resume)], {
        experimentVerdict: first("Inconclusive"),
      }).transcript,
    ).toMatchInlineSnapshot(`
      [
        "0m v1:0/4 · step 3/3 · Progressing (updated replicas are still becoming available)",
        "0m10s 0% · v1:4/4 · step 3/3 · Healthy",
        "10m 0% · v1:4/4 v2:0/1 · step 0/3 · Progressing (more replicas need to be updated)",
        "10m10s 20%/5 · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "11m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (InconclusiveExperiment)",
        "25m 20%/5 · v1:4/4 v2:1/1 · step 1/3 · Progressing (more replicas need to be updated)",
        "26m 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "26m10s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "26m20s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "26m50s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });

  it("asks anew about a third version, whatever was found out about the second", () => {
    const analysis = { ...analysisOf("check"), startingStep: 0 };
    const { world } = play(
      rolloutOf(routed("w20 p w50", { analysis })),
      [v2, at(900, deploy("web:v3"))],
      { runVerdict: () => ({ phase: "Successful", afterSeconds: 60 }) },
    );
    const { currentBackgroundAnalysisRunStatus: recorded } = world.rollout.status.canary ?? {};
    const third = world.hashOfImage("web:v3");
    expect(recorded?.name).toBe(`web-${third}-3`);
    const asked = [...world.runs.values()].map(({ metadata }) => metadata.name);
    expect(asked).toEqual([`web-${world.hashOfImage("web:v2")}-2`, `web-${third}-3`]);
  });

  it.each([
    ["the step is gone", "w20 p w50 w60", ["2-1 ended"]],
    ["the step is asked again", "w20 a w50 w60", ["2-1 ended", "2-1.1 ended"]],
  ])("ends the run of a step when steps are edited and %s", (_name, line, wanted) => {
    const edit = (world: ToyWorld): void => world.changeSpec({ strategy: routed(line) });
    const options = { runVerdict: (): Verdict => ({ phase: "Successful", afterSeconds: 60 }) };
    const { world } = play(rolloutOf(routed("w20 a w50")), [v2, at(630, edit)], options);
    const runs = [...world.runs].map(([name, { status }]) => {
      const state = status?.completedAt === undefined ? "runs" : "ended";
      return `${name.replace(/^web-\w+-/, "")} ${state}`;
    });
    expect(runs).toEqual(wanted);
    expect([...world.runs.values()][0]?.spec.terminate).toBe(true);
  });

  it("asks the background anew when steps are edited, and ends what it asked before", () => {
    const edit = (world: ToyWorld): void =>
      world.changeSpec({ strategy: routed("w20 p1 w50 w60", background) });
    const options = { runVerdict: (): Verdict => ({ phase: "Successful", afterSeconds: 900 }) };
    const steps = routed("w20 p1 w50", background);
    const { world } = play(rolloutOf(steps), [v2, at(630, edit)], options);
    const first = [...world.runs].find(([name]) => name.endsWith("-2"))?.[1];
    expect(first?.spec.terminate).toBe(true);
    expect([...world.runs.keys()].map((name) => name.replace(/^web-\w+-/, ""))).toEqual([
      "2",
      "2.1",
    ]);
  });

  it("runs another experiment when steps are edited", () => {
    const edit = (world: ToyWorld): void => world.changeSpec({ strategy: routed("w20 e w50 w60") });
    const { world } = play(rolloutOf(routed("w20 e w50")), [v2, at(630, edit)]);
    expect([...world.experiments.keys()].map((name) => name.replace(/^web-\w+-/, ""))).toEqual([
      "2-1",
      "2-1-1",
    ]);
  });

  it("takes no verdict from a run it has ended itself, and asks anew", () => {
    const end = (world: ToyWorld): void => {
      for (const [name, run] of world.runs) {
        const annotations = { ...run.metadata.annotations, "haldane.dev/ended-by-rollout": "true" };
        const spec = { ...run.spec, terminate: true };
        const status = { phase: "Successful", completedAt: "2026-01-01T00:10:20Z" } as const;
        world.runs.set(name, { ...run, metadata: { ...run.metadata, annotations }, spec, status });
      }
    };
    const options = { runVerdict: (): Verdict => ({ phase: "Failed", afterSeconds: 60 }) };
    const { world } = play(rolloutOf(routed("w20 a w50")), [v2, at(620, end)], options);
    expect([...world.runs.keys()].map((name) => name.replace(/^web-\w+-/, ""))).toEqual([
      "2-1",
      "2-1.1",
    ]);
    expect(world.rollout.status.abort).toBe(true);
  });

  it("tells each verdict once", () => {
    const { events } = play(rolloutOf(routed("w20 a w50")), [v2], {
      runVerdict: first("Failed"),
    }).world;
    expect(events.filter((text) => text.startsWith("AnalysisRun") || text.includes("aborted")))
      .toMatchInlineSnapshot(`
      [
        "AnalysisRunRunning: Step Analysis Run 'web-84c5f745db-2-1' Status New: 'Running' Previous: ''",
        "AnalysisRunFailed: Step Analysis Run 'web-84c5f745db-2-1' Status New: 'Failed' Previous: 'Running'",
        "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: error rate 20%",
      ]
    `);
  });

  it("names runs so that nothing is made twice", () => {
    const { runs } = play(rolloutOf(routed("w20 a w50")), [v2, at(1000, retry)], {
      runVerdict: first("Failed"),
    }).world;
    const names = [...runs.keys()].map((name) => name.replace(/^web-[a-z0-9]+-/, ""));
    expect(names).toEqual(["2-1", "2-1.1"]);
  });
});

describe("a background analysis without an answer", () => {
  const steps = routed("w20 p2 w50", background);
  const played = (verdict: Verdict): readonly string[] =>
    play(rolloutOf(steps), [v2], { hasNoData: true, runVerdict: () => verdict }).transcript.slice(
      3,
    );

  it("never lets the new version have all of the traffic", () => {
    expect(played({ phase: "Error", afterSeconds: 600, message: "no data" }))
      .toMatchInlineSnapshot(`
        [
          "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
          "12m10s 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
          "12m20s 50% · v1:4/4 v2:2/2 · step 2/3 · Progressing (waiting for the first answers of the background analysis)",
          "20m10s 0% · v1:4/4 v2:2/2 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: no data)",
          "20m40s 0% · v1:4/4 · step 0/3 · Degraded (RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: no data)",
        ]
      `);
  });

  it("lets it go on as soon as there is one", () => {
    expect(played({ phase: "Successful", afterSeconds: 600 })).toMatchInlineSnapshot(`
      [
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/3 · Paused (CanaryPauseStep)",
        "12m10s 20% · v1:4/4 v2:1/2 · step 2/3 · Progressing (more replicas need to be updated)",
        "12m20s 50% · v1:4/4 v2:2/2 · step 2/3 · Progressing (waiting for the first answers of the background analysis)",
        "20m10s 50% · v1:4/4 v2:2/4 · step 3/3 · Progressing (waiting for all steps to complete)",
        "20m20s 0% · v1:4/4 v2:4/4 · step 3/3 · Healthy",
        "20m50s 0% · v2:4/4 · step 3/3 · Healthy",
      ]
    `);
  });
});
