import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOf, specReplicas } from "../replicas/replica-set.ts";
import { at, deploy, play, type Act } from "./testing/play.test-support.ts";
import {
  blueGreen,
  canary,
  recreate,
  rolloutOf,
  rollingUpdate,
  routed,
} from "./testing/rollout-of.test-support.ts";
import { analysisOf } from "./testing/steps-language.test-support.ts";
import type { ToyWorld, Verdict, WorldOptions } from "./testing/world.test-support.ts";

// Any rollout, any operator: the invariants of invariants.test-support.ts hold in every state,
// asking again is quiet in every state (play.test-support.ts), and it ends where it should.

const RUNS = 150;

const stepWord = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map((weight) => `w${String(weight)}`),
  fc.integer({ min: 0, max: 5 }).map((minutes) => `p${String(minutes)}`),
  fc.constant("a"),
);
const routedWord = fc.oneof(
  stepWord,
  fc.integer({ min: 0, max: 3 }).map((replicas) => `s${String(replicas)}`),
  fc.integer({ min: 0, max: 100 }).map((weight) => `sw${String(weight)}`),
  fc.constantFrom("sm", "e", "h", "m", "h0", "m0"),
);
const line = (word: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));

const surge = fc.constantFrom<readonly [string | number, string | number]>(
  ["25%", "25%"],
  [1, 0],
  [0, 1],
  ["50%", 0],
  [0, "34%"],
);

const strategy = fc.oneof(
  fc
    .record({ line: line(stepWord), surge })
    .map(({ line: words, surge: [maxSurge, maxUnavailable] }) =>
      canary(words, { maxSurge, maxUnavailable }),
    ),
  fc
    .record({
      line: line(routedWord),
      dynamicStableScale: fc.boolean(),
      minPodsPerReplicaSet: fc.constantFrom(undefined, 1, 2),
      abortScaleDownDelaySeconds: fc.constantFrom(undefined, 0, 60),
      hasBackground: fc.boolean(),
    })
    .map(({ line: words, hasBackground, ...more }) =>
      routed(words, {
        ...more,
        analysis: hasBackground ? { ...analysisOf("check"), startingStep: 1 } : undefined,
      }),
    ),
  fc
    .record({
      autoPromotionEnabled: fc.constant(true),
      autoPromotionSeconds: fc.constantFrom(0, 60),
      previewReplicaCount: fc.constantFrom(undefined, 1, 2),
      scaleDownDelaySeconds: fc.constantFrom(undefined, 0, 90),
      pre: fc.boolean(),
      post: fc.boolean(),
    })
    .map(({ pre, post, ...more }) =>
      blueGreen({
        ...more,
        prePromotionAnalysis: pre ? analysisOf("check") : undefined,
        postPromotionAnalysis: post ? analysisOf("check") : undefined,
      }),
    ),
  surge.map(([maxSurge, maxUnavailable]) => rollingUpdate({ maxSurge, maxUnavailable })),
  fc.constant(recreate()),
);

type Deed = (world: ToyWorld) => void;
const resume: Deed = (world) => world.changeStatus({ pauseConditions: null });
const deeds: readonly Deed[] = [
  deploy("web:v1"),
  deploy("web:v2"),
  deploy("web:v3"),
  (world) => world.changeStatus({ abort: true }),
  (world) => world.changeStatus({ abort: false }),
  (world) => world.changeStatus({ promoteFull: true }),
  resume,
  (world) => world.changeSpec({ paused: true }),
  (world) => world.changeSpec({ paused: false }),
  (world) => world.changeSpec({ replicas: 7 }),
  (world) => world.changeSpec({ replicas: 2 }),
];

const acts = fc
  .array(
    fc.record({
      afterSeconds: fc.integer({ min: 1, max: 400 }),
      deed: fc.integer({ min: 0, max: deeds.length - 1 }),
    }),
    { maxLength: 6 },
  )
  .map((list): readonly Act[] => {
    let seconds = 100;
    return list.map(({ afterSeconds, deed }) => {
      seconds += afterSeconds;
      return at(seconds, deeds[deed] ?? resume);
    });
  });

const options = fc
  .record({
    podStartSeconds: fc.constantFrom(0, 3, 20),
    podStopSeconds: fc.constantFrom(0, 4),
    acknowledgeSeconds: fc.constantFrom(undefined, 0, 2),
    firstVerdict: fc.constantFrom<Verdict["phase"]>(
      "Successful",
      "Successful",
      "Failed",
      "Error",
      "Inconclusive",
    ),
  })
  .map(({ firstVerdict, ...more }): WorldOptions => {
    const verdict = (attempt: number): Verdict => ({
      phase: attempt === 0 ? firstVerdict : "Successful",
      afterSeconds: 45,
    });
    return {
      ...more,
      runVerdict: (_run, attempt) => verdict(attempt),
      experimentVerdict: (_experiment, attempt) => verdict(attempt),
    };
  });

/** After everything, whoever was asked to decide has decided: on with it. */
function letItEnd(extra: readonly Act[]): readonly Act[] {
  const end = Math.max(100, ...extra.map((act) => act.atSeconds));
  const goOn: Deed = (world) => world.changeStatus({ pauseConditions: null, abort: false });
  const calls = Array.from({ length: 12 }, (_, index) => at(end + 4000 * (index + 1), goOn));
  return [
    ...extra,
    at(end + 1, (world) => world.changeSpec({ paused: false })),
    at(end + 2, (world) => world.changeStatus({ abort: false })),
    ...calls,
  ];
}

function stableImage(world: ToyWorld): string {
  const { stableRS = "" } = world.rollout.status;
  const rs = [...world.replicaSets.values()].find((candidate) => hashOf(candidate) === stableRS);
  return rs?.spec.template.spec.containers[0]?.image ?? "";
}

describe("any rollout", () => {
  it("ends healthy on the version asked for, with nothing left of the others", () => {
    fc.assert(
      fc.property(
        strategy,
        fc.integer({ min: 1, max: 6 }),
        acts,
        options,
        (spec, replicas, did, how) => {
          const world = play(rolloutOf(spec, { replicas }), letItEnd(did), how).world;
          const { status, spec: after } = world.rollout;
          expect(status.phase, JSON.stringify(status)).toBe("Healthy");
          expect(stableImage(world)).toBe(after.template?.spec.containers[0]?.image);
          const sizes = [...world.replicaSets.values()]
            .map(specReplicas)
            .filter((size) => size > 0);
          expect(sizes).toEqual([after.replicas]);
          expect(world.traffic.inForce?.canary.weight ?? 0).toBe(0);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("is back on stable after an abort, whenever that comes", () => {
    const aborted = fc.record({
      spec: strategy,
      afterSeconds: fc.integer({ min: 1, max: 900 }),
      how: options,
    });
    fc.assert(
      fc.property(aborted, ({ spec, afterSeconds, how }) => {
        const did = [
          at(100, deploy("web:v2")),
          at(100 + afterSeconds, (world) => world.changeStatus({ abort: true })),
        ];
        const world = play(rolloutOf(spec), did, how).world;
        const { status } = world.rollout;
        if (status.abort !== true) return; // promoted before
        expect(status.phase).toBe("Degraded");
        expect(stableImage(world)).toBe("web:v1");
        expect(world.traffic.inForce?.canary.weight ?? 0).toBe(0);
        const stable = world.replicaSetOf("web:v1");
        expect(stable === undefined ? 0 : world.available(stable)).toBe(4);
      }),
      { numRuns: RUNS },
    );
  });
});
