// Increments of targets that are scraped at different moments, on one grid of ticks. What was counted between two
// scrapes is taken as spread evenly, so that both versions are compared over the same stretch. Pure.
import type { EpochMs } from "../../lib/time.ts";
import type { Increment, Scrapes } from "./increments.ts";

/** [fromMs, toMs], one `tickMs` long; borders are multiples of it, whoever asks and whenever. */
export interface Stretch {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** A target that has not been scraped for this many usual distances is gone, and nobody waits for it. */
const goneAfter = 1.5;

/**
 * Up to when all is known: the last scrape of the target that was scraped longest ago, among those that are still
 * scraped. undefined = nothing is.
 */
export function knownUntil(targets: readonly Scrapes[], tickMs: number): EpochMs | undefined {
  const last = targets.flatMap(({ timesMs, everyMs = tickMs }) => {
    const atMs = timesMs.at(-1);
    return atMs === undefined ? [] : [{ atMs, everyMs }];
  });
  const newest = Math.max(...last.map(({ atMs }) => atMs));
  const live = last.filter(({ atMs, everyMs }) => atMs >= newest - goneAfter * everyMs);
  return live.length === 0 ? undefined : Math.min(...live.map(({ atMs }) => atMs));
}

/** The whole ticks from `sinceMs` to `untilMs`. */
export function gridOf(sinceMs: EpochMs, untilMs: EpochMs, tickMs: number): readonly Stretch[] {
  const first = Math.ceil(sinceMs / tickMs);
  const end = Math.floor(untilMs / tickMs);
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => ({
    fromMs: (first + index) * tickMs,
    toMs: (first + index + 1) * tickMs,
  }));
}

export type Rounding = (value: number) => number;

/** Counts stay whole numbers, and what is cut off at one border is counted after it. */
export const whole: Rounding = Math.floor;
export const exact: Rounding = (value) => value;

/** The part of what was counted in (fromMs, toMs] that lies before `borderMs`. */
function partBefore(
  amount: number,
  { fromMs, toMs }: Increment,
  borderMs: EpochMs,
  rounding: Rounding,
): number {
  if (borderMs <= fromMs) return 0;
  return borderMs >= toMs ? amount : rounding((amount * (borderMs - fromMs)) / (toMs - fromMs));
}

function overlaps(stretch: Stretch, fromMs: EpochMs, toMs: EpochMs): boolean {
  return fromMs < stretch.toMs && toMs > stretch.fromMs;
}

/** What was counted within the stretch, position by position; `width` zeros if nothing was. */
export function countedIn(
  stretch: Stretch,
  increments: readonly Increment[],
  width: number,
  rounding: Rounding = whole,
): readonly number[] {
  const sums = Array<number>(width).fill(0);
  for (const increment of increments) {
    if (!overlaps(stretch, increment.fromMs, increment.toMs)) continue;
    for (let index = 0; index < width; index += 1) {
      const amount = increment.counted[index] ?? 0;
      const part =
        partBefore(amount, increment, stretch.toMs, rounding) -
        partBefore(amount, increment, stretch.fromMs, rounding);
      sums[index] = (sums[index] ?? 0) + part;
    }
  }
  return sums;
}

/** Whether anybody looked during the stretch. */
export function isWatched(
  stretch: Stretch,
  watched: readonly (readonly [EpochMs, EpochMs])[],
): boolean {
  return watched.some(([fromMs, toMs]) => overlaps(stretch, fromMs, toMs));
}
