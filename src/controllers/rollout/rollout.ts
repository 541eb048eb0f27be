// controllers: one folder per kind, each observe · decide · carry out. A controller reads through
// caches, asks core for a decision, carries its effects out and saves the status; it decides
// nothing. May import lib, api, core, runtime and the ports of objects, routers and metrics.
// To add a kind: a folder here, an entry in controllers/delivery.ts.
import type { Capabilities } from "../../api/argo/capabilities.ts";
import { instanceIdLabel } from "../../api/argo/keys.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { decide } from "../../core/rollout/decide.ts";
import type { Decision } from "../../core/rollout/decision.ts";
import type { ObservedRollout } from "../../core/rollout/observed.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { RouterError, type TrafficRouter } from "../../routers/router.ts";
import { splitKey } from "../../runtime/cache.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Controller } from "../../runtime/controller.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import type { Logger } from "../../runtime/log.ts";
import { requeueAfter, settled, type Outcome } from "../../runtime/outcome.ts";
import { carryOut, type EvictPod, type Hands } from "./carry-out.ts";
import type { RolloutsByName } from "./naming.ts";
import { CountsWait } from "./counts-wait.ts";
import { invalidForSure } from "./invalid-for-sure.ts";
import { observe, observeRouters } from "./observe.ts";
import type { Orphans } from "./orphans.ts";
import { learningOfCollisions } from "./replica-set-collision.ts";
import type { RolloutViews } from "./views.ts";
import { resolveRollout, workloadKnown } from "./resolve.ts";
import { carryOutRescue, doWhatCannotWait } from "./router-unreadable.ts";
import { routersOf, type CreateRouter } from "./routers-of.ts";
import { saveStatus } from "./save-status.ts";
import {
  deservesSecondLook,
  mustBeCurrent,
  namesMustBeFree,
  questionsOf,
  readingLive,
  rescueOf,
  withServingSetsLive,
  workloadMustBeCurrent,
} from "./second-look.ts";
import { rolloutSources, type RouterWatches } from "./sources.ts";

export interface RolloutControllerOptions {
  readonly store: ObjectStore;
  /** The store itself, without a cache in front. */
  readonly live: Pick<ObjectStore, "get">;
  readonly views: RolloutViews;
  readonly byName: RolloutsByName;
  readonly orphans: Orphans;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly evictPod: EvictPod;
  readonly createRouter: CreateRouter;
  /** Changes of the routers' own objects, by kind: each wakes the rollouts that watch the object. */
  readonly routerObjects: RouterWatches;
  readonly capabilities: Capabilities;
  readonly instanceId: string;
  readonly concurrency: number;
}

export function rolloutController(options: RolloutControllerOptions): Controller {
  const counts = new CountsWait();
  return {
    name: "rollout",
    concurrency: options.concurrency,
    sources: rolloutSources(options.views, options.byName, options.routerObjects),
    reconcile: async (key) => reconcile(key, options, counts),
  };
}

function isOurs(manifest: KubeObject, instanceId: string): boolean {
  return (manifest.metadata.labels?.[instanceIdLabel] ?? "") === instanceId;
}

/** observe → decide (where it matters to users, twice) → carry out → save status. */
async function reconcile(
  key: string,
  options: RolloutControllerOptions,
  counts: CountsWait,
): Promise<Outcome> {
  const { namespace, name } = splitKey(key);
  const manifest = options.views.rollouts.get(namespace, name);
  if (!manifest) {
    options.routerObjects.forget(key);
    counts.over(key);
    return settled;
  }
  if (manifest.metadata.deletionTimestamp !== undefined || !isOurs(manifest, options.instanceId))
    return settled;
  await workloadKnown(manifest, options.views);
  const written = resolveRollout(manifest, options.views, options.capabilities);
  const routers = await tellRouterErrors(manifest, options, async () =>
    written.invalid === undefined ? routersOf(written.rollout, manifest, options) : [],
  );
  watch(key, routers, options);
  const invalid = await invalidForSure({ ...options, written, routers }, manifest);
  const resolved = { ...written, invalid };
  const observed = await observeOrTell(resolved, routers, manifest, options);
  // Reading may have shown a router which further objects are its own.
  watch(key, routers, options);
  const hands = handsOf(options, routers);
  const first = decide(observed, options.clock.now());
  const rescue = rescueOf(first, observed);
  if (rescue)
    await tellRouterErrors(manifest, options, async () => carryOutRescue(rescue, manifest, hands));
  const decision = deservesSecondLook(first, observed)
    ? await decideAgain(first, observed, manifest, options)
    : first;
  const learning = { live: options.live, known: options.views.replicaSets };
  const carried = await tellRouterErrors(manifest, options, async () =>
    learningOfCollisions(decision.effects, learning, async () =>
      carryOut(decision.effects, manifest, hands),
    ),
  );
  const now = options.clock.now();
  const waitMs = counts.waitMs(key, decision, manifest, observed.replicaSets, now);
  if (waitMs !== undefined) return requeueAfter(waitMs, "pods are counted");
  counts.over(key);
  await saveStatus(carried, decision.status, options.store);
  const tidyAtMs = await tellRouterErrors(manifest, options, async () =>
    tidyUp(resolved.invalid === undefined ? routers : [], options.clock),
  );
  return lookAgain(decision, tidyAtMs, options.clock);
}

