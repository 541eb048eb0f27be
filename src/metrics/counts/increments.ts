// What a counter counted between two scrapes. Counters only grow: one that shrank was begun anew, and what it counted
// before that is known already. Pure.
import type { EpochMs } from "../../lib/time.ts";
import type { Sample } from "../prometheus-answer.ts";

/** One counter, or several that belong together (the buckets of a histogram), of one scraped target. */
export interface CounterSeries {
  readonly target: string;
  /** Values of equal length, oldest first. */
  readonly samples: readonly Sample<readonly number[]>[];
  /** The values may be regrouped from one scrape to the next (native histograms): a shrunk one is then no restart. */
  readonly regroups?: boolean;
}

/** What was counted in (fromMs, toMs]. */
export interface Increment {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly counted: readonly number[];
}

/** When one target was scraped. */
export interface Scrapes {
  readonly timesMs: readonly EpochMs[];
  /** The usual distance; undefined after one scrape only. */
  readonly everyMs: number | undefined;
}

/** Two scrapes may be this many usual distances apart: one may be missing. A longer gap is no data. */
const longestGap = 2.5;

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** The scrapes of each target: at every moment at which any of its series has a sample. */
export function scrapesOf(all: readonly CounterSeries[]): ReadonlyMap<string, Scrapes> {
  const times = new Map<string, Set<EpochMs>>();
  for (const { target, samples } of all) {
    const known = times.get(target) ?? new Set();
    times.set(target, known);
    for (const { atMs } of samples) known.add(atMs);
  }
  return new Map(
    [...times].map(([target, set]): [string, Scrapes] => {
      const timesMs = [...set].sort((a, b) => a - b);
      const distances = timesMs.slice(1).map((atMs, index) => atMs - (timesMs[index] ?? atMs));
      return [target, { timesMs, everyMs: median(distances) }];
    }),
  );
}

/** The stretches between neighbouring scrapes that are no gaps. */
export function stretchesOf({
  timesMs,
  everyMs = 0,
}: Scrapes): readonly (readonly [EpochMs, EpochMs])[] {
  return timesMs.slice(1).flatMap((toMs, index): (readonly [EpochMs, EpochMs])[] => {
    const fromMs = timesMs[index] ?? toMs;
    return toMs - fromMs > longestGap * everyMs ? [] : [[fromMs, toMs]];
  });
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** undefined = it cannot be told. */
function grown(
  before: readonly number[],
  after: readonly number[],
  regroups: boolean,
): readonly number[] | undefined {
  const hasShrunk = after.some((value, index) => value < (before[index] ?? 0));
  if (!hasShrunk) return after.map((value, index) => value - (before[index] ?? 0));
  return regroups && total(after) >= total(before) ? undefined : after;
}

/**
 * What a series counted between scrapes of its target. A series that was not there at a scrape and is at the next has
 * begun at zero: with the first failure its counter appears.
 */
export function incrementsOf(
  { samples, regroups = false }: CounterSeries,
  scrapes: Scrapes,
): readonly Increment[] {
  const at = new Map(samples.map(({ atMs, value }) => [atMs, value]));
  return stretchesOf(scrapes).flatMap(([fromMs, toMs]): Increment[] => {
    const after = at.get(toMs);
    if (after === undefined) return [];
    const counted = grown(at.get(fromMs) ?? [], after, regroups);
    return counted === undefined ? [] : [{ fromMs, toMs, counted }];
  });
}
