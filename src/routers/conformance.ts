// One sheet of questions that every router answers. A test file gives a world with the router's
// objects in it; `acknowledge` plays the data plane where the router waits for one.
import { describe, expect, it } from "vitest";
import type { ManagedRoute, TrafficPlan } from "../api/argo/traffic.ts";
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { ReleasableKind, TrafficRouter } from "./router.ts";

export interface RouterWorld {
  readonly router: TrafficRouter;
  /** A second rollout's router over the same store. */
  readonly other: TrafficRouter;
  readonly store: ObjectStore;
  /** What of its kinds can be given back. */
  readonly releasable?: readonly ReleasableKind[];
  /** Makes the data plane serve what the router's objects say. */
  readonly acknowledge: () => Promise<void>;
  /** How many writes the store has seen. */
  readonly writes: () => number;
}

export interface SheetOptions {
  /** Question → why it does not apply. */
  readonly skip?: Readonly<Record<string, string>>;
}

export function planOf(canaryWeight: number, routes: readonly ManagedRoute[] = []): TrafficPlan {
  return {
    maxWeight: 100,
    canary: { weight: canaryWeight, service: "shop-canary", podTemplateHash: "new" },
    stable: { weight: 100 - canaryWeight, service: "shop-stable", podTemplateHash: "old" },
    additional: [],
    routes,
    managedRouteNames: ["to-canary", "shadow"],
  };
}

export const headerRoute: ManagedRoute = {
  kind: "header",
  name: "to-canary",
  match: [{ headerName: "x-canary", headerValue: { kind: "exact", value: "true" } }],
};

const secondHeaderRoute: ManagedRoute = {
  kind: "header",
  name: "shadow",
  match: [{ headerName: "x-tester", headerValue: { kind: "exact", value: "yes" } }],
};

export const mirrorRoute: ManagedRoute = {
  kind: "mirror",
  name: "shadow",
  percentage: 35,
  match: [
    {
      method: { kind: "exact", value: "GET" },
      path: { kind: "prefix", value: "/api" },
      headers: {},
    },
  ],
};

async function weightsOf(
  router: TrafficRouter,
): Promise<readonly [number | undefined, number | undefined]> {
  const { inForce } = await router.read();
  return [inForce?.canary.weight, inForce?.stable.weight];
}

export function describeTrafficRouter(
  name: string,
  makeWorld: () => Promise<RouterWorld>,
  { skip = {} }: SheetOptions = {},
): void {
  const question = (title: string, answer: (world: RouterWorld) => Promise<void>): void => {
    const reason = skip[title];
    it.skipIf(reason !== undefined)(
      reason === undefined ? title : `${title} (skipped: ${reason})`,
      async () => answer(await makeWorld()),
    );
  };

  describe(`${name} answers the router sheet`, () => {
    question("reads back what it was told", async ({ router }) => {
      for (const weight of [5, 50, 100, 0]) {
        await router.apply(planOf(weight));
        expect(await weightsOf(router)).toEqual([weight, 100 - weight]);
      }
    });

    question("writes nothing when it is already so", async ({ router, writes }) => {
      await router.apply(planOf(20));
      const before = writes();
      await router.apply(planOf(20));
      expect(writes()).toBe(before);
    });

    question("keeps rollouts apart", async ({ router, other }) => {
      await router.apply(planOf(20));
      await other.apply({
        ...planOf(70),
        canary: { ...planOf(70).canary },
        stable: { ...planOf(70).stable },
      });
      expect(await weightsOf(router)).toEqual([20, 80]);
    });

    question("splits to additional destinations and drops them again", async ({ router }) => {
      const extra = { weight: 10, service: "shop-experiment", podTemplateHash: "exp" };
      const plan = planOf(20);
      const stable = { ...plan.stable, weight: 70 };
      await router.apply({ ...plan, stable, additional: [extra] });
      const { inForce } = await router.read();
      expect(inForce?.additional.map(({ service, weight }) => [service, weight])).toEqual([
        ["shop-experiment", 10],
      ]);
      await router.apply(plan);
      expect((await router.read()).inForce?.additional).toEqual([]);
    });

    question("sets and removes header routes in order", async ({ router }) => {
      await router.apply(planOf(10, [headerRoute, secondHeaderRoute]));
      expect((await router.read()).inForce?.routes).toEqual([headerRoute, secondHeaderRoute]);
      await router.apply(planOf(10, [secondHeaderRoute]));
      expect((await router.read()).inForce?.routes).toEqual([secondHeaderRoute]);
      await router.apply(planOf(10));
      expect((await router.read()).inForce?.routes).toEqual([]);
    });

    question("sets and removes managed routes in order", async ({ router }) => {
      await router.apply(planOf(10, [headerRoute, mirrorRoute]));
      expect((await router.read()).inForce?.routes).toEqual([headerRoute, mirrorRoute]);
      await router.apply(planOf(10, [mirrorRoute]));
      expect((await router.read()).inForce?.routes).toEqual([mirrorRoute]);
      await router.apply(planOf(10));
      expect((await router.read()).inForce?.routes).toEqual([]);
    });

    question(
      "is acknowledged only after the data plane serves it",
      async ({ router, acknowledge }) => {
        if (!router.capabilities.acknowledges) return;
        await router.apply(planOf(30));
        const before = await router.read();
        expect(before.acknowledged).toBe(false);
        expect(before.waitingFor).toBeTypeOf("string");
        await acknowledge();
        expect(await router.read()).toMatchObject({ acknowledged: true, waitingFor: undefined });
        await router.apply(planOf(31));
        expect((await router.read()).acknowledged).toBe(false);
      },
    );

    question("gives back what says whose it is", async ({ router, releasable = [], store }) => {
      await router.apply(planOf(60));
      const isReleasable = ({ kind }: ObjectRef): boolean =>
        releasable.some((one) => one.kind === kind);
      const given: KubeObject[] = [];
      for (const ref of router.watches.filter(isReleasable)) {
        const { usersOf, without } = releasable.find(({ kind }) => kind === ref.kind)!;
        const object = await store.get(ref);
        if (!object || !usersOf(object).includes("shop")) continue;
        expect(without(object, "nobody")).toEqual(object);
        const free = await store.update(without(object, "shop"));
        expect(without(free, "shop")).toEqual(free);
        given.push(free);
      }
      expect(given.length > 0).toBe(router.watches.some(isReleasable));
      const { inForce } = await router.read();
      expect(inForce?.canary.weight).toBeOneOf(given.length > 0 ? [0, undefined] : [60]);
    });

    question("names the objects that must wake its rollout", async ({ router }) => {
      expect(router.watches.length).toBeGreaterThan(0);
    });
  });
}
