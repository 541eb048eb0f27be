// compose/kubernetes: the controller of a Kubernetes cluster. It serves its pages, waits for the lease,
// runs the delivery controllers, and ends in good order, or at once when the lease is lost.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Metric } from "../api/argo/analysis.ts";
import { addDeliveryControllers } from "../controllers/delivery.ts";
import { createProvider, providerKinds } from "../metrics/registry.ts";
import { ApiClient, type ApiClientOptions } from "../objects/kubernetes/api-client.ts";
import { evictPod } from "../objects/kubernetes/evict.ts";
import type { ClusterAccess } from "../objects/kubernetes/kubeconfig.ts";
import { kubernetesStore } from "../objects/kubernetes/kubernetes.ts";
import { tokenBucket } from "../objects/kubernetes/rate-limit.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { elasticLoadBalancing } from "../routers/alb/elastic-load-balancing.ts";
import type { RouterSettings } from "../routers/router.ts";
import type { Clock } from "../runtime/clock.ts";
import { storeEventRecorder } from "../runtime/events.ts";
import { trailingEvents, type TrailingEvents } from "../runtime/trailing-events.ts";
import { fencedStore } from "../runtime/fenced-store.ts";
import { servePages, type ServedPages } from "../runtime/http-pages.ts";
import { acquireLeadership, type Leadership, type LeaseTimes } from "../runtime/leader-election.ts";
import { errorText, type Logger } from "../runtime/log.ts";
import { Manager } from "../runtime/manager.ts";
import { prometheusMetrics, type PrometheusMetrics } from "../runtime/metrics-prometheus.ts";
import { cachePolicies } from "./cache-policies.ts";
import {
  countedPasses,
  requestMetrics,
  showDeliveries,
  type MetricsOptions,
} from "./controller-metrics.ts";
import { jobStoreOf } from "./job-cluster.ts";

/** What flags and environment decide; names follow Argo's flags. */
export interface ControllerSettings {
  readonly instanceId: string;
  /** Watch this namespace only; undefined = all. */
  readonly watchedNamespace: string | undefined;
  /** Where the lease is. */
  readonly ownNamespace: string;
  readonly threads: {
    readonly rollouts: number;
    readonly experiments: number;
    readonly analysis: number;
    readonly services: number;
  };
  readonly qps: number;
  readonly burst: number;
  /** undefined: no election; this process is alone. */
  readonly election: LeaseTimes | undefined;
  readonly metricsPort: number;
  readonly healthzPort: number;
  readonly resyncMs: number;
  readonly only?: "analysis";
  readonly routers: RouterSettings;
  /** The tag that names a target group's Service; set = AWS load balancers are asked what they serve. */
  readonly targetGroupTag?: string;
  /** How long one answer of the API server may take. */
  readonly requestTimeoutMs?: number;
}

