// objects/faulty: a store in front of another that fails as told. For tests and fault plans: the
// n-th write is refused, lost after it was committed, or the process's last; the n-th event of all
// watches never arrives or arrives late; the n-th list shows an older state. Counts begin at 1 and
// run on over all stores that share the same `counts`, so that one number names one fault.
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { EpochMs } from "../../lib/time.ts";
import { sleep } from "../../runtime/clock.ts";
import {
  StoreError,
  type ListPage,
  type ListScope,
  type ObjectList,
  type ObjectStore,
  type WatchEvent,
  type WatchOptions,
} from "../object-store.ts";

export const writeFaults = [
  "conflict",
  "internalError",
  "timeoutAfterCommit",
  "crashBeforeCommit",
  "crashAfterCommit",
  "rivalAfterCommit",
] as const;
export type WriteFault = (typeof writeFaults)[number];

export type EventFault =
  { readonly kind: "lost" } | { readonly kind: "late"; readonly byMs: number };

/** What goes wrong, and when; a question that is absent is never answered with a fault. */
export interface FaultPlan {
  readonly write?: (nth: number, nowMs: EpochMs) => WriteFault | undefined;
  readonly event?: (nth: number, nowMs: EpochMs) => EventFault | undefined;
  /** By how many versions the list is behind. */
  readonly list?: (nth: number, nowMs: EpochMs) => number | undefined;
}

/** How much has been asked so far. */
export interface FaultCounts {
  writes: number;
  events: number;
  lists: number;
}

export interface FaultyStoreOptions {
  readonly plan: FaultPlan;
  readonly clock: Clock;
  readonly counts: FaultCounts;
  /** Called at a crash; the write that crashed never answers. */
  readonly crash: () => void;
  /** Called when another process takes over while this one goes on. */
  readonly rival?: () => void;
}

export function noCounts(): FaultCounts {
  return { writes: 0, events: 0, lists: 0 };
}

async function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

class FaultyStore implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #options: FaultyStoreOptions;
  /** After its crash a process asks nothing more, and hears no answer to what it had asked. */
  #isDead = false;

  constructor(store: ObjectStore, options: FaultyStoreOptions) {
    this.#store = store;
    this.#options = options;
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    if (this.#isDead) return never();
    return this.#store.get<T>(ref);
  }

  async list<T extends KubeObject>(scope: ListScope, page: ListPage = {}): Promise<ObjectList<T>> {
    if (this.#isDead) return never();
    const { plan, counts, clock } = this.#options;
    counts.lists += 1;
    const behind = plan.list?.(counts.lists, clock.now());
    const list = await this.#store.list<T>(scope, page);
    if (behind === undefined || page.continueToken !== undefined) return list;
    const atVersion = Math.max(1, Number(list.resourceVersion) - behind);
    return this.#store.list<T>(scope, { ...page, atVersion: String(atVersion) });
  }

  create: ObjectStore["create"] = async (object, options) =>
    this.#write(async () => this.#store.create(object, options));

  update: ObjectStore["update"] = async (object, options) =>
    this.#write(async () => this.#store.update(object, options));

  async patch<T extends KubeObject>(
    ...[ref, patch, options]: Parameters<ObjectStore["patch"]>
  ): Promise<T> {
    return this.#write(async () => this.#store.patch<T>(ref, patch, options));
  }

  delete: ObjectStore["delete"] = async (ref, options) =>
    this.#write(async () => this.#store.delete(ref, options));

  async *watch<T extends KubeObject>(
    scope: ListScope,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>> {
    const { plan, counts, clock } = this.#options;
    for await (const event of this.#store.watch<T>(scope, options)) {
      if (this.#isDead) return;
      if (event.type !== "BOOKMARK") counts.events += 1;
      const fault =
        event.type === "BOOKMARK" ? undefined : plan.event?.(counts.events, clock.now());
      if (fault?.kind === "lost") continue;
      // Later events wait behind this one: their order is kept.
      if (fault?.kind === "late") await sleepUnlessAborted(clock, fault.byMs, options.signal);
      yield event;
    }
  }

  async #write<T>(commit: () => Promise<T>): Promise<T> {
    if (this.#isDead) return never();
    const { plan, counts, clock } = this.#options;
    counts.writes += 1;
    const fault = plan.write?.(counts.writes, clock.now());
    switch (fault) {
      case undefined:
        return commit();
      case "conflict":
        throw new StoreError("Conflict", "the object has been modified (fault plan)");
      case "internalError":
        throw new StoreError("InternalError", "the server failed before it wrote (fault plan)");
      case "timeoutAfterCommit":
        await commit();
        throw new StoreError(
          "Timeout",
          "the server wrote, but did not answer in time (fault plan)",
        );
      case "crashBeforeCommit":
        return this.#die();
      case "crashAfterCommit":
        await commit();
        return this.#die();
      case "rivalAfterCommit": {
        const answer = await commit();
        this.#options.rival?.();
        return answer;
      }
    }
  }

  /** A process dies once, also when two of its writes were to be its last. */
  async #die(): Promise<never> {
    if (!this.#isDead) {
      this.#isDead = true;
      this.#options.crash();
    }
    return never();
  }
}

async function sleepUnlessAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(clock, ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

export function faultyStore(store: ObjectStore, options: FaultyStoreOptions): ObjectStore {
  return new FaultyStore(store, options);
}
