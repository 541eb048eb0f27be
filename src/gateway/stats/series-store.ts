// All series of one gateway life. A series outlives the endpoints it counts, so that a reader who comes once a
// second sees the last requests of a version that is gone; long after, it is dropped so that memory stays bounded.
import type { CounterSeries } from "../../lib/latency-histogram.ts";
import { Series } from "./series.ts";

const keepUnusedMs = 3_600_000;

interface Entry {
  readonly series: Series;
  unusedSinceMs: number | undefined;
}

export class SeriesStore {
  readonly #entries = new Map<string, Entry>();

  /** The series of a backend's version; the same object as long as it is kept. */
  of(backend: string, version: string): Series {
    const key = JSON.stringify([backend, version]);
    const known = this.#entries.get(key);
    if (known) return known.series;
    const series = new Series(backend, version);
    this.#entries.set(key, { series, unusedSinceMs: undefined });
    return series;
  }

  /** Called when a table goes live with the series it uses: forgets what no table has used for an hour. */
  retain(used: ReadonlySet<Series>, nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      entry.unusedSinceMs = used.has(entry.series) ? undefined : (entry.unusedSinceMs ?? nowMs);
      if (entry.unusedSinceMs !== undefined && nowMs - entry.unusedSinceMs > keepUnusedMs) {
        this.#entries.delete(key);
      }
    }
  }

  snapshot(): readonly CounterSeries[] {
    return [...this.#entries.values()].map((entry) => entry.series.snapshot());
  }
}
