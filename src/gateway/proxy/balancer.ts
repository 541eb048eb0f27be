// Chooses among a backend's endpoints: the one with the fewest requests in flight, among equals the one that was
// chosen longest ago.
import type { FailureKind, Series } from "../stats/series.ts";
import type { Upstream } from "./upstream.ts";

export interface Target {
  readonly upstream: Upstream;
  readonly version: string;
  readonly series: Series;
}

export class Balancer {
  readonly backend: string;
  readonly #targets: readonly Target[];
  readonly #unversioned: () => Series;

  /** `unversioned` counts what no endpoint could be found for. */
  constructor(backend: string, targets: readonly Target[], unversioned: () => Series) {
    this.backend = backend;
    this.#targets = targets;
    this.#unversioned = unversioned;
  }

  /** Undefined when the backend has no endpoints: its share is answered 503 and never given to another backend. */
  choose(nowMs: number): Target | undefined {
    return this.#leastBusy(this.#targets, nowMs);
  }

  /**
   * Where to send a request again that `failed` did not take. Another endpoint of the same version first; after a
   * broken connection (not a refused one) the same endpoint over a new connection; last another version of this
   * backend, as any later request to it may reach that version, too.
   */
  chooseAgain(failed: Target, kind: FailureKind, nowMs: number): Target | undefined {
    const others = this.#targets.filter((target) => target.upstream !== failed.upstream);
    const sameVersion = others.filter((target) => target.version === failed.version);
    const again = this.#leastBusy(sameVersion, nowMs);
    if (again) return again;
    return kind === "upstreamReset" ? failed : this.#leastBusy(others, nowMs);
  }

  seriesWithoutEndpoint(): Series {
    return this.#unversioned();
  }

  series(): readonly Series[] {
    return this.#targets.map((target) => target.series);
  }

  #leastBusy(targets: readonly Target[], nowMs: number): Target | undefined {
    let chosen: Target | undefined;
    let fewest = Infinity;
    for (const target of targets) {
      const { upstream } = target;
      const load = upstream.isSuspect(nowMs) ? suspectLoad + upstream.inFlight : upstream.inFlight;
      const isEarlier = load === fewest && upstream.chosenAtMs < (chosen?.upstream.chosenAtMs ?? 0);
      if (load < fewest || isEarlier) {
        fewest = load;
        chosen = target;
      }
    }
    if (chosen) chosen.upstream.chosenAtMs = nowMs;
    return chosen;
  }
}

/** More than any endpoint can have in flight: a suspect is chosen only among suspects. */
const suspectLoad = 1_000_000_000;
