// A judgement in words, figures and a small chart.
import type { AnalysisRun, Measurement } from "../../api/argo/analysis.ts";
import type { Replay } from "../../core/judge/recorded/replay.ts";
import { replayAsJudged } from "../../core/judge/recorded/replay.ts";
import type { SequentialConfig } from "../../core/judge/sequential/config.ts";
import type { MetricEvidence } from "../../core/judge/sequential/evidence.ts";
import { shownNumber } from "../../core/judge/sequential/sentences.ts";
import type { JsonObject } from "../../lib/json.ts";
import { asJson } from "../../api/meta/wire.ts";
import { formatTime } from "../../lib/time.ts";
import { sequentialSettingsOf } from "../../metrics/sequential/config.ts";
import { evidenceChart } from "../render/evidence-chart.ts";
import { formatTable } from "../render/table.ts";
import { isJudgedByKayenta, kayentaLines } from "./explained-kayenta.ts";
import type { ReadMetric } from "./judged-run.ts";

const chartColumns = 64;

function armText({ total, count, rate }: MetricEvidence["canary"]): string {
  if (count !== undefined) return `${shownNumber(count)} of ${shownNumber(total)}`;
  return rate === undefined ? "-" : shownNumber(rate);
}

function rowOf(evidence: MetricEvidence): readonly string[] {
  const { name, canary, stable, ratio, confidence, logE, blameThreshold, blamed, safe } = evidence;
  return [
    name,
    armText(canary),
    armText(stable),
    ratio === undefined ? "-" : shownNumber(ratio),
    confidence === undefined
      ? "-"
      : `${shownNumber(confidence.lo)} to ${shownNumber(confidence.hi)}`,
    `${logE.toFixed(2)} of ${blameThreshold.toFixed(2)}${blamed ? ", blamed" : ""}`,
    safe === undefined
      ? "-"
      : safe.shown
        ? "shown"
        : `${safe.logE.toFixed(2)} of ${safe.threshold.toFixed(2)}`,
  ];
}

const header = ["METRIC", "CANARY", "STABLE", "TIMES", "BETWEEN", "WORSE", "SAFE"];

function settingsText({
  alpha = 0.01,
  margin = 0.2,
  safeRatio = 2,
  metrics,
}: SequentialConfig): string {
  const names = metrics.map(({ name }) => name).join(", ");
  return `${names} · alpha ${String(alpha)} · margin ${shownNumber(margin * 100)} % · safe below ${String(safeRatio)} times`;
}

function momentsText({ rolledBackAtMs, safeAtMs }: Replay): readonly string[] {
  return [
    ...(safeAtMs === undefined ? [] : [`shown to be safe at ${formatTime(safeAtMs)}`]),
    ...(rolledBackAtMs === undefined ? [] : [`shown to be worse at ${formatTime(rolledBackAtMs)}`]),
  ];
}

/** A replay as lines: the sentence, the way there, the figures. */
export function replayLines(judge: SequentialConfig, replay: Replay): readonly string[] {
  const { judgement, path, ticks, summed } = replay;
  const { threshold, metrics } = judgement.evidence;
  const first = path[0]?.atMs ?? 0;
  const sums = summed === 0 ? "" : `, the ${String(summed)} oldest are sums`;
  return [
    `  ${judgement.sentence}`,
    `  ${settingsText(judge)}`,
    `  ${String(ticks + summed)} looks from ${formatTime(first)} on${sums}`,
    ...momentsText(replay).map((text) => `  ${text}`),
    "",
    "  evidence that the canary is worse (logarithm), and what it must reach",
    ...evidenceChart(path, { threshold, width: chartColumns }).map((line) => `  ${line}`),
    "",
    ...formatTable([header, ...metrics.map(rowOf)]).map((line) => `  ${line}`),
  ];
}

function measurementRow({
  finishedAt = "",
  phase,
  value = "",
  message = "",
}: Measurement): readonly string[] {
  return [finishedAt, phase, value, message];
}

