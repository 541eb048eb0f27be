// Looks after one pod: asks the supervisor what is next, writes the record, carries the actions out,
// reports the status. One look at a time; whatever happens meanwhile leads to another one.
import type { Container, Pod } from "../../api/kubernetes/pod.ts";
import { refOf } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { unreachable } from "../../lib/invariant.ts";
import { isStoreError } from "../../objects/object-store.ts";
import type { CancelTimer } from "../../runtime/clock.ts";
import { errorText } from "../../runtime/log.ts";
import { checkContainer, startContainer } from "./container-start.ts";
import type { Slot } from "./process/container-process.ts";
import { allContainers, containerRecord, freshRecord } from "./supervisor/record.ts";
import type { Action, PodMemory, PodRecord, ProcessFact, Result } from "./supervisor/record.ts";
import { statusOf } from "./supervisor/status.ts";
import { step } from "./supervisor/step.ts";
import type { PodInCare, WorkerTools } from "./worker-tools.ts";

const adoptedPollMs = 500;
const lingeringPollMs = 100;
const retryMs = 1_000;

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
  /** Decided and on record, but not begun yet: the status could not be written, or one before failed. */
  #undone: Action[] = [];
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
    };
    this.#savedRecord = JSON.stringify(record);
    this.#care = this.#careFor();
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
    const facts = this.#facts();
    const seen = {
      pod: this.#pod,
      processes: facts,
      results: this.#results,
      isDrained: this.#isDrained,
    };
    const taken = step(this.#memory, seen, clock.now(), timing);
    // On disk first: where it cannot be written nothing was decided, and the next look decides again.
    this.#save(taken.memory.record);
    this.#memory = taken.memory;
    this.#results = [];
    this.#undone.push(...taken.actions);
    // The status first: endpoints drop the pod before it is told to stop.
    await this.#report();
    await this.#carryOutAll();
    this.#wakeAt(Math.min(taken.wakeAtMs ?? Infinity, clock.now() + this.#pollMs(facts)));
  }

  async #carryOutAll(): Promise<void> {
    for (let action = this.#undone.shift(); action !== undefined; action = this.#undone.shift())
      await this.#carryOut(action);
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

  #save(record: PodRecord): void {
    const text = JSON.stringify(record);
    if (text === this.#savedRecord) return;
    this.#tools.save(record);
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
        this.#begin(checkContainer(action, this.#container(action.container), this.#workplace));
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

  get #workplace(): { readonly care: PodInCare; readonly tools: WorkerTools } {
    return { care: this.#care, tools: this.#tools };
  }

  readonly #care: PodInCare;

  #careFor(): PodInCare {
    const pod = (): Pod => this.#pod;
    const record = (): PodRecord => this.record;
    return {
      get pod() {
        return pod();
      },
      get record() {
        return record();
      },
      signal: this.#end.signal,
      recordPorts: (ports) => {
        this.#save({ ...this.record, ports });
        this.#memory = { ...this.#memory, record: { ...this.record, ports } };
      },
      replace: (newer) => {
        this.#pod = newer;
      },
      tell: async (type, reason, message) => this.#tell(type, reason, message),
    };
  }

  #launch(name: string, attempt: number): void {
    const key = `${name}/${attempt}`;
    this.#launching.add(key);
    this.#watched.add(key);
    const start = { container: this.#container(name), attempt, onExit: () => this.#poke() };
    const started = startContainer(start, this.#care, this.#tools);
    this.#begin(started.finally(() => this.#launching.delete(key)));
  }

  /** What takes longer than a look leads to another one when it is done. */
  #begin(work: Promise<Result>): void {
    void work.then((result) => {
      this.#results.push(result);
      this.#poke();
    });
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
