import { scaleDownDeadlineAnnotation } from "../../api/argo/keys.ts";
import type { Experiment, TemplateStatus } from "../../api/argo/experiment.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { JsonObject } from "../../lib/json.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import { availableReplicas, scaleDownDeadlineOf, specReplicas } from "../replicas/replica-set.ts";
import type { ExperimentEffect } from "./decision.ts";
import { replicaSetOf, serviceOf, templateSize } from "./template-objects.ts";
import { isServiceOurs, isTemplateCompleted, type TemplateView } from "./templates.ts";

export interface ObjectsStep {
  readonly effects: readonly ExperimentEffect[];
  readonly lookAtMs: EpochMs | undefined;
}

const defaultScaleDownDelaySeconds = 30;

interface Size {
  readonly replicas: number;
  /** null = remove the annotation; undefined = leave it. */
  readonly deadlineMs: EpochMs | null | undefined;
  readonly lookAtMs: EpochMs | undefined;
}

/** Pods stay for a while after the end, so that people can look at them; 0 seconds: none. */
function sizeAfterEnd(set: ReplicaSet, { spec }: Experiment, now: EpochMs): Size {
  const delaySeconds = spec.scaleDownDelaySeconds ?? defaultScaleDownDelaySeconds;
  const deadlineMs = scaleDownDeadlineOf(set);
  const nothing = { replicas: 0, deadlineMs: undefined, lookAtMs: undefined };
  if (specReplicas(set) === 0 || delaySeconds <= 0) return nothing;
  if (deadlineMs !== undefined && deadlineMs <= now) return nothing;
  const waiting = { replicas: specReplicas(set) };
  if (deadlineMs !== undefined) return { ...waiting, deadlineMs: undefined, lookAtMs: deadlineMs };
  // Times have whole seconds, so this is the moment that will be read back.
  const setMs = Math.floor(now / 1000) * 1000 + delaySeconds * 1000;
  return { ...waiting, deadlineMs: setMs, lookAtMs: setMs };
}

function sizeOf(
  { template }: TemplateView,
  set: ReplicaSet,
  isCompleted: boolean,
  experiment: Experiment,
  now: EpochMs,
): Size {
  if (isCompleted) return sizeAfterEnd(set, experiment, now);
  const deadlineMs = scaleDownDeadlineOf(set) === undefined ? undefined : null;
  return { replicas: templateSize(template), deadlineMs, lookAtMs: undefined };
}

function scalingEvent(set: ReplicaSet, replicas: number): readonly ExperimentEffect[] {
  const before = specReplicas(set);
  if (before === replicas) return [];
  const direction = replicas > before ? "up" : "down";
  const message = `Scaled ${direction} ReplicaSet ${set.metadata.name} from ${before} to ${replicas}`;
  const cause = `${set.metadata.uid ?? ""}/${set.metadata.generation ?? 0}`;
  return [
    { kind: "event", event: { type: "Normal", reason: "ScalingReplicaSet", message, cause } },
  ];
}

function patchOf(view: TemplateView, set: ReplicaSet, size: Size): readonly ExperimentEffect[] {
  const { replicas, deadlineMs } = size;
  const isResized = specReplicas(set) !== replicas;
  if (!isResized && deadlineMs === undefined) return [];
  const deadline = deadlineMs === null || deadlineMs === undefined ? null : formatTime(deadlineMs);
  const patch: JsonObject = {
    ...(isResized ? { spec: { replicas } } : {}),
    ...(deadlineMs === undefined
      ? {}
      : { metadata: { annotations: { [scaleDownDeadlineAnnotation]: deadline } } }),
  };
  const { name, resourceVersion } = set.metadata;
  const template = view.template.name;
  return [
    { kind: "patchReplicaSet", template, name, resourceVersion, patch, replicas },
    ...scalingEvent(set, replicas),
  ];
}

function replicaSetStep(
  view: TemplateView,
  isCompleted: boolean,
  experiment: Experiment,
  now: EpochMs,
): ObjectsStep {
  const { replicaSet, template } = view;
  if (replicaSet === undefined) {
    if (isCompleted) return { effects: [], lookAtMs: undefined };
    const fresh = replicaSetOf(experiment, template);
    return {
      effects: [{ kind: "createReplicaSet", template: template.name, replicaSet: fresh }],
      lookAtMs: undefined,
    };
  }
  const size = sizeOf(view, replicaSet, isCompleted, experiment, now);
  return { effects: patchOf(view, replicaSet, size), lookAtMs: size.lookAtMs };
}

function serviceEffects(
  view: TemplateView,
  isCompleted: boolean,
  experiment: Experiment,
): readonly ExperimentEffect[] {
  const { service, wantedService, template, replicaSet } = view;
  if (wantedService === undefined) return [];
  if (service === undefined) {
    if (isCompleted) return [];
    const fresh = serviceOf(experiment, template, wantedService);
    return [{ kind: "createService", template: template.name, service: fresh }];
  }
  const isEmpty =
    replicaSet === undefined ||
    (specReplicas(replicaSet) === 0 && availableReplicas(replicaSet) === 0);
  const isLeftOver = isCompleted && isEmpty && isServiceOurs(view, experiment);
  if (!isLeftOver || service.metadata.deletionTimestamp !== undefined) return [];
  return [{ kind: "deleteService", name: service.metadata.name, uid: service.metadata.uid ?? "" }];
}

/** What one template's ReplicaSet and Service need now. */
export function objectsStep(
  view: TemplateView,
  status: TemplateStatus,
  experiment: Experiment,
  now: EpochMs,
): ObjectsStep {
  const isCompleted = isTemplateCompleted(status.status);
  const { effects, lookAtMs } = replicaSetStep(view, isCompleted, experiment, now);
  return { effects: [...effects, ...serviceEffects(view, isCompleted, experiment)], lookAtMs };
}
