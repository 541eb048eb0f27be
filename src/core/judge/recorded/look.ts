import type { EpochMs } from "../../../lib/time.ts";
import type { SequentialConfig } from "../sequential/config.ts";
import type { MetricEvidence, SequentialJudgement } from "../sequential/evidence.ts";
import { advance } from "../sequential/sequential.ts";
import { begin, restore, type SequentialState } from "../sequential/state.ts";
import type { Sample, Tick } from "../sequential/tick.ts";
import { verdictOf } from "../sequential/verdict.ts";
import { entriesOf, newRecord, recordOf, withTicks, type Recorded } from "./record.ts";

// One look of the sequential judge: what was kept, and what was counted since, make the next measurement.

/** How a measurement comes to its end. */
export type Watch =
  /** With an interval: each measurement lasts so long, then the next begins. */
  | { readonly kind: "intervals"; readonly intervalMs: number }
  /** Without: one measurement, until there is a verdict or the time is over. */
  | {
      readonly kind: "untilDecided";
      readonly maxMs: number;
      /** What it is when the time is over and nothing was shown either way. */
      readonly undecided: "inconclusive" | "successful";
    };

type Texts = Readonly<Record<string, string>>;

export interface Moment {
  readonly judge: SequentialConfig;
  readonly watch: Watch;
  /** metricResult.metadata as it is. */
  readonly kept: Texts | undefined;
  /** The state an earlier run of the same revision has come to, and that run's name. */
  readonly earlier: { readonly state: string; readonly run: string } | undefined;
  /** When this measurement began, and what it noted about itself. */
  readonly begunMs: EpochMs;
  readonly noted: Texts | undefined;
  /** Counted since the end of what is kept. */
  readonly ticks: readonly Tick[];
  /** Why the source told nothing, if it could not. */
  readonly sourceProblem: string | undefined;
  readonly now: EpochMs;
}

export type Look =
  | { readonly kind: "running"; readonly metadata: Texts; readonly record: Texts }
  | {
      readonly kind: "phase";
      readonly phase: "Successful" | "Failed" | "Inconclusive";
      readonly text: string;
      readonly message: string;
      readonly metadata: Texts;
      readonly record: Texts;
    };

/** The next measurement begins a second after the end of this one. */
const betweenMs = 1000;

interface Begun {
  readonly record: Recorded;
  /** What is to be known about where the evidence comes from. */
  readonly origin: string;
}

/** Patience with missing data begins with this measurement, not with a run that ended some time ago. */
function wokenUp(state: SequentialState, now: EpochMs): string {
  return JSON.stringify({ ...state, begunMs: now });
}

function begun({ judge, kept, earlier, begunMs }: Moment): Begun {
  const before = recordOf(kept);
  const origin = kept?.["origin"] ?? "";
  if (before !== undefined && "state" in restore(judge, before.state))
    return { record: before, origin };
  const fresh = JSON.stringify(begin(judge, begunMs));
  if (before !== undefined)
    return {
      record: newRecord(fresh),
      origin: "begins anew: what was kept is of other settings, or damaged",
    };
  if (earlier === undefined) return { record: newRecord(fresh), origin: "" };
  const restored = restore(judge, earlier.state);
  return "state" in restored
    ? { record: newRecord(wokenUp(restored.state, begunMs)), origin: `goes on from ${earlier.run}` }
    : {
        record: newRecord(fresh),
        origin: `begins anew: in ${earlier.run} the settings were others`,
      };
}

function stateOf(judge: SequentialConfig, text: string, begunMs: EpochMs): SequentialState {
  const restored = restore(judge, text);
  return "state" in restored ? restored.state : begin(judge, begunMs);
}

function nothingOf(sample: Sample): Sample | undefined {
  if ("buckets" in sample) return { buckets: sample.buckets.map(() => 0) };
  if ("count" in sample) return { total: 0, count: 0 };
  return "sum" in sample ? { values: 0, sum: 0 } : undefined;
}

/**
 * A tick from before the judgement began: it says how stable usually is. What the same version did
 * in an earlier attempt is not part of this one.
 */
function stableOnly({ requests, canaryShare: _share, ...tick }: Tick): Tick {
  const samples = Object.entries(tick.samples).flatMap(([name, { canary, stable }]) => {
    const nothing = nothingOf(canary);
    return nothing === undefined ? [] : [[name, { canary: nothing, stable }] as const];
  });
  return {
    ...tick,
    ...(requests === undefined ? {} : { requests: { ...requests, canary: 0 } }),
    samples: Object.fromEntries(samples),
  };
}

/** Metrics for which both versions were heard of in these ticks. */
function heardIn(ticks: readonly Tick[], judge: SequentialConfig): readonly string[] {
  const isHeard = (sample: object): boolean =>
    "buckets" in sample
      ? (sample.buckets as readonly number[]).some((count) => count > 0)
      : "total" in sample
        ? (sample.total as number) > 0
        : "values" in sample
          ? (sample.values as number) > 0
          : true;
  return judge.metrics
    .map(({ name }) => name)
    .filter((name) =>
      ticks.some(({ samples }) => {
        const both = Object.hasOwn(samples, name) ? samples[name] : undefined;
        return both !== undefined && isHeard(both.canary) && isHeard(both.stable);
      }),
    );
}

