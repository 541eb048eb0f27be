import { describe, expect, it } from "vitest";
import type { Strategy } from "../../api/argo/rollout.ts";
import { at, deploy, play } from "./testing/play.test-support.ts";
import { canary, rolloutOf, routed } from "./testing/rollout-of.test-support.ts";
import type { ToyWorld } from "./testing/world.test-support.ts";

// v2 stands at its first pause when somebody takes the step's index out of the status.

const v2 = at(600, deploy("web:v2"));
const loseIndex = (world: ToyWorld): void => world.changeStatus({ currentStepIndex: null });

function afterLoss(strategy: Strategy, atSeconds: number): readonly string[] {
  return play(rolloutOf(strategy), [v2, at(atSeconds, loseIndex)]).transcript.slice(-2);
}

describe("a canary whose step index is lost", () => {
  it("starts its steps anew with a router", () => {
    expect(afterLoss(routed("w20 p w50 p1"), 900)).toMatchInlineSnapshot(`
      [
        "10m 0% · v1:4/4 v2:0/1 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s 20% · v1:4/4 v2:1/1 · step 1/4 · Paused (CanaryPauseStep)",
      ]
    `);
  });

  it("starts its steps anew without a router", () => {
    expect(afterLoss(canary("w25 p w50 p1"), 900)).toMatchInlineSnapshot(`
      [
        "10m v1:3/3 v2:0/1 · step 0/4 · Progressing (more replicas need to be updated)",
        "10m10s v1:3/3 v2:1/1 · step 1/4 · Paused (CanaryPauseStep)",
      ]
    `);
  });

  it("stays what it is when it was promoted", () => {
    expect(afterLoss(routed("w20 p1"), 3000)).toMatchInlineSnapshot(`
      [
        "11m20s 0% · v1:4/4 v2:4/4 · step 2/2 · Healthy",
        "11m50s 0% · v2:4/4 · step 2/2 · Healthy",
      ]
    `);
  });
});