export interface KubernetesControllerOptions {
  readonly access: ClusterAccess;
  readonly settings: ControllerSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

/** `lost`: somebody else may lead now; nothing is written any more and the process should end. */
export type ControllerEnd = "stopped" | "lost";

const component = "rollouts-controller";
const lockName = "argo-rollouts-controller-lock";
/** Kubernetes kills a pod 30 s after it asked it to stop: by then the lease has to be given back. */
const stopWithinMs = 20_000;
const apiRetries = 5;
const eventsAtOnce = 4;

interface Foundation {
  readonly options: KubernetesControllerOptions;
  readonly metrics: PrometheusMetrics;
  readonly client: ApiClient;
  /** For events alone, with a limit of their own: however many there are, they hold up nothing else. */
  readonly eventClient: ApiClient;
  /** For the lease alone: its renewal waits for no other request and for no limit. */
  readonly leaseClient: ApiClient;
}

async function foundationOf(options: KubernetesControllerOptions): Promise<Foundation> {
  const { access, clock, settings, version } = options;
  const { qps, burst, election, requestTimeoutMs } = settings;
  const metrics = await prometheusMetrics({ processMetrics: true });
  const common: ApiClientOptions = {
    access,
    clock,
    userAgent: `haldane-controller/${version}`,
    rateLimit: tokenBucket({ clock, qps, burst }),
    onAnswer: requestMetrics(metrics),
  };
  const patient: ApiClientOptions = {
    ...common,
    retries: apiRetries,
    ...(requestTimeoutMs === undefined ? {} : { timeoutMs: requestTimeoutMs }),
  };
  return {
    options,
    metrics,
    client: new ApiClient(patient),
    eventClient: new ApiClient({
      ...patient,
      connections: eventsAtOnce,
      rateLimit: tokenBucket({ clock, qps, burst }),
    }),
    leaseClient: new ApiClient({
      ...common,
      isUrgent: true,
      connections: 1,
      timeoutMs: (election?.renewDeadlineMs ?? 10_000) / 2,
    }),
  };
}

async function servePagesOf({ options, metrics }: Foundation): Promise<readonly ServedPages[]> {
  const { log, settings } = options;
  const health = await servePages({
    port: settings.healthzPort,
    pages: { "/healthz": async () => ({ contentType: "text/plain", body: "ok" }) },
    log,
    wantedBy: "the health page",
    setting: "--healthzPort",
  });
  try {
    const page = async () => ({ contentType: metrics.contentType, body: await metrics.render() });
    const scrape = await servePages({
      port: settings.metricsPort,
      pages: { "/metrics": page },
      log,
      wantedBy: "the metrics page",
      setting: "--metricsPort",
    });
    log.info("pages are served", { healthzPort: health.port, metricsPort: scrape.port });
    return [health, scrape];
  } catch (error) {
    await health.close();
    throw error;
  }
}

async function lead(
  { options, leaseClient }: Foundation,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const { clock, log, settings } = options;
  const { election, instanceId, ownNamespace } = settings;
  if (election === undefined) return undefined;
  const name = instanceId === "" ? lockName : `${lockName}-${instanceId}`;
  const identity = `${hostname()}_${randomUUID()}`;
  const leadership = await acquireLeadership(
    {
      ...election,
      store: kubernetesStore({ client: leaseClient, clock }),
      clock,
      log,
      namespace: ownNamespace,
      name,
      identity,
      random: Math.random,
    },
    signal,
  );
  log.info("leading", { lease: `${ownNamespace}/${name}`, identity });
  return leadership;
}

function verification({
  clock,
  env,
  settings: { targetGroupTag: resourceTag },
}: KubernetesControllerOptions): Pick<RouterSettings, "targetGroups"> {
  if (resourceTag === undefined) return {};
  return { targetGroups: elasticLoadBalancing({ clock, env, resourceTag }) };
}

interface Controllers {
  readonly manager: Manager;
  readonly events: TrailingEvents;
}

function compose(
  { options, metrics, client, eventClient }: Foundation,
  leadership: Leadership | undefined,
): Controllers {
  const { clock, log, env, settings } = options;
  const { instanceId, watchedNamespace, threads, resyncMs, routers } = settings;
  const isOpen = (): boolean => leadership?.isHeld() ?? true;
  const store: ObjectStore = fencedStore(kubernetesStore({ client, clock }), isOpen);
  const figures: MetricsOptions = {
    metrics,
    clock,
    version: options.version,
    instanceId,
    isAnalysisOnly: settings.only === "analysis",
  };
  const observer = countedPasses(figures, () => manager);
  const manager: Manager = new Manager({
    store,
    clock,
    log,
    resyncMs,
    observer,
    policyOf: cachePolicies(instanceId),
    ...(watchedNamespace === undefined ? {} : { namespace: watchedNamespace }),
  });
  const jobStore = jobStoreOf(options);
  const context = {
    store,
    env,
    traffic: undefined,
    controllerNamespace: settings.ownNamespace,
    jobStore: jobStore === undefined ? undefined : fencedStore(jobStore, isOpen),
  };
  const counted = showDeliveries(figures, manager, observer.objects);
  const eventStore = fencedStore(kubernetesStore({ client: eventClient, clock }), isOpen);
  const events = trailingEvents({
    recorder: storeEventRecorder({ store: eventStore, clock, component }),
    clock,
    log,
    atOnce: eventsAtOnce,
  });
  addDeliveryControllers({
    manager,
    store,
    clock,
    log,
    events: counted(events),
    evictPod: async (pod, uid) => isOpen() && evictPod(client, pod, uid),
    providerOf: (metric: Metric) => createProvider(metric, context),
    providerKinds,
    instanceId,
    concurrency: threads,
    routerSettings: { ...routers, ...verification(options) },
    ...(settings.only === undefined ? {} : { only: settings.only }),
  });
  return { manager, events };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Whether all passes under way ended, and all was told, in time. */
async function stopInTime(
  { manager, events }: Controllers,
  { clock, log }: KubernetesControllerOptions,
): Promise<boolean> {
  let cancel = (): void => undefined;
  const tooLate = new Promise<false>((resolve) => {
    cancel = clock.after(stopWithinMs, () => resolve(false));
  });
  const stopping = manager.stop().then(async () => events.told());
  const isStopped = await Promise.race([stopping.then(() => true as const), tooLate]);
  cancel();
  if (!isStopped)
    log.warn("passes or events under way did not end in time; the lease is left to run out", {
      stopWithinMs,
    });
  return isStopped;
}

async function work(
  foundation: Foundation,
  leadership: Leadership | undefined,
  signal: AbortSignal,
): Promise<ControllerEnd> {
  const { options } = foundation;
  const { log } = options;
  const controllers = compose(foundation, leadership);
  const { manager } = controllers;
  const over = leadership ? AbortSignal.any([signal, leadership.lost]) : signal;
  const starting = manager.start().then(() => {
    if (!over.aborted) log.info("all caches are synced, the controllers run");
  });
  await Promise.race([aborted(over), starting]);
  await aborted(over);
  if (leadership?.lost.aborted === true) {
    log.error("writing nothing any more", { why: errorText(leadership.lost.reason) });
    // The passes under way fail at their next write; nobody waits for them.
    void manager.stop();
    return "lost";
  }
  log.info("stopping", { why: errorText(signal.reason) });
  if (await stopInTime(controllers, options)) await leadership?.release();
  return "stopped";
}

/**
 * Runs until `signal` is aborted or the lease is lost. Rejects with a HaldaneError when a port is not to
 * be had. What the API server refuses is logged and tried again.
 */
export async function runController(
  options: KubernetesControllerOptions,
  signal: AbortSignal,
): Promise<ControllerEnd> {
  const foundation = await foundationOf(options);
  const { client, eventClient, leaseClient } = foundation;
  let pages: readonly ServedPages[] = [];
  try {
    pages = await servePagesOf(foundation);
    let leadership: Leadership | undefined;
    try {
      leadership = await lead(foundation, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      options.log.info("stopping", { why: errorText(signal.reason) });
      return "stopped";
    }
    return await work(foundation, leadership, signal);
  } finally {
    for (const page of pages) await page.close();
    await Promise.all([client.close(), eventClient.close(), leaseClient.close()]);
  }
}
