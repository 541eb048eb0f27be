// The kubelet of one machine: pods as processes. supervisor/ decides (pure), launch/ turns a
// container's spec into something to run, process/ runs it and finds it again, pod-worker.ts binds
// the three for one pod, this file holds the pods. Everything about a pod is on disk before it is
// done, so that a kubelet may die at any moment and the next one goes on.
// May import lib, api, runtime and objects/object-store.ts. A new probe or hook action goes to
// launch/checks.ts, a new rule of a pod's life to supervisor/.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ContainerState, Pod } from "../../api/kubernetes/pod.ts";
import type { ConfigMap, Secret } from "../../api/kubernetes/workloads.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { keyOf, splitKey } from "../../runtime/cache.ts";
import type { Cache } from "../../runtime/cache.ts";
import { sleep } from "../../runtime/clock.ts";
import type { Clock } from "../../runtime/clock.ts";
import { sourceOf } from "../../runtime/controller.ts";
import type { Controller } from "../../runtime/controller.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import { errorText } from "../../runtime/log.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Manager } from "../../runtime/manager.ts";
import { settled } from "../../runtime/outcome.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import type { ConfigSource } from "./launch/environment.ts";
import type { ImageConfig } from "./launch/images.ts";
import { portBook } from "./launch/ports.ts";
import type { PortBook } from "./launch/ports.ts";
import { capLog } from "./logs/cap-log.ts";
import { listLogFiles, logFile, logFolder, loggedAttempts, pruneLogs } from "./logs/log-files.ts";
import { LogTimekeeper } from "./logs/log-times.ts";
import { readLog } from "./logs/read-log.ts";
import type { LogOptions } from "./logs/read-log.ts";
import { PodWorker } from "./pod-worker.ts";

import { containerProcesses } from "./process/container-process.ts";
import type { ContainerProcesses } from "./process/container-process.ts";
import { listProcesses } from "./process/process-table.ts";
import { isErrnoException, readFileIfPresent, writeFileAtomically } from "./process/record-file.ts";
import { allContainers, containerRecord, defaultTiming } from "./supervisor/record.ts";
import type { PodRecord, SupervisorTiming } from "./supervisor/record.ts";
import { usageTable } from "./usage.ts";
import type { ContainerUsage } from "./usage.ts";
import type { DrainGate, WorkerTools } from "./worker-tools.ts";

export const defaultNodeName = "local";

export interface KubeletOptions {
  readonly manager: Manager;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Holds `pods/` (records, claims, exit codes) and `logs/`. */
  readonly dataDir: string;
  /** Asked at every launch, so that a mapping added later is found. */
  readonly images: () => ImageConfig;
  readonly drainGate: DrainGate;
  readonly nodeName?: string;
  readonly timing?: Partial<SupervisorTiming>;
  /** A log that outgrows this keeps its newest quarter; 64 MiB by default. */
  readonly logLimitBytes?: number;
  readonly usageIntervalMs?: number;
}

export interface ReadLogsRequest extends LogOptions {
  readonly namespace: string;
  readonly pod: string;
  /** The only or first container by default. */
  readonly container?: string;
  /** The process before the present one; where none runs, the one that ended last. */
  readonly previous?: boolean;
}

/** Why there is no log to read; the API server answers 400 or 404 with the sentence. */
export class LogsUnavailable extends Error {
  override readonly name = "LogsUnavailable";
  readonly code: 400 | 404;

  constructor(code: 400 | 404, message: string) {
    super(message);
    this.code = code;
  }
}

const defaultLogLimitBytes = 64 * 1_048_576;
const defaultUsageIntervalMs = 3_000;
const keptDeadLogs = 50;
const sweepKey = "/";

export class Kubelet implements Controller {
  readonly name = "kubelet";
  readonly concurrency = 16;
  readonly sources: Controller["sources"];
  readonly #options: KubeletOptions;
  readonly #pods: Cache<Pod>;
  readonly #workers = new Map<string, PodWorker>();
  readonly #processes: ContainerProcesses;
  readonly #ports: PortBook;
  readonly #usage = usageTable();
  readonly #logTimes: LogTimekeeper;
  readonly #stop = new AbortController();
  #measuring: Promise<void> = Promise.resolve();

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.#pods = options.manager.cache<Pod>("v1", "Pod");
    this.#processes = containerProcesses(this.#podsRoot, options.clock);
    this.#logTimes = new LogTimekeeper(options.clock);
    this.#ports = portBook(options.clock.now() / 1000 + process.pid * 37);
    // The sweep runs once the pods are known: what runs for none of them is stopped.
    this.sources = [
      sourceOf(this.#pods, (pod) => [keyOf(pod)]),
      { subscribe: (enqueue) => enqueue(sweepKey) },
    ];
    this.#reserveRecordedPorts();
    this.#measuring = this.#measureUntilStopped();
  }

  get #podsRoot(): string {
    return join(this.#options.dataDir, "pods");
  }

