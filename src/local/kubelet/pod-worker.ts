// Looks after one pod: asks the supervisor what is next, writes the record, carries the actions out,
// reports the status. One look at a time; whatever happens meanwhile leads to another one.
import type { Container, Pod } from "../../api/kubernetes/pod.ts";
import { refOf } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { unreachable } from "../../lib/invariant.ts";
import { isStoreError } from "../../objects/object-store.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { CancelTimer, Clock } from "../../runtime/clock.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import { errorText } from "../../runtime/log.ts";
import type { Logger } from "../../runtime/log.ts";
import { runCheck } from "./launch/checks.ts";
import type { CheckContext } from "./launch/checks.ts";
import type { ConfigSource } from "./launch/environment.ts";
import type { ImageConfig } from "./launch/images.ts";
import { planLaunch } from "./launch/plan.ts";
import type { LaunchPlan } from "./launch/plan.ts";
import { portsAnnotation } from "./launch/ports.ts";
import type { PortBook } from "./launch/ports.ts";
import { logFile, pruneAttempts } from "./logs/log-files.ts";
import type { ContainerProcesses, Slot } from "./process/container-process.ts";
import { probeOf } from "./supervisor/probing.ts";
import { allContainers, containerRecord, freshRecord } from "./supervisor/record.ts";
import type {
  Action,
  PodMemory,
  PodRecord,
  ProcessFact,
  Result,
  SupervisorTiming,
} from "./supervisor/record.ts";
import { statusOf } from "./supervisor/status.ts";
import { step } from "./supervisor/step.ts";

/** Resolves when no request is on its way to the pod any more, and none will be sent. */
export interface DrainGate {
  drained(pod: Pod, signal: AbortSignal): Promise<void>;
}

/** For clusters without a gateway: nothing has to be waited for. */
export const openDrainGate: DrainGate = { drained: async () => undefined };

export interface WorkerTools {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly processes: ContainerProcesses;
  readonly ports: PortBook;
  readonly drainGate: DrainGate;
  readonly source: ConfigSource;
  readonly images: () => ImageConfig;
  readonly timing: SupervisorTiming;
  readonly logRoot: string;
  /** Dates what is written to a log from now on. */
  readonly followLog: (path: string) => void;
  readonly nodeName: string;
  /** The newest version of the pod after our own write. */
  readonly remember: (pod: Pod) => void;
  /** Puts the record on disk; when it returns, a crash cannot lose it. */
  readonly save: (record: PodRecord) => void;
}

const adoptedPollMs = 500;
const lingeringPollMs = 100;
const retryMs = 1_000;
const keptAttemptLogs = 5;

export class PodWorker {
  readonly #tools: WorkerTools;
  readonly #end = new AbortController();
  /** Attempts this kubelet is launching, and those whose end it will be told. */
  readonly #launching = new Set<string>();
  readonly #watched = new Set<string>();
  #pod: Pod;
  #memory: PodMemory;
  #savedRecord: string;
  #results: Result[] = [];
  #isDrained = false;
  #isRemovalAsked = false;
  #isDirty = false;
  #looking: Promise<void> | undefined;
  #cancelTimer: CancelTimer = () => undefined;

