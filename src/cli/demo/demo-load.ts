// Steady traffic: so many requests a second, each counted by the version that answered.
import { Pool } from "undici";

export interface VersionCount {
  readonly requests: number;
  readonly failed: number;
}

export interface LoadFailure {
  readonly atMs: number;
  readonly version: string;
}

const tickMs = 20;
const noVersion = "no answer";

export class DemoLoad {
  readonly #pool: Pool;
  readonly #requestsPerSecond: number;
  readonly #counts = new Map<string, { requests: number; failed: number }>();
  readonly #failures: LoadFailure[] = [];
  readonly #startedAtMs = Date.now();
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #stopped: Promise<void> | undefined;

  constructor(url: string, requestsPerSecond: number) {
    this.#pool = new Pool(url, { connections: 32 });
    this.#requestsPerSecond = requestsPerSecond;
    this.#timer = setInterval(() => this.#sendDue(), tickMs);
  }

  get failures(): readonly LoadFailure[] {
    return this.#failures;
  }

  counts(): ReadonlyMap<string, VersionCount> {
    return this.#counts;
  }

  /** Stops sending and waits for the answers under way. */
  stop(): Promise<void> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  async #finish(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    await this.#pool.close();
  }

  #sendDue(): void {
    const due = Math.floor(((Date.now() - this.#startedAtMs) * this.#requestsPerSecond) / 1000);
    // After a stall of this process the backlog is left out instead of sent in one burst.
    this.#sent = Math.max(this.#sent, due - this.#requestsPerSecond);
    for (; this.#sent < due; this.#sent += 1) {
      const request = this.#send();
      this.#underWay.add(request);
      void request.finally(() => this.#underWay.delete(request));
    }
  }

  async #send(): Promise<void> {
    try {
      const { statusCode, headers, body } = await this.#pool.request({ path: "/", method: "GET" });
      await body.dump();
      const version = headers["x-version"];
      this.#count(typeof version === "string" ? version : noVersion, statusCode >= 500);
    } catch {
      // The connection was refused or cut: a lost request, counted under no version.
      this.#count(noVersion, true);
    }
  }

  #count(version: string, isFailed: boolean): void {
    const count = this.#counts.get(version) ?? { requests: 0, failed: 0 };
    count.requests += 1;
    if (isFailed) {
      count.failed += 1;
      this.#failures.push({ atMs: Date.now(), version });
    }
    this.#counts.set(version, count);
  }
}
