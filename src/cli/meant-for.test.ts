import { describe, expect, it } from "vitest";
import type { KubeObject } from "../api/meta/object.ts";
import type { JsonObject } from "../lib/json.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { pass } from "../runtime/virtual-world.test-support.ts";
import { takenUp } from "./meant-for.ts";

function shop(generation: number, observed: number): KubeObject {
  const manifest: JsonObject = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "shop", generation },
    spec: {},
    status: { observedGeneration: String(observed), phase: "Healthy" },
  };
  return manifest as unknown as KubeObject;
}

describe("a rollout that has just been changed", () => {
  it("is waited for until the change is taken up: what is asked before would be forgotten", async () => {
    const clock = new VirtualClock(0);
    const looks = [shop(2, 1), shop(2, 1), shop(2, 2)];
    const found = takenUp(async () => Promise.resolve(looks.shift() ?? shop(2, 2)), clock);
    await pass(clock, 1000);
    expect(await found).toEqual(shop(2, 2));
    expect(looks).toEqual([]);
  });

  it("is not waited for where nobody takes it up", async () => {
    const clock = new VirtualClock(0);
    let looks = 0;
    const found = takenUp(async () => {
      looks += 1;
      return Promise.resolve(shop(2, 1));
    }, clock);
    await pass(clock, 10_000);
    expect(await found).toEqual(shop(2, 1));
    expect(looks).toBeGreaterThan(10);
    expect(looks).toBeLessThan(100);
  });
});
