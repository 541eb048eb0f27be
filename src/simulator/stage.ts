// What a simulation is set up from: the store, the world around the controllers, and the
// controllers of one life.
import type { HTTPRoute } from "../api/gateway/http-route.ts";
import type { Ingress } from "../api/kubernetes/ingress.ts";
import type { VirtualService } from "../api/istio/networking.ts";
import { addDeliveryControllers, viewsOf } from "../controllers/delivery.ts";
import { createRng } from "../lib/rng.ts";
import type { EpochMs } from "../lib/time.ts";
import { faultyStore, type FaultCounts, type FaultPlan } from "../objects/faulty/faulty.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { createEngine } from "../objects/semantics/engine.ts";
import type { Change } from "../objects/semantics/stored.ts";
import { storeEventRecorder } from "../runtime/events.ts";
import { silentLogger, type Logger } from "../runtime/log.ts";
import { Manager } from "../runtime/manager.ts";
import type { VirtualClock } from "../runtime/virtual-clock.ts";
import { simulatedDataPlane } from "./data-plane.ts";
import { describedProviders } from "./described-providers.ts";
import { simulatedNginx } from "./ingress-route.ts";
import { simulatedMesh } from "./istio-route.ts";
import { Life, mortalStore } from "./life.ts";
import { simulatedPodsController } from "./pods.ts";
import type { OperatorAction, Scenario } from "./scenario.ts";
import { DescribedTraffic } from "./traffic.ts";

/** Watches a simulation. Times are counted from its start. */
export interface Monitor {
  /** Within every write, before anybody can read it. Must not write. */
  readonly changed?: (change: Change, atMs: number) => void;
  /** Before a person acts. */
  readonly acted?: (action: OperatorAction, rollout: string, atMs: number) => void;
  /** Whenever nothing is left to do before time moves on. */
  readonly rested?: (atMs: number) => void;
}

export interface SimulationOptions {
  /** Also switches on the counting of `counts`; `{}` counts without a fault. */
  readonly faults?: FaultPlan;
  /** How long a crashed controller is away. */
  readonly restartMs?: number;
  /** How long a controller that has a rival goes on beside it. */
  readonly rivalMs?: number;
  /** More than one: controllers that do not know of each other, as when two lead at once. */
  readonly incarnations?: number;
  readonly monitors?: readonly Monitor[];
  readonly log?: Logger;
  readonly resyncMs?: number;
  /** It has settled once nothing was written for so long: what was missed must have come to light. */
  readonly settleMs?: number;
  /** Afterwards, watch so long that nothing is written any more. */
  readonly quietMs?: number;
  readonly seed?: number;
}

export interface Stage {
  readonly scenario: Scenario;
  readonly options: SimulationOptions;
  readonly clock: VirtualClock;
  readonly store: ObjectStore;
  readonly startMs: EpochMs;
}

export interface Incarnation {
  readonly life: Life;
  readonly manager: Manager;
  readonly traffic: DescribedTraffic;
}

export function newWorldStore(
  clock: VirtualClock,
  seed: number,
  noticed: (change: Change) => void,
): ObjectStore {
  let uids = 0;
  return createEngine({
    clock,
    rng: createRng(seed),
    newUid: () => `00000000-0000-4000-8000-${(uids += 1).toString(16).padStart(12, "0")}`,
    journal: { write: noticed },
  });
}

/** Every provider can be played: its answers are described. */
export const simulatedProviderKinds = [
  "haldane.dev/traffic",
  "haldane.dev/sequential",
  "prometheus",
  "web",
  "job",
] as const;

/** Where no event is ever lost, nobody needs to look for one. */
const usualResyncMs = 7 * 24 * 3_600_000;

/** The world's own controllers: they never crash and their writes never fail. */
export async function startWorld({
  scenario,
  clock: virtualClock,
  store,
  options,
  startMs,
}: Stage): Promise<Incarnation> {
  const { log = silentLogger } = options;
  const life = new Life(virtualClock);
  const { clock, resyncClock } = life;
  const manager = new Manager({ store, clock, resyncClock, log, resyncMs: usualResyncMs });
  const { replicaSets: sets, pods, services } = viewsOf(manager);
  const routes = manager.cache<HTTPRoute>("gateway.networking.k8s.io/v1", "HTTPRoute");
  const served = new Map<string, HTTPRoute>();
  const { world } = scenario;
  manager.add(simulatedPodsController({ store, sets, pods, clock, world }));
  manager.add(
    simulatedDataPlane({ store, routes, clock, acknowledgeMs: world.acknowledgeMs, served }),
  );
  const virtualServices = manager.cache<VirtualService>(
    "networking.istio.io/v1alpha3",
    "VirtualService",
  );
  manager.add(simulatedMesh({ virtualServices, served }));
  const ingresses = manager.cache<Ingress>("networking.k8s.io/v1", "Ingress");
  manager.add(simulatedNginx({ ingresses, served }));
  await manager.start();
  return {
    life,
    manager,
    traffic: new DescribedTraffic({ world, startMs, served, services, sets }),
  };
}

export interface LifeOptions {
  readonly life: Life;
  readonly traffic: DescribedTraffic;
  readonly counts: FaultCounts;
  readonly crash: () => void;
  readonly rival: () => void;
}

/** Without a fault plan a life has no end but the simulation's, and needs nothing in between. */
function storeOfLife(
  { options, store }: Stage,
  { life, counts, crash, rival }: LifeOptions,
): ObjectStore {
  const { faults: plan } = options;
  if (!plan) return store;
  return mortalStore(faultyStore(store, { plan, clock: life.clock, counts, crash, rival }), life);
}

/** One life of the controllers under test. It starts on its own; what it does shows in the store. */
export function startLife(stage: Stage, begun: LifeOptions): Incarnation {
  const { scenario, options, startMs } = stage;
  const { log = silentLogger, resyncMs = usualResyncMs } = options;
  const { life, traffic } = begun;
  const { clock, resyncClock } = life;
  const store = storeOfLife(stage, begun);
  const manager = new Manager({ store, clock, resyncClock, log, resyncMs });
  addDeliveryControllers({
    manager,
    store,
    clock,
    log,
    events: storeEventRecorder({ store, clock, component: "rollouts-controller" }),
    evictPod: async (pod, uid) => {
      await store.delete(pod, { preconditions: { uid }, gracePeriodSeconds: 0 });
      return true;
    },
    providerOf: describedProviders({
      world: scenario.world,
      startMs,
      context: { store, env: {}, traffic },
    }),
    providerKinds: simulatedProviderKinds,
    instanceId: "",
  });
  void manager.start();
  return { life, manager, traffic };
}
