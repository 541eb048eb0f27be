// What the API server refuses of each built-in kind, beyond types: the rules people meet.
import { isJsonArray, isJsonObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import { below, duplicate, invalid, notSupported, placeOf, required } from "../meta/field-error.ts";
import type { FieldError } from "../meta/field-error.ts";
import { isEmptySelector } from "../meta/label-selector.ts";
import { portNameProblems, serviceNameProblems } from "../meta/names.ts";
import { validateSelector } from "../meta/validate-labels.ts";
import type { Deployment, Job, ReplicaSet, Service } from "../kubernetes/workloads.ts";
import type { Pod } from "../kubernetes/pod.ts";
import { portErrors, protocolErrors } from "../kubernetes/validate-container.ts";
import {
  validateJobTemplate,
  validatePodSpec,
  validateReplicaSetTemplate,
} from "../kubernetes/validate-pod-template.ts";
import { kindKeyOf } from "../meta/wire.ts";

const specPlace = placeOf(["spec"]);
const notNegative = "must be greater than or equal to 0";

function negative(value: number | undefined, name: string): readonly FieldError[] {
  return value !== undefined && value < 0
    ? [invalid(below(specPlace, name), value, notNegative)]
    : [];
}

function workloadErrors({ spec, kind }: ReplicaSet | Deployment): readonly FieldError[] {
  const { selector, template, replicas, minReadySeconds } = spec;
  const place = below(specPlace, "selector");
  const owner = kind === "Deployment" ? "deployment" : "replica set";
  return [
    ...negative(replicas, "replicas"),
    ...negative(minReadySeconds, "minReadySeconds"),
    ...validateSelector(selector, place),
    ...(isEmptySelector(selector)
      ? [invalid(place, {}, `empty selector is invalid for ${owner}`)]
      : []),
    ...validateReplicaSetTemplate(template, selector, below(specPlace, "template")),
  ];
}

const deploymentTypes = ["Recreate", "RollingUpdate"] as const;

function deploymentErrors(deployment: Deployment): readonly FieldError[] {
  const { strategy, progressDeadlineSeconds = 600, minReadySeconds = 0 } = deployment.spec;
  const type = strategy?.type ?? "RollingUpdate";
  const place = below(specPlace, "progressDeadlineSeconds");
  return [
    ...workloadErrors(deployment),
    ...(deploymentTypes.includes(type)
      ? []
      : [notSupported(below(specPlace, "strategy", "type"), type, deploymentTypes)]),
    ...(progressDeadlineSeconds > minReadySeconds
      ? []
      : [invalid(place, progressDeadlineSeconds, "must be greater than minReadySeconds")]),
  ];
}

function jobErrors({ spec }: Job): readonly FieldError[] {
  return [
    ...negative(spec.parallelism, "parallelism"),
    ...negative(spec.completions, "completions"),
    ...negative(spec.backoffLimit, "backoffLimit"),
    ...negative(spec.activeDeadlineSeconds, "activeDeadlineSeconds"),
    ...negative(spec.ttlSecondsAfterFinished, "ttlSecondsAfterFinished"),
    ...validateJobTemplate(spec.template, below(specPlace, "template")),
  ];
}

const serviceTypes = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"] as const;

function servicePortErrors({ spec }: Service): readonly FieldError[] {
  const { ports = [] } = spec;
  const names = ports.map(({ name = "" }) => name);
  return ports.flatMap(({ name = "", port, targetPort, protocol = "TCP" }, index) => {
    const place = below(specPlace, "ports", index);
    const at = below(place, "name");
    return [
      ...(name === "" && ports.length > 1 ? [required(at, "")] : []),
      ...(name !== "" && names.indexOf(name) < index ? [duplicate(at, name)] : []),
      ...(name === ""
        ? []
        : portNameProblems(name.slice(0, 15)).map((problem) => invalid(at, name, problem))),
      ...portErrors(port, below(place, "port")),
      // A target port that was filled in from the port is not wrong twice.
      ...(targetPort === undefined || targetPort === port
        ? []
        : portErrors(targetPort, below(place, "targetPort"))),
      ...protocolErrors(protocol, below(place, "protocol")),
    ];
  });
}

function serviceErrors(service: Service): readonly FieldError[] {
  const { metadata, spec } = service;
  const type = spec.type ?? "ClusterIP";
  const name = placeOf(["metadata", "name"]);
  const isHeadless = spec.clusterIP === "None";
  const needsPorts = (spec.ports ?? []).length === 0 && type !== "ExternalName" && !isHeadless;
  return [
    ...serviceNameProblems(metadata.name).map((problem) => invalid(name, metadata.name, problem)),
    ...(serviceTypes.includes(type)
      ? []
      : [notSupported(below(specPlace, "type"), type, serviceTypes)]),
    ...(needsPorts ? [required(below(specPlace, "ports"), "")] : []),
    ...servicePortErrors(service),
  ];
}

const dataKey = /^[-._a-zA-Z0-9]+$/;

function keyErrors(object: JsonObject): readonly FieldError[] {
  return ["data", "binaryData"].flatMap((name) => {
    const data = object[name];
    const message =
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    return Object.keys(isJsonObject(data) ? data : {})
      .filter((key) => !dataKey.test(key))
      .map((key) => invalid(below(placeOf([name]), key), key, message));
  });
}

function gatewayErrors(object: JsonObject): readonly FieldError[] {
  const spec = isJsonObject(object["spec"]) ? object["spec"] : {};
  const listeners = isJsonArray(spec["listeners"]) ? spec["listeners"] : [];
  if (listeners.length === 0) {
    const message = "spec.listeners in body should have at least 1 items";
    return [invalid(below(specPlace, "listeners"), 0, message)];
  }
  return listeners.flatMap((listener, index) => {
    const port = isJsonObject(listener) ? listener["port"] : undefined;
    return typeof port === "number"
      ? portErrors(port, below(specPlace, "listeners", index, "port"))
      : [];
  });
}

/** Errors of an object whose types its schema has already vouched for. */
export function kindErrors(object: JsonObject): readonly FieldError[] {
  // The wire border: conform has read the object by the schema of this very kind.
  const typed = object as unknown;
  switch (kindKeyOf(object)) {
    case "v1 Pod":
      return validatePodSpec((typed as Pod).spec, specPlace);
    case "v1 Service":
      return serviceErrors(typed as Service);
    case "v1 ConfigMap":
    case "v1 Secret":
      return keyErrors(object);
    case "apps/v1 ReplicaSet":
      return workloadErrors(typed as ReplicaSet);
    case "apps/v1 Deployment":
      return deploymentErrors(typed as Deployment);
    case "batch/v1 Job":
      return jobErrors(typed as Job);
    case "gateway.networking.k8s.io/v1 Gateway":
      return gatewayErrors(object);
    default:
      return [];
  }
}
