// One delivery on any store, and what it decided: weights, sizes and phases in their order.
import { parse, parseAllDocuments, stringify } from "yaml";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { addDeliveryControllers, viewsOf } from "../../src/controllers/delivery.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import {
  acknowledgeRoute,
  routeOf,
} from "../../src/routers/gateway-api/gateway-api.test-support.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { storeEventRecorder } from "../../src/runtime/events.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import { Manager } from "../../src/runtime/manager.ts";
import { simulatedPodsController } from "../../src/simulator/pods.ts";
import { quietWorld } from "../../src/simulator/scenario.ts";
import { refTo, until, type Loose } from "./cluster.test-support.ts";
import {
  hashOf,
  isSettled,
  recordHistory,
  statusOf,
  type Moment,
  type RecordedHistory,
} from "./history.test-support.ts";
import { rolloutYaml, serviceYaml } from "./rollouts.test-support.ts";

type RouteKind = "HTTPRoute" | "GRPCRoute";

export interface Delivery {
  readonly what: string;
  /** YAML below `strategy:`. A pause of the step or the strategy waits for a promote. */
  readonly strategy: string;
  /** YAML documents it needs, each ended by `---`. */
  readonly objects: string;
  /** The kind of a route `shop` among them that a gateway confirms. */
  readonly confirmed?: RouteKind;
}

const name = "shop";
const services = serviceYaml("shop-stable", name) + serviceYaml("shop-canary", name);

export const meshApiVersion = "networking.istio.io/v1alpha3";

const virtualService = `
apiVersion: ${meshApiVersion}
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop]
  http:
    - name: primary
      route:
        - { destination: { host: shop-stable }, weight: 100 }
        - { destination: { host: shop-canary }, weight: 0 }
---`;

const steps = `steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: { duration: 1s } }]`;

function byRoute(kind: RouteKind, field: string): Delivery {
  return {
    what: `a canary by ${kind} that a gateway confirms`,
    objects: `${services}\n${stringify(routeOf(kind, name))}---`,
    strategy: `    canary:
      stableService: shop-stable
      canaryService: shop-canary
      scaleDownDelaySeconds: 1
      trafficRouting: { plugins: { argoproj-labs/gatewayAPI: { ${field}: shop } } }
      ${steps}
`,
    confirmed: kind,
  };
}

export const deliveries: readonly Delivery[] = [
  {
    what: "a canary by pods",
    objects: "",
    strategy: `    canary: { maxSurge: 1, maxUnavailable: 0, ${steps} }\n`,
  },
  {
    what: "a canary by a VirtualService",
    objects: services + virtualService,
    strategy: `    canary:
      stableService: shop-stable
      canaryService: shop-canary
      scaleDownDelaySeconds: 1
      trafficRouting: { istio: { virtualService: { name: shop } } }
      ${steps}
`,
  },
  {
    what: "a canary by a VirtualService whose stable version shrinks as it grows",
    objects: services + virtualService,
    strategy: `    canary:
      stableService: shop-stable
      canaryService: shop-canary
      dynamicStableScale: true
      trafficRouting: { istio: { virtualService: { name: shop } } }
      ${steps}
`,
  },
  byRoute("HTTPRoute", "httpRoute"),
  byRoute("GRPCRoute", "grpcRoute"),
  {
    what: "blue-green",
    objects: services,
    strategy: `    blueGreen:
      activeService: shop-stable
      previewService: shop-canary
      previewReplicaCount: 1
      autoPromotionEnabled: false
      scaleDownDelaySeconds: 1
`,
  },
];

/** The delivery controllers in this process, and pods that are only played. */
export async function startPlayed(store: ObjectStore): Promise<Manager> {
  const clock = systemClock;
  const manager = new Manager({ store, clock, log: silentLogger });
  const { replicaSets: sets, pods } = viewsOf(manager);
  const defaultVersion = { ...quietWorld.defaultVersion, startMs: 500 };
  const world = { ...quietWorld, defaultVersion };
  manager.add(simulatedPodsController({ store, sets, pods, clock, world }));
  addDeliveryControllers({
    manager,
    store,
    clock,
    log: silentLogger,
    events: storeEventRecorder({ store, clock, component: "rollouts-controller" }),
    evictPod: async () => Promise.reject(new Error("nothing is restarted here")),
    providerOf: () => {
      throw new Error("nothing is measured here");
    },
    providerKinds: [],
    instanceId: "",
  });
  await manager.start();
  return manager;
}

