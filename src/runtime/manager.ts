// Holds the caches and controllers of one process: caches first, controllers once all are synced.
import { setMaxListeners } from "node:events";
import type { LabelSelector } from "../api/meta/label-selector.ts";
import { apiVersionOf, type KubeObject } from "../api/meta/object.ts";
import { resourceTypeOf, type ResourceType } from "../api/resources.ts";
import type { ListScope, ObjectStore } from "../objects/object-store.ts";
import { Cache } from "./cache.ts";
import type { Clock } from "./clock.ts";
import { ControllerLoop, type Controller, type ControllerObserver } from "./controller.ts";
import type { Logger } from "./log.ts";
import type { WorkQueue } from "./work-queue.ts";

/** How much of a kind a cache keeps. */
export interface CachePolicy {
  /** Only objects with these labels. */
  readonly labelSelector?: LabelSelector;
  /** Nothing is listed before somebody calls the cache's `ready()`. */
  readonly isOnDemand?: boolean;
}

export interface ManagerOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Watch one namespace only. */
  readonly namespace?: string;
  /** How often caches list everything again; default 10 minutes. */
  readonly resyncMs?: number;
  /** Default `clock`; the simulator tells these timers from those that still have something to do. */
  readonly resyncClock?: Clock;
  readonly observer?: ControllerObserver;
  /**
   * What is kept of a kind; without it everything of every kind is. `use` tells several caches of one
   * kind apart, see `cache`.
   */
  readonly policyOf?: (apiVersion: string, kind: string, use: string) => CachePolicy;
}

interface KeptCache {
  readonly cache: Cache<KubeObject>;
  readonly isOnDemand: boolean;
  run: (() => void) | undefined;
}

const defaultResyncMs = 600_000;

export class Manager {
  readonly #options: ManagerOptions;
  readonly #caches = new Map<string, KeptCache>();
  readonly #loops: ControllerLoop[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>[] = [];

  constructor(options: ManagerOptions) {
    this.#options = options;
    // Every cache and every loop listens; that is no leak, whatever their number.
    setMaxListeners(0, this.#stop.signal);
  }

  /**
   * The one cache of a kind, shared by everybody who asks for the same `use`. Call before `start`.
   * Where everything is kept anyhow, all uses share one.
   */
  cache<T extends KubeObject>(apiVersion: string, kind: string, use = ""): Cache<T> {
    const isDivided = this.#options.policyOf !== undefined && use !== "";
    const key = `${apiVersion} ${kind}${isDivided ? ` ${use}` : ""}`;
    const kept = this.#caches.get(key) ?? this.#keep(apiVersion, kind, use);
    this.#caches.set(key, kept);
    return kept.cache as unknown as Cache<T>;
  }

  #keep(apiVersion: string, kind: string, use: string): KeptCache {
    const { store, clock, resyncClock = clock, log, namespace, policyOf } = this.#options;
    const { resyncMs = defaultResyncMs } = this.#options;
    const { labelSelector, isOnDemand = false } = policyOf?.(apiVersion, kind, use) ?? {};
    const scope: ListScope = {
      apiVersion,
      kind,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    };
    const onNeed = (): void => {
      const { run } = kept;
      kept.run = undefined;
      run?.();
    };
    const cache = new Cache<KubeObject>({
      store,
      scope,
      clock,
      resyncClock,
      log,
      resyncMs,
      onNeed,
    });
    const kept: KeptCache = { cache, isOnDemand, run: undefined };
    return kept;
  }

  /** The cache of a kind if somebody asked for one before. */
  knownCache(apiVersion: string, kind: string): Cache<KubeObject> | undefined {
    return this.#caches.get(`${apiVersion} ${kind}`)?.cache;
  }

  cacheOf<T extends KubeObject>(type: ResourceType): Cache<T> {
    return this.cache<T>(apiVersionOf(type), type.kind);
  }

  add(controller: Controller): void {
    const { clock, log, observer } = this.#options;
    this.#loops.push(new ControllerLoop(controller, clock, log, observer));
  }

  /** Resolves once the caches are synced (those on demand aside) and the controllers run. */
  async start(): Promise<void> {
    const { signal } = this.#stop;
    const kept = [...this.#caches.values()];
    for (const each of kept) this.#prepare(each, signal);
    const eager = kept.filter(({ isOnDemand }) => !isOnDemand);
    const synced = Promise.all(
      eager.map(async ({ cache }) => {
        await cache.ready();
        await cache.synced;
      }),
    );
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([synced, stopped]);
    for (const loop of this.#loops) this.#running.push(loop.run(signal));
  }

  /** One that covers no namespace is not asked for where we are confined to one. */
  #prepare(kept: KeptCache, signal: AbortSignal): void {
    const { apiVersion, kind } = kept.cache.scope;
    const isConfined = this.#options.namespace !== undefined;
    if (isConfined && resourceTypeOf(apiVersion, kind)?.namespaced === false) {
      kept.cache.stayEmpty();
      return;
    }
    kept.run = () => {
      this.#running.push(kept.cache.run(signal));
    };
  }

  /** The queue of each controller, by its name. */
  queues(): readonly (readonly [controller: string, queue: WorkQueue])[] {
    return this.#loops.map((loop) => [loop.name, loop.queue]);
  }

  /** No key is ready or in work; keys that wait for a time do not count. */
  get isIdle(): boolean {
    return this.#loops.every((loop) => loop.queue.isIdle);
  }

  /** Lets passes under way end, then resolves. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    await Promise.all(this.#running);
  }
}
