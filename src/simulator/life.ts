// One life of the controllers under test: begun by a start, ended by a crash or a stop. After its
// end nothing of it happens any more: its timers are gone, its calls never return, its watches
// deliver nothing. What it has written stays.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import type { EpochMs } from "../lib/time.ts";
import type { ObjectStore, WatchEvent, WatchOptions, ListScope } from "../objects/object-store.ts";
import type { CancelTimer, Clock } from "../runtime/clock.ts";

/** Knows how many timers are still to fire, and can drop them all. */
export class CountingClock implements Clock {
  readonly #clock: Clock;
  readonly #cancels = new Set<CancelTimer>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.#cancels.size;
  }

  now(): EpochMs {
    return this.#clock.now();
  }

  after(delayMs: number, fire: () => void): CancelTimer {
    if (this.#isStopped) return () => undefined;
    const cancel = (): void => {
      cancelTimer();
      this.#cancels.delete(cancel);
    };
    const cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      fire();
    });
    this.#cancels.add(cancel);
    return cancel;
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of [...this.#cancels]) cancel();
  }
}

export class Life {
  /** Of timers that still have something to do. */
  readonly clock: CountingClock;
  /** Of full lists, which go on for ever. */
  readonly resyncClock: CountingClock;
  readonly #death = new AbortController();

  constructor(clock: Clock) {
    this.clock = new CountingClock(clock);
    this.resyncClock = new CountingClock(clock);
  }

  get signal(): AbortSignal {
    return this.#death.signal;
  }

  end(): void {
    this.clock.stop();
    this.resyncClock.stop();
    this.#death.abort(new Error("this life is over"));
  }
}

async function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/** The store as long as the life lasts. Calls that return after its end do not return at all. */
export function mortalStore(store: ObjectStore, life: Life): ObjectStore {
  const { signal } = life;
  const isOver = (): boolean => signal.aborted;
  const alive = async <T>(call: () => Promise<T>): Promise<T> => {
    if (isOver()) return never();
    try {
      const answer = await call();
      return await (isOver() ? never<T>() : answer);
    } catch (error) {
      if (isOver()) return never();
      throw error;
    }
  };
  return {
    get: async (ref) => alive(async () => store.get(ref)),
    list: async (scope, page) => alive(async () => store.list(scope, page)),
    create: async (object, options) => alive(async () => store.create(object, options)),
    update: async (object, options) => alive(async () => store.update(object, options)),
    patch: async <T extends KubeObject>(
      ...[ref, patch, options]: Parameters<ObjectStore["patch"]>
    ): Promise<T> => alive(async () => store.patch<T>(ref, patch, options)),
    delete: async (ref: ObjectRef, options) => alive(async () => store.delete(ref, options)),
    async *watch<T extends KubeObject>(
      scope: ListScope,
      options: WatchOptions,
    ): AsyncIterable<WatchEvent<T>> {
      const either = AbortSignal.any([signal, options.signal]);
      for await (const event of store.watch<T>(scope, { ...options, signal: either })) {
        if (isOver()) break;
        yield event;
      }
      if (isOver()) await never();
    },
  };
}
