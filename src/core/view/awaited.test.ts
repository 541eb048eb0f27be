import { describe, expect, it } from "vitest";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import type { JsonObject } from "../../lib/json.ts";
import { openVerdict, undecidedVerdicts } from "./awaited.ts";

const pausedFor = (...reasons: readonly string[]): JsonObject => ({
  pauseConditions: reasons.map((reason) => ({ reason, startTime: "2026-01-01T00:00:00Z" })),
});

function verdicts(status: JsonObject): readonly string[] {
  return undecidedVerdicts(parseRollout({ metadata: { name: "shop" }, spec: {}, status }).rollout);
}

const run = { name: "shop-abc-2", status: "Inconclusive", message: "0.92" };

describe("verdicts a person has to give", () => {
  it("are told beside another pause, with what is to be done", () => {
    const canary = { currentBackgroundAnalysisRunStatus: run };
    const status = { ...pausedFor("CanaryPauseStep", "InconclusiveAnalysisRun"), canary };
    expect(verdicts(status)).toEqual([
      "background analysis shop-abc-2 is Inconclusive: 0.92; promote to go on, abort to go back",
    ]);
  });

  it("are told of blue-green, too", () => {
    const blueGreen = { prePromotionAnalysisRunStatus: { name: "pre", status: "Inconclusive" } };
    expect(verdicts({ ...pausedFor("InconclusiveAnalysisRun"), blueGreen })).toEqual([
      "pre-promotion analysis pre is Inconclusive; promote to go on, abort to go back",
    ]);
  });

  it("are none once somebody has resumed it, and none of runs that have one", () => {
    const canary = { currentBackgroundAnalysisRunStatus: run };
    expect(verdicts({ ...pausedFor("CanaryPauseStep"), canary })).toEqual([]);
    const failed = { currentStepAnalysisRunStatus: { ...run, status: "Failed" } };
    expect(verdicts({ ...pausedFor("InconclusiveAnalysisRun"), canary: failed })).toEqual([]);
  });
});

describe("a verdict that is still to come", () => {
  const manifest = (status: string): JsonObject => ({
    metadata: { name: "shop" },
    spec: {},
    status: { blueGreen: { prePromotionAnalysisRunStatus: { name: "shop-abc-2-pre", status } } },
  });

  it.each(["", "Pending", "Running"])("is named while it is '%s'", (status) => {
    expect(openVerdict(manifest(status))).toBe(
      "its pre-promotion analysis shop-abc-2-pre is still running",
    );
  });

  it.each(["Successful", "Failed", "Inconclusive"])("is none once it is %s", (status) => {
    expect(openVerdict(manifest(status))).toBeUndefined();
  });
});
