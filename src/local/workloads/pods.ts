// workloads: the controllers a cluster has and one machine lacks: ReplicaSet, Deployment, Job.
// Each folder has decide.ts (pure: objects and now → writes) and controller.ts (the shell). This
// file and pod-names.ts are what the three share. May import lib, api, runtime and
// objects/object-store.ts. A new workload kind gets a folder of its own.
import { isPodReady } from "../../api/kubernetes/pod.ts";
import type { Pod, PodTemplateSpec } from "../../api/kubernetes/pod.ts";
import { controllerReference } from "../../api/meta/object.ts";
import type { KubeObject, StringMap } from "../../api/meta/object.ts";
import { parseTime } from "../../lib/time.ts";
import type { EpochMs } from "../../lib/time.ts";

/** The one node there is. A pod of ours is bound to it from the start, so that its deletion waits for the kubelet. */
export const nodeName = "local";

/** Numbers the pods of one owner; new numbers are above all that are visible. */
export const ordinalAnnotation = "haldane.dev/pod-ordinal";

export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

export function isFinishedPod(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Neither finished nor on its way out: it counts as one of the wanted. */
export function isActivePod(pod: Pod): boolean {
  return !isFinishedPod(pod) && !isTerminating(pod);
}

/** When a pod became ready; undefined while it is not. */
export function readySinceMs(pod: Pod): EpochMs | undefined {
  if (!isPodReady(pod)) return undefined;
  const ready = pod.status?.conditions?.find((each) => each.type === "Ready");
  return parseTime(ready?.lastTransitionTime);
}

/** When a ready pod counts as available; undefined while it is not ready. */
export function availableAtMs(pod: Pod, minReadySeconds: number): EpochMs | undefined {
  const since = readySinceMs(pod);
  return since === undefined ? undefined : since + minReadySeconds * 1000;
}

export function ordinalOf(pod: Pod): number {
  const text = pod.metadata.annotations?.[ordinalAnnotation] ?? "";
  return /^\d+$/.test(text) ? Number(text) : 0;
}

export interface NewPod {
  readonly name: string;
  readonly ordinal: number;
  readonly owner: KubeObject;
  readonly template: PodTemplateSpec;
  readonly labels?: StringMap;
}

/** A pod from its owner's template. */
export function podFrom({ name, ordinal, owner, template, labels = {} }: NewPod): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: owner.metadata.namespace ?? "default",
      labels: { ...template.metadata?.labels, ...labels },
      annotations: { ...template.metadata?.annotations, [ordinalAnnotation]: String(ordinal) },
      ownerReferences: [controllerReference(owner)],
    },
    spec: { ...template.spec, nodeName },
  };
}
