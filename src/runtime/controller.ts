// The loop every controller runs in: keys come in from changes, one pass each, never two at once
// for one key, and no failure ends the loop.
import type { KubeObject } from "../api/meta/object.ts";
import { InvariantError } from "../lib/invariant.ts";
import { isNamespaceEnding, isStoreError } from "../objects/object-store.ts";
import type { Cache, Change } from "./cache.ts";
import type { Clock } from "./clock.ts";
import { errorText, type Logger } from "./log.ts";
import type { Outcome } from "./outcome.ts";
import { WorkQueue, type QueueObserver } from "./work-queue.ts";

/** Which keys (`namespace/name` of the controller's own kind) a change of another object concerns. */
export interface Source {
  readonly subscribe: (enqueue: (key: string) => void) => void;
}

/** A source from a cache: `keysOf` is asked for the object before and after each change. */
export function sourceOf<T extends KubeObject>(
  cache: Cache<T>,
  keysOf: (object: T) => readonly string[],
  isRelevant: (change: Change<T>) => boolean = () => true,
): Source {
  return {
    subscribe(enqueue) {
      cache.onChange((change) => {
        if (!isRelevant(change)) return;
        const keys = [change.before, change.after].flatMap((object) =>
          object ? keysOf(object) : [],
        );
        for (const key of new Set(keys)) enqueue(key);
      });
    },
  };
}

export interface Controller {
  readonly name: string;
  readonly concurrency: number;
  readonly sources: readonly Source[];
  /** One pass. What it rejects with is retried with back-off; an InvariantError stops this object only. */
  reconcile(key: string, signal: AbortSignal): Promise<Outcome>;
}

export interface ControllerObserver {
  passed(controller: string, key: string, tookMs: number, outcome: Outcome): void;
  /** Asked once for each controller: who is told of its queue. */
  readonly queueOf?: (controller: string) => QueueObserver;
}

export class ControllerLoop {
  readonly #controller: Controller;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #observer: ControllerObserver | undefined;
  readonly queue: WorkQueue;

  get name(): string {
    return this.#controller.name;
  }

  constructor(controller: Controller, clock: Clock, log: Logger, observer?: ControllerObserver) {
    this.#controller = controller;
    this.#clock = clock;
    this.#log = log.child({ controller: controller.name });
    this.#observer = observer;
    this.queue = new WorkQueue(clock, observer?.queueOf?.(controller.name));
    for (const source of controller.sources) source.subscribe((key) => this.queue.add(key));
  }

  /** Runs the workers until the signal aborts and the passes under way have ended. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.queue.close(), { once: true });
    if (signal.aborted) this.queue.close();
    await Promise.all(
      Array.from({ length: this.#controller.concurrency }, async () => this.#work(signal)),
    );
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.queue.take();
      if (key === undefined) return;
      const startedMs = this.#clock.now();
      const outcome = await this.#pass(key, signal);
      this.#follow(key, outcome, signal);
      this.queue.done(key);
      this.#observe(key, this.#clock.now() - startedMs, outcome);
    }
  }

  /** Counting must not end the loop. */
  #observe(key: string, tookMs: number, outcome: Outcome): void {
    try {
      this.#observer?.passed(this.#controller.name, key, tookMs, outcome);
    } catch (error) {
      this.#log.error("the observer failed", { key, error: errorText(error) });
    }
  }

  async #pass(key: string, signal: AbortSignal): Promise<Outcome> {
    try {
      return await this.#controller.reconcile(key, signal);
    } catch (error) {
      return {
        kind: "failed",
        error,
        retry: error instanceof InvariantError ? "never" : "backoff",
      };
    }
  }

  #follow(key: string, outcome: Outcome, signal: AbortSignal): void {
    switch (outcome.kind) {
      case "settled":
        this.queue.forget(key);
        return;
      case "requeueAfter":
        this.queue.forget(key);
        this.queue.addAfter(key, outcome.ms);
        return;
      case "failed":
        if (!signal.aborted) this.#retry(key, outcome.error, outcome.retry);
    }
  }

  #retry(key: string, error: unknown, retry: "never" | "backoff"): void {
    if (retry === "never") {
      this.#log.error("gave up on this object until it changes", {
        key,
        error: errorText(error),
        stack: stackOf(error),
      });
      return;
    }
    const retryMs = this.queue.addWithBackoff(key);
    const level = isRoutine(error, retryMs) ? "debug" : "warn";
    this.#log[level]("pass failed, trying again", { key, retryMs, error: errorText(error) });
  }
}

/** A view is a moment behind for so long at most; what is missing for longer is told. */
const missedWithinMs = 1000;

/** Somebody was quicker, or what the pass was about is gone: the next pass sees it and has nothing to do. */
function isRoutine(error: unknown, retryMs: number): boolean {
  if (isStoreError(error, "NotFound")) return retryMs < missedWithinMs;
  return (
    isStoreError(error, "Conflict") ||
    isStoreError(error, "AlreadyExists") ||
    isNamespaceEnding(error)
  );
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
