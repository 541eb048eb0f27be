import {
  addLatencies,
  hasCounts,
  subtractSnapshots,
  type CounterInterval,
  type CounterPast,
  type CounterSeries,
  type CounterSnapshot,
} from "../../lib/latency-histogram.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { TrafficCounts, TrafficFilter, TrafficSource } from "./source.ts";

/** Which Service a gateway's backend belongs to. */
export interface BackendOwner {
  readonly namespace: string;
  readonly service: string;
}

export interface TrafficHistory extends TrafficSource {
  /**
   * Takes one snapshot of the gateway's counters, about once a second, in order. Its own times
   * count, not when it arrived. A missed snapshot makes a longer interval, a restarted gateway a gap.
   */
  record(snapshot: CounterSnapshot): void;
  /**
   * Takes over what a gateway remembers, as found by a controller that has just begun or has lost
   * sight of it. It counts in place of what was recorded over the same time; what lies before it stays.
   */
  resume(past: CounterPast): void;
}

export interface TrafficHistoryOptions {
  /** Backends it does not know are not counted. */
  readonly ownerOf: (backend: string) => BackendOwner | undefined;
  readonly keepMs?: number;
}

/** How far back a window may reach. */
export const longestWindowMs = 3_600_000;
/** The newest snapshot may be this old before nobody counts as watching. */
const staleAfterMs = 3000;
/** Two snapshots may lie a moment apart on the clock and still follow one another. */
const seamMs = 50;
/** How much older than its window a count may be. */
const overhangMs = 1500;
/** What the gateway counted before the first snapshot is used only if its life had just begun. */
const shortLifeMs = 5000;

/** Most of it is younger than `sinceMs`, and what is not is no more than a second or so. */
function liesIn({ fromMs, toMs }: CounterInterval, sinceMs: EpochMs): boolean {
  return (fromMs + toMs) / 2 >= sinceMs && fromMs >= sinceMs - overhangMs;
}

/** The newest intervals that follow one another without a gap and lie in the window, newest first. */
function stretch(
  intervals: readonly CounterInterval[],
  sinceMs: EpochMs,
  now: EpochMs,
): readonly CounterInterval[] {
  const found: CounterInterval[] = [];
  for (const interval of intervals.toReversed()) {
    if (interval.toMs > now) continue;
    const newer = found.at(-1);
    if (newer !== undefined && newer.fromMs - interval.toMs > seamMs) break;
    if (!liesIn(interval, sinceMs)) break;
    found.push(interval);
  }
  return found;
}

function sumOf(series: readonly CounterSeries[], name: string): number {
  return series.reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0);
}

function countsOf(series: readonly CounterSeries[], fromMs: EpochMs, toMs: EpochMs): TrafficCounts {
  const gatewayErrors = sumOf(series, "lost");
  return {
    fromMs,
    toMs,
    requests: sumOf(series, "requests") - sumOf(series, "clientAborts"),
    divided: sumOf(series, "divided"),
    failed: sumOf(series, "responses5xx") + gatewayErrors,
    gatewayErrors,
    byClass: {
      "1xx": sumOf(series, "responses1xx"),
      "2xx": sumOf(series, "responses2xx"),
      "3xx": sumOf(series, "responses3xx"),
      "4xx": sumOf(series, "responses4xx"),
      "5xx": sumOf(series, "responses5xx"),
    },
    latency: addLatencies(series.map(({ latency }) => latency)),
  };
}

/** The gateway's counts of the last hour, by event time. */
export function trafficHistory({
  ownerOf,
  keepMs = longestWindowMs,
}: TrafficHistoryOptions): TrafficHistory {
  let last: CounterSnapshot | undefined;
  const intervals: CounterInterval[] = [];

  function matches(series: CounterSeries, { namespace, service, version }: TrafficFilter): boolean {
    const owner = ownerOf(series.backend);
    return (
      owner?.namespace === namespace &&
      (service === undefined || owner.service === service) &&
      (version === undefined || series.version === version)
    );
  }

  function add(interval: CounterInterval): void {
    intervals.push({ ...interval, series: interval.series.filter((each) => hasCounts(each)) });
    const oldestMs = interval.toMs - keepMs;
    const firstKept = intervals.findIndex(({ toMs }) => toMs >= oldestMs);
    if (firstKept > 0) intervals.splice(0, firstKept);
  }

  return {
    record(snapshot) {
      const before = last;
      if (before?.epoch === snapshot.epoch && snapshot.nowMs <= before.nowMs) return;
      last = snapshot;
      if (before === undefined) {
        const { startedAtMs, nowMs, series } = snapshot;
        if (nowMs - startedAtMs <= shortLifeMs) add({ fromMs: startedAtMs, toMs: nowMs, series });
        return;
      }
      const { fromMs, toMs, series } = subtractSnapshots(snapshot, before);
      add({ fromMs, toMs, series });
    },
    resume(past) {
      const beginsAtMs = past.intervals[0]?.fromMs ?? past.snapshot.nowMs;
      const older = intervals.filter(({ toMs }) => toMs <= beginsAtMs);
      intervals.splice(0, intervals.length, ...older);
      for (const interval of past.intervals) add(interval);
      last = past.snapshot;
    },
    window(filter, windowMs, now) {
      const found = stretch(intervals, now - windowMs, now);
      const [newest, oldest] = [found[0], found.at(-1)];
      if (newest === undefined || oldest === undefined) return undefined;
      if (now - newest.toMs > staleAfterMs) return undefined;
      const series = found.flatMap((interval) =>
        interval.series.filter((one) => matches(one, filter)),
      );
      return countsOf(series, oldest.fromMs, newest.toMs);
    },
    ticks(filter, sinceMs, now) {
      const asked = intervals.filter(({ fromMs, toMs }) => fromMs >= sinceMs && toMs <= now);
      return asked.map(({ fromMs, toMs, series }) =>
        countsOf(
          series.filter((one) => matches(one, filter)),
          fromMs,
          toMs,
        ),
      );
    },
  };
}
