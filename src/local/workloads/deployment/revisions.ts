// The ReplicaSets of a Deployment: which one is the present template's, which are older, their numbers.
import type { PodTemplateSpec } from "../../../api/kubernetes/pod.ts";
import type { Deployment, ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { selectorMatches } from "../../../api/meta/label-selector.ts";
import { controllerOf, controllerReference, isControlledBy } from "../../../api/meta/object.ts";
import type { StringMap } from "../../../api/meta/object.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { semanticEqual } from "../../../lib/deep-equal.ts";
import { entriesOf, isJsonArray, isJsonObject } from "../../../lib/json.ts";
import type { Json } from "../../../lib/json.ts";
import { textCode } from "../pod-names.ts";

const hashLabel = "pod-template-hash";
export const revisionAnnotation = "deployment.kubernetes.io/revision";
const hashLength = 10;

export interface Revisions {
  readonly present: ReplicaSet | undefined;
  /** From the oldest revision to the newest. */
  readonly older: readonly ReplicaSet[];
  readonly adopt: readonly ReplicaSet[];
}

/** The same text for the same JSON, whatever the order of its keys; what is empty counts as absent. */
function canonical(value: Json): string {
  if (isJsonArray(value)) return `[${value.map((item) => canonical(item)).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const sorted = [...entriesOf(value)].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}

/** Two halves, because one 32-bit hash has too few values for ten characters. */
export function templateHash(template: PodTemplateSpec, collisionCount: number): string {
  const text = `${canonical(asJson(template))}#${collisionCount}`;
  return `${textCode(text, hashLength / 2)}${textCode(`${text}'`, hashLength / 2)}`;
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function isSameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  return semanticEqual(asJson(withoutHash(a)), asJson(withoutHash(b)));
}

export function revisionOf(set: ReplicaSet): number {
  const text = set.metadata.annotations?.[revisionAnnotation] ?? "";
  return /^\d+$/.test(text) ? Number(text) : 0;
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return revisionOf(a) - revisionOf(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

/** Sorts the namespace's sets out. An orphan that matches the selector is the Deployment's to adopt. */
export function revisionsOf(deployment: Deployment, sets: readonly ReplicaSet[]): Revisions {
  const matches = (set: ReplicaSet): boolean =>
    selectorMatches(deployment.spec.selector, set.metadata.labels);
  const isGoing = (set: ReplicaSet): boolean => set.metadata.deletionTimestamp !== undefined;
  const adopt = sets.filter(
    (set) => controllerOf(set) === undefined && matches(set) && !isGoing(set),
  );
  const owned = [
    ...sets.filter((set) => isControlledBy(set, deployment) && !isGoing(set)),
    ...adopt,
  ].sort(byAge);
  const present = owned.find((set) => isSameTemplate(set.spec.template, deployment.spec.template));
  return { present, older: owned.filter((set) => set !== present), adopt };
}

/** A template that is used again after others gets a new number, as a new one does. */
export function nextRevision({ present, older }: Revisions): number {
  const highest = Math.max(0, ...older.map((set) => revisionOf(set)));
  return Math.max(highest + 1, present === undefined ? 1 : revisionOf(present));
}

/** Annotations that speak about the Deployment itself and are not passed on. */
const ownAnnotations = ["kubectl.kubernetes.io/last-applied-configuration", revisionAnnotation];

export function passedOnAnnotations(deployment: Deployment): StringMap {
  const entries = Object.entries(deployment.metadata.annotations ?? {});
  return Object.fromEntries(entries.filter(([key]) => !ownAnnotations.includes(key)));
}

/** The ReplicaSet of the present template, with no pods yet. */
export function newReplicaSet(
  deployment: Deployment,
  revision: number,
  replicas: number,
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? "default",
      labels,
      annotations: { ...passedOnAnnotations(deployment), [revisionAnnotation]: String(revision) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
