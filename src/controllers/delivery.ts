// The delivery controllers — rollouts, analysis runs, experiments — put together over one manager.
// Production, the local cluster and the simulator all come through here: the same controllers.
import type { AnalysisRun, AnalysisTemplate } from "../api/argo/analysis.ts";
import { argoApiVersion, pauseUntilSafePlugin } from "../api/argo/keys.ts";
import type { Experiment } from "../api/argo/experiment.ts";
import type { Capabilities } from "../api/argo/capabilities.ts";
import type { Pod } from "../api/kubernetes/pod.ts";
import type { Deployment, PodTemplate, ReplicaSet, Service } from "../api/kubernetes/workloads.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { createRouter, routers } from "../routers/registry.ts";
import type { RouterFactory, RouterSettings, WatchedKind } from "../routers/router.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { cachingStore } from "../runtime/caching-store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventRecorder } from "../runtime/events.ts";
import type { Logger } from "../runtime/log.ts";
import type { Manager } from "../runtime/manager.ts";
import { analysisRunController } from "./analysis-run/analysis-run.ts";
import type { ProviderOf } from "./analysis-run/ask.ts";
import { experimentController } from "./experiment/experiment.ts";
import type { EvictPod } from "./rollout/carry-out.ts";
import { RolloutsByName, serviceKeysOf } from "./rollout/naming.ts";
import { Orphans } from "./rollout/orphans.ts";
import { rolloutController } from "./rollout/rollout.ts";
import type { CreateRouter } from "./rollout/routers-of.ts";
import { RouterWatches } from "./rollout/sources.ts";
import {
  routerObjectController,
  type RouterObjectControllerOptions,
} from "./rollout/unused-router-objects.ts";
import { serviceController } from "./service/service.ts";
import type { RolloutViews } from "./rollout/views.ts";

export interface DeliveryOptions {
  readonly manager: Manager;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly evictPod: EvictPod;
  readonly providerOf: ProviderOf;
  /** Resolves once the data plane serves what the objects said at the call; undefined where nobody can tell. */
  readonly untilServed?: (signal: AbortSignal) => Promise<void>;
  /** The kinds `providerOf` carries out, for validation. */
  readonly providerKinds: readonly string[];
  /** Acts only on objects with this controller-instance-id label; "" = only those without one. */
  readonly instanceId: string;
  readonly concurrency?: {
    readonly rollouts?: number;
    readonly experiments?: number;
    readonly analysis?: number;
    readonly services?: number;
  };
  readonly routerSettings?: RouterSettings;
  /** `analysis`: AnalysisRuns are all that is looked after. */
  readonly only?: "analysis";
}

const rolloutWorkers = 10;
const serviceWorkers = 2;

/** The cache of ReplicaSets that are named as workloads: whosesoever they are. */
export const workloadUse = "workload";

export function viewsOf(manager: Manager): RolloutViews {
  return {
    rollouts: manager.cache<KubeObject>(argoApiVersion, "Rollout"),
    replicaSets: manager.cache<ReplicaSet>("apps/v1", "ReplicaSet"),
    pods: manager.cache<Pod>("v1", "Pod"),
    services: manager.cache<Service>("v1", "Service"),
    analysisRuns: manager.cache<AnalysisRun>(argoApiVersion, "AnalysisRun"),
    experiments: manager.cache<Experiment>(argoApiVersion, "Experiment"),
    analysisTemplates: manager.cache<AnalysisTemplate>(argoApiVersion, "AnalysisTemplate"),
    clusterAnalysisTemplates: manager.cache<AnalysisTemplate>(
      argoApiVersion,
      "ClusterAnalysisTemplate",
    ),
    deployments: manager.cache<Deployment>("apps/v1", "Deployment"),
    podTemplates: manager.cache<PodTemplate>("v1", "PodTemplate"),
    workloadReplicaSets: manager.cache<ReplicaSet>("apps/v1", "ReplicaSet", workloadUse),
  };
}

