// From templates to one run: nested templates are gathered, their metrics, arguments and rules
// joined, and the caller's arguments put in (argo-rollouts.md §1.5, algorithms §2.13 "Args merge").
import type {
  AnalysisArgument,
  AnalysisRunSpec,
  AnalysisTemplate,
  DryRunRule,
  MeasurementRetentionRule,
  Metric,
  TemplateRef,
} from "../../api/argo/analysis.ts";
import { gatherTemplates } from "./gather-templates.ts";
import { overrideArguments, joinArguments } from "./merge-arguments.ts";

export interface ComposeRequest {
  /** Every template that may be referred to: those of the namespace and all cluster-wide ones. */
  readonly templates: readonly AnalysisTemplate[];
  readonly requested: readonly TemplateRef[];
  /** The caller's arguments; names no template declares are ignored. */
  readonly args: readonly AnalysisArgument[];
  readonly dryRun?: readonly DryRunRule[];
  readonly measurementRetention?: readonly MeasurementRetentionRule[];
}

/** What an AnalysisRun of these templates is created with; empty lists are left out. */
export type ComposedSpec = Pick<
  AnalysisRunSpec,
  "metrics" | "args" | "dryRun" | "measurementRetention"
>;

export type Composed =
  | { readonly ok: true; readonly spec: ComposedSpec }
  | { readonly ok: false; readonly message: string };

/** The first metric name that occurs twice, as Argo words it. */
function repeatedMetric(metrics: readonly Metric[]): string | undefined {
  const seen = new Set<string>();
  for (const { name } of metrics) {
    if (seen.has(name)) return `two metrics have the same name '${name}'`;
    seen.add(name);
  }
  return undefined;
}

function repeatedRule(
  rules: readonly { readonly metricName: string }[],
  what: "Dry-Run" | "Measurement Retention",
): string | undefined {
  const seen = new Set<string>();
  for (const { metricName } of rules) {
    if (seen.has(metricName)) return `two ${what} metric rules have the same name '${metricName}'`;
    seen.add(metricName);
  }
  return undefined;
}

/**
 * The spec of one AnalysisRun from all requested templates. Metrics come in template order
 * (AnalysisTemplates depth first, then ClusterAnalysisTemplates); dry-run and retention rules are
 * the caller's, then the templates'. Errors are Argo's texts, for the user: a missing template, a
 * cycle, two metrics or rules of one name, an argument with two values or with none.
 */
export function composeRunSpec(request: ComposeRequest): Composed {
  const gathered = gatherTemplates(request.templates, request.requested);
  if (!gathered.ok) return gathered;
  const specs = gathered.templates.map(({ spec }) => spec);
  const declared = joinArguments(specs.map(({ args = [] }) => args));
  if (!declared.ok) return declared;
  const args = overrideArguments(declared.args, request.args);
  if (!args.ok) return args;

  const metrics = specs.flatMap((spec) => spec.metrics ?? []);
  const dryRun = [...(request.dryRun ?? []), ...specs.flatMap((spec) => spec.dryRun ?? [])];
  const measurementRetention = [
    ...(request.measurementRetention ?? []),
    ...specs.flatMap((spec) => spec.measurementRetention ?? []),
  ];
  const problem =
    repeatedMetric(metrics) ??
    repeatedRule(dryRun, "Dry-Run") ??
    repeatedRule(measurementRetention, "Measurement Retention");
  if (problem !== undefined) return { ok: false, message: problem };
  const spec = {
    metrics,
    ...(args.args.length > 0 ? { args: args.args } : {}),
    ...(dryRun.length > 0 ? { dryRun } : {}),
    ...(measurementRetention.length > 0 ? { measurementRetention } : {}),
  };
  return { ok: true, spec };
}
