// How lists and maps of the core kinds behave when several writers edit them: which lists are maps
// by a key, which are sets, which change only as a whole. Kubernetes' OpenAPI says so by
// `x-kubernetes-list-type` (for apply) and `patchMergeKey` (for strategic merge); here it is a
// tree per kind. What the tree does not name: maps merge by key, lists change as a whole — which
// is also how Argo's own lists and every field of kinds that are not named behave.
import type { ResourceType } from "../../api/resources.ts";

export interface ListRule {
  /** Apply: `map` by all keys together, `set` of plain values, `atomic` as a whole. */
  readonly type: "map" | "set" | "atomic";
  readonly keys: readonly string[];
  /** Values of keys an item leaves out, e.g. protocol TCP. */
  readonly keyDefaults: Readonly<Record<string, string>>;
  /** Strategic merge: the one key items are matched by; "" merges plain values; absent replaces the list. */
  readonly mergeKey?: string;
}

export interface Shape {
  readonly fields?: Readonly<Record<string, Shape>>;
  /** The shape of every value of a map or of every item of a list. */
  readonly items?: Shape;
  readonly list?: ListRule;
  /** A map that changes only as a whole under apply, such as a label selector. */
  readonly isAtomicMap?: true;
}

const noKeys = { keyDefaults: {} } as const;

function mapBy(keys: readonly string[], items: Shape = {}, more: Partial<ListRule> = {}): Shape {
  const mergeKey = keys[0] ?? "";
  return { list: { type: "map", keys, mergeKey, ...noKeys, ...more }, items };
}

const setOfTexts: Shape = { list: { type: "set", keys: [], mergeKey: "", ...noKeys } };
/** Atomic for apply, yet merged by a key in strategic patches: older lists have both. */
function atomicMergedBy(mergeKey: string, items: Shape = {}): Shape {
  return { list: { type: "atomic", keys: [], mergeKey, ...noKeys }, items };
}

const atomicMap: Shape = { isAtomicMap: true };
const tcp = { keyDefaults: { protocol: "TCP" } };
const valueFrom: Shape = {
  fields: {
    fieldRef: atomicMap,
    resourceFieldRef: atomicMap,
    configMapKeyRef: atomicMap,
    secretKeyRef: atomicMap,
  },
};

const container: Shape = {
  fields: {
    env: mapBy(["name"], { fields: { valueFrom } }),
    ports: mapBy(["containerPort", "protocol"], {}, tcp),
    volumeMounts: mapBy(["mountPath"]),
    volumeDevices: mapBy(["devicePath"]),
    resources: { fields: { claims: mapBy(["name"]) } },
  },
};

const podSpec: Shape = {
  fields: {
    containers: mapBy(["name"], container),
    initContainers: mapBy(["name"], container),
    ephemeralContainers: mapBy(["name"], container),
    volumes: mapBy(["name"]),
    imagePullSecrets: mapBy(["name"], atomicMap),
    hostAliases: mapBy(["ip"]),
    topologySpreadConstraints: mapBy(["topologyKey", "whenUnsatisfiable"], {
      fields: { labelSelector: atomicMap },
    }),
    schedulingGates: mapBy(["name"]),
    resourceClaims: mapBy(["name"]),
    nodeSelector: atomicMap,
  },
};

const metadata: Shape = {
  fields: {
    finalizers: setOfTexts,
    ownerReferences: mapBy(["uid"], atomicMap),
  },
};

const podTemplate: Shape = { fields: { metadata, spec: podSpec } };
const conditions = mapBy(["type"]);

const workloadSpec = { selector: atomicMap, template: podTemplate };

const podStatus: Shape = {
  fields: {
    conditions,
    podIPs: mapBy(["ip"]),
    hostIPs: { list: { type: "atomic", keys: [], mergeKey: "ip", ...noKeys } },
  },
};

const gatewaySpec: Shape = { fields: { listeners: mapBy(["name"]) } };

const shapes: Readonly<Record<string, Shape>> = {
  "v1 Namespace": { fields: { metadata, status: { fields: { conditions } } } },
  "v1 Pod": { fields: { metadata, spec: podSpec, status: podStatus } },
  "v1 PodTemplate": { fields: { metadata, template: podTemplate } },
  "v1 Service": {
    fields: {
      metadata,
      spec: { fields: { ports: mapBy(["port", "protocol"], {}, tcp), selector: atomicMap } },
      status: { fields: { conditions, loadBalancer: { fields: { ingress: atomicMergedBy("") } } } },
    },
  },
  "apps/v1 ReplicaSet": {
    fields: { metadata, spec: { fields: workloadSpec }, status: { fields: { conditions } } },
  },
  "apps/v1 Deployment": {
    fields: { metadata, spec: { fields: workloadSpec }, status: { fields: { conditions } } },
  },
  "batch/v1 Job": {
    fields: {
      metadata,
      spec: { fields: workloadSpec },
      status: { fields: { conditions: atomicMergedBy("type") } },
    },
  },
  "argoproj.io/v1alpha1 Rollout": { fields: { metadata, spec: { fields: workloadSpec } } },
  "gateway.networking.k8s.io/v1 Gateway": {
    fields: {
      metadata,
      spec: gatewaySpec,
      status: { fields: { conditions, listeners: mapBy(["name"], { fields: { conditions } }) } },
    },
  },
};

const otherKinds: Shape = { fields: { metadata } };
const nothingKnown: Shape = {};

export function shapeOf(type: ResourceType): Shape {
  const apiVersion = type.group === "" ? type.version : `${type.group}/${type.version}`;
  return shapes[`${apiVersion} ${type.kind}`] ?? otherKinds;
}

export function fieldShape(shape: Shape, field: string): Shape {
  const { fields } = shape;
  if (fields && Object.hasOwn(fields, field)) return fields[field] ?? nothingKnown;
  return nothingKnown;
}

export function itemShape(shape: Shape): Shape {
  return shape.items ?? nothingKnown;
}

const builtInGroups: ReadonlySet<string> = new Set([
  "",
  "apps",
  "batch",
  "autoscaling",
  "policy",
  "discovery.k8s.io",
  "coordination.k8s.io",
  "networking.k8s.io",
  "events.k8s.io",
]);

/** Kinds that come from a CustomResourceDefinition in a real cluster: no strategic merge there, nor here. */
export function isCustomResource(type: ResourceType): boolean {
  return !builtInGroups.has(type.group);
}