/** The latest measurements, as they stand in the status. */
function measurementLines({ result }: ReadMetric): readonly string[] {
  const measurements = result?.measurements ?? [];
  if (measurements.length === 0) return ["  not measured yet"];
  const rows = measurements.map(measurementRow);
  return formatTable([["AT", "PHASE", "VALUE", "MESSAGE"], ...rows]).map((line) => `  ${line}`);
}

function conditionText({
  metric: { successCondition = "", failureCondition = "" },
}: ReadMetric): string {
  const parts = [
    successCondition === "" ? "" : `successful if ${successCondition}`,
    failureCondition === "" ? "" : `failed if ${failureCondition}`,
  ];
  return parts.filter((part) => part !== "").join(", ") || "by the provider's own verdict";
}

export interface Explained {
  readonly lines: readonly string[];
  readonly json: JsonObject;
}

function explainJudged(read: ReadMetric, record: NonNullable<ReadMetric["record"]>): Explained {
  const { name } = read.metric;
  const phase = read.result?.phase ?? "Pending";
  const { judge } = sequentialSettingsOf(read.metric);
  const replayed = replayAsJudged(judge, record);
  const title = `metric ${name}: ${phase}, judged by the sequential judge`;
  const origin = read.result?.metadata?.["origin"] ?? "";
  if (!replayed.ok)
    return {
      lines: [title, `  ${replayed.problem}`],
      json: { name, phase, judge: "sequential", problem: replayed.problem },
    };
  const { replay } = replayed;
  const isSame = replay.state === record.state;
  const lines = [
    title,
    ...(origin === "" ? [] : [`  ${origin}`]),
    ...replayLines(judge, replay),
    ...(isSame
      ? []
      : ["  judged again, this gives other evidence than was kept: the program has changed since"]),
  ];
  return { lines, json: replayJson(name, phase, judge, replay) };
}

export function replayJson(
  name: string,
  phase: string,
  judge: SequentialConfig,
  replay: Replay,
): JsonObject {
  const { judgement, path, rolledBackAtMs, safeAtMs, ticks, summed } = replay;
  return asJson({
    name,
    phase,
    judge: "sequential",
    settings: judge,
    verdict: judgement.verdict,
    sentence: judgement.sentence,
    evidence: judgement.evidence,
    ...(rolledBackAtMs === undefined ? {} : { rolledBackAt: formatTime(rolledBackAtMs) }),
    ...(safeAtMs === undefined ? {} : { safeAt: formatTime(safeAtMs) }),
    ticks,
    summed,
    path,
  });
}

function explainOther(read: ReadMetric): Explained {
  const { name } = read.metric;
  const { phase = "Pending", message, measurements = [] } = read.result ?? {};
  const isKayenta = isJudgedByKayenta(read);
  const judge = isKayenta ? "kayenta" : "thresholds";
  const how = isKayenta ? "judged by the Kayenta judge" : conditionText(read);
  return {
    lines: [
      `metric ${name}: ${phase}, ${how}`,
      ...measurementLines(read),
      ...(isKayenta ? kayentaLines(read) : []),
    ],
    json: asJson({ name, phase, judge, message, measurements }),
  };
}

export function explainMetric(read: ReadMetric): Explained {
  if (read.record !== undefined) return explainJudged(read, read.record);
  if (!read.isJudged) return explainOther(read);
  const phase = read.result?.phase ?? "Pending";
  const text = "nothing has been counted yet";
  return {
    lines: [`metric ${read.metric.name}: ${phase}`, `  ${text}`],
    json: { name: read.metric.name, phase, judge: "sequential", problem: text },
  };
}

/** The head of a run: its name, how it stands, and why. */
export function runTitle({ metadata, status }: AnalysisRun): string {
  const message = status?.message ?? "";
  return `${metadata.name}: ${status?.phase ?? "Pending"}${message === "" ? "" : ` - ${message}`}`;
}