  constructor(pod: Pod, record: PodRecord | undefined, tools: WorkerTools) {
    this.#tools = tools;
    this.#pod = pod;
    this.#memory = {
      record: record ?? freshRecord(pod, tools.clock.now()),
      probes: {},
      isDraining: false,
    };
    this.#savedRecord = JSON.stringify(record);
    tools.ports.reserve(this.uid, this.record.ports);
  }

  get uid(): string {
    return this.record.uid;
  }

  get record(): PodRecord {
    return this.#memory.record;
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** A newer version of the pod was seen. Resolves after the look that takes it in. */
  async observe(pod: Pod): Promise<void> {
    this.#pod = pod;
    await this.#look();
  }

  /** Stops looking; the processes run on, for the next kubelet to adopt. */
  async release(): Promise<void> {
    this.#end.abort(new Error("the kubelet stops"));
    this.#cancelTimer();
    await this.#looking;
  }

  #poke(): void {
    if (this.#end.signal.aborted) return;
    this.#look().catch((error: unknown) => {
      this.#tools.log.warn("looking after a pod failed, trying again", {
        pod: this.#pod.metadata.name,
        error: errorText(error),
      });
      this.#wakeIn(retryMs);
    });
  }

  async #look(): Promise<void> {
    this.#isDirty = true;
    if (this.#end.signal.aborted) return;
    this.#looking ??= this.#lookUntilClean();
    await this.#looking;
  }

  async #lookUntilClean(): Promise<void> {
    try {
      while (this.#isDirty && !this.#end.signal.aborted) {
        this.#isDirty = false;
        await this.#lookOnce();
      }
    } finally {
      // At once with the last check: who comes a moment later begins a look of their own.
      this.#looking = undefined;
    }
  }

  async #lookOnce(): Promise<void> {
    if (!(await this.#isBound())) return;
    const { clock, timing } = this.#tools;
    const results = this.#results;
    this.#results = [];
    const facts = this.#facts();
    const seen = { pod: this.#pod, processes: facts, results, isDrained: this.#isDrained };
    const taken = step(this.#memory, seen, clock.now(), timing);
    this.#memory = taken.memory;
    this.#save();
    // The status first: endpoints drop the pod before it is told to stop.
    await this.#report();
    for (const action of taken.actions) await this.#carryOut(action);
    this.#wakeAt(Math.min(taken.wakeAtMs ?? Infinity, clock.now() + this.#pollMs(facts)));
  }

  /** A pod somebody created without a node is taken over before anything runs: only then does deletion wait for us. */
  async #isBound(): Promise<boolean> {
    if ((this.#pod.spec.nodeName ?? "") !== "") return true;
    const { store, nodeName, remember } = this.#tools;
    const body = { metadata: { uid: this.uid }, spec: { nodeName } };
    try {
      this.#pod = await store.patch<Pod>(refOf(this.#pod), { type: "merge", body });
    } catch (error) {
      if (isStoreError(error, "NotFound") || isStoreError(error, "Conflict")) return false;
      throw error;
    }
    remember(this.#pod);
    const { namespace = "", name } = this.#pod.metadata;
    await this.#tell(
      "Normal",
      "Scheduled",
      `Successfully assigned ${namespace}/${name} to ${nodeName}`,
    );
    return true;
  }

  #slot(container: string, attempt: number): Slot {
    return { podUid: this.uid, container, attempt };
  }

  #facts(): Readonly<Record<string, ProcessFact>> {
    const facts: Record<string, ProcessFact> = {};
    for (const { name } of allContainers(this.#pod)) {
      const { process, attempt, leftovers } = containerRecord(this.record, name);
      const isOver = process.kind === "none" || process.kind === "exited";
      if (isOver && leftovers === undefined) continue;
      const isPending = this.#launching.has(`${name}/${attempt}`);
      facts[name] = isPending
        ? { kind: "pending" }
        : this.#tools.processes.observe(this.#slot(name, attempt), {
            settle: process.kind === "starting",
          });
    }
    return facts;
  }

  /** Processes another kubelet started do not tell us when they end. */
  #pollMs(facts: Readonly<Record<string, ProcessFact>>): number {
    const kinds = Object.values(facts).map((fact) => fact.kind);
    if (kinds.includes("lingering")) return lingeringPollMs;
    const isAdopted = Object.entries(facts).some(([name, fact]) => {
      const { attempt } = containerRecord(this.record, name);
      return fact.kind === "running" && !this.#watched.has(`${name}/${attempt}`);
    });
    return isAdopted ? adoptedPollMs : Infinity;
  }

  #save(): void {
    const text = JSON.stringify(this.record);
    if (text === this.#savedRecord) return;
    this.#tools.save(this.record);
    this.#savedRecord = text;
  }

  async #report(): Promise<void> {
    const status = statusOf(this.#pod, this.record, this.#tools.clock.now());
    if (deepEqual(asJson(status), asJson(this.#pod.status ?? {}))) return;
    const ref = refOf(this.#pod);
    try {
      this.#pod = await this.#tools.store.update<Pod>(
        { ...this.#pod, status },
        { subresource: "status" },
      );
      this.#tools.remember(this.#pod);
    } catch (error) {
      if (isStoreError(error, "NotFound")) return;
      if (!isStoreError(error, "Conflict")) throw error;
      const newest = await this.#tools.store.get<Pod>(ref);
      if (newest?.metadata.uid === this.uid) this.#pod = newest;
      this.#isDirty = true;
    }
  }

  async #carryOut(action: Action): Promise<void> {
    switch (action.kind) {
      case "event":
        return this.#tell(action.type, action.reason, action.message);
      case "launch":
        this.#launch(action.container, action.attempt);
        return;
      case "terminate":
        this.#tools.processes.terminate(this.#slot(action.container, action.attempt));
        return;
      case "kill":
        this.#tools.processes.kill(this.#slot(action.container, action.attempt));
        return;
      case "hook":
      case "probe":
        this.#check(action);
        return;
      case "drain":
        this.#drain();
        return;
      case "remove":
        return this.#remove();
      default:
        return unreachable(action);
    }
  }

  #container(name: string): Container {
    const found = allContainers(this.#pod).find((each) => each.name === name);
    if (found === undefined)
      throw new Error(`pod ${this.#pod.metadata.name} has no container ${name}`);
    return found;
  }

  #launch(name: string, attempt: number): void {
    const key = `${name}/${attempt}`;
    this.#launching.add(key);
    this.#start(this.#container(name), attempt)
      .catch((error: unknown): Result => {
        const message = `container ${name}: it could not be started: ${errorText(error)}; it is tried again`;
        return {
          kind: "blocked",
          container: name,
          attempt,
          reason: "CreateContainerError",
          message,
        };
      })
      .then((result) => {
        this.#launching.delete(key);
        this.#results.push(result);
        this.#poke();
      })
      .catch((error: unknown) => this.#tools.log.error("launch", { error: errorText(error) }));
  }

  async #start(container: Container, attempt: number): Promise<Result> {
    const { processes, logRoot, followLog } = this.#tools;
    const { name } = container;
    await this.#assignPorts(container);
    const planned = await this.#plan(container);
    if (!planned.ok) {
      return {
        kind: "blocked",
        container: name,
        attempt,
        reason: planned.reason,
        message: planned.message,
      };
    }
    const { plan } = planned;
    const image = container.image ?? "";
    await this.#tell(
      "Normal",
      "Pulled",
      `Container image "${image}" is the directory ${plan.imageDirectory}`,
    );
    const owner = { namespace: this.record.namespace, pod: this.record.name, uid: this.uid };
    const launch = { ...plan, logFile: logFile(logRoot, owner, name, attempt) };
    this.#watched.add(`${name}/${attempt}`);
    if (this.#end.signal.aborted) throw new Error("the kubelet stops");
    await processes.launch(this.#slot(name, attempt), launch, () => this.#poke());
    followLog(launch.logFile);
    pruneAttempts(logRoot, owner, { container: name, keep: keptAttemptLogs });
    return { kind: "launched", container: name, attempt, imageId: `dir:${plan.imageDirectory}` };
  }

  async #plan(container: Container): ReturnType<typeof planLaunch> {
    const { images, source } = this.#tools;
    return planLaunch({ pod: this.#pod, container, ports: this.record.ports }, images(), source);
  }

  /** Ports are on record and on the pod before the process that listens there exists. */
  async #assignPorts(container: Container): Promise<void> {
    const { ports, store, remember } = this.#tools;
    const assigned = await ports.assign(this.uid, container, this.record.ports);
    this.#memory = { ...this.#memory, record: { ...this.record, ports: assigned } };
    this.#save();
    const text = JSON.stringify(assigned);
    if (
      Object.keys(assigned).length === 0 ||
      this.#pod.metadata.annotations?.[portsAnnotation] === text
    )
      return;
    const body = { metadata: { uid: this.uid, annotations: { [portsAnnotation]: text } } };
    const patched = await store.patch<Pod>(refOf(this.#pod), { type: "merge", body });
    remember(patched);
    this.#pod = patched;
  }

  #check(action: Extract<Action, { readonly kind: "hook" | "probe" }>): void {
    const container = this.#container(action.container);
    const isProbe = action.kind === "probe";
    const probe = isProbe ? probeOf(container, action.probe) : undefined;
    const what = isProbe ? probe : container.lifecycle?.[action.hook];
    const context: CheckContext = {
      container,
      ports: this.record.ports,
      plan: () => this.#planOrThrow(container),
      clock: this.#tools.clock,
    };
    const timeoutMs = isProbe ? (probe?.timeoutSeconds ?? 1) * 1000 : this.#hookTimeoutMs();
    void runCheck(what ?? {}, context, timeoutMs).then((answer) => {
      this.#results.push({ ...action, ...answer });
      this.#poke();
    });
  }

  #hookTimeoutMs(): number {
    return (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  async #planOrThrow(container: Container): Promise<LaunchPlan> {
    const planned = await this.#plan(container);
    if (planned.ok) return planned.plan;
    throw new Error(planned.message);
  }

  #drain(): void {
    this.#tools.drainGate
      .drained(this.#pod, this.#end.signal)
      .then(() => {
        this.#isDrained = true;
        this.#poke();
      })
      .catch((error: unknown) => {
        // The grace period still bounds the wait.
        if (!this.#end.signal.aborted)
          this.#tools.log.warn("draining failed", { error: errorText(error) });
      });
  }

  async #remove(): Promise<void> {
    if (this.#isRemovalAsked) return;
    this.#isRemovalAsked = true;
    try {
      const options = { gracePeriodSeconds: 0, preconditions: { uid: this.uid } };
      await this.#tools.store.delete(refOf(this.#pod), options);
    } catch (error) {
      if (isStoreError(error, "NotFound") || isStoreError(error, "Conflict")) return;
      this.#isRemovalAsked = false;
      throw error;
    }
  }

  /** Once per text and attempt: a probe that fails every second is one event, not thousands. */
  async #tell(type: "Normal" | "Warning", reason: string, message: string): Promise<void> {
    await this.#tools.events.record(this.#pod, { type, reason, message, cause: this.#attempts() });
  }

  #attempts(): string {
    return Object.values(this.record.containers)
      .map((each) => each.attempt)
      .join(",");
  }

  #wakeAt(atMs: number): void {
    this.#wakeIn(atMs - this.#tools.clock.now());
  }

  #wakeIn(delayMs: number): void {
    this.#cancelTimer();
    if (delayMs === Infinity || this.#end.signal.aborted) return;
    this.#cancelTimer = this.#tools.clock.after(delayMs, () => this.#poke());
  }
}
