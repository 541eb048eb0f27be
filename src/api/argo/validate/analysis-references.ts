// AnalysisTemplates a Rollout refers to, nested ones included: that they exist, and that a run of
// them can end and has its arguments.
import type { AnalysisArgument, AnalysisTemplate, Metric, TemplateRef } from "../analysis.ts";
import type { RolloutAnalysis, Strategy } from "../rollout.ts";
import { below, invalid, placeOf } from "../../meta/field-error.ts";
import type { FieldError, Place } from "../../meta/field-error.ts";
import { asJson } from "../../meta/wire.ts";
import { substituteArgs } from "../../../lib/args-template.ts";
import { lookUp, referencePlace } from "./named.ts";
import type { References } from "./named.ts";

export interface AnalysisChecks {
  /** What is wrong with the run that these templates and arguments make; undefined = nothing. */
  readonly composeProblem?: (
    templates: readonly AnalysisTemplate[],
    analysis: RolloutAnalysis,
  ) => string | undefined;
}

interface AnalysisAt {
  readonly analysis: RolloutAnalysis;
  readonly place: Place;
  readonly isBackground: boolean;
}

/** The analyses of a strategy, in the order they are looked up. */
export function analysesOf(strategy: Strategy): readonly AnalysisAt[] {
  const root = referencePlace(strategy.kind);
  const at = (
    analysis: RolloutAnalysis | undefined,
    ...path: readonly (string | number)[]
  ): readonly AnalysisAt[] =>
    analysis
      ? [{ analysis, place: below(root, ...path), isBackground: path[0] === "analysis" }]
      : [];
  switch (strategy.kind) {
    case "blueGreen":
      return [
        ...at(strategy.prePromotionAnalysis, "prePromotionAnalysis"),
        ...at(strategy.postPromotionAnalysis, "postPromotionAnalysis"),
      ];
    case "canary":
      return [
        ...strategy.steps.flatMap((step, index) =>
          step.kind === "analysis" ? at(step.analysis, "steps", index, "analysis") : [],
        ),
        ...at(strategy.analysis, "analysis"),
      ];
    case "rollingUpdate":
    case "recreate":
      return [];
  }
}

function templateOf(
  {
    templateName,
    clusterScope = false,
  }: { readonly templateName: string; readonly clusterScope?: boolean },
  references: References,
): AnalysisTemplate | undefined {
  return lookUp(
    clusterScope ? references.clusterAnalysisTemplates : references.analysisTemplates,
    templateName,
  );
}

function missingError({ templateName, clusterScope }: TemplateRef, place: Place): FieldError {
  const kind = clusterScope ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
  return invalid(place, templateName, `${kind} '${templateName}' not found`);
}

interface Walk {
  readonly templates: readonly AnalysisTemplate[];
  readonly errors: readonly FieldError[];
}

/** All templates below these references, each once; a cycle ends where it comes back to itself. */
function walk(
  refs: readonly TemplateRef[],
  place: Place,
  references: References,
  seen: Set<string>,
): Walk {
  const templates: AnalysisTemplate[] = [];
  const errors: FieldError[] = [];
  for (const ref of refs) {
    const id = `${ref.clusterScope}/${ref.templateName}`;
    if (seen.has(id)) continue;
    seen.add(id);
    const template = templateOf(ref, references);
    if (template === undefined) {
      errors.push(missingError(ref, place));
      continue;
    }
    const nested = (template.spec.templates ?? []).map(
      ({ templateName, clusterScope = false }) => ({
        templateName,
        clusterScope,
      }),
    );
    const inner = walk(nested, placeOf(["spec", "templates"]), references, seen);
    templates.push(template, ...inner.templates);
    errors.push(...inner.errors);
  }
  return { templates, errors };
}

