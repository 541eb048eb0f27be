import type { Experiment } from "../../api/argo/experiment.ts";
import type { TrafficDestination } from "../../api/argo/traffic.ts";
import type { Canary } from "./canary-view.ts";
import type { Course } from "./course.ts";

export function currentExperiment(canary: Canary, course: Course): Experiment | undefined {
  const { experiments } = canary.facts.observed;
  return experiments.find((experiment) => experiment.metadata.name === course.experiment);
}

/** Shares of the running experiment's templates, for the nearest experiment step at or before the index (§2.6). */
export function experimentDestinations(
  canary: Canary,
  course: Course,
): readonly TrafficDestination[] {
  const experiment = currentExperiment(canary, course);
  if (experiment?.status?.phase !== "Running" || course.stepIndex === undefined) return [];
  const step = canary.strategy.steps
    .slice(0, course.stepIndex + 1)
    .findLast((candidate) => candidate.kind === "experiment");
  if (step?.kind !== "experiment") return [];
  return step.templates.flatMap((template): readonly TrafficDestination[] => {
    const status = experiment.status?.templateStatuses?.find((s) => s.name === template.name);
    if (template.weight === undefined || status === undefined) return [];
    const { serviceName, podTemplateHash } = status;
    if (serviceName === undefined || status.availableReplicas === 0) return [];
    return [
      { weight: template.weight, service: serviceName, podTemplateHash: podTemplateHash ?? "" },
    ];
  });
}
