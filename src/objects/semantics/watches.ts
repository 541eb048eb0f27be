// Watches: each watcher is a position in the history. It reads on from there when its consumer asks
// and sleeps when there is nothing more; a consumer that is slower than the history is long gets
// Expired, as from Kubernetes. Nothing here uses timers but the optional bookmark interval.
import type { KubeObject } from "../../api/meta/object.ts";
import type { CancelTimer, Clock } from "../../runtime/clock.ts";
import type { ListScope, WatchEvent, WatchOptions } from "../object-store.ts";
import { expired } from "./errors.ts";
import type { History } from "./history.ts";
import { immutable } from "./immutable.ts";
import { predicateOf, type Predicate } from "./selection.ts";
import { kindKeyOf, type Change, type Stored } from "./stored.ts";

export interface Watches {
  open<T extends KubeObject>(scope: ListScope, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Called after a change is in the history. */
  wake(change: Change): void;
  /** Ends every watch; used when the store closes. */
  endAll(error: Error | undefined): void;
}

export interface WatchSources {
  readonly history: History;
  readonly clock: Clock;
  /** The present objects of a scope, for watches that begin without a version. */
  readonly current: (scope: ListScope) => readonly Stored[];
  /** A bookmark after this long, also when nothing changed; absent: only every `bookmarkEveryChanges`. */
  readonly bookmarkEveryMs: number | undefined;
  /** A quiet watcher is told the version after so many changes elsewhere, so that it can resume. */
  readonly bookmarkEveryChanges: number;
}

type Event = WatchEvent<KubeObject>;

/** After which version a watcher goes on, and what it tells before. */
interface Start {
  readonly position: number;
  readonly initial: readonly Event[];
}

/** A deleted object, or one that left the selection, carries the version at which that happened. */
function departed(object: Stored, version: number): Stored {
  const metadata = { ...object.metadata, resourceVersion: String(version) };
  return immutable({ ...object, metadata }) as Stored;
}

/** What a change means to somebody who sees only what passes the predicate. */
export function eventFor(change: Change, passes: Predicate | undefined): Event | undefined {
  const { object, previous, type, version } = change;
  if (passes === undefined) return { type, object };
  const before = previous !== undefined && type !== "ADDED" && passes(previous);
  const after = type !== "DELETED" && passes(object);
  if (after) return { type: before ? "MODIFIED" : "ADDED", object };
  if (!before) return undefined;
  return { type: "DELETED", object: type === "DELETED" ? object : departed(previous, version) };
}

class Watcher {
  readonly #kindKey: string;
  readonly #sources: WatchSources;
  readonly #passes: Predicate | undefined;
  readonly #pending: Event[];
  #position: number;
  #told: number;
  #waiting: ((result: IteratorResult<Event>) => void) | undefined;
  #rejectWaiting: ((error: Error) => void) | undefined;
  #ended = false;
  #error: Error | undefined;
  #bookmarkTimer: CancelTimer | undefined;
  readonly #onEnd: () => void;

  constructor(sources: WatchSources, scope: ListScope, start: Start, onEnd: () => void) {
    this.#kindKey = kindKeyOf(scope);
    this.#sources = sources;
    this.#passes = predicateOf(scope);
    this.#pending = [...start.initial];
    this.#position = start.position;
    this.#told = start.position;
    this.#onEnd = onEnd;
    this.#scheduleBookmark();
  }

