// Holds the caches and controllers of one process: caches first, controllers once all are synced.
import { setMaxListeners } from "node:events";
import { apiVersionOf, type KubeObject } from "../api/meta/object.ts";
import type { ResourceType } from "../api/resources.ts";
import type { ListScope, ObjectStore } from "../objects/object-store.ts";
import { Cache } from "./cache.ts";
import type { Clock } from "./clock.ts";
import { ControllerLoop, type Controller, type ControllerObserver } from "./controller.ts";
import type { Logger } from "./log.ts";

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
}

const defaultResyncMs = 600_000;

export class Manager {
  readonly #options: ManagerOptions;
  readonly #caches = new Map<string, Cache<KubeObject>>();
  readonly #loops: ControllerLoop[] = [];
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: ManagerOptions) {
    this.#options = options;
    // Every cache and every loop listens; that is no leak, whatever their number.
    setMaxListeners(0, this.#stop.signal);
  }

  /** The one cache of a kind, shared by everybody who asks. Call before `start`. */
  cache<T extends KubeObject>(apiVersion: string, kind: string): Cache<T> {
    const key = `${apiVersion} ${kind}`;
    const {
      store,
      clock,
      resyncClock = clock,
      log,
      namespace,
      resyncMs = defaultResyncMs,
    } = this.#options;
    const scope: ListScope = {
      apiVersion,
      kind,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const cache =
      this.#caches.get(key) ??
      new Cache<KubeObject>({ store, scope, clock, resyncClock, log, resyncMs });
    this.#caches.set(key, cache);
    return cache as unknown as Cache<T>;
  }

  /** The cache of a kind if somebody asked for one before. */
  knownCache(apiVersion: string, kind: string): Cache<KubeObject> | undefined {
    return this.#caches.get(`${apiVersion} ${kind}`);
  }

  cacheOf<T extends KubeObject>(type: ResourceType): Cache<T> {
    return this.cache<T>(apiVersionOf(type), type.kind);
  }

  add(controller: Controller): void {
    const { clock, log, observer } = this.#options;
    this.#loops.push(new ControllerLoop(controller, clock, log, observer));
  }

  /** Resolves once the caches are synced and the controllers run. */
  async start(): Promise<void> {
    const { signal } = this.#stop;
    const caches = [...this.#caches.values()];
    const watching = Promise.all(caches.map(async (cache) => cache.run(signal)));
    this.#running = watching;
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([Promise.all(caches.map(async (cache) => cache.synced)), stopped]);
    const working = this.#loops.map(async (loop) => loop.run(signal));
    this.#running = Promise.all([watching, ...working]);
  }

  /** No key is ready or in work; keys that wait for a time do not count. */
  get isIdle(): boolean {
    return this.#loops.every((loop) => loop.queue.isIdle);
  }

  /** Lets passes under way end, then resolves. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"));
    await this.#running;
  }
}
