// compose: the only room that knows everything: registries and configuration become what runs.
// local.ts is the cluster of one machine, kubernetes.ts the controller of a Kubernetes cluster.
import { randomUUID, randomInt } from "node:crypto";
import path from "node:path";
import { admit, invalidStatus, strictDecodingErrors } from "../api/admission/admit.ts";
import type { Metric } from "../api/argo/analysis.ts";
import type { Pod } from "../api/kubernetes/pod.ts";
import { addDeliveryControllers } from "../controllers/delivery.ts";
import { findGateway, type FoundGateway } from "../gateway/client.ts";
import { startGatewayProcess } from "../gateway/main.ts";
import { createRng } from "../lib/rng.ts";
import { startApiServer, type ApiServer } from "../local/api-server/server.ts";
import type { LogRequest, PodUsage } from "../local/api-server/options.ts";
import { GatewaySync } from "../local/endpoints/gateway-sync.ts";
import { endpointSliceController } from "../local/endpoints/slice-controller.ts";
import { Kubelet, LogsUnavailable } from "../local/kubelet/kubelet.ts";
import type { ImageConfig } from "../local/kubelet/launch/images.ts";
import { eventSweeper } from "../local/workloads/event-sweeper.ts";
import { deploymentController } from "../local/workloads/deployment/controller.ts";
import { jobController } from "../local/workloads/job/controller.ts";
import { replicaSetController } from "../local/workloads/replica-set/controller.ts";
import type { MetricProvider } from "../metrics/provider.ts";
import { createProvider, providerKinds } from "../metrics/registry.ts";
import {
  trafficHistory,
  type BackendOwner,
  type TrafficHistory,
} from "../metrics/traffic/history.ts";
import { isStoreError, StoreError, type ObjectStore } from "../objects/object-store.ts";
import type { Admission } from "../objects/semantics/engine-options.ts";
import { openSqliteStore } from "../objects/sqlite/sqlite.ts";
import { sleep, type Clock } from "../runtime/clock.ts";
import { storeEventRecorder } from "../runtime/events.ts";
import type { Logger } from "../runtime/log.ts";
import { passMetrics } from "../runtime/metrics.ts";
import { prometheusMetrics, type PrometheusMetrics } from "../runtime/metrics-prometheus.ts";
import { Manager } from "../runtime/manager.ts";
import { jobStoreOf } from "./job-cluster.ts";

export interface LocalClusterOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly images: () => ImageConfig;
  /** How to start the gateway process; `--gateway-dir` and the directory are added. */
  readonly gatewayCommand: readonly string[];
  /** undefined or 0: the port of last time, else any free one. */
  readonly apiPort?: number;
  readonly version: string;
}

export interface LocalCluster {
  readonly store: ObjectStore;
  readonly api: ApiServer;
  /** Stops every pod, then the gateway, then the cluster. Objects stay; pods are made anew next time. */
  shutDown(progress: (stillRunning: number) => void): Promise<void>;
  /** Stops the control plane only: pods and gateway go on and are adopted by the next start. */
  abandon(): Promise<void>;
}

const admission: Admission = (request) => {
  const { object, errors } = admit(request);
  if (errors.length === 0) return object;
  const { message, details } = invalidStatus(request.object, errors);
  throw new StoreError("Invalid", message, { details });
};

/** `namespace/service:port`, as the gateway's backends are named. */
function ownerOfBackend(backend: string): BackendOwner | undefined {
  const [, namespace, service] = /^([^/]+)\/([^:]+)/.exec(backend) ?? [];
  return namespace === undefined || service === undefined ? undefined : { namespace, service };
}

function readLogsOf(kubelet: Kubelet): (request: LogRequest) => Promise<AsyncIterable<Uint8Array>> {
  return async ({ pod, container, sinceMs, tailLines, ...rest }) => {
    try {
      return kubelet.readLogs({
        ...rest,
        namespace: pod.namespace,
        pod: pod.name,
        container,
        ...(tailLines === undefined ? {} : { tailLines }),
        ...(sinceMs === undefined ? {} : { sinceMs }),
      });
    } catch (error) {
      if (!(error instanceof LogsUnavailable)) throw error;
      throw new StoreError(error.code === 404 ? "NotFound" : "BadRequest", error.message, {
        cause: error,
      });
    }
  };
}

function podUsageOf(kubelet: Kubelet, clock: Clock): () => Promise<readonly PodUsage[]> {
  return async () => {
    const byPod = new Map<string, PodUsage>();
    for (const {
      namespace,
      pod: name,
      container,
      cpuMillicores,
      memoryBytes,
    } of kubelet.podUsage()) {
      const key = `${namespace}/${name}`;
      const known = byPod.get(key) ?? {
        namespace,
        name,
        measuredAtMs: clock.now(),
        windowMs: 3000,
        containers: [],
      };
      byPod.set(key, {
        ...known,
        containers: [...known.containers, { name: container, cpuMillicores, memoryBytes }],
      });
    }
    return [...byPod.values()];
  };
}

async function connectGateway(
  gatewayDir: string,
  command: readonly string[],
): Promise<FoundGateway> {
  const running = await findGateway(gatewayDir);
  return (
    running ??
    startGatewayProcess({ dataDir: gatewayDir, command: [...command, "--gateway-dir", gatewayDir] })
  );
}

const podScope = { apiVersion: "v1", kind: "Pod" };

