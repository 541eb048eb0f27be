import { describe, expect, it } from "vitest";
import type { TrafficState } from "../../api/argo/traffic.ts";
import { decide } from "./decide.ts";
import type { ObservedRollout, ObservedRouter } from "./observed.ts";
import { rolloutOf, routed, templateOf } from "./testing/rollout-of.test-support.ts";
import { ToyWorld } from "./testing/world.test-support.ts";

/** A rollout that is settled on its first version, with these routers. */
function observedWith(routers: readonly Partial<ObservedRouter>[]): ObservedRollout {
  const world = new ToyWorld(rolloutOf(routed("w20 p")));
  for (let pass = 0; pass < 30; pass += 1) {
    world.pass();
    world.settlePods();
    world.now += 5000;
  }
  const observed = world.observe();
  const [base] = observed.traffic;
  if (!base) throw new Error("the toy world has no router");
  return { ...observed, traffic: routers.map((router) => ({ ...base, ...router })) };
}

const kindsOf = (observed: ObservedRollout): readonly string[] =>
  decide(observed, Date.UTC(2026, 0, 2)).effects.map(({ kind }) => kind);

describe("several routers of one rollout", () => {
  it("are told until all carry the plan", () => {
    expect(kindsOf(observedWith([{}, {}]))).not.toContain("applyTraffic");
    const behind: TrafficState = {
      inForce: undefined,
      acknowledged: undefined,
      waitingFor: undefined,
    };
    expect(kindsOf(observedWith([{}, { kind: "late", state: behind }]))).toContain("applyTraffic");
  });

  it("count as served when those that can say so have said so", () => {
    const observed = observedWith([{}, {}]);
    const [quiet] = observed.traffic;
    const state = { ...quiet?.state, acknowledged: false, waitingFor: "the mesh" } as TrafficState;
    const one = { ...observed, traffic: [quiet, { ...quiet, acknowledges: true, state }] };
    const { status } = decide(one as ObservedRollout, Date.UTC(2026, 0, 2));
    expect(status.canary?.weights?.verified).toBe(false);
    expect(status.phase).toBe("Progressing");
  });
});

describe("a router whose data plane tells nobody", () => {
  it("is asked again, and what it saw is in the status while it says so", () => {
    const observed = observedWith([{}]);
    const [router] = observed.traffic;
    const last = { ingress: "b" };
    const albs = [{ ingress: "a" }, last];
    const state = { ...router?.state, askAgainMs: 10_000, albs } as TrafficState;
    const now = Date.UTC(2026, 0, 2);
    const seen = decide({ ...observed, traffic: [{ ...router, state } as ObservedRouter] }, now);
    expect(seen.next?.atMs).toBe(now + 10_000);
    expect(seen.status).toMatchObject({ alb: last, albs });
    const { rollout } = observed;
    const before = { ...rollout, status: { ...rollout.status, alb: last, albs } };
    const after = decide({ ...observed, rollout: before }, now);
    expect(after.status.albs).toBeUndefined();
    expect(after.next).toBeUndefined();
  });
});

describe("a step that ends once its weight is served", () => {
  it("is written with the weight as served, never as one still on its way", () => {
    const world = new ToyWorld(rolloutOf(routed("w20 p")), { acknowledgeSeconds: 20 });
    const turns: (readonly [index: number | undefined, isServed: boolean | undefined])[] = [];
    const passFor = (passes: number): void => {
      for (let pass = 0; pass < passes; pass += 1) {
        for (const effect of decide(world.observe(), world.now).effects) {
          if (effect.kind !== "recordTurn") continue;
          const { currentStepIndex, canary } = effect.status;
          turns.push([currentStepIndex, canary?.weights?.verified]);
        }
        world.pass();
        world.settlePods();
        world.now += 5000;
      }
    };
    passFor(30);
    turns.length = 0;
    world.changeSpec({ template: templateOf("web:v2") });
    passFor(30);
    expect(turns).toEqual([[1, true]]);
  });
});
