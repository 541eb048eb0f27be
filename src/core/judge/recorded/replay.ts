import type { EpochMs } from "../../../lib/time.ts";
import type { SequentialConfig } from "../sequential/config.ts";
import type { SequentialJudgement } from "../sequential/evidence.ts";
import { advance, wholeEvidence } from "../sequential/sequential.ts";
import { settingsOf } from "../sequential/settings.ts";
import { begin, restore, type SequentialState } from "../sequential/state.ts";
import type { Tick } from "../sequential/tick.ts";
import { verdictOf } from "../sequential/verdict.ts";
import { recordedTicks, type Recorded, type RecordedTicks } from "./record.ts";

// What was recorded, judged again: as it was, to the bit, or by other settings.

export interface PathPoint {
  /** The end of a tick. */
  readonly atMs: EpochMs;
  /** log of the whole evidence that the canary is worse. */
  readonly logE: number;
}

export interface Replay {
  readonly path: readonly PathPoint[];
  readonly judgement: SequentialJudgement;
  /** When the verdict first was `roll back`, or safety was first shown. */
  readonly rolledBackAtMs: EpochMs | undefined;
  readonly safeAtMs: EpochMs | undefined;
  /** The state at the end, as it would be kept. */
  readonly state: string;
  readonly ticks: number;
  /** Ticks among them that are sums of several seconds: the record was long. */
  readonly summed: number;
}

export type Replayed =
  { readonly ok: true; readonly replay: Replay } | { readonly ok: false; readonly problem: string };

function walk(
  config: SequentialConfig,
  from: SequentialState,
  ticks: readonly Tick[],
): Omit<Replay, "summed"> {
  const settings = settingsOf(config);
  let state = from;
  let safeAtMs: EpochMs | undefined;
  const path: PathPoint[] = [];
  for (const tick of ticks) {
    state = advance(config, state, [tick]).state;
    path.push({ atMs: tick.toMs, logE: wholeEvidence(settings, state.metrics) });
    const isSafe = Object.values(state.metrics).some((metric) => metric.isSafe);
    if (safeAtMs === undefined && isSafe) {
      const { evidence } = verdictOf(config, state, tick.toMs);
      if (evidence.action === "safe") safeAtMs = tick.toMs;
    }
  }
  const endMs = ticks.at(-1)?.toMs ?? state.begunMs;
  const judgement = verdictOf(config, state, endMs);
  const rolledBackAtMs = state.decidedMs;
  const text = JSON.stringify(state);
  return { path, judgement, rolledBackAtMs, safeAtMs, state: text, ticks: ticks.length };
}

function ticksOf(config: SequentialConfig, record: Recorded): RecordedTicks | undefined {
  const read = recordedTicks(config, record);
  return read === undefined || read.exact.length + read.older.length === 0 ? undefined : read;
}

const nothing = "nothing readable is recorded; was this metric judged by haldane.dev/sequential?";

/** The record judged by the settings it was made with: the same state, to the bit. */
export function replayAsJudged(config: SequentialConfig, record: Recorded): Replayed {
  const ticks = ticksOf(config, record);
  if (ticks === undefined) return { ok: false, problem: nothing };
  const restored = restore(config, record.base);
  if (!("state" in restored)) return { ok: false, problem: restored.problem };
  const exact = walk(config, restored.state, ticks.exact);
  const before = ticks.older.length === 0 ? undefined : olderPath(config, ticks);
  const path = [...(before ?? []), ...exact.path];
  return { ok: true, replay: { ...exact, path, summed: ticks.older.length } };
}

/** The way to where the exact ticks begin, as well as the sums still tell it. */
function olderPath(config: SequentialConfig, { older }: RecordedTicks): readonly PathPoint[] {
  return walk(config, begin(config, older[0]?.fromMs ?? 0), older).path;
}

/**
 * The record judged by other settings, from the beginning. `recordedBy` are the settings it was made
 * with; the other ones may leave out metrics, but cannot have what was never counted.
 */
export function replayOtherwise(
  config: SequentialConfig,
  recordedBy: SequentialConfig,
  record: Recorded,
): Replayed {
  const unknown = config.metrics.find(
    ({ name, kind }) =>
      !recordedBy.metrics.some((known) => known.name === name && known.kind === kind),
  );
  if (unknown !== undefined) {
    const names = recordedBy.metrics.map(({ name }) => name).join(", ");
    const problem = `${unknown.name} (${unknown.kind}) was not counted; recorded are ${names}`;
    return { ok: false, problem };
  }
  const read = ticksOf(recordedBy, record);
  if (read === undefined) return { ok: false, problem: nothing };
  const ticks = [...read.older, ...read.exact];
  const walked = walk(config, begin(config, ticks[0]?.fromMs ?? 0), ticks);
  return { ok: true, replay: { ...walked, summed: read.older.length } };
}