async function createAll(store: ObjectStore, yaml: string, namespace: string): Promise<void> {
  for (const document of parseAllDocuments(yaml)) {
    const object = document.toJS() as Loose | null;
    if (object) await store.create({ ...object, metadata: { ...object.metadata, namespace } });
  }
}

/** What a delivery decided; each list without repetitions of what was there before. */
export interface Sequences {
  /** Percent of the canary, where there are weights. */
  readonly weights: readonly unknown[];
  /** spec.replicas of the first and of the second version. */
  readonly first: readonly unknown[];
  readonly second: readonly unknown[];
  /** Step, phase and message as JSON, without the messages of Progressing. */
  readonly phases: readonly string[];
}

function changesOf<T>(values: readonly T[]): readonly T[] {
  return values.filter((value, index) => index === 0 || value !== values[index - 1]);
}

function weightOf(rollout: Loose): unknown {
  const { canary } = statusOf(rollout) as {
    readonly canary?: { readonly weights?: { readonly canary: { readonly weight: number } } };
  };
  return canary?.weights?.canary.weight;
}

/** While it goes on, the message counts the pods seen at that moment: a matter of their speed. */
function phaseLine(rollout: Loose): string {
  const { currentStepIndex, phase, message: told } = statusOf(rollout);
  const message = phase === "Progressing" ? undefined : told;
  return JSON.stringify([currentStepIndex, phase, message].filter((part) => part !== undefined));
}

function sequencesOf(moments: readonly Moment[]): Sequences {
  const of = (kind: string): readonly Loose[] =>
    moments.filter((moment) => moment.kind === kind).map(({ object }) => object);
  const sets = of("ReplicaSet");
  const [firstHash] = sets.map(hashOf);
  const sizes = (isFirst: boolean): readonly unknown[] =>
    changesOf(
      sets
        .filter((set) => (hashOf(set) === firstHash) === isFirst)
        .map(({ spec }) => spec?.["replicas"]),
    );
  const told = of("Rollout").filter((rollout) => statusOf(rollout)["phase"] !== undefined);
  const weights = changesOf(told.map(weightOf)).filter((weight) => weight !== undefined);
  return {
    weights,
    first: sizes(true),
    second: sizes(false),
    phases: changesOf(told.map(phaseLine)),
  };
}

/** A gateway that serves each generation of the route as soon as it sees it. */
async function playGateway(
  kind: RouteKind,
  store: ObjectStore,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const { apiVersion } = routeOf(kind, name);
  const scope = { apiVersion, kind, namespace };
  let served = 0;
  for await (const event of store.watch<KubeObject>(scope, { resourceVersion: "", signal })) {
    if (event.type === "BOOKMARK" || event.type === "DELETED") continue;
    const { generation = 1 } = event.object.metadata;
    if (generation <= served) continue;
    served = generation;
    await acknowledgeRoute(store, kind, name, namespace);
  }
}

/** Plays the delivery from nothing to its end. */
export async function play(
  delivery: Delivery,
  store: ObjectStore,
  namespace: string,
): Promise<Sequences> {
  const history = await recordHistory(store, namespace);
  const over = new AbortController();
  const { confirmed } = delivery;
  const gateway = confirmed && playGateway(confirmed, store, namespace, over.signal);
  try {
    return await playRecorded(delivery, store, namespace, history);
  } finally {
    over.abort();
    await gateway;
    await history.close();
  }
}

async function playRecorded(
  { strategy, objects }: Delivery,
  store: ObjectStore,
  namespace: string,
  history: RecordedHistory,
): Promise<Sequences> {
  const ref = refTo("Rollout", namespace, name);
  const reaches = async (phase: string): Promise<void> =>
    history.becomes("Rollout", name, (rollout) => isSettled(rollout, phase));
  const yaml = (image: string): string => rolloutYaml({ name, replicas: 4, image, strategy });
  await createAll(store, objects + yaml("v1"), namespace);
  await reaches("Healthy");
  const { spec = {} } = parse(yaml("v2")) as Loose;
  await store.patch(ref, { type: "merge", body: { spec: { template: spec["template"] ?? {} } } });
  await reaches("Paused");
  const resume = { status: { pauseConditions: null } };
  await store.patch(ref, { type: "merge", body: resume }, { subresource: "status" });
  await reaches("Healthy");
  await until("only the second version has pods", async () => {
    const { first, second } = sequencesOf(history.moments());
    return first.at(-1) === 0 && second.at(-1) === 4;
  });
  return sequencesOf(history.moments());
}