const rounded = (value: number): number => Number(value.toPrecision(6));

function armText({ count, total, rate }: MetricEvidence["canary"]): string {
  if (count !== undefined) return `${String(count)} of ${String(total)}`;
  return rate === undefined ? "nothing" : String(rounded(rate));
}

/** The figures of one metric, for people who read the status. */
function figuresOf(metric: MetricEvidence): string {
  const { canary, stable, ratio, confidence, logE, blameThreshold } = metric;
  const parts = [
    `canary ${armText(canary)}`,
    `stable ${armText(stable)}`,
    ratio === undefined ? "" : `ratio ${String(rounded(ratio))}`,
    confidence === undefined
      ? ""
      : `between ${String(rounded(confidence.lo))} and ${String(rounded(confidence.hi))}`,
    `evidence ${logE.toFixed(3)} of ${blameThreshold.toFixed(3)}`,
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function metadataOf(
  judgement: SequentialJudgement,
  heard: readonly string[],
  origin: string,
): Texts {
  const { action, logE, threshold, falseAlarmChance, metrics, dataErrors } = judgement.evidence;
  return {
    action,
    evidence: logE.toFixed(6),
    threshold: threshold.toFixed(6),
    falseAlarmChance: String(rounded(falseAlarmChance)),
    ...(heard.length === 0 ? {} : { heard: heard.join(",") }),
    ...(origin === "" ? {} : { origin }),
    ...(dataErrors === 0 ? {} : { dataErrors: String(dataErrors) }),
    ...Object.fromEntries(metrics.map((metric) => [`metric ${metric.name}`, figuresOf(metric)])),
  };
}

type Phase = Extract<Look, { kind: "phase" }>["phase"];
interface Ended {
  readonly phase: Phase;
  readonly message: string;
}

/** Why there is no data, as far as somebody said so: the source, or what was wrong with what it told. */
function missingText(
  { sourceProblem }: Moment,
  { sentence }: SequentialJudgement,
  dataError: string | undefined,
): string {
  const why = sourceProblem ?? dataError;
  return why === undefined ? sentence : `${sentence} (${why})`;
}

/** What the verdict does to this measurement; undefined = it goes on. */
function endOf(
  moment: Moment,
  judgement: SequentialJudgement,
  { isHeard, dataError }: { readonly isHeard: boolean; readonly dataError: string | undefined },
): Ended | undefined {
  const { watch, begunMs, now } = moment;
  const { sentence } = judgement;
  switch (judgement.evidence.action) {
    case "roll back":
      return { phase: "Failed", message: sentence };
    case "hold":
      return { phase: "Inconclusive", message: sentence };
    case "no data":
      return { phase: "Inconclusive", message: missingText(moment, judgement, dataError) };
    case "safe":
    case "go on":
      break;
  }
  const isSafe = judgement.evidence.action === "safe";
  if (watch.kind === "intervals") {
    const isOver = now - begunMs >= watch.intervalMs - betweenMs;
    return isOver && isHeard ? { phase: "Successful", message: sentence } : undefined;
  }
  if (isSafe) return { phase: "Successful", message: sentence };
  if (now - begunMs < watch.maxMs) return undefined;
  const phase = watch.undecided === "successful" && isHeard ? "Successful" : "Inconclusive";
  return { phase, message: `neither worse nor safe was shown in the time there was: ${sentence}` };
}

/**
 * The next state of a measurement. The same moment gives the same look: after a crash it is taken again,
 * and ticks that are in the record already change nothing.
 */
export function lookAt(moment: Moment): Look {
  const { judge, begunMs, ticks, noted, now } = moment;
  const { record: before, origin } = begun(moment);
  const sinceMs = stateOf(judge, before.state, begunMs).begunMs;
  const fresh = ticks
    .filter(({ fromMs }) => fromMs >= before.untilMs)
    .map((tick) => (tick.fromMs < sinceMs ? stableOnly(tick) : tick));
  const errors: string[] = [];
  const record = withTicks(judge, before, fresh, (state, added) => {
    const after = advance(judge, stateOf(judge, state, begunMs), added);
    if (added === fresh) errors.push(...after.errors);
    return JSON.stringify(after.state);
  });
  const judgement = verdictOf(judge, stateOf(judge, record.state, begunMs), now);
  const heardBefore = (noted?.["heard"] ?? "").split(",").filter((name) => name !== "");
  const heard = [...new Set([...heardBefore, ...heardIn(fresh, judge)])];
  const dataError = errors[0] ?? noted?.["dataError"];
  const metadata = {
    ...metadataOf(judgement, heard, origin),
    ...(dataError === undefined ? {} : { dataError }),
  };
  const { action } = judgement.evidence;
  const kept: Texts = {
    ...entriesOf(record),
    action,
    ...(origin === "" ? {} : { origin }),
  };
  const isHeard = heard.length === judge.metrics.length;
  const ended = endOf(moment, judgement, { isHeard, dataError });
  if (ended === undefined) return { kind: "running", metadata, record: kept };
  const { phase, message } = ended;
  return {
    kind: "phase",
    phase,
    message: origin === "" ? message : `${message} (${origin})`,
    text: judgement.evidence.logE.toFixed(3),
    metadata,
    record: kept,
  };
}
