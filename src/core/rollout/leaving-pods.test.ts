import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import type { ObservedRollout } from "./observed.ts";
import { blueGreen, rolloutOf, routed, templateOf } from "./testing/rollout-of.test-support.ts";
import { ToyWorld } from "./testing/world.test-support.ts";
import type { Strategy } from "../../api/argo/rollout.ts";

/** v2 in the moment its pods have become available; nothing of that has been decided on yet. */
function withNewPods(strategy: Strategy): ToyWorld {
  const world = new ToyWorld(rolloutOf(strategy));
  const settle = (): void => {
    world.pass();
    world.settlePods();
    world.now += 5000;
  };
  for (let turn = 0; turn < 30; turn += 1) settle();
  world.changeSpec({ template: templateOf("web:v2") });
  world.pass();
  world.settlePods();
  world.now += 10_000;
  world.settlePods();
  return world;
}

/** The same, where v2's ReplicaSet has just been made larger again: its status still counts pods that leave. */
function notYetObserved(observed: ObservedRollout): ObservedRollout {
  const replicaSets = observed.replicaSets.map((set) => {
    const isNew = set.spec.template.spec.containers[0]?.image === "web:v2";
    const generation = (set.metadata.generation ?? 1) + 1;
    return isNew ? { ...set, metadata: { ...set.metadata, generation } } : set;
  });
  return { ...observed, replicaSets };
}

describe("pods that a smaller size has asked to go", () => {
  it.each([
    ["canary", "get no weight", routed("w50 p"), "applyTraffic"],
    ["preview", "are not switched to", blueGreen(), "patchService"],
  ])("of a %s %s", (_name, _text, strategy, kind) => {
    const world = withNewPods(strategy);
    const kindsOf = (observed: ObservedRollout): readonly string[] =>
      decide(observed, world.now).effects.map((effect) => effect.kind);
    expect(kindsOf(world.observe())).toContain(kind);
    const status = decide(notYetObserved(world.observe()), world.now).status;
    expect(kindsOf(notYetObserved(world.observe()))).not.toContain("applyTraffic");
    expect(status.stableRS).not.toBe(status.currentPodHash);
    expect(status.currentStepIndex ?? 0).toBe(0);
    expect(status.blueGreen?.activeSelector ?? status.stableRS).toBe(status.stableRS);
  });
});
