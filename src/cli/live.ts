// Follows objects for a live view: says when anything in the scopes changed, and keeps going over
// broken watches until it is ended.
import { isStoreError, type ListScope, type ObjectStore } from "../objects/object-store.ts";
import { sleep, type Clock } from "../runtime/clock.ts";

const retryMs = 1000;

export interface Following {
  /** Aborted when the caller's signal is, when the time is up, and by `end`. */
  readonly signal: AbortSignal;
  /** Resolves when something has changed since the last call (true), after `atMostMs`, or at the end. */
  changed(atMostMs: number): Promise<boolean>;
  /** Waits the whole time, or to the end; what changes meanwhile is told by the next `changed`. */
  rest(ms: number): Promise<void>;
  /** Closes the watches; without it they keep the process alive. */
  end(): void;
}

export interface FollowOptions {
  readonly store: ObjectStore;
  readonly scopes: readonly ListScope[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Ends by itself after this long; 0 = never. */
  readonly timeoutMs?: number;
}

/** One list and its watch, until the server ends it. */
async function watchOnce(
  store: ObjectStore,
  scope: ListScope,
  signal: AbortSignal,
  onChange: () => void,
): Promise<void> {
  const { resourceVersion } = await store.list(scope, { limit: 1 });
  // What changed between two watches is seen by looking again.
  onChange();
  for await (const event of store.watch(scope, { resourceVersion, signal })) {
    if (event.type !== "BOOKMARK") onChange();
  }
}

/** Whether the wait was a whole one. */
async function waited(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(clock, ms, signal);
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}

async function followScope(
  { store, clock }: FollowOptions,
  scope: ListScope,
  signal: AbortSignal,
  onChange: () => void,
): Promise<void> {
  do {
    try {
      await watchOnce(store, scope, signal, onChange);
    } catch (error) {
      // A server that restarts must not end the view: it is asked again, after a pause.
      if (!signal.aborted && !isStoreError(error)) throw error;
    }
  } while (await waited(clock, retryMs, signal));
}

/** Watches all scopes. The caller must `end` it. */
export function follow(options: FollowOptions): Following {
  const { clock, scopes, timeoutMs = 0 } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const cancelTimeout =
    timeoutMs > 0 ? clock.after(timeoutMs, () => ending.abort()) : () => undefined;
  let isDirty = false;
  let failure: Error | undefined;
  let wake = (): void => undefined;
  const onChange = (): void => {
    isDirty = true;
    wake();
  };
  for (const scope of scopes) {
    followScope(options, scope, signal, onChange).catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
      onChange();
    });
  }
  signal.addEventListener("abort", () => wake(), { once: true });
  return {
    signal,
    async changed(atMostMs) {
      if (!isDirty && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(atMostMs, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
      wake = () => undefined;
      const wasDirty = isDirty;
      isDirty = false;
      if (failure !== undefined) throw failure;
      return wasDirty;
    },
    async rest(ms) {
      await waited(clock, ms, signal);
    },
    end() {
      cancelTimeout();
      ending.abort();
    },
  };
}
