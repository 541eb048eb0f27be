// Rules of Experiments (argo-rollouts.md §1.6), in Argo's order per template: one set for lint and for the
// controller.
import { parseGoDuration } from "../../../lib/go-duration.ts";
import type { JsonObject } from "../../../lib/json.ts";
import { isEmptySelector } from "../../meta/label-selector.ts";
import { conform } from "../../schema/conform.ts";
import { experimentSchema } from "../../schema/experiment.ts";
import type { Experiment, ExperimentTemplate } from "../experiment.ts";
import { valueAt } from "./own-rules.ts";

export const defaultProgressDeadlineSeconds = 600;

function templateProblem(
  { name, selector, minReadySeconds = 0 }: ExperimentTemplate,
  index: number,
  { metadata, spec }: Experiment,
): string | undefined {
  if (selector === undefined)
    return `Rollout has missing field '.Spec.Templates[${index}].Selector'`;
  if (isEmptySelector(selector)) {
    return `This experiment is selecting all pods at index ${index}. A non-empty selector is required.`;
  }
  if (minReadySeconds > (spec.progressDeadlineSeconds ?? defaultProgressDeadlineSeconds)) {
    return `MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index ${index}`;
  }
  if (name === "") return `Experiment ${metadata.name} has empty template name at index ${index}`;
  const isRepeated = spec.templates.findIndex((template) => template.name === name) < index;
  if (!isRepeated) return undefined;
  return `Experiment ${metadata.name} has repeated template name '${name}' in templates`;
}

/** Analyses are told apart by their names: of two with one name, only the first would be asked. */
function repeatedAnalysis({ metadata, spec }: Experiment): string | undefined {
  const names = (spec.analyses ?? []).map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated === undefined) return undefined;
  return `Experiment ${metadata.name} has repeated analysis name '${repeated}' in analyses`;
}

function unreadableDuration({ spec: { duration = "" } }: Experiment): string | undefined {
  const parsed = duration === "" ? undefined : parseGoDuration(duration);
  return parsed?.ok === false ? `invalid duration string: ${parsed.message}` : undefined;
}

/**
 * The first thing wrong with an Experiment: the message of its condition InvalidSpec. Repeated analyses and a
 * duration that cannot be read are our addition.
 */
export function experimentProblem(experiment: Experiment): string | undefined {
  const ofTemplates = experiment.spec.templates
    .map((template, index) => templateProblem(template, index, experiment))
    .find((problem) => problem !== undefined);
  return ofTemplates ?? repeatedAnalysis(experiment) ?? unreadableDuration(experiment);
}

/** The same of a manifest as written, whose missing fields `conform` fills in. */
export function validateExperiment(manifest: JsonObject): string | undefined {
  const experiment = conform(manifest, experimentSchema).value;
  const templates = experiment.spec.templates.map((template, index): ExperimentTemplate => {
    const { selector, ...rest } = template;
    const hasSelector = valueAt(manifest, ["spec", "templates", index, "selector"]) !== null;
    return hasSelector && selector !== undefined ? { ...rest, selector } : rest;
  });
  return experimentProblem({ ...experiment, spec: { ...experiment.spec, templates } });
}