async function deleteAllPods(
  store: ObjectStore,
  clock: Clock,
  progress: (stillRunning: number) => void,
): Promise<void> {
  const { items } = await store.list<Pod>(podScope);
  for (const { metadata } of items) {
    const { namespace = "", name } = metadata;
    try {
      await store.delete({ ...podScope, namespace, name });
    } catch (error) {
      if (!isStoreError(error, "NotFound")) throw error;
    }
  }
  for (;;) {
    const left = (await store.list<Pod>(podScope)).items.length;
    progress(left);
    if (left === 0) return;
    await sleep(clock, 50);
  }
}

async function stopGateway(gatewayDir: string, clock: Clock): Promise<void> {
  const found = await findGateway(gatewayDir);
  if (!found) return;
  await found.client.drain();
  await found.client.close();
  while (
    await findGateway(gatewayDir).then(async (still) => still?.client.close().then(() => true))
  )
    await sleep(clock, 20);
}

interface Foundation {
  readonly options: LocalClusterOptions;
  readonly metrics: PrometheusMetrics;
  readonly store: ObjectStore;
  readonly history: TrafficHistory;
  readonly gatewayDir: string;
}

/** What touches the machine: processes, ports, the gateway. It stops last, since stopping pods needs it. */
interface Machine {
  readonly manager: Manager;
  readonly kubelet: Kubelet;
  readonly sync: GatewaySync;
  stop(): Promise<void>;
}

function composeMachine({ options, metrics, store, history, gatewayDir }: Foundation): Machine {
  const { clock, log, dataDir, images } = options;
  const manager = new Manager({ store, clock, log, observer: passMetrics(metrics) });
  const events = storeEventRecorder({ store, clock, component: "haldane" });
  let connecting: Promise<unknown> = Promise.resolve();
  const sync = new GatewaySync({
    manager,
    store,
    clock,
    events,
    log,
    connect: async () => {
      const found = connectGateway(gatewayDir, options.gatewayCommand);
      connecting = found;
      return (await found).client;
    },
    onStats: (report) => history.record(report),
    onPast: (past) => history.resume(past),
  });
  const kubelet = new Kubelet({
    manager,
    store,
    clock,
    events,
    log,
    dataDir,
    images,
    drainGate: sync,
  });
  manager.add(sync);
  manager.add(kubelet);
  manager.add(endpointSliceController({ manager, store }));
  return {
    manager,
    kubelet,
    sync,
    async stop() {
      await manager.stop();
      await kubelet.stop();
      await sync.stop();
      // A gateway that is just being started has to be there before it can be stopped.
      await Promise.allSettled([connecting]);
    },
  };
}

/** What only writes objects: workloads and deliveries. It stops first. */
function composeDesks(
  { options, metrics, store, history }: Foundation,
  { sync }: Machine,
): Manager {
  const { clock, log, env } = options;
  const manager = new Manager({ store, clock, log, observer: passMetrics(metrics) });
  const workload = {
    manager,
    store,
    clock,
    events: storeEventRecorder({ store, clock, component: "haldane" }),
  };
  manager.add(replicaSetController(workload));
  manager.add(deploymentController(workload));
  manager.add(jobController(workload));
  manager.add(eventSweeper({ manager, store, clock }));
  const context = { store, env, traffic: history, jobStore: jobStoreOf(options) };
  addDeliveryControllers({
    manager,
    store,
    clock,
    log,
    events: storeEventRecorder({ store, clock, component: "rollouts-controller" }),
    evictPod: async (pod, uid) => {
      await store.delete(pod, { preconditions: { uid } });
      return true;
    },
    providerOf: (metric: Metric): MetricProvider => createProvider(metric, context),
    untilServed: async (signal) => sync.caughtUp(signal),
    providerKinds,
    instanceId: "",
  });
  return manager;
}

async function serveApi(
  { options, metrics, store }: Foundation,
  kubelet: Kubelet,
): Promise<ApiServer> {
  const { clock, log, dataDir, apiPort, version } = options;
  return startApiServer({
    store,
    clock,
    log,
    dataDir,
    ...(apiPort === undefined ? {} : { port: apiPort }),
    readLogs: readLogsOf(kubelet),
    podUsage: podUsageOf(kubelet, clock),
    validateFields: strictDecodingErrors,
    metricsText: async () => metrics.render(),
    haldaneVersion: version,
  });
}

/** Starts everything of one machine. Rejects with a HaldaneError when the data directory or a port is not to be had. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { dataDir, clock } = options;
  const database = openSqliteStore({
    dataDir,
    clock,
    rng: createRng(randomInt(2 ** 32)),
    newUid: randomUUID,
    admission,
    bookmarkEveryMs: 60_000,
  });
  const { store } = database;
  const history = trafficHistory({ ownerOf: ownerOfBackend });
  const foundation = {
    options,
    metrics: await prometheusMetrics({ processMetrics: true }),
    store,
    history,
    gatewayDir: path.join(dataDir, "gateway"),
  };
  const machine = composeMachine(foundation);
  const desks = composeDesks(foundation, machine);
  const close = async (api?: ApiServer): Promise<void> => {
    await api?.close();
    database.close();
  };
  const stop = async (api?: ApiServer): Promise<void> => {
    await machine.stop();
    await close(api);
  };
  try {
    const api = await serveApi(foundation, machine.kubelet);
    await Promise.all([machine.manager.start(), desks.start()]);
    return {
      store,
      api,
      async shutDown(progress) {
        await desks.stop();
        await deleteAllPods(store, clock, progress);
        // Before the gateway: whoever looks after it would find it gone and start another one.
        await machine.stop();
        await stopGateway(foundation.gatewayDir, clock);
        await close(api);
      },
      async abandon() {
        await desks.stop();
        await stop(api);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
