// Keys waiting for a pass. A key is queued once however often it is added; added while it is being
// processed, it is queued again afterwards; delayed adds keep the earliest time.
import type { CancelTimer, Clock } from "./clock.ts";

/** Told of what goes through a queue; times in milliseconds. */
export interface QueueObserver {
  added(): void;
  taken(waitedMs: number): void;
  done(tookMs: number): void;
  retried(): void;
}

const firstBackoffMs = 1;
const longestBackoffMs = 10_000;

export class WorkQueue {
  readonly #clock: Clock;
  readonly #observer: QueueObserver | undefined;
  /** Keys with the time they became ready. */
  readonly #ready = new Map<string, number>();
  /** Keys with the time they were taken. */
  readonly #processing = new Map<string, number>();
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly cancel: CancelTimer }>();
  readonly #failures = new Map<string, number>();
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(clock: Clock, observer?: QueueObserver) {
    this.#clock = clock;
    this.#observer = observer;
  }

  /** Nothing ready and nothing in work; delayed keys do not count. */
  get isIdle(): boolean {
    return this.#ready.size === 0 && this.#processing.size === 0;
  }

  get depth(): number {
    return this.#ready.size;
  }

  /** For how long each key in work has been so. */
  workMs(): readonly number[] {
    const now = this.#clock.now();
    return [...this.#processing.values()].map((sinceMs) => now - sinceMs);
  }

  add(key: string): void {
    if (this.#isClosed) return;
    if (this.#processing.has(key)) {
      this.#dirty.add(key);
      return;
    }
    if (!this.#ready.has(key)) {
      this.#ready.set(key, this.#clock.now());
      this.#observer?.added();
    }
    this.#waiting.shift()?.();
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#isClosed) return;
    const dueMs = this.#clock.now() + delayMs;
    const waiting = this.#delayed.get(key);
    if (waiting) {
      if (waiting.dueMs <= dueMs) return;
      waiting.cancel();
    }
    const cancel = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, cancel });
  }

  /** Adds after 1 ms, 2 ms, 4 ms … at most 10 s, counted per key until `forget`. */
  addWithBackoff(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures, 20));
    this.addAfter(key, delayMs);
    this.#observer?.retried();
    return delayMs;
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, marked as in work; undefined once the queue is closed. */
  async take(): Promise<string | undefined> {
    for (;;) {
      if (this.#isClosed) return undefined;
      const [first] = this.#ready;
      if (first !== undefined) {
        const [key, readyAtMs] = first;
        const now = this.#clock.now();
        this.#ready.delete(key);
        this.#processing.set(key, now);
        this.#observer?.taken(now - readyAtMs);
        return key;
      }
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  done(key: string): void {
    const takenAtMs = this.#processing.get(key);
    this.#processing.delete(key);
    if (takenAtMs !== undefined) this.#observer?.done(this.#clock.now() - takenAtMs);
    if (this.#dirty.delete(key)) this.add(key);
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
