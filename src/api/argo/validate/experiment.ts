// Rules of Experiments (argo-rollouts.md §1.6), in Argo's order per template.
import type { JsonObject } from "../../../lib/json.ts";
import { isEmptySelector } from "../../meta/label-selector.ts";
import { conform } from "../../schema/conform.ts";
import { experimentSchema } from "../../schema/experiment.ts";
import type { Experiment, ExperimentTemplate } from "../experiment.ts";
import { valueAt } from "./own-rules.ts";

const defaultDeadlineSeconds = 600;

function templateProblem(
  { name, selector = {}, minReadySeconds = 0 }: ExperimentTemplate,
  index: number,
  { metadata, spec }: Experiment,
  hasSelector: boolean,
): string | undefined {
  if (!hasSelector) return `Rollout has missing field '.Spec.Templates[${index}].Selector'`;
  if (isEmptySelector(selector)) {
    return `This experiment is selecting all pods at index ${index}. A non-empty selector is required.`;
  }
  if (minReadySeconds > (spec.progressDeadlineSeconds ?? defaultDeadlineSeconds)) {
    return `MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index ${index}`;
  }
  if (name === "") return `Experiment ${metadata.name} has empty template name at index ${index}`;
  const isRepeated = spec.templates.findIndex((template) => template.name === name) < index;
  if (!isRepeated) return undefined;
  return `Experiment ${metadata.name} has repeated template name '${name}' in templates`;
}

function repeatedAnalysis({ metadata, spec }: Experiment): string | undefined {
  const names = (spec.analyses ?? []).map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated === undefined) return undefined;
  return `Experiment ${metadata.name} has repeated analysis name '${repeated}' in analyses`;
}

/** The first thing wrong with an Experiment: the message of its condition InvalidSpec. */
export function validateExperiment(manifest: JsonObject): string | undefined {
  const experiment = conform(manifest, experimentSchema).value;
  const ofTemplates = experiment.spec.templates
    .map((template, index) => {
      const hasSelector = valueAt(manifest, ["spec", "templates", index, "selector"]) !== null;
      return templateProblem(template, index, experiment, hasSelector);
    })
    .find((problem) => problem !== undefined);
  return ofTemplates ?? repeatedAnalysis(experiment);
}
