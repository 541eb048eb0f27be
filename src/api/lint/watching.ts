// Findings about what is to watch over a version and would see nothing.
import type { Metric } from "../argo/analysis.ts";
import { guardAnnotation, pauseUntilSafePlugin, sequentialKind } from "../argo/keys.ts";
import { isJudgedSequentially } from "../argo/metric-plugin.ts";
import { parseAnalysisTemplate } from "../argo/parse/objects.ts";
import type { CanaryStrategy, Rollout } from "../argo/rollout.ts";
import type { SourceDocument } from "../yaml/documents.ts";
import { fieldFinding } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** A number as written; undefined if an argument stands for it. */
function numberOf(value: Metric["count"]): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** More failures than measurements are needed: it can never fail. */
export function idleLimitFindings(
  document: SourceDocument,
  metric: Metric,
  index: number,
): readonly Finding[] {
  const [count, limit] = [numberOf(metric.count), numberOf(metric.failureLimit)];
  if (count === undefined || count <= 0 || limit === undefined || limit < count) return [];
  const path = ["spec", "metrics", index, "failureLimit"];
  const problem = `of ${String(count)} measurements never more than ${String(limit)} can fail: this metric cannot fail`;
  const wayOut = `write a limit below ${String(count)}, or more measurements.`;
  return [fieldFinding("warning", "SEES_NOTHING", document, path, { problem, wayOut })];
}

/** Whether some step lasts while both versions have traffic; what lasts until somebody acts counts. */
function hasTimeToSee({ steps }: CanaryStrategy): boolean {
  let weight = 0;
  return steps.some((step) => {
    if (step.kind === "setWeight") weight = step.weight;
    const lasts = !["setWeight", "setCanaryScale", "setHeaderRoute", "setMirrorRoute"].includes(
      step.kind,
    );
    const isEmpty = step.kind === "pause" && step.durationSeconds === 0;
    return weight > 0 && weight < 100 && lasts && !isEmpty;
  });
}

function guardFindings(document: SourceDocument, strategy: CanaryStrategy): readonly Finding[] {
  if (strategy.guard.length === 0 || hasTimeToSee(strategy)) return [];
  const path = ["metadata", "annotations", guardAnnotation];
  const problem = "no step lasts while both versions have traffic: the guard sees nothing";
  const wayOut = "add a pause after a setWeight between 1 and 99.";
  return [fieldFinding("warning", "SEES_NOTHING", document, path, { problem, wayOut })];
}

/** Whether the background analysis judges; undefined = its templates are not among the files. */
function isWatchedByJudge(
  { analysis, guard }: CanaryStrategy,
  documents: readonly SourceDocument[],
): boolean | undefined {
  if (guard.length > 0) return true;
  if (analysis === undefined) return false;
  const metrics = analysis.templates.map(({ templateName }) => {
    const found = documents
      .map((document) => parseAnalysisTemplate(document.object).object)
      .find(
        (each) => each.kind.endsWith("AnalysisTemplate") && each.metadata.name === templateName,
      );
    return found?.spec.templates === undefined ? found?.spec.metrics : undefined;
  });
  if (metrics.some((list) => list?.some(isJudgedSequentially))) return true;
  return metrics.includes(undefined) ? undefined : false;
}

function pauseFindings(
  document: SourceDocument,
  documents: readonly SourceDocument[],
  strategy: CanaryStrategy,
): readonly Finding[] {
  if (isWatchedByJudge(strategy, documents) !== false) return [];
  return strategy.steps.flatMap((step, index) => {
    if (step.kind !== "pauseUntilSafe") return [];
    const path = ["spec", "strategy", "canary", "steps", index, "plugin"];
    const problem = `${pauseUntilSafePlugin}: nobody judges this canary, so nothing can be shown to be safe`;
    const wayOut = `add the annotation ${guardAnnotation}: errors,latency or a background analysis with ${sequentialKind}.`;
    return [fieldFinding("warning", "SEES_NOTHING", document, path, { problem, wayOut })];
  });
}

export function watchingFindings(
  document: SourceDocument,
  documents: readonly SourceDocument[],
  { spec: { strategy } }: Rollout,
): readonly Finding[] {
  if (strategy.kind !== "canary") return [];
  return [...guardFindings(document, strategy), ...pauseFindings(document, documents, strategy)];
}
