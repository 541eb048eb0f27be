// Routed canaries nobody thought of: updates, aborts, retries, promotions, pauses and edited steps at any
// moment, with pods that come one after the other and routers that confirm late or never. Whatever
// people do, nobody gets more of the traffic than the pods that are there can take, and what is promoted
// fully in the end is healthy. HALDANE_RUNS and HALDANE_SEED as in test/simulation/generated.test.ts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CanaryStrategy } from "../../api/argo/rollout.ts";
import type { TrafficDestination } from "../../api/argo/traffic.ts";
import { hashOf } from "../replicas/replica-set.ts";
import {
  abort,
  pause,
  promoteFully,
  resume,
  retry,
  unpause,
} from "./testing/deeds.test-support.ts";
import { deploy, settle, viewOf, type Act } from "./testing/play.test-support.ts";
import { rolloutOf, routed } from "./testing/rollout-of.test-support.ts";
import { ToyWorld } from "./testing/world.test-support.ts";

const seed = Number(process.env["HALDANE_SEED"] ?? 20260101);
const numRuns = Number(process.env["HALDANE_RUNS"] ?? 60);

const lines = ["w20 p1 w80 p1", "w60 p1 w20 p1", "w50 p", "w10 p w40 p w70 p", "w100 p1", ""];
const deeds = {
  abort,
  retry,
  resume,
  promoteFully,
  pause,
  unpause,
  v1: deploy("web:v1"),
  v2: deploy("web:v2"),
  v3: deploy("web:v3"),
  broken: deploy("web:broken"),
} as const satisfies Record<string, Act["act"]>;

/** The steps of another line, everything else as it is. */
function editTo(line: string): Act["act"] {
  const { steps, stepsAsWritten } = routed(line);
  return (world) => {
    const strategy = { ...(world.rollout.spec.strategy as CanaryStrategy), steps, stepsAsWritten };
    world.changeSpec({ strategy });
  };
}

const line = fc.constantFrom(...lines);
const deed = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...(Object.keys(deeds) as (keyof typeof deeds)[])) },
  { weight: 1, arbitrary: line.map((steps) => `edit ${steps}` as const) },
);
const story = fc.record({
  line,
  replicas: fc.constantFrom(4, 5, 10),
  strategy: fc.record(
    {
      dynamicStableScale: fc.boolean(),
      minPodsPerReplicaSet: fc.constant(2),
      abortScaleDownDelaySeconds: fc.constantFrom(0, 5, 30),
    },
    { requiredKeys: [] },
  ),
  rollbackWindowRevisions: fc.constantFrom(undefined, 3),
  podStaggerSeconds: fc.constantFrom(0, 3, 8),
  podStopSeconds: fc.constantFrom(0, 3),
  acknowledgeSeconds: fc.constantFrom(undefined, 0, 2, 7),
  acts: fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), deed), { minLength: 1, maxLength: 9 }),
});

function served(world: ToyWorld): readonly TrafficDestination[] {
  return world.served === undefined ? [] : [world.served.canary, world.served.stable];
}

/** Whose share asks for more whole pods than it has. */
function crowded(world: ToyWorld, replicas: number): readonly string[] {
  return served(world).flatMap(({ podTemplateHash, weight }) => {
    const set = [...world.replicaSets.values()].find((rs) => hashOf(rs) === podTemplateHash);
    const there = set === undefined ? 0 : world.available(set);
    const needed = Math.floor((weight * replicas) / 100);
    if (there >= needed) return [];
    return [
      `${String(weight)} % go to ${String(there)} of ${String(needed)} pods: ${viewOf(world)}`,
    ];
  });
}

class Stage {
  readonly world: ToyWorld;
  readonly replicas: number;

  constructor({ line: steps, replicas, strategy, rollbackWindowRevisions, ...world }: Told) {
    const spec = { replicas, ...(rollbackWindowRevisions ? { rollbackWindowRevisions } : {}) };
    const options = { ...world, brokenImages: ["web:broken"] };
    this.replicas = replicas;
    this.world = new ToyWorld(rolloutOf(routed(steps, strategy), spec), options);
  }

  look(): void {
    settle(this.world);
    expect(crowded(this.world, this.replicas)).toEqual([]);
  }

  /** Everything that happens by itself until then. */
  goOn(untilMs: number): void {
    for (;;) {
      this.look();
      const next = this.world.nextMoment() ?? Infinity;
      if (next > untilMs) break;
      this.world.advanceTo(Math.max(next, this.world.now + 1));
    }
    this.world.advanceTo(untilMs);
  }
}

type Told = typeof story extends fc.Arbitrary<infer T> ? T : never;

describe("generated routed canaries", () => {
  it("never give anybody more traffic than its pods can take, and end well", () => {
    fc.assert(
      fc.property(story, (told) => {
        const stage = new Stage(told);
        const { world } = stage;
        for (let turn = 0; turn < 60; turn += 1) {
          settle(world);
          world.advanceTo(world.now + 5000);
        }
        for (const [seconds, act] of told.acts) {
          stage.goOn(world.now + seconds * 1000);
          if (act.startsWith("edit ")) editTo(act.slice(5))(world);
          else deeds[act as keyof typeof deeds](world);
        }
        unpause(world);
        deploy("web:v5")(world);
        stage.look();
        promoteFully(world);
        stage.goOn(world.now + 1_800_000);
        expect(viewOf(world)).toContain("Healthy");
      }),
      { seed, numRuns },
    );
  });
});