export function missingTemplateErrors(
  strategy: Strategy,
  references: References,
): readonly FieldError[] {
  return analysesOf(strategy).flatMap(({ analysis, place }) => {
    const refs = analysis.templates;
    return walk(refs, below(place, "templates"), references, new Set()).errors;
  });
}

/** A metric measured again and again without an end: fine in the background, not where something waits for it. */
function runsForever({ interval, count }: Metric): boolean {
  if (interval === undefined) return false;
  return count === undefined || !(Number(count) > 0 || String(count).includes("{{"));
}

function endlessErrors(
  templates: readonly AnalysisTemplate[],
  place: Place,
  value: string,
): readonly FieldError[] {
  return templates.flatMap(({ metadata, spec }) =>
    (spec.metrics ?? []).filter(runsForever).map(({ name, count }) => {
      const shown = count === undefined ? "<nil>" : String(count);
      const text = `AnalysisTemplate ${metadata.name} has metric ${name} which runs indefinitely. Invalid value for count: ${shown}`;
      return invalid(place, value, text);
    }),
  );
}

/** Stands for what only a run will know. */
const placeholder = "dummy-value";

/** What keeps a template's metrics from being resolved, whatever the Rollout gives it. */
function resolveProblem(
  { spec }: AnalysisTemplate,
  declared: readonly AnalysisArgument[],
): string | undefined {
  const both = spec.args?.find(({ value, valueFrom }) => value !== undefined && valueFrom);
  if (both) return `arg '${both.name}' has both Value and ValueFrom fields`;
  const args = declared.map(({ name, value }) => ({ name, value: value ?? placeholder }));
  for (const metric of spec.metrics ?? []) {
    const resolved = substituteArgs(asJson(metric), args);
    if (!resolved.ok) return resolved.message;
  }
  return undefined;
}

function unresolvedErrors(
  templates: readonly AnalysisTemplate[],
  place: Place,
  value: string,
): readonly FieldError[] {
  const declared = templates.flatMap(({ spec }) => spec.args ?? []);
  return templates.flatMap((template) => {
    const problem = resolveProblem(template, declared);
    if (problem === undefined) return [];
    return [invalid(place, value, `AnalysisTemplate ${template.metadata.name}: ${problem}`)];
  });
}

/** Arguments a template declares without a default and the Rollout does not give. */
function missingArguments(
  templates: readonly AnalysisTemplate[],
  analysis: RolloutAnalysis,
): readonly string[] {
  const given = new Set(analysis.args.map(({ name }) => name));
  const declared = templates.flatMap(({ spec }) => spec.args ?? []);
  const hasDefault = new Set(
    declared.filter((one) => one.value !== undefined || one.valueFrom).map(({ name }) => name),
  );
  const names = declared
    .map(({ name }) => name)
    .filter((name) => !given.has(name) && !hasDefault.has(name));
  return [...new Set(names)];
}

function argumentErrors(
  missing: readonly string[],
  place: Place,
  value: string,
): readonly FieldError[] {
  const [first, ...others] = missing;
  if (first === undefined) return [];
  return [
    invalid(
      place,
      value,
      others.length === 0 ? first : "missing analysis arguments in rollout spec",
    ),
  ];
}

export function analysisContentErrors(
  strategy: Strategy,
  references: References,
  { composeProblem }: AnalysisChecks,
): readonly FieldError[] {
  return analysesOf(strategy).flatMap(({ analysis, place, isBackground }) => {
    const at = below(place, "templates");
    const { templates } = walk(analysis.templates, at, references, new Set());
    const value = `templateNames: [${analysis.templates.map(({ templateName }) => templateName).join(" ")}]`;
    const problem = composeProblem?.(templates, analysis);
    return [
      ...(problem === undefined ? [] : [invalid(at, value, problem)]),
      ...(isBackground
        ? argumentErrors(missingArguments(templates, analysis), at, value)
        : [...unresolvedErrors(templates, at, value), ...endlessErrors(templates, at, value)]),
    ];
  });
}
