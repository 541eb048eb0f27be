// What the sequential judge remembers between ticks: small, plain data that survives JSON to the bit, so that a
// judgement can be stored with its AnalysisRun and go on after a restart as if nothing had happened.
//
//   begin(config)                     → the state before the first tick
//   advance(config, state, ticks)     → { state, errors }: ticks counted once each, in order of event time
//   verdictOf(config, state, nowMs)   → a SequentialJudgement; asks nothing of `nowMs` but whether data is late
//   restore(config, text)             → the state of JSON.stringify(state), or what is wrong with it
import type { EpochMs } from "../../../lib/time.ts";

/** Opaque to everybody outside this folder: save it as JSON, restore it, advance it. */
export interface SequentialState {
  /** Which settings it belongs to; other settings begin anew. */
  readonly settings: string;
  /** Where the warm-up began: the start of the first tick. */
  readonly startedMs?: EpochMs;
}
