// Defaults of each built-in kind. Rollouts and the other Argo kinds have only their schema's.
import type { Json, JsonObject } from "../../lib/json.ts";
import { isJsonObject } from "../../lib/json.ts";
import { toBase64 } from "../../lib/base64.ts";
import {
  fill,
  inField,
  inItems,
  withPodSpecDefaults,
  withRequestDefaults,
  withTemplateDefaults,
} from "./pod-defaults.ts";
import { kindKeyOf } from "../meta/wire.ts";

type Filler = (object: JsonObject, operation: "create" | "update") => JsonObject;

function inSpec(object: JsonObject, change: (spec: JsonObject) => JsonObject): JsonObject {
  return inField(object, "spec", change);
}

function pod(object: JsonObject): JsonObject {
  return inSpec(object, (spec) =>
    withRequestDefaults(fill(withPodSpecDefaults(spec), { enableServiceLinks: true })),
  );
}

function replicaSet(object: JsonObject): JsonObject {
  return inSpec(object, (spec) =>
    inField(fill(spec, { replicas: 1 }), "template", withTemplateDefaults),
  );
}

const quarter = { maxUnavailable: "25%", maxSurge: "25%" };

function strategyOf(strategy: JsonObject): JsonObject {
  const filled = fill(strategy, { type: "RollingUpdate" });
  if (filled["type"] !== "RollingUpdate") return filled;
  const { rollingUpdate } = filled;
  return {
    ...filled,
    rollingUpdate: fill(isJsonObject(rollingUpdate) ? rollingUpdate : {}, quarter),
  };
}

function deployment(object: JsonObject): JsonObject {
  return inSpec(object, (spec) => {
    const filled = fill(spec, {
      replicas: 1,
      strategy: {},
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    return inField(inField(filled, "strategy", strategyOf), "template", withTemplateDefaults);
  });
}

/** The labels by which a Job finds its pods; both spellings, as Kubernetes writes them. */
function jobLabels(name: Json, uid: Json): JsonObject {
  return {
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "job-name": name,
  };
}

function withJobSelector(spec: JsonObject, metadata: JsonObject): JsonObject {
  const { name = "", uid = "" } = metadata;
  if (spec["manualSelector"] === true || spec["selector"] !== undefined) return spec;
  const labelled = inField(spec, "template", (template) => {
    const own = isJsonObject(template["metadata"]) ? template["metadata"] : {};
    const labels = isJsonObject(own["labels"]) ? own["labels"] : {};
    return { ...template, metadata: { ...own, labels: { ...labels, ...jobLabels(name, uid) } } };
  });
  return { ...labelled, selector: { matchLabels: { "batch.kubernetes.io/controller-uid": uid } } };
}

function job(object: JsonObject, operation: "create" | "update"): JsonObject {
  const metadata = isJsonObject(object["metadata"]) ? object["metadata"] : {};
  return inSpec(object, (spec) => {
    const isBare = spec["completions"] === undefined && spec["parallelism"] === undefined;
    const filled = fill(spec, {
      ...(isBare ? { completions: 1 } : {}),
      parallelism: 1,
      backoffLimit: 6,
      completionMode: "NonIndexed",
      suspend: false,
    });
    const selected = operation === "create" ? withJobSelector(filled, metadata) : filled;
    return inField(selected, "template", (template) =>
      inField(template, "spec", withJobPodDefaults),
    );
  });
}

/** A Job's pods must say what to do when they fail: no default for restartPolicy hides that. */
function withJobPodDefaults(spec: JsonObject): JsonObject {
  const { restartPolicy, ...filled } = withPodSpecDefaults(spec);
  return spec["restartPolicy"] === undefined
    ? filled
    : { ...filled, restartPolicy: restartPolicy ?? null };
}

function service(object: JsonObject): JsonObject {
  return inSpec(object, (spec) => {
    const filled = fill(spec, { type: "ClusterIP", sessionAffinity: "None" });
    return inItems(filled, "ports", (port) =>
      fill(port, {
        protocol: "TCP",
        ...(port["port"] === undefined ? {} : { targetPort: port["port"] }),
      }),
    );
  });
}

/** stringData is for writing only: it is merged into data and never stored. */
function secret(object: JsonObject): JsonObject {
  const { stringData, ...rest } = fill(object, { type: "Opaque" });
  if (!isJsonObject(stringData)) return rest;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    toBase64(typeof value === "string" ? value : ""),
  ]);
  const data = isJsonObject(rest["data"]) ? rest["data"] : {};
  return { ...rest, data: { ...data, ...(Object.fromEntries(encoded) as JsonObject) } };
}

function namespace(object: JsonObject): JsonObject {
  return inField(object, "metadata", (metadata) => {
    const labels = isJsonObject(metadata["labels"]) ? metadata["labels"] : {};
    return { ...metadata, labels: { ...labels, "kubernetes.io/metadata.name": metadata["name"] } };
  });
}

const fillers: Readonly<Record<string, Filler>> = {
  "v1 Pod": pod,
  "v1 Service": service,
  "v1 Secret": secret,
  "v1 Namespace": namespace,
  "apps/v1 ReplicaSet": replicaSet,
  "apps/v1 Deployment": deployment,
  "batch/v1 Job": job,
};

export function withKindDefaults(object: JsonObject, operation: "create" | "update"): JsonObject {
  const key = kindKeyOf(object);
  return Object.hasOwn(fillers, key) ? (fillers[key]?.(object, operation) ?? object) : object;
}
