import {
  annotationsNotCopied,
  desiredReplicasAnnotation,
  ephemeralMetadataAnnotation,
  podTemplateHashLabel,
  revisionAnnotation,
  revisionHistoryAnnotation,
} from "../../api/argo/keys.ts";
import type { AntiAffinity } from "../../api/argo/rollout.ts";
import type { LabelSelector } from "../../api/meta/label-selector.ts";
import type { OwnerReference, StringMap } from "../../api/meta/object.ts";
import type { PodTemplateSpec } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { withAntiAffinity } from "./anti-affinity.ts";
import { injectionRecord } from "./ephemeral-template.ts";
import type { Injected } from "./ephemeral-template.ts";

export interface NewReplicaSetInput {
  readonly rolloutName: string;
  readonly namespace: string;
  readonly owner: OwnerReference;
  readonly rolloutAnnotations: StringMap | undefined;
  readonly hash: string;
  readonly template: PodTemplateSpec;
  readonly selector: LabelSelector;
  readonly minReadySeconds: number;
  readonly revision: number;
  /** spec.replicas of the Rollout, for the desired-replicas annotation. */
  readonly n: number;
  readonly injected: Injected;
  readonly antiAffinity: AntiAffinity | undefined;
  readonly stableHash: string;
}

/** The Rollout's annotations that its newest ReplicaSet carries too (§1.7). */
export function copiedAnnotations(annotations: StringMap | undefined): StringMap {
  return Object.fromEntries(
    Object.entries(annotations ?? {}).filter(([key]) => !annotationsNotCopied.includes(key)),
  );
}

function podTemplate(input: NewReplicaSetInput): PodTemplateSpec {
  const { template, hash, injected, antiAffinity, stableHash } = input;
  const needsDistance = antiAffinity !== undefined && stableHash !== "" && stableHash !== hash;
  const annotations = { ...template.metadata?.annotations, ...injected.annotations };
  return {
    ...template,
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...injected.labels, [podTemplateHashLabel]: hash },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: needsDistance
      ? withAntiAffinity(template.spec, antiAffinity, stableHash, input.namespace)
      : template.spec,
  };
}

/** The ReplicaSet of a new pod template, with no pods yet (§2.1 step 6). */
export function newReplicaSet(input: NewReplicaSetInput): ReplicaSet {
  const record = injectionRecord(input.injected);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${input.rolloutName}-${input.hash}`,
      namespace: input.namespace,
      labels: { ...input.template.metadata?.labels, [podTemplateHashLabel]: input.hash },
      annotations: {
        ...copiedAnnotations(input.rolloutAnnotations),
        [revisionAnnotation]: String(input.revision),
        [desiredReplicasAnnotation]: String(input.n),
        ...(record === undefined ? {} : { [ephemeralMetadataAnnotation]: record }),
      },
      ownerReferences: [input.owner],
    },
    spec: {
      replicas: 0,
      minReadySeconds: input.minReadySeconds,
      selector: {
        ...input.selector,
        matchLabels: { ...input.selector.matchLabels, [podTemplateHashLabel]: input.hash },
      },
      template: podTemplate(input),
    },
  };
}

/**
 * Annotations an existing ReplicaSet of the current template should have now: copied ones, and its
 * revision raised above all others, the earlier one kept in the history.
 */
export function refreshedAnnotations(
  rs: ReplicaSet,
  rolloutAnnotations: StringMap | undefined,
  revision: number,
): StringMap {
  const live = rs.metadata.annotations ?? {};
  const before = live[revisionAnnotation];
  const history = live[revisionHistoryAnnotation];
  const isRaised = before !== undefined && before !== String(revision);
  const earlier = [
    ...(history === undefined || history === "" ? [] : history.split(",")),
    before ?? "",
  ];
  return {
    ...copiedAnnotations(rolloutAnnotations),
    [revisionAnnotation]: String(revision),
    ...(isRaised ? { [revisionHistoryAnnotation]: earlier.join(",") } : {}),
  };
}
