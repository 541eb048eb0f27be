// From what is remembered to what is said: the action, its order of precedence, and the numbers behind it.
import type { EpochMs } from "../../../lib/time.ts";
import type { Verdict } from "../judge.ts";
import { isBreach } from "./breach.ts";
import type { SequentialConfig } from "./config.ts";
import type {
  Action,
  MetricEvidence,
  SequentialEvidence,
  SequentialJudgement,
} from "./evidence.ts";
import { allowedRatioOf, reportOf, safeEvidenceOf, type To } from "./metric-test.ts";
import { sampleRatioEvidence } from "./sample-ratio.ts";
import { wholeEvidence } from "./sequential.ts";
import { settingsOf, type Settings } from "./settings.ts";
import { metricSentence, sentenceOf } from "./sentences.ts";
import type { MetricState, SequentialState } from "./state.ts";

const verdicts = {
  "roll back": "failed",
  safe: "successful",
  hold: "inconclusive",
  "no data": "inconclusive",
  "go on": "inconclusive",
} as const satisfies Record<Action, Verdict>;

function ratioOf(numbers: Pick<MetricEvidence, "kind" | "canary" | "stable">): number | undefined {
  const { canary, stable, kind } = numbers;
  if (kind === "slope" || canary.rate === undefined || stable.rate === undefined) return undefined;
  if (stable.rate > 0) return canary.rate / stable.rate;
  if (canary.rate === 0 || kind === "mean") return undefined;
  // Stable had none: as if it had half a one, so that there is a number to say.
  return canary.rate / (0.5 / stable.total);
}

function metricEvidence(to: To, state: MetricState): MetricEvidence {
  const { metric, settings } = to;
  const safe = safeEvidenceOf(state.test);
  const report = reportOf(to, state.test);
  const ratio = ratioOf({ kind: metric.kind, ...report });
  const evidence: Omit<MetricEvidence, "sentence"> = {
    name: metric.name,
    kind: metric.kind,
    weight: metric.weight,
    ...report,
    ...(ratio === undefined ? {} : { ratio }),
    allowedRatio: allowedRatioOf(metric),
    logE: state.logE,
    blameThreshold: settings.blameThreshold,
    blamed: state.best >= settings.blameThreshold,
    ...(safe === undefined
      ? {}
      : { safe: { logE: safe, threshold: settings.threshold, shown: state.isSafe } }),
    breach: {
      canary: isBreach(state.breach.canary, settings.threshold),
      stable: isBreach(state.breach.stable, settings.threshold),
    },
    ...(state.fromMs === undefined ? {} : { fromMs: state.fromMs }),
    ...(state.toMs === undefined ? {} : { toMs: state.toMs }),
  };
  return { ...evidence, sentence: metricSentence(evidence) };
}

/** Metrics of which both versions should have had data by now, and had not. */
function missingData(
  settings: Settings,
  state: SequentialState,
  nowMs: EpochMs,
): readonly string[] {
  return settings.metrics.flatMap(({ name, warmUpMs }) => {
    const sinceMs = state.metrics[name]?.toMs ?? state.startedMs ?? state.begunMs;
    const lateMs = nowMs - Math.max(sinceMs, state.begunMs);
    const patienceMs =
      settings.noDataAfterMs + (state.metrics[name]?.toMs === undefined ? warmUpMs : 0);
    if (lateMs <= patienceMs) return [];
    return [`${name}: no data of both versions for ${Math.floor(lateMs / 1000)} s`];
  });
}

function actionOf(
  evidence: Omit<SequentialEvidence, "action">,
  metrics: readonly MetricState[],
): Action {
  if (evidence.decidedAtMs !== undefined) return "roll back";
  if (evidence.metrics.some(({ breach }) => breach.canary && breach.stable)) return "hold";
  const { sampleRatio } = evidence;
  if (sampleRatio !== undefined && sampleRatio.logE >= sampleRatio.threshold) return "hold";
  if (evidence.missing.length > 0) return "no data";
  const able = metrics.filter(({ test }) => safeEvidenceOf(test) !== undefined);
  return able.length > 0 && able.every(({ isSafe }) => isSafe) ? "safe" : "go on";
}

/**
 * What the judge says now. Worse is final and comes first; then a shared outage or a sample-ratio mismatch, then
 * missing data, then safety, which every metric that can show it must have shown.
 */
export function verdictOf(
  config: SequentialConfig,
  state: SequentialState,
  nowMs: EpochMs,
): SequentialJudgement {
  const settings = settingsOf(config);
  const pairs = settings.metrics.flatMap((metric) => {
    const one = state.metrics[metric.name];
    return one === undefined ? [] : [{ metric, one }];
  });
  const { sampleRatioThreshold } = settings;
  const without = {
    metrics: pairs.map(({ metric, one }) => metricEvidence({ metric, settings }, one)),
    logE: wholeEvidence(settings, state.metrics),
    threshold: settings.threshold,
    ...(state.decidedMs === undefined ? {} : { decidedAtMs: state.decidedMs }),
    falseAlarmChance: Math.min(1, Math.exp(-state.best)),
    ...(Number.isFinite(sampleRatioThreshold)
      ? {
          sampleRatio: {
            logE: sampleRatioEvidence(state.sampleRatio),
            threshold: sampleRatioThreshold,
          },
        }
      : {}),
    missing: missingData(settings, state, nowMs),
    dataErrors: state.dataErrors,
  };
  const action = actionOf(
    without,
    pairs.map(({ one }) => one),
  );
  const evidence: SequentialEvidence = { action, ...without };
  return { verdict: verdicts[action], sentence: sentenceOf(evidence), evidence };
}
