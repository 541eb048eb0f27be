import type { Experiment, ExperimentCondition } from "../../api/argo/experiment.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import type { PhaseAndMessage } from "./phase.ts";

type Wanted = Pick<ExperimentCondition, "type" | "status" | "reason" | "message">;

/** The conditions with this one in place; its times move only when it changes. */
export function withCondition(
  conditions: readonly ExperimentCondition[],
  wanted: Wanted,
  now: EpochMs,
): readonly ExperimentCondition[] {
  const before = conditions.find(({ type }) => type === wanted.type);
  const isSame =
    before?.status === wanted.status &&
    before.reason === wanted.reason &&
    before.message === wanted.message;
  if (isSame) return conditions;
  const at = formatTime(now);
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : at;
  const condition = { ...wanted, lastUpdateTime: at, lastTransitionTime };
  return [...conditions.filter(({ type }) => type !== wanted.type), condition];
}

export function withoutCondition(
  conditions: readonly ExperimentCondition[],
  type: ExperimentCondition["type"],
): readonly ExperimentCondition[] {
  return conditions.filter((condition) => condition.type !== type);
}

/** How far it is; undefined = as it was (an experiment that ended badly keeps its last word). */
export function progressCondition(
  { metadata: { name } }: Experiment,
  { phase }: PhaseAndMessage,
): Wanted | undefined {
  const type = "Progressing";
  switch (phase) {
    case "Successful": {
      const message = `Experiment "${name}" has successfully ran and completed.`;
      return { type, status: "False", reason: "ExperimentCompleted", message };
    }
    case "Running": {
      const message = `Experiment "${name}" is running.`;
      return { type, status: "True", reason: "NewReplicaSetAvailable", message };
    }
    case "Pending": {
      const message = `Experiment "${name}" is progressing.`;
      return { type, status: "True", reason: "ReplicaSetUpdated", message };
    }
    case "Failed":
    case "Error":
    case "Inconclusive":
      return undefined;
  }
}