  #scheduleBookmark(): void {
    const { bookmarkEveryMs, clock } = this.#sources;
    if (bookmarkEveryMs === undefined) return;
    this.#bookmarkTimer = clock.after(bookmarkEveryMs, () => {
      this.#scheduleBookmark();
      this.#bookmark();
    });
  }

  /** Only a watcher that waits has seen everything up to now; one that does not will see events. */
  #bookmark(): void {
    if (this.#waiting === undefined) return;
    this.#position = this.#sources.history.version();
    this.#told = this.#position;
    this.#answer({ type: "BOOKMARK", resourceVersion: String(this.#position) });
  }

  #answer(event: Event): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#rejectWaiting = undefined;
    waiting?.({ value: event, done: false });
  }

  /** A change of this watcher's kind. While it waits it has missed nothing, however old its position is. */
  wake(change: Change): void {
    if (this.#waiting === undefined) return;
    this.#position = change.version;
    const event = eventFor(change, this.#passes);
    if (event) this.#tell(change.version, event);
  }

  #tell(version: number, event: Event): void {
    this.#told = version;
    this.#answer(event);
  }

  wakeIfBehind(version: number): void {
    if (version - this.#told >= this.#sources.bookmarkEveryChanges) this.#bookmark();
  }

  #readOn(): Event | undefined {
    const { history } = this.#sources;
    if (this.#position < history.floor()) {
      throw expired(`too old resource version: ${this.#position} (${history.floor()})`);
    }
    while (this.#position < history.version()) {
      this.#position += 1;
      const change = history.at(this.#position);
      if (change === undefined || kindKeyOf(change.object) !== this.#kindKey) continue;
      const event = eventFor(change, this.#passes);
      if (event) {
        this.#told = change.version;
        return event;
      }
    }
    return undefined;
  }

  async next(): Promise<IteratorResult<Event>> {
    if (this.#error) {
      const error = this.#error;
      this.#error = undefined;
      throw error;
    }
    if (this.#ended) return { value: undefined, done: true };
    const event = this.#pending.shift() ?? this.#readOnOrEnd();
    if (event) return { value: event, done: false };
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#rejectWaiting = reject;
    });
  }

  #readOnOrEnd(): Event | undefined {
    try {
      return this.#readOn();
    } catch (error) {
      this.end(undefined);
      throw error;
    }
  }

  end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#bookmarkTimer?.();
    this.#onEnd();
    const resolve = this.#waiting;
    const reject = this.#rejectWaiting;
    this.#waiting = undefined;
    this.#rejectWaiting = undefined;
    if (resolve === undefined) this.#error = error;
    else if (error) reject?.(error);
    else resolve({ value: undefined, done: true });
  }
}

export function createWatches(sources: WatchSources): Watches {
  const byKind = new Map<string, Set<Watcher>>();

  function startOf(scope: ListScope, wanted: string): Start {
    const { history } = sources;
    if (wanted === "" || wanted === "0") {
      const initial = sources.current(scope).map((object): Event => ({ type: "ADDED", object }));
      return { position: history.version(), initial };
    }
    const position = Number(wanted);
    if (!Number.isSafeInteger(position) || position < history.floor()) {
      throw expired(`too old resource version: ${wanted} (${history.floor()})`);
    }
    if (position > history.version()) {
      // Kubernetes would let the client wait; here it only happens after the data were replaced.
      throw expired(`too large resource version: ${wanted}, current: ${history.version()}`);
    }
    return { position, initial: [] };
  }

  function start(scope: ListScope, options: WatchOptions): Watcher {
    const { position, initial } = startOf(scope, options.resourceVersion);
    const kindKey = kindKeyOf(scope);
    const watchers = byKind.get(kindKey) ?? new Set<Watcher>();
    byKind.set(kindKey, watchers);
    const watcher = new Watcher(sources, scope, { position, initial }, () => {
      watchers.delete(watcher);
      options.signal.removeEventListener("abort", stop);
    });
    const stop = (): void => watcher.end(undefined);
    watchers.add(watcher);
    if (options.signal.aborted) watcher.end(undefined);
    else options.signal.addEventListener("abort", stop, { once: true });
    return watcher;
  }

  return {
    open<T extends KubeObject>(
      scope: ListScope,
      options: WatchOptions,
    ): AsyncIterable<WatchEvent<T>> {
      return {
        [Symbol.asyncIterator](): AsyncIterator<WatchEvent<T>, undefined> {
          let watcher: Watcher | undefined;
          return {
            async next() {
              watcher ??= start(scope, options);
              return (await watcher.next()) as IteratorResult<WatchEvent<T>, undefined>;
            },
            async return() {
              watcher?.end(undefined);
              return { value: undefined, done: true };
            },
          };
        },
      };
    },
    wake(change) {
      for (const watcher of byKind.get(kindKeyOf(change.object)) ?? []) watcher.wake(change);
      if (change.version % 64 !== 0) return;
      for (const watchers of byKind.values()) {
        for (const watcher of watchers) watcher.wakeIfBehind(change.version);
      }
    },
    endAll(error) {
      for (const watchers of byKind.values())
        for (const watcher of [...watchers]) watcher.end(error);
    },
  };
}
