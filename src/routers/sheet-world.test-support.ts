// Worlds for the sheet: any store with two rollouts, `shop` and `cart`, and their routers' objects.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import type { JsonObject } from "../lib/json.ts";
import { createRng } from "../lib/rng.ts";
import { memoryStore } from "../objects/memory/memory.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { RecordedEvent } from "../runtime/events.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import type { RouterWorld } from "./conformance.ts";
import type { RouterFactory, RouterSettings, TrafficRouter } from "./router.ts";

/** What one kind of router needs around it. `name` is the rollout's. */
export interface RouterSetting {
  readonly factory: RouterFactory;
  readonly config: (name: string) => JsonObject;
  readonly objects: (name: string, namespace: string) => readonly KubeObject[];
  readonly settings?: RouterSettings;
  /** What the router makes itself for a plan with a share for the canary and the sheet's header route. */
  readonly makes?: (name: string, namespace: string) => readonly ObjectRef[];
}

export function newMemoryStore(): ObjectStore {
  return memoryStore({ clock: new VirtualClock(0), rng: createRng(1) });
}

/** A store that counts what is written through it. */
function counting(store: ObjectStore): {
  readonly store: ObjectStore;
  readonly writes: () => number;
} {
  let count = 0;
  return {
    writes: () => count,
    store: {
      get: async (ref) => store.get(ref),
      list: async (scope, page) => store.list(scope, page),
      watch: (scope, options) => store.watch(scope, options),
      create: async (object, options) => {
        count += 1;
        return store.create(object, options);
      },
      update: async (object, options) => {
        count += 1;
        return store.update(object, options);
      },
      patch: async (ref, patch, options) => {
        count += 1;
        return store.patch(ref, patch, options);
      },
      delete: async (ref, options) => {
        count += 1;
        return store.delete(ref, options);
      },
    },
  };
}

/** A Rollout that exists, so that it can own what its router makes. */
export async function createOwner(
  store: ObjectStore,
  namespace: string,
  name: string,
): Promise<KubeObject> {
  const labels = { app: name };
  const owner = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { namespace, name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "app", image: "app:1" }] },
      },
      strategy: { canary: {} },
    },
  };
  return store.create(owner);
}

export interface RouterPlace {
  readonly store: ObjectStore;
  readonly namespace: string;
  readonly owner: KubeObject;
  readonly events?: RecordedEvent[];
}

export function routerFor(
  { factory, config, settings }: RouterSetting,
  { store, namespace, owner, events }: RouterPlace,
  overrides: JsonObject = {},
): TrafficRouter {
  const { name } = owner.metadata;
  const rollout = {
    namespace,
    name,
    owner,
    canaryService: "shop-canary",
    stableService: "shop-stable",
    managedRoutes: ["to-canary", "shadow"],
  };
  const block = { ...config(name), ...overrides };
  return factory.create(
    { kind: factory.kind, isPlugin: false, config: block },
    {
      store,
      rollout,
      ...(settings ? { settings } : {}),
      tell: async (event) => {
        events?.push(event);
      },
    },
  );
}

/** The sheet's world for a router, in any store. */
export async function sheetWorld(
  setting: RouterSetting,
  world: ObjectStore = newMemoryStore(),
  namespace = "default",
): Promise<RouterWorld> {
  const { store, writes } = counting(world);
  const make = async (name: string): Promise<TrafficRouter> => {
    const owner = await createOwner(world, namespace, name);
    for (const object of setting.objects(name, namespace)) await world.create(object);
    return routerFor(setting, { store, namespace, owner });
  };
  return {
    router: await make("shop"),
    other: await make("cart"),
    store,
    releasable: setting.factory.releasable?.(setting.settings ?? {}) ?? [],
    writes,
    acknowledge: async () => undefined,
  };
}

/** One rollout `shop` with its router on a memory store, and the events the router told. */
export async function shopWorld(
  setting: RouterSetting,
  overrides: JsonObject = {},
): Promise<{
  readonly router: TrafficRouter;
  readonly store: ObjectStore;
  readonly owner: KubeObject;
  readonly events: RecordedEvent[];
}> {
  const store = newMemoryStore();
  const owner = await createOwner(store, "default", "shop");
  for (const object of setting.objects("shop", "default")) await store.create(object);
  const events: RecordedEvent[] = [];
  const place = { store, namespace: "default", owner, events };
  return { router: routerFor(setting, place, overrides), store, owner, events };
}

/** How `work` failed, as `reason: message`. */
export async function failureOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    const { message, reason = "" } = error as Error & { readonly reason?: string };
    return `${reason}: ${message}`;
  }
  throw new Error("nothing was wrong");
}

/** Why two-way routers skip questions of the sheet. */
export const skips = {
  experiments: {
    "splits to additional destinations and drops them again": "no experiment weights",
  },
  headers: { "sets and removes header routes in order": "no header routes" },
  mirrors: { "sets and removes managed routes in order": "no mirror routes" },
} as const;
