import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { rolloutOf, routed, templateOf } from "./testing/rollout-of.test-support.ts";
import { ToyWorld } from "./testing/world.test-support.ts";

function settle(world: ToyWorld, turns: number): void {
  for (let turn = 0; turn < turns; turn += 1) {
    world.pass();
    world.settlePods();
    world.now += 1000;
  }
}

/** The order in which traffic is moved. */
function movesOf(world: ToyWorld): readonly string[] {
  return decide(world.observe(), world.now)
    .effects.map(({ kind }) => kind)
    .filter((kind) => kind === "applyTraffic" || kind === "patchService");
}

describe("a version that takes over from one with more traffic", () => {
  it("gets the canary Service when the weight is down", () => {
    // v1 still has its pods when it is wanted again, in the middle of v3: v2 is stable.
    const strategy = routed("w50 p", { scaleDownDelaySeconds: 600 });
    const world = new ToyWorld(rolloutOf(strategy));
    settle(world, 40);
    world.changeSpec({ template: templateOf("web:v2") });
    settle(world, 40);
    world.changeStatus({ promoteFull: true });
    settle(world, 40);
    world.changeSpec({ template: templateOf("web:v3") });
    settle(world, 40);
    expect(world.traffic.inForce?.canary.weight).toBe(50);
    world.changeSpec({ template: templateOf("web:v1") });
    expect(movesOf(world)).toEqual(["applyTraffic", "patchService"]);
  });

  it("gets its Service of ping and pong when the weight is down", () => {
    const pingPong = { pingService: "web-ping", pongService: "web-pong" };
    const strategy = routed("w50 p", {
      pingPong,
      canaryService: undefined,
      stableService: undefined,
    });
    const world = new ToyWorld(rolloutOf(strategy), { services: ["web-ping", "web-pong"] });
    settle(world, 40);
    world.changeSpec({ template: templateOf("web:v2") });
    settle(world, 40);
    expect(world.traffic.inForce?.canary.weight).toBe(50);
    world.changeSpec({ template: templateOf("web:v3") });
    expect(movesOf(world)).toEqual(["applyTraffic", "patchService"]);
  });
});
