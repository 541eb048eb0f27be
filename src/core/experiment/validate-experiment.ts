import type { Experiment, ExperimentTemplate } from "../../api/argo/experiment.ts";
import { isEmptySelector } from "../../api/meta/label-selector.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";

export const defaultProgressDeadlineSeconds = 600;

function templateProblem(
  template: ExperimentTemplate,
  index: number,
  { metadata, spec }: Experiment,
): string | undefined {
  const { selector, minReadySeconds = 0 } = template;
  if (selector === undefined)
    return `Rollout has missing field '.Spec.Templates[${index}].Selector'`;
  if (isEmptySelector(selector)) {
    return `This experiment is selecting all pods at index ${index}. A non-empty selector is required.`;
  }
  if (minReadySeconds > (spec.progressDeadlineSeconds ?? defaultProgressDeadlineSeconds)) {
    return `MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index ${index}`;
  }
  if (template.name === "") {
    return `Experiment ${metadata.name} has empty template name at index ${index}`;
  }
  const isRepeated = spec.templates.findIndex(({ name }) => name === template.name) < index;
  return isRepeated
    ? `Experiment ${metadata.name} has repeated template name '${template.name}' in templates`
    : undefined;
}

/** Analyses are told apart by their names: of two with one name, only the first would be asked. */
function repeatedAnalysis({ metadata, spec }: Experiment): string | undefined {
  const names = (spec.analyses ?? []).map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  return repeated === undefined
    ? undefined
    : `Experiment ${metadata.name} has repeated analysis name '${repeated}' in analyses`;
}

/**
 * What is wrong with the spec (argo-rollouts.md §1.6); repeated analyses and a duration that cannot be read are
 * our addition.
 */
export function experimentProblem(experiment: Experiment): string | undefined {
  for (const [index, template] of experiment.spec.templates.entries()) {
    const problem = templateProblem(template, index, experiment);
    if (problem !== undefined) return problem;
  }
  const repeated = repeatedAnalysis(experiment);
  if (repeated !== undefined) return repeated;
  const { duration = "" } = experiment.spec;
  const parsed = duration === "" ? undefined : parseGoDuration(duration);
  return parsed?.ok === false ? `invalid duration string: ${parsed.message}` : undefined;
}
