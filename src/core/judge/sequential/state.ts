// What the sequential judge remembers between ticks: small, plain data that survives JSON to the bit, so that a
// judgement can be stored with its AnalysisRun and go on after a restart as if nothing had happened.
import type { EpochMs } from "../../../lib/time.ts";
import type { SequentialConfig } from "./config.ts";
import { beginTest, type TestState } from "./metric-test.ts";
import { noMismatch, type SampleRatio } from "./sample-ratio.ts";
import { settingsOf } from "./settings.ts";

export interface MetricState {
  /** End of the last stretch seen: what begins earlier is not counted again. */
  readonly seenMs?: EpochMs;
  /** Start and end of what was counted. */
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  /** log of the evidence that the canary is worse: now, and the most there ever was. */
  readonly logE: number;
  readonly best: number;
  /** Whether safety was ever shown. */
  readonly isSafe: boolean;
  /** How far each version is from breaching the objective: see breach.ts. */
  readonly breach: { readonly canary: number; readonly stable: number };
  readonly test: TestState;
}

/** Opaque to everybody outside this folder: save it as JSON, restore it, advance it. */
export interface SequentialState {
  /** Which settings it belongs to; other settings begin anew. */
  readonly settings: string;
  readonly begunMs: EpochMs;
  /** Where the warm-up began: the start of the first tick with data of the canary. */
  readonly startedMs?: EpochMs;
  /** Largest log of the whole evidence so far, and when it reached the threshold. */
  readonly best: number;
  readonly decidedMs?: EpochMs;
  readonly dataErrors: number;
  readonly requestsSeenMs?: EpochMs;
  readonly sampleRatio: SampleRatio;
  readonly metrics: Readonly<Record<string, MetricState>>;
}

/** The state before the first tick. `nowMs`: from when on data is expected. */
export function begin(config: SequentialConfig, nowMs: EpochMs): SequentialState {
  const settings = settingsOf(config);
  const metrics = settings.metrics.map((metric): readonly [string, MetricState] => [
    metric.name,
    {
      logE: 0,
      best: 0,
      isSafe: false,
      breach: { canary: 0, stable: 0 },
      test: beginTest({ metric, settings }),
    },
  ]);
  return {
    settings: settings.fingerprint,
    begunMs: nowMs,
    best: 0,
    dataErrors: 0,
    sampleRatio: noMismatch,
    metrics: Object.fromEntries(metrics),
  };
}

function isState(value: unknown): value is SequentialState {
  return (
    typeof value === "object" &&
    value !== null &&
    "settings" in value &&
    "begunMs" in value &&
    "sampleRatio" in value &&
    "metrics" in value &&
    typeof value.metrics === "object"
  );
}

/** The state that was saved as JSON under these settings; otherwise why it cannot be gone on with. */
export function restore(
  config: SequentialConfig,
  text: string,
): { readonly state: SequentialState } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `the saved evidence is no JSON: ${String(error)}; begin anew.` };
  }
  if (!isState(value)) return { problem: "the saved text is no evidence; begin anew." };
  if (value.settings !== settingsOf(config).fingerprint) {
    return { problem: "the saved evidence was gathered under other settings; begin anew." };
  }
  return { state: value };
}
