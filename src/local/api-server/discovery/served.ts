// What this server serves, as discovery tells it: every stored kind with its subresources, and the
// few kinds that are only ever asked (reviews, pod metrics). Discovery, OpenAPI and routing read this.
import { resourceTypes, type ResourceType } from "../../../api/resources.ts";
import type { GroupVersionKind } from "../../../api/meta/object.ts";

export interface Subresource {
  readonly name: string;
  readonly kind: GroupVersionKind;
  readonly verbs: readonly string[];
}

export interface ServedResource extends GroupVersionKind {
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly Subresource[];
  /** undefined = nothing of it is stored. */
  readonly stored: ResourceType | undefined;
}

const storedVerbs = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];
const partVerbs = ["get", "patch", "update"];
const kindsInAll = ["Pod", "Service", "ReplicaSet", "Deployment", "Job", "Rollout"];

const scaleKind: GroupVersionKind = { group: "autoscaling", version: "v1", kind: "Scale" };
const evictionKind: GroupVersionKind = { group: "policy", version: "v1", kind: "Eviction" };

function gvkOf({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, version, kind };
}

function ownSubresources(type: ResourceType): readonly Subresource[] {
  if (type.group !== "") return [];
  switch (type.kind) {
    case "Pod":
      return [
        { name: "eviction", kind: evictionKind, verbs: ["create"] },
        { name: "log", kind: gvkOf(type), verbs: ["get"] },
      ];
    case "Namespace":
      return [{ name: "finalize", kind: gvkOf(type), verbs: ["update"] }];
    default:
      return [];
  }
}

function served(type: ResourceType): ServedResource {
  const { plural, singular, shortNames, namespaced } = type;
  return {
    ...gvkOf(type),
    plural,
    singular,
    shortNames,
    namespaced,
    verbs: storedVerbs,
    categories: kindsInAll.includes(type.kind) ? ["all"] : [],
    subresources: [
      ...ownSubresources(type),
      ...(type.scale ? [{ name: "scale", kind: scaleKind, verbs: partVerbs }] : []),
      ...(type.hasStatus ? [{ name: "status", kind: gvkOf(type), verbs: partVerbs }] : []),
    ],
    stored: type,
  };
}

function asked(
  apiVersion: readonly [string, string],
  kind: string,
  options: { plural?: string; namespaced?: true; verbs?: readonly string[] } = {},
): ServedResource {
  const [group, version] = apiVersion;
  return {
    group,
    version,
    kind,
    plural: options.plural ?? `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: [],
    namespaced: options.namespaced ?? false,
    verbs: options.verbs ?? ["create"],
    categories: [],
    subresources: [],
    stored: undefined,
  };
}

const reviews: readonly ServedResource[] = [
  asked(["authentication.k8s.io", "v1"], "SelfSubjectReview"),
  asked(["authorization.k8s.io", "v1"], "SelfSubjectAccessReview"),
  asked(["authorization.k8s.io", "v1"], "SelfSubjectRulesReview"),
];

const podMetrics = asked(["metrics.k8s.io", "v1beta1"], "PodMetrics", {
  plural: "pods",
  namespaced: true,
  verbs: ["get", "list"],
});

export function servedResources(options: {
  readonly withPodMetrics: boolean;
}): readonly ServedResource[] {
  return [
    ...resourceTypes.map((type) => served(type)),
    ...reviews,
    ...(options.withPodMetrics ? [podMetrics] : []),
  ];
}

/** Group and version together, core first, then by name: the order of `kubectl api-versions`. */
export interface ServedGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ServedResource[];
}

export function groupVersionsOf(
  resources: readonly ServedResource[],
): readonly ServedGroupVersion[] {
  const keys = [...new Set(resources.map(({ group, version }) => `${group}/${version}`))].sort();
  return keys.map((key) => {
    const members = resources.filter(({ group, version }) => `${group}/${version}` === key);
    const slash = key.indexOf("/");
    return { group: key.slice(0, slash), version: key.slice(slash + 1), resources: members };
  });
}
