// Objects complete enough to pass the validation of a real API server.
import type { LabelSelector } from "../../api/meta/label-selector.ts";
import type { KubeObject, ObjectMeta } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";

export interface Loose extends KubeObject {
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly data?: Readonly<Record<string, string>>;
}

export const labels = { app: "shop" };
const template: JsonObject = {
  metadata: { labels },
  spec: {
    containers: [
      { name: "web", image: "shop:1", ports: [{ containerPort: 8080, protocol: "TCP" }] },
    ],
  },
};

export function configMap(
  namespace: string,
  name: string,
  metadata: Partial<ObjectMeta> = {},
): Loose {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace, name, ...metadata },
    data: { a: "1" },
  };
}

export function replicaSet(
  namespace: string,
  name: string,
  metadata: Partial<ObjectMeta> = {},
): Loose {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { namespace, name, labels, ...metadata },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  };
}

export function rollout(namespace: string, name: string): Loose {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { namespace, name, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      strategy: { canary: { steps: [{ setWeight: 20 }] } },
      template,
    },
  };
}

export function pod(namespace: string, name: string, nodeName?: string): Loose {
  const containers = [{ name: "web", image: "shop:1" }];
  const spec = {
    containers,
    terminationGracePeriodSeconds: 30,
    ...(nodeName === undefined ? {} : { nodeName }),
  };
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels }, spec };
}

export function ownedBy(
  owner: KubeObject,
  more: { readonly blockOwnerDeletion?: boolean } = {},
): Partial<ObjectMeta> {
  const { apiVersion, kind, metadata } = owner;
  return {
    ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", ...more }],
  };
}

export function scope(
  kind: string,
  namespace: string,
  more: JsonObject = {},
): { apiVersion: string; kind: string; namespace: string } {
  const apiVersion =
    { ConfigMap: "v1", Pod: "v1", ReplicaSet: "apps/v1", Rollout: "argoproj.io/v1alpha1" }[kind] ??
    "v1";
  return { apiVersion, kind, namespace, ...more };
}

export function select(app: string): { labelSelector: LabelSelector } {
  return { labelSelector: { matchLabels: { app } } };
}

export function status(object: Loose, values: JsonObject): Loose {
  return { ...object, status: values };
}
