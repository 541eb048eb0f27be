// Findings of analysis templates and runs: metrics that cannot be measured, conditions that cannot
// be read, providers that nothing asks.
import { checkExpression } from "../../lib/expr/expr.ts";
import { isJsonObject } from "../../lib/json.ts";
import type { Metric } from "../argo/analysis.ts";
import type { Capabilities } from "../argo/capabilities.ts";
import { parseAnalysisTemplate } from "../argo/parse/objects.ts";
import type { SourceDocument } from "../yaml/documents.ts";
import { fieldFinding, noticeFindings } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { LintCore } from "./from-core.ts";
import { idleLimitFindings } from "./watching.ts";

const argument = /\{\{.*?\}\}/g;

/** The expression with each argument replaced by a number as long as it was, so that columns stay. */
function withNumbers(expression: string): string {
  return expression.replace(argument, (text) => "0".padEnd(text.length));
}

/** What an argument stands for is not known yet, so a doubt about it is no more than that. */
function conditionFindings(
  document: SourceDocument,
  metric: Metric,
  index: number,
): readonly Finding[] {
  return (["successCondition", "failureCondition"] as const).flatMap((field) => {
    const expression = metric[field] ?? "";
    if (expression === "") return [];
    const checked = checkExpression(withNumbers(expression));
    if (checked.ok) return [];
    const level = expression.includes("{{") ? "warning" : "error";
    const { message, position } = checked.error;
    const path = ["spec", "metrics", index, field];
    return [
      fieldFinding(level, "EXPRESSION_SYNTAX", document, path, {
        expression,
        problem: message,
        column: position.column,
      }),
    ];
  });
}

const countFields = [
  "count",
  "failureLimit",
  "inconclusiveLimit",
  "consecutiveErrorLimit",
  "consecutiveSuccessLimit",
] as const;

/** The metric as if its arguments were harmless: durations of a second, no limits. */
function withoutArguments(metric: Metric): Metric {
  const holds = (value: unknown): boolean => typeof value === "string" && value.includes("{{");
  const { interval, initialDelay } = metric;
  const kept = Object.entries(metric).filter(
    ([name, value]) => !(holds(value) && countFields.some((field) => field === name)),
  );
  return {
    ...(Object.fromEntries(kept) as unknown as Metric),
    ...(holds(interval) ? { interval: "1s" } : {}),
    ...(holds(initialDelay) ? { initialDelay: "1s" } : {}),
  };
}

function metricsFinding(
  document: SourceDocument,
  metrics: readonly Metric[],
  core: LintCore,
): readonly Finding[] {
  const problem = core.metricsProblem({
    metrics: metrics.map((metric) => withoutArguments(metric)),
  });
  if (problem === undefined) return [];
  const [, index] = /^metrics\[(\d+)\]: /.exec(problem) ?? [];
  const path = index === undefined ? ["spec", "metrics"] : ["spec", "metrics", Number(index)];
  return [
    fieldFinding("error", "FIELD_INVALID", document, path, {
      problem: problem.replace(/^metrics\[\d+\]: /, ""),
    }),
  ];
}

/** Metrics with arguments in them are judged once these are known. */
function judgeFindings(
  document: SourceDocument,
  metric: Metric,
  index: number,
  { judgeProblem }: LintCore,
): readonly Finding[] {
  const problem = judgeProblem?.(metric);
  if (problem === undefined) return [];
  const path = ["spec", "metrics", index, "provider"];
  return [fieldFinding("error", "FIELD_INVALID", document, path, { problem })];
}

function hasNestedTemplates({ object }: SourceDocument): boolean {
  const { spec } = object;
  return isJsonObject(spec) && Array.isArray(spec["templates"]) && spec["templates"].length > 0;
}

/** Also for AnalysisRuns, whose metrics stand in the same place. */
export function analysisFindings(
  document: SourceDocument,
  capabilities: Capabilities,
  core: LintCore,
): readonly Finding[] {
  const { object, notCarriedOut } = parseAnalysisTemplate(document.object, capabilities);
  const metrics = object.spec.metrics ?? [];
  const isComposed = metrics.length === 0 && hasNestedTemplates(document);
  return [
    ...(isComposed ? [] : metricsFinding(document, metrics, core)),
    ...metrics.flatMap((metric, index) => conditionFindings(document, metric, index)),
    ...metrics.flatMap((metric, index) => idleLimitFindings(document, metric, index)),
    ...metrics.flatMap((metric, index) => judgeFindings(document, metric, index, core)),
    ...noticeFindings(document, notCarriedOut),
  ];
}
