// core/judge/kayenta: automated canary analysis as Netflix's judge in Kayenta does it (NetflixACAJudge-v1.0), for those
// who come from it. A series of points of the experiment is compared with one of the control, metric by metric
// (parity.ts, exactly; strict.ts, with its known faults closed), and the share that passed is the score (score.ts).
// settings.ts: what it is told; read-configuration.ts: Kayenta's own JSON. Pure: its dice have a fixed seed.
import type { Judge } from "../judge.ts";
import { invariant } from "../../../lib/invariant.ts";
import { shown } from "./classification.ts";
import { classifyAsKayenta } from "./parity.ts";
import {
  criticalFailure,
  missingHalf,
  scoreOf,
  worthAtLeast,
  worthAtMost,
  worthInKayenta,
  type ClassifiedSeries,
  type Score,
} from "./score.ts";
import type { JudgedMetric, KayentaSettings, MetricSeries } from "./settings.ts";
import { aliveIn, classifyStrictly } from "./strict.ts";

/** Kayenta's words for a score: from `pass` on, from `marginal` on, below. */
export type ScoreClassification = "Pass" | "Marginal" | "Fail";

export interface KayentaEvidence extends Score {
  readonly classification: ScoreClassification;
  readonly metrics: readonly ClassifiedSeries[];
}

const verdicts = { Pass: "successful", Marginal: "inconclusive", Fail: "failed" } as const;

function metricOf({ metrics }: KayentaSettings, { metric }: MetricSeries): JudgedMetric {
  const found = metrics.find(({ name }) => name === metric);
  invariant(found !== undefined, `the settings have no metric "${metric}"`);
  return found;
}

/** A metric of which nothing came is one without data. */
function withMissing(
  { metrics }: KayentaSettings,
  all: readonly MetricSeries[],
): readonly MetricSeries[] {
  const seen = new Set(all.map(({ metric }) => metric));
  const missing = metrics.filter(({ name }) => !seen.has(name));
  return [
    ...all,
    ...missing.map(({ name }) => ({ metric: name, tags: "", control: [], experiment: [] })),
  ];
}

function classified(
  settings: KayentaSettings,
  all: readonly MetricSeries[],
): readonly ClassifiedSeries[] {
  const alive = aliveIn(all);
  return withMissing(settings, all).map((series) => {
    const metric = metricOf(settings, series);
    const classification =
      settings.mode === "parity"
        ? classifyAsKayenta(series, metric.analysis)
        : classifyStrictly(series, metric.analysis, alive);
    return { ...classification, metric, tags: series.tags };
  });
}

interface Scored {
  readonly score: Score;
  readonly classification: ScoreClassification;
}

function scored(
  { groupWeights, thresholds, mode }: KayentaSettings,
  series: readonly ClassifiedSeries[],
): Scored {
  const critical = criticalFailure(series);
  const { pass, marginal } = thresholds;
  if (mode === "parity") {
    const score = scoreOf(series, groupWeights, worthInKayenta, critical ?? missingHalf(series));
    const isMarginal = score.score >= marginal;
    return {
      score,
      classification: score.score >= pass ? "Pass" : isMarginal ? "Marginal" : "Fail",
    };
  }
  const score = scoreOf(series, groupWeights, worthAtLeast, critical);
  const atMost = scoreOf(series, groupWeights, worthAtMost, critical);
  if (score.score >= pass) return { score, classification: "Pass" };
  // Metrics without data alone do not fail a canary: a person has to look.
  return { score, classification: atMost.score >= marginal ? "Marginal" : "Fail" };
}

function nameOf({ metric, tags }: ClassifiedSeries): string {
  return tags === "" ? metric.name : `${metric.name} ${tags}`;
}

const longestList = 3;

/** `score 50 of 100 (pass 95, marginal 75): latency is High: …; 1 of 2 metrics passed`. */
function sentenceOf(
  { thresholds }: KayentaSettings,
  { score, classification }: Scored,
  series: readonly ClassifiedSeries[],
): string {
  const passed = series.filter(({ label }) => label === "Pass").length;
  const others = series.filter(({ label }) => label !== "Pass");
  const limits = `pass ${shown(thresholds.pass)}, marginal ${shown(thresholds.marginal)}`;
  const reasons = others
    .slice(0, longestList)
    .map((one) => `${nameOf(one)} is ${one.label}: ${one.reason}`);
  const more = others.length > longestList ? [`and ${others.length - longestList} more`] : [];
  const zeroed = score.zeroedBy === undefined ? [] : [`taken to 0: ${score.zeroedBy}`];
  const count = `${passed} of ${series.length} metrics passed`;
  const why = [count, ...zeroed, ...reasons, ...more].join("; ");
  return `${classification}: score ${score.score} (${limits}); ${why}`;
}

/**
 * Judges the series of all metrics, one or more of each. Takes any numbers; throws an InvariantError only for a
 * series of a metric that the settings do not have.
 */
export const judgeKayenta: Judge<KayentaSettings, readonly MetricSeries[], KayentaEvidence> = (
  settings,
  all,
) => {
  const metrics = classified(settings, all);
  const counting = metrics.filter(({ metric }) => !metric.analysis.muted);
  const outcome = scored(settings, counting);
  return {
    verdict: verdicts[outcome.classification],
    sentence: sentenceOf(settings, outcome, counting),
    evidence: { ...outcome.score, classification: outcome.classification, metrics },
  };
};
