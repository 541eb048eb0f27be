// Time that moves only when told to. Timers due at the same moment fire in the order they were set.
import type { EpochMs } from "../lib/time.ts";
import type { CancelTimer, Clock } from "./clock.ts";

interface Timer {
  readonly atMs: EpochMs;
  readonly order: number;
  readonly fire: () => void;
}

function isBefore(left: Timer, right: Timer): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

export class VirtualClock implements Clock {
  #nowMs: EpochMs;
  #order = 0;
  /** A binary heap with the next timer first. */
  readonly #heap: Timer[] = [];
  /** Timers that count; a cancelled one is dropped from the heap when it comes up. */
  readonly #pending = new Set<Timer>();

  constructor(startMs: EpochMs) {
    this.#nowMs = startMs;
  }

  now(): EpochMs {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): CancelTimer {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, fire };
    this.#pending.add(timer);
    this.#push(timer);
    return () => {
      this.#pending.delete(timer);
    };
  }

  /** When the next timer is due; undefined if none is set. */
  get nextAtMs(): EpochMs | undefined {
    return this.#next()?.atMs;
  }

  /** Moves to the next timer and fires it. Returns false if there is none at or before `untilMs`. */
  fireNext(untilMs: EpochMs): boolean {
    const timer = this.#next();
    if (!timer || timer.atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, untilMs);
      return false;
    }
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    this.#pending.delete(timer);
    this.#dropFirst();
    timer.fire();
    return true;
  }

  #next(): Timer | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || this.#pending.has(first)) return first;
      this.#dropFirst();
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || !isBefore(timer, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = timer;
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const childAt = this.#earlierChildOf(at);
      const child = heap[childAt];
      if (child === undefined || isBefore(last, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }

  #earlierChildOf(at: number): number {
    const leftAt = 2 * at + 1;
    const left = this.#heap[leftAt];
    const right = this.#heap[leftAt + 1];
    return left !== undefined && right !== undefined && isBefore(right, left) ? leftAt + 1 : leftAt;
  }
}