/** What this installation carries out: read by validation and lint. */
export function capabilitiesOf(providers: readonly string[]): Capabilities {
  const abilities = Object.entries(routers).map(
    ([kind, { capabilities }]) => [kind, capabilities] as const,
  );
  return { routers: Object.fromEntries(abilities), providers, stepPlugins: [pauseUntilSafePlugin] };
}

/** The kinds of objects that routers write, in the versions the settings name. */
export function routerKindsOf(settings: RouterSettings): readonly WatchedKind[] {
  const factories: readonly RouterFactory[] = Object.values(routers);
  return factories.flatMap((factory) => factory.watchedKinds(settings));
}

type Releasable = RouterObjectControllerOptions["releasable"];

/** What routers can give back, one entry for each kind. */
function releasableOf(settings: RouterSettings): readonly Releasable[] {
  const factories: readonly RouterFactory[] = Object.values(routers);
  const byKind = new Map<string, Releasable>();
  for (const one of factories.flatMap((factory) => factory.releasable?.(settings) ?? [])) {
    const key = `${one.apiVersion} ${one.kind}`;
    const known = byKind.get(key);
    byKind.set(key, known ? [...known, one] : [one]);
  }
  return [...byKind.values()];
}

export function addDeliveryControllers(options: DeliveryOptions): void {
  const store = cachingStore(options.store, options.manager);
  addAnalysis(options, store);
  if (options.only === "analysis") return;
  addRollouts(options, store);
  addExperiments(options, store);
}

function addRollouts(options: DeliveryOptions, store: ObjectStore): void {
  const { manager, clock, log, events, evictPod, instanceId, concurrency = {} } = options;
  const { routerSettings = {} } = options;
  const views = viewsOf(manager);
  const byName = new RolloutsByName(views.rollouts);
  const capabilities = capabilitiesOf(options.providerKinds);
  const makeRouter: CreateRouter = (config, context) =>
    createRouter(config, { ...context, settings: routerSettings });
  const routerCaches = routerKindsOf(routerSettings).map(({ apiVersion, kind }) =>
    manager.cache<KubeObject>(apiVersion, kind),
  );
  manager.add(
    rolloutController({
      store,
      live: options.store,
      views,
      byName,
      orphans: new Orphans(views.replicaSets),
      clock,
      log,
      events,
      evictPod,
      createRouter: makeRouter,
      routerObjects: new RouterWatches([...new Set(routerCaches)]),
      capabilities,
      instanceId,
      concurrency: concurrency.rollouts ?? rolloutWorkers,
    }),
  );
  manager.add(
    serviceController({
      store,
      services: views.services,
      rollouts: views.rollouts,
      namersOf: (service) => byName.ofService(service),
      serviceKeysOf,
      concurrency: concurrency.services ?? serviceWorkers,
    }),
  );
  for (const releasable of releasableOf(routerSettings)) {
    const { scope } = manager.cache(releasable[0].apiVersion, releasable[0].kind);
    const world = { store, live: options.store, events, createRouter: makeRouter };
    manager.add(routerObjectController({ ...world, releasable, scope, views, capabilities, log }));
  }
}

function addAnalysis(options: DeliveryOptions, store: ObjectStore): void {
  const { manager, clock, log, events, providerOf, untilServed, instanceId } = options;
  const { concurrency = {} } = options;
  manager.add(
    analysisRunController({
      manager,
      store,
      clock,
      log,
      events,
      providerOf,
      untilServed,
      instanceId,
      ...(concurrency.analysis === undefined ? {} : { concurrency: concurrency.analysis }),
    }),
  );
}

function addExperiments(options: DeliveryOptions, store: ObjectStore): void {
  const { manager, clock, events, instanceId, concurrency = {} } = options;
  manager.add(
    experimentController({
      manager,
      store,
      live: options.store,
      clock,
      events,
      instanceId,
      ...(concurrency.experiments === undefined ? {} : { concurrency: concurrency.experiments }),
    }),
  );
}