function handsOf(options: RolloutControllerOptions, routers: readonly TrafficRouter[]): Hands {
  const { store, live, events, evictPod } = options;
  return { store, live, events, evictPod, routers };
}

function watch(
  key: string,
  routers: readonly TrafficRouter[],
  { routerObjects }: RolloutControllerOptions,
): void {
  routerObjects.set(
    key,
    routers.flatMap((router) => router.watches),
  );
}

/** Resolves with when there will be more to tidy up; undefined = never. */
async function tidyUp(
  routers: readonly TrafficRouter[],
  clock: Clock,
): Promise<EpochMs | undefined> {
  const times: EpochMs[] = [];
  for (const router of routers) {
    const atMs = await router.tidy?.(clock.now());
    if (atMs !== undefined) times.push(atMs);
  }
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Decided on what the views show; now on what the store has. */
async function decideAgain(
  decision: Decision,
  observed: ObservedRollout,
  manifest: KubeObject,
  options: RolloutControllerOptions,
): Promise<Decision> {
  const { clock, live, store } = options;
  const routers = routersOf(observed.rollout, manifest, {
    ...options,
    store: readingLive(store, live),
  });
  const questions = questionsOf(decision);
  const [traffic, replicaSets] = await tellRouterErrors(manifest, options, async () =>
    Promise.all([
      observeRouters(routers),
      withServingSetsLive(decision, observed, live),
      mustBeCurrent(manifest, live),
      namesMustBeFree(questions, live),
      workloadMustBeCurrent(observed, live),
    ]),
  );
  const again = decide({ ...observed, traffic, replicaSets }, clock.now());
  const known = new Set(questions.map(({ metadata }) => metadata.name));
  const others = questionsOf(again).filter(({ metadata }) => !known.has(metadata.name));
  await namesMustBeFree(others, live);
  return again;
}

async function observeOrTell(
  resolved: ReturnType<typeof resolveRollout>,
  routers: readonly TrafficRouter[],
  manifest: KubeObject,
  options: RolloutControllerOptions,
): ReturnType<typeof observe> {
  return tellRouterErrors(manifest, options, async () => {
    try {
      return await observe(resolved, routers, options);
    } catch (error) {
      const others = await observe(resolved, [], options);
      await doWhatCannotWait(others, manifest, handsOf(options, routers), options.clock.now());
      throw error;
    }
  });
}

/** A router that fails ends the pass, with an event that says why. */
async function tellRouterErrors<T>(
  manifest: KubeObject,
  { events }: RolloutControllerOptions,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RouterError) {
      const { reason, message } = error;
      const cause = manifest.metadata.generation?.toString() ?? "";
      await events.record(manifest, { type: "Warning", reason, message, cause });
    }
    throw error;
  }
}

function lookAgain({ next }: Decision, tidyAtMs: EpochMs | undefined, clock: Clock): Outcome {
  if (tidyAtMs !== undefined && tidyAtMs < (next?.atMs ?? Infinity)) {
    return requeueAfter(tidyAtMs - clock.now(), "a router tidies up");
  }
  return next === undefined ? settled : requeueAfter(next.atMs - clock.now(), next.why);
}
