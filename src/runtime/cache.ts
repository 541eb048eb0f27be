// A view of one kind, kept by list and watch. It may be stale and an event may be lost: nothing
// may depend on having seen one. A full list every `resyncMs` repairs whatever was missed.
import { controllerOf, type KubeObject } from "../api/meta/object.ts";
import { selectorMatches } from "../api/meta/label-selector.ts";
import { isStoreError, type ListScope, type ObjectStore } from "../objects/object-store.ts";
import { sleep, type Clock } from "./clock.ts";
import { errorText, type Logger } from "./log.ts";

export interface Change<T extends KubeObject> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

export type ChangeHandler<T extends KubeObject> = (change: Change<T>) => void;

export interface CacheOptions {
  readonly store: ObjectStore;
  readonly scope: ListScope;
  readonly clock: Clock;
  readonly log: Logger;
  readonly resyncMs: number;
  /** Keeps the time of resyncs where they must not count as work to come; default `clock`. */
  readonly resyncClock?: Clock;
  /** Called when somebody needs the cache, as often as that is; the manager starts it then. */
  readonly onNeed?: () => void;
}

/** How many deleted objects are remembered, so that a late answer to our own write cannot bring one back. */
const tombstoneLimit = 4096;
/** The server or the way to it is down for a while; what it knows is still good. */
const passingReasons = ["ServiceUnavailable", "Timeout", "TooManyRequests"] as const;
const firstRetryMs = 100;
const longestRetryMs = 10_000;
/** A kind that is not served, or not to us, may be one day; asking is all we can do. */
const refusedRetryMs = 30_000;
/** A server that has just started may not know all its kinds yet: what was there is kept so long. */
const unservedAfterMs = 60_000;

export function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** A uid never comes back: what was deleted under it stays deleted, whatever is heard of it later. */
function tombstoneOf(object: KubeObject): string {
  return `${object.metadata.uid ?? ""} ${keyOf(object)}`;
}

function versionOf(object: KubeObject): bigint {
  const version = object.metadata.resourceVersion ?? "";
  return /^\d+$/.test(version) ? BigInt(version) : 0n;
}