  get #logRoot(): string {
    return join(this.#options.dataDir, "logs");
  }

  async reconcile(key: string): Promise<Outcome> {
    if (key === sweepKey) {
      await this.#sweep();
      return settled;
    }
    const { namespace, name } = splitKey(key);
    const pod = this.#pods.get(namespace, name);
    const worker = this.#workers.get(key);
    if (worker !== undefined && worker.uid !== pod?.metadata.uid) await this.#bury(key, worker);
    if (pod !== undefined && this.#isMine(pod)) await this.#workerFor(key, pod).observe(pod);
    return settled;
  }

  /** Leaves every process running and forgets about them. Call after the manager has stopped. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("the kubelet stops"));
    await Promise.all([...this.#workers.values()].map((worker) => worker.release()));
    await this.#measuring;
    this.#logTimes.stop();
  }

  /** CPU and memory by container, as of the last measurement. */
  podUsage(): readonly ContainerUsage[] {
    return this.#usage.read();
  }

  /** The log of a container, in chunks as they come. Throws LogsUnavailable before the first one. */
  readLogs(request: ReadLogsRequest): AsyncIterable<Uint8Array> {
    const { namespace, pod: podName, previous = false } = request;
    const worker = this.#workers.get(`${namespace}/${podName}`);
    const pod = worker?.pod;
    if (worker === undefined || pod === undefined) {
      throw new LogsUnavailable(
        404,
        `pod ${namespace}/${podName}: it does not run here; list the pods with get pods`,
      );
    }
    const container = request.container ?? pod.spec.containers[0]?.name ?? "";
    const known = allContainers(pod).map((each) => each.name);
    if (!known.includes(container)) {
      throw new LogsUnavailable(
        400,
        `pod ${namespace}/${podName}: it has no container ${container}; its containers are ${known.join(", ")}`,
      );
    }
    const owner = { namespace, pod: podName, uid: worker.uid };
    const attempts = loggedAttempts(this.#logRoot, owner, container);
    const attempt = attempts[previous && waitingOf(pod, container) === undefined ? 1 : 0];
    if (attempt === undefined)
      throw new LogsUnavailable(400, noLogMessage(pod, container, previous));
    const path = logFile(this.#logRoot, owner, container, attempt);
    const reading = {
      path,
      clock: this.#options.clock,
      note: () => this.#logTimes.tryNote(path),
      isOver: () => this.#isLogOver(request, worker.uid, container, attempt),
    };
    return readLog(reading, request);
  }

  #isLogOver(request: ReadLogsRequest, uid: string, container: string, attempt: number): boolean {
    const worker = this.#workers.get(`${request.namespace}/${request.pod}`);
    if (worker?.uid !== uid || this.#stop.signal.aborted) return true;
    const record = containerRecord(worker.record, container);
    return record.attempt !== attempt || record.process.kind === "exited";
  }

  #isMine(pod: Pod): boolean {
    const { nodeName = "" } = pod.spec;
    return nodeName === "" || nodeName === this.#nodeName;
  }

  get #nodeName(): string {
    return this.#options.nodeName ?? defaultNodeName;
  }

  #workerFor(key: string, pod: Pod): PodWorker {
    const known = this.#workers.get(key);
    if (known !== undefined) return known;
    const worker = new PodWorker(pod, this.#readRecord(pod.metadata.uid ?? ""), this.#tools());
    this.#workers.set(key, worker);
    for (const path of this.#openLogs(worker)) this.#logTimes.follow(path);
    return worker;
  }

  /** The logs that may still grow. */
  #openLogs({ record, uid }: PodWorker): readonly string[] {
    const owner = { namespace: record.namespace, pod: record.name, uid };
    return Object.entries(record.containers)
      .filter(([, { process }]) => process.kind === "starting" || process.kind === "running")
      .map(([container, { attempt }]) => logFile(this.#logRoot, owner, container, attempt));
  }

  #tools(): WorkerTools {
    const { store, clock, events, drainGate, images, timing } = this.#options;
    return {
      store,
      clock,
      events,
      drainGate,
      images,
      log: this.#options.log.child({ component: "kubelet" }),
      processes: this.#processes,
      ports: this.#ports,
      source: configSource(store),
      timing: { ...defaultTiming, ...timing },
      logRoot: this.#logRoot,
      followLog: (path) => this.#logTimes.follow(path),
      nodeName: this.#nodeName,
      remember: (pod) => this.#pods.remember(pod),
      save: (record) => writeFileAtomically(this.#recordFile(record.uid), JSON.stringify(record)),
    };
  }

  #recordFile(uid: string): string {
    return join(this.#podsRoot, `${uid}.json`);
  }

  /** Undefined when there is none, or none that can be read: then the pod begins anew. */
  #readRecord(uid: string): PodRecord | undefined {
    const text = readFileIfPresent(this.#recordFile(uid));
    if (text === undefined) return undefined;
    const parsed = recordSchema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data as unknown as PodRecord;
    this.#options.log.error(
      "the record of a pod cannot be read; its processes are stopped and started anew",
      { uid },
    );
    this.#killFolder(uid);
    return undefined;
  }

  #recordedUids(): readonly string[] {
    try {
      const names = readdirSync(this.#podsRoot).map((name) => name.replace(/\.json(\.tmp)?$/, ""));
      return [...new Set(names)];
    } catch (error) {
      if (isErrnoException(error) && error.code === "ENOENT") return [];
      throw error;
    }
  }

  #reserveRecordedPorts(): void {
    for (const uid of this.#recordedUids()) {
      const record = this.#readRecord(uid);
      if (record !== undefined) this.#ports.reserve(uid, record.ports);
    }
  }

  /** Stops what runs for pods that were deleted while no kubelet was there to see it. */
  async #sweep(): Promise<void> {
    const wanted = new Set(this.#pods.list().map((pod) => pod.metadata.uid));
    for (const uid of this.#recordedUids()) if (!wanted.has(uid)) this.#eraseAll(uid);
    this.#pruneLogs();
  }

  /** The pod's object is gone: whatever still runs for it is killed, and its traces are removed. */
  async #bury(key: string, worker: PodWorker): Promise<void> {
    this.#workers.delete(key);
    await worker.release();
    this.#eraseAll(worker.uid);
    this.#pruneLogs();
  }

  #eraseAll(uid: string): void {
    this.#killFolder(uid);
    this.#processes.forget(uid);
    rmSync(this.#recordFile(uid), { force: true });
    this.#ports.release(uid);
  }

  #killFolder(uid: string): void {
    for (const slot of this.#processes.slotsOf(uid)) this.#processes.destroy(slot);
  }

  #pruneLogs(): void {
    const alive = this.#pods.list().map((pod) => {
      const { namespace = "", name, uid = "" } = pod.metadata;
      return logFolder("", { namespace, pod: name, uid });
    });
    pruneLogs(this.#logRoot, new Set(alive), keptDeadLogs);
  }

  async #measureUntilStopped(): Promise<void> {
    const { log, usageIntervalMs = defaultUsageIntervalMs } = this.#options;
    while (!this.#stop.signal.aborted) {
      try {
        this.#measure();
      } catch (error) {
        log.warn("measuring the pods failed", { error: errorText(error) });
      }
      await this.#pause(usageIntervalMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    try {
      await sleep(this.#options.clock, ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #measure(): void {
    const running = [...this.#workers.values()].flatMap(({ record }) =>
      Object.entries(record.containers)
        .filter(([, { process }]) => process.kind === "running")
        .map(([container, { attempt }]) => ({ record, container, attempt })),
    );
    const table = running.length === 0 ? [] : listProcesses();
    const targets = running.map(({ record, container, attempt }) => {
      const { uid, namespace, name } = record;
      const members = this.#processes.members({ podUid: uid, container, attempt }, table);
      return { namespace, pod: name, container, members };
    });
    this.#usage.measure(targets, this.#options.clock.now());
    this.#keepLogs();
  }

  #keepLogs(): void {
    const limitBytes = this.#options.logLimitBytes ?? defaultLogLimitBytes;
    const logs = listLogFiles(this.#logRoot);
    for (const path of logs) if (capLog(path, limitBytes)) this.#logTimes.forget(path);
    const open = [...this.#workers.values()].flatMap((worker) => this.#openLogs(worker));
    this.#logTimes.retain(logs, new Set(open));
  }
}

/** Enough to tell a record of ours from something else; the rest is our own writing. */
const recordSchema = z.looseObject({
  version: z.literal(1),
  uid: z.string(),
  ports: z.record(z.string(), z.number()),
  containers: z.record(
    z.string(),
    z.looseObject({ attempt: z.number(), process: z.looseObject({ kind: z.string() }) }),
  ),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function configSource(store: ObjectStore): ConfigSource {
  return {
    configMap: (namespace, name) =>
      store.get<ConfigMap>({ apiVersion: "v1", kind: "ConfigMap", namespace, name }),
    secret: (namespace, name) =>
      store.get<Secret>({ apiVersion: "v1", kind: "Secret", namespace, name }),
  };
}

function waitingOf(pod: Pod, container: string): ContainerState["waiting"] {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses].find(
    (each) => each.name === container,
  );
  return status?.state?.waiting;
}

function noLogMessage(pod: Pod, container: string, previous: boolean): string {
  const where = `pod ${pod.metadata.namespace ?? ""}/${pod.metadata.name}, container ${container}`;
  if (previous) return `${where}: no process ran before the present one; leave previous out`;
  const waiting = waitingOf(pod, container);
  return `${where}: it has not started yet (${waiting?.message ?? waiting?.reason ?? "ContainerCreating"}); wait or correct that first`;
}
