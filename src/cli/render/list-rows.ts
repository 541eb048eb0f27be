// Rollouts and experiments as rows of a list (argo-kubectl-plugin.md §4).
import type { Experiment } from "../../api/argo/experiment.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { clientPhase } from "../../core/rollout/phase.ts";
import { strategyNames, weightView } from "../../core/view/rollout-view.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { humanDuration } from "../../lib/human-duration.ts";
import { parseTime, type EpochMs } from "../../lib/time.ts";
import { parsedRollout } from "../fetch-tree.ts";
import { age } from "./tree.ts";

export const rolloutColumns = [
  "NAME",
  "STRATEGY",
  "STATUS",
  "STEP",
  "SET-WEIGHT",
  "READY",
  "DESIRED",
  "UP-TO-DATE",
  "AVAILABLE",
];
export const experimentColumns = ["NAME", "STATUS", "DURATION", "REMAINING", "AGE"];

export function rolloutRow(manifest: KubeObject): readonly string[] {
  const rollout = parsedRollout(manifest);
  const { spec, status } = rollout;
  const weights = weightView(rollout);
  return [
    manifest.metadata.name,
    strategyNames[spec.strategy.kind],
    clientPhase(asJson(manifest)).phase,
    weights === undefined || weights.step === "" ? "-" : weights.step,
    weights === undefined ? "-" : String(weights.setWeight),
    `${status.readyReplicas ?? 0}/${status.replicas ?? 0}`,
    String(spec.replicas ?? 1),
    String(status.updatedReplicas ?? 0),
    String(status.availableReplicas ?? 0),
  ];
}

export function experimentRow(experiment: Experiment, now: EpochMs): readonly string[] {
  const { name, creationTimestamp } = experiment.metadata;
  const { duration } = experiment.spec;
  const { phase = "Pending", availableAt } = experiment.status ?? {};
  const parsed = duration === undefined ? undefined : parseGoDuration(duration);
  const availableAtMs = parseTime(availableAt);
  const isTimed = parsed?.ok === true && availableAtMs !== undefined && phase === "Running";
  const remaining = isTimed ? humanDuration(Math.max(0, availableAtMs + parsed.ms - now)) : "-";
  return [name, phase, duration ?? "-", remaining, age(creationTimestamp, now)];
}
