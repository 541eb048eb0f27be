// What is kept of a judgement, in metricResult.metadata: `state` to go on from, `ticks` to judge again. The ticks
// of the last half hour or so are kept as they were; older ones are summed up in pairs, so that a status stays
// small however long a rollout lasts, and `base` is the state the exact ones go on from.
import type { SequentialConfig } from "../sequential/config.ts";
import type { Tick } from "../sequential/tick.ts";
import { mergedTicks } from "./merge-ticks.ts";
import { ticksOf, ticksText } from "./tick-text.ts";

/** In metricResult.metadata; all of them texts. */
export interface RecordedEntries {
  readonly [key: string]: string;
  readonly judge: "sequential";
  /** A SequentialState in JSON, after the last tick. */
  readonly state: string;
  /** The state before the first of `ticks`. */
  readonly base: string;
  /** Milliseconds since 1970 from which `ticks`' first gap counts. */
  readonly since: string;
  readonly ticks: string;
  /** The end of the last tick, in milliseconds since 1970. */
  readonly until: string;
  /** Older ticks, summed up: for judging them by other settings. Their first gap counts from `olderSince`. */
  readonly older: string;
  readonly olderSince: string;
}

export interface Recorded {
  readonly state: string;
  readonly base: string;
  readonly sinceMs: number;
  readonly ticks: string;
  /** The end of the last tick; 0 = there is none yet. */
  readonly untilMs: number;
  readonly older: string;
  readonly olderSinceMs: number;
}

/** Nothing judged yet; goes on from `base`, if there is one. */
export function newRecord(base: string): Recorded {
  return { state: base, base, sinceMs: 0, ticks: "", untilMs: 0, older: "", olderSinceMs: 0 };
}

export function entriesOf(record: Recorded): RecordedEntries {
  const { state, base, sinceMs, ticks, untilMs, older, olderSinceMs } = record;
  return {
    judge: "sequential",
    state,
    base,
    since: String(sinceMs),
    ticks,
    until: String(untilMs),
    older,
    olderSince: String(olderSinceMs),
  };
}

/** What `entriesOf` wrote; undefined = nothing is recorded there. */
export function recordOf(
  metadata: Readonly<Record<string, string>> | undefined,
): Recorded | undefined {
  const { judge, state, base = "", since = "0", ticks = "" } = metadata ?? {};
  const { until = "0", older = "", olderSince = "0" } = metadata ?? {};
  if (judge !== "sequential" || state === undefined) return undefined;
  return {
    state,
    base,
    sinceMs: Number(since),
    ticks,
    untilMs: Number(until),
    older,
    olderSinceMs: Number(olderSince),
  };
}

/** How the judge stood when it looked last. */
export interface Standing {
  readonly action: string;
  /** The end of the last tick it judged, in milliseconds since 1970; 0 = there was none. */
  readonly untilMs: number;
}

/** undefined = the sequential judge does not look at this metric, or has not yet. */
export function standingOf(
  metadata: Readonly<Record<string, string>> | undefined,
): Standing | undefined {
  if (metadata?.["judge"] !== "sequential") return undefined;
  return { action: metadata["action"] ?? "", untilMs: Number(metadata["until"] ?? "0") };
}

/** A status is read and written whole: this much of it may be ticks. */
const mostCharacters = 48_000;

export interface RecordedTicks {
  /** Sums of several seconds each. */
  readonly older: readonly Tick[];
  /** As they were judged, going on from `base`. */
  readonly exact: readonly Tick[];
}

/** undefined = damaged. */
export function recordedTicks(
  { metrics }: Pick<SequentialConfig, "metrics">,
  { ticks, sinceMs, older, olderSinceMs }: Recorded,
): RecordedTicks | undefined {
  const exact = ticksOf(ticks, metrics, sinceMs);
  const sums = ticksOf(older, metrics, olderSinceMs);
  return exact === undefined || sums === undefined ? undefined : { older: sums, exact };
}

/** `advance` of the judge, as a text goes in and comes out: so that this file need not know the state. */
export type Advance = (state: string, ticks: readonly Tick[]) => string;

/** The older half of the exact ticks becomes sums, and so on until there is room. */
function thinned(
  config: Pick<SequentialConfig, "metrics">,
  record: Recorded,
  advance: Advance,
): Recorded {
  const read = recordedTicks(config, record);
  if (read === undefined || read.exact.length < 2) return record;
  const half = Math.ceil(read.exact.length / 2);
  const [left, kept] = [read.exact.slice(0, half), read.exact.slice(half)];
  const olderSinceMs = read.older.length > 0 ? record.olderSinceMs : record.sinceMs;
  const sums = mergedTicks([...read.older, ...left]);
  const sinceMs = left.at(-1)?.toMs ?? record.sinceMs;
  return {
    ...record,
    base: advance(record.base, left),
    sinceMs,
    ticks: ticksText(kept, config.metrics, sinceMs),
    older: ticksText(sums, config.metrics, olderSinceMs),
    olderSinceMs,
  };
}

/** The record with these ticks judged and added. They must follow the ones it has. */
export function withTicks(
  config: Pick<SequentialConfig, "metrics">,
  record: Recorded,
  ticks: readonly Tick[],
  advance: Advance,
): Recorded {
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (first === undefined || last === undefined) return record;
  const isFirst = record.untilMs === 0;
  const text = ticksText(ticks, config.metrics, isFirst ? first.fromMs : record.untilMs);
  const added: Recorded = {
    ...record,
    sinceMs: isFirst ? first.fromMs : record.sinceMs,
    ticks: record.ticks + text,
    untilMs: last.toMs,
    state: advance(record.state, ticks),
  };
  const size = added.ticks.length + added.older.length;
  return size <= mostCharacters ? added : thinned(config, added, advance);
}
