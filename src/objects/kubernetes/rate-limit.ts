// A token bucket for all requests of one process, as Kubernetes' own clients have it: `burst` at once,
// `qps` per second on end, first come first served. What is urgent (renewing the lease) never waits:
// it takes its token from those who come later.
import type { Clock } from "../../runtime/clock.ts";

export interface RateLimit {
  /** Resolves when the request may be sent; rejects with the signal's reason once it is aborted. */
  take(signal?: AbortSignal): Promise<void>;
  /** Counts a request that is sent at once. */
  takeAtOnce(): void;
}

export interface RateLimitOptions {
  readonly clock: Clock;
  /** Requests per second; more than 0. */
  readonly qps: number;
  /** Requests that may be sent at once after a quiet time; at least 1. */
  readonly burst: number;
}

interface Waiting {
  readonly go: () => void;
  isGone: boolean;
}

class TokenBucket implements RateLimit {
  readonly #options: RateLimitOptions;
  readonly #waiting: Waiting[] = [];
  #tokens: number;
  #countedAtMs: number;
  #isTimerSet = false;

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#countedAtMs = options.clock.now();
  }

  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#refill();
    if (this.#waiting.length === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return;
    }
    await this.#wait(signal);
  }

  takeAtOnce(): void {
    this.#refill();
    this.#tokens -= 1;
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        isGone: false,
        go: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        waiting.isGone = true;
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#setTimer();
    });
  }

  #refill(): void {
    const { clock, qps, burst } = this.#options;
    const now = clock.now();
    // A time of day that jumps back brings no tokens, and takes none.
    const passedMs = Math.max(0, now - this.#countedAtMs);
    this.#countedAtMs = now;
    this.#tokens = Math.min(burst, this.#tokens + (passedMs * qps) / 1000);
  }

  #setTimer(): void {
    if (this.#isTimerSet || this.#waiting.length === 0) return;
    const { clock, qps } = this.#options;
    this.#isTimerSet = true;
    clock.after(Math.max(1, Math.ceil(((1 - this.#tokens) * 1000) / qps)), () => {
      this.#isTimerSet = false;
      this.#refill();
      this.#letGo();
      this.#setTimer();
    });
  }

  #letGo(): void {
    while (this.#tokens >= 1) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.isGone) continue;
      this.#tokens -= 1;
      next.go();
    }
  }
}

export function tokenBucket(options: RateLimitOptions): RateLimit {
  return new TokenBucket(options);
}
