import type { ExperimentStep } from "../../../api/argo/rollout.ts";
import { currentExperiment } from "../experiment-weights.ts";
import { complete } from "./step-outcome.ts";
import type { AtStep, StepOutcome } from "./step-outcome.ts";

function failed(message: string): StepOutcome {
  const suffix = message === "" ? "" : `: ${message}`;
  return { kind: "abort", message: `Experiment analysis phase is error/failed${suffix}` };
}

/** Done when the experiment of this step was successful (§2.10, §2.14). */
export function experimentOutcome(_step: ExperimentStep, at: AtStep): StepOutcome {
  const { canary, course, stepIndex } = at;
  const {
    phase = "Pending",
    message = "",
    conditions,
  } = currentExperiment(canary, course)?.status ?? {};
  const invalid = conditions?.find(
    ({ type, status }) => type === "InvalidSpec" && status === "True",
  );
  if (invalid !== undefined) return { kind: "waiting", why: invalid.message, isHeld: true };
  switch (phase) {
    case "Successful":
      return complete;
    case "Failed":
    case "Error":
      return failed(message);
    case "Inconclusive":
      return course.isResumed
        ? { kind: "waiting", why: "a new experiment is created" }
        : { kind: "pause", reason: "InconclusiveExperiment" };
    case "Pending":
    case "Running":
      return {
        kind: "waiting",
        why: `experiment step ${String(stepIndex + 1)}: waiting for the experiment to finish`,
      };
  }
}