export class Cache<T extends KubeObject> {
  readonly #options: CacheOptions;
  readonly #objects = new Map<string, T>();
  readonly #byOwner = new Map<string, Map<string, T>>();
  readonly #tombstones = new Set<string>();
  readonly #handlers: ChangeHandler<T>[] = [];
  /** Up to where watches have told; the next one goes on from here. */
  #toldVersion = "";
  #markSynced: () => void = () => undefined;
  /** Resolves after the first complete list. */
  readonly synced: Promise<void> = new Promise((resolve) => {
    this.#markSynced = resolve;
  });
  #markSettled: () => void = () => undefined;
  /** Resolves after the first list, complete or refused, or when the cache is stopped. */
  readonly #settled: Promise<void> = new Promise((resolve) => {
    this.#markSettled = resolve;
  });
  #isServed = false;
  #staysEmpty = false;
  #unservedSinceMs: number | undefined;
  #reported = "";

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  get scope(): ListScope {
    return this.#options.scope;
  }

  /** Whether it knows all objects of its kind, so that one it does not know does not exist. */
  get isWhole(): boolean {
    const { labelSelector, fieldSelector, fieldExclusions } = this.#options.scope;
    const selectors = [labelSelector, fieldSelector, fieldExclusions];
    return this.#isServed && selectors.every((selector) => selector === undefined);
  }

  /** Starts a cache that is kept only on demand. Resolves once it has listed, or was refused. */
  async ready(): Promise<void> {
    this.#options.onNeed?.();
    if (!this.#isServed) await this.#settled;
  }

  /** For a kind that must not be asked for: there is nothing of it. */
  stayEmpty(): void {
    this.#staysEmpty = true;
    this.#isServed = true;
    this.#markSynced();
    this.#markSettled();
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  /**
   * Whether the store has an object that belongs in this view and is not in it yet. `live`: the store
   * without a cache in front. Says no where only the server knows what belongs in the view.
   */
  async isBehind(
    namespace: string,
    name: string,
    live: Pick<ObjectStore, "get">,
  ): Promise<boolean> {
    const { apiVersion, kind, labelSelector, fieldSelector, fieldExclusions } = this.scope;
    const canTell = this.#isServed && !this.#staysEmpty && !fieldSelector && !fieldExclusions;
    if (!canTell || this.get(namespace, name)) return false;
    const object = await live.get({ apiVersion, kind, namespace, name });
    if (!object) return false;
    return labelSelector === undefined || selectorMatches(labelSelector, object.metadata.labels);
  }

  list(namespace?: string): readonly T[] {
    const all = [...this.#objects.values()];
    return namespace === undefined
      ? all
      : all.filter((object) => object.metadata.namespace === namespace);
  }

  /** Objects whose controller reference has this uid. */
  ownedBy(uid: string | undefined): readonly T[] {
    return [...(this.#byOwner.get(uid ?? "")?.values() ?? [])];
  }

  onChange(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler);
  }

  /** Takes over what our own write returned, so that the next pass does not decide on an older view. */
  remember(object: T): void {
    const known = this.#objects.get(keyOf(object));
    if (known && versionOf(known) >= versionOf(object)) return;
    if (this.#tombstones.has(tombstoneOf(object))) return;
    this.#set(object);
  }

  /** Lists and watches until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let retryMs = firstRetryMs;
    while (!signal.aborted) {
      const startedMs = clock.now();
      try {
        const resourceVersion = await this.#relist();
        await this.#watchUntilResync(resourceVersion, signal);
      } catch (error) {
        // What went well for a while may begin with short pauses again.
        if (clock.now() - startedMs > longestRetryMs) retryMs = firstRetryMs;
        const isRefused = this.#noteRefusal(error);
        const waitMs = isRefused ? refusedRetryMs : retryMs;
        this.#report(error, waitMs, signal);
        await this.#pause(waitMs, signal);
        retryMs = isRefused ? firstRetryMs : Math.min(longestRetryMs, retryMs * 2);
      }
    }
    this.#markSettled();
  }

  /** The kind is not served, or not to us. Whoever waits for it must not wait for ever. */
  #noteRefusal(error: unknown): boolean {
    const isRefused = isStoreError(error, "NotFound") || isStoreError(error, "Forbidden");
    if (!isRefused) return false;
    const { clock } = this.#options;
    this.#unservedSinceMs ??= clock.now();
    const isOver = clock.now() - this.#unservedSinceMs >= unservedAfterMs;
    if (isOver || !this.#isServed) {
      this.#isServed = false;
      if (isStoreError(error, "NotFound")) this.#dropAll();
    }
    this.#markSettled();
    return true;
  }

  /** Not buried: should the kind be served again, they may still be there. */
  #dropAll(): void {
    for (const key of [...this.#objects.keys()]) this.#remove(key);
  }

  /** The same trouble is told once, until all is well again. */
  #report(error: unknown, retryMs: number, signal: AbortSignal): void {
    if (signal.aborted || isStoreError(error, "Expired")) return;
    const text = errorText(error);
    const level = text === this.#reported ? "debug" : "warn";
    this.#reported = text;
    const { kind, apiVersion } = this.scope;
    this.#options.log[level]("watch ended, trying again", {
      kind,
      apiVersion,
      retryMs,
      error: text,
    });
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await sleep(this.#options.clock, ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #relist(): Promise<string> {
    const { store, scope } = this.#options;
    const seen = new Set<string>();
    let continueToken: string | undefined;
    let resourceVersion: string;
    do {
      const page = await store.list<T>(scope, {
        limit: 500,
        ...(continueToken ? { continueToken } : {}),
      });
      for (const object of page.items) {
        seen.add(keyOf(object));
        this.remember(object);
      }
      ({ continueToken, resourceVersion } = page);
    } while (continueToken);
    const upTo = /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : undefined;
    for (const [key, object] of [...this.#objects]) {
      const isNewerThanList = upTo !== undefined && versionOf(object) > upTo;
      if (seen.has(key) || isNewerThanList) continue;
      this.#bury(object);
      this.#remove(key);
    }
    this.#isServed = true;
    this.#unservedSinceMs = undefined;
    this.#markSynced();
    this.#markSettled();
    return resourceVersion;
  }

  /** Goes on from one watch to the next until a resync is due, or the store reports an error. */
  async #watchUntilResync(from: string, signal: AbortSignal): Promise<void> {
    const resync = new AbortController();
    const { clock, resyncClock = clock, resyncMs } = this.#options;
    const cancel = resyncClock.after(resyncMs, () => resync.abort());
    const either = AbortSignal.any([signal, resync.signal]);
    this.#toldVersion = from;
    let retryMs = firstRetryMs;
    try {
      while (!either.aborted) {
        const startedMs = clock.now();
        await this.#followOnce(retryMs, either);
        if (clock.now() - startedMs > longestRetryMs) retryMs = firstRetryMs;
        await this.#pause(retryMs, either);
        retryMs = Math.min(longestRetryMs, retryMs * 2);
      }
    } catch (error) {
      if (!either.aborted) throw error;
    } finally {
      cancel();
    }
  }

  /** A watch whose connection broke is taken up where it ended; only other failures need a new list. */
  async #followOnce(retryMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#follow(signal);
    } catch (error) {
      const isPassing = passingReasons.some((reason) => isStoreError(error, reason));
      if (!isPassing) throw error;
      this.#report(error, retryMs, signal);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const options = { resourceVersion: this.#toldVersion, signal };
    for await (const event of this.#options.store.watch<T>(this.scope, options)) {
      this.#reported = "";
      if (event.type === "BOOKMARK") {
        this.#toldVersion = event.resourceVersion;
        continue;
      }
      if (event.type === "DELETED") this.#removeVersion(event.object);
      else this.remember(event.object);
      this.#toldVersion = event.object.metadata.resourceVersion ?? this.#toldVersion;
    }
  }

  #removeVersion(object: T): void {
    this.#bury(object);
    const known = this.#objects.get(keyOf(object));
    if (known && known.metadata.uid !== object.metadata.uid) return;
    this.#remove(keyOf(object));
  }

  #bury(object: T): void {
    this.#tombstones.add(tombstoneOf(object));
    const [oldest] = this.#tombstones;
    if (this.#tombstones.size > tombstoneLimit && oldest !== undefined)
      this.#tombstones.delete(oldest);
  }

  #set(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before) this.#unindex(key, before);
    this.#objects.set(key, object);
    const owner = controllerOf(object)?.uid;
    if (owner !== undefined) {
      const owned = this.#byOwner.get(owner) ?? new Map<string, T>();
      owned.set(key, object);
      this.#byOwner.set(owner, owned);
    }
    this.#tell({ before, after: object });
  }

  #remove(key: string): void {
    const before = this.#objects.get(key);
    if (!before) return;
    this.#unindex(key, before);
    this.#objects.delete(key);
    this.#tell({ before, after: undefined });
  }

  #unindex(key: string, object: T): void {
    const owner = controllerOf(object)?.uid;
    const owned = owner === undefined ? undefined : this.#byOwner.get(owner);
    owned?.delete(key);
    if (owner !== undefined && owned?.size === 0) this.#byOwner.delete(owner);
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) handler(change);
  }
}
