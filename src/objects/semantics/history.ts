// The last changes, in order: what watches are fed from and what older versions are rebuilt with.
// Versions are consecutive, so a change is found by its distance from the oldest kept one.
import type { Change } from "./stored.ts";

export interface History {
  /** The version of the last change; what a list is "read at". */
  version(): number;
  /** The last version that is no longer known in detail: one can start after it, not before it. */
  floor(): number;
  append(change: Change): void;
  at(version: number): Change | undefined;
  /** Changes newer than `version`, newest first. */
  newerThan(version: number): Iterable<Change>;
}

export function createHistory(options: {
  readonly limit: number;
  readonly version: number;
  readonly changes: readonly Change[];
}): History {
  const { limit } = options;
  let ring: Change[] = options.changes.slice(-limit);
  // Trimming in large steps keeps appending cheap: the array holds between limit and 2 × limit.
  let version = options.version;

  const oldest = (): number => version - ring.length;
  const floor = (): number => version - Math.min(ring.length, limit);

  return {
    version: () => version,
    floor,
    append(change) {
      ring.push(change);
      version = change.version;
      if (ring.length >= limit * 2) ring = ring.slice(-limit);
    },
    at: (wanted) => ring[wanted - oldest() - 1],
    *newerThan(wanted) {
      const current = version;
      const first = oldest();
      for (let at = current; at > wanted; at -= 1) {
        const change = ring[at - first - 1];
        if (change) yield change;
      }
    },
  };
}
