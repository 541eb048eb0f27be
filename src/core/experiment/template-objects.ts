import {
  experimentNameAnnotation,
  experimentTemplateAnnotation,
  podTemplateHashLabel,
} from "../../api/argo/keys.ts";
import type { Experiment, ExperimentTemplate } from "../../api/argo/experiment.ts";
import type { PodTemplateSpec } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet, Service, ServicePort } from "../../api/kubernetes/workloads.ts";
import { controllerReference, type StringMap } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { podTemplateHash } from "../replicas/pod-template-hash.ts";

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const labels = Object.entries(template.metadata?.labels ?? {}).filter(
    ([key]) => key !== podTemplateHashLabel,
  );
  return { ...template, metadata: { ...template.metadata, labels: Object.fromEntries(labels) } };
}

/** Of the template without a hash label: a Rollout's experiment copies it from a ReplicaSet that has one. */
export function templateHash({ template }: ExperimentTemplate): string {
  return podTemplateHash(asJson(withoutHash(template)));
}

export function replicaSetName(experiment: Experiment, template: ExperimentTemplate): string {
  return `${experiment.metadata.name}-${template.name}`;
}

export function templateSize({ replicas = 1 }: ExperimentTemplate): number {
  return replicas;
}

/** How an Experiment finds its objects again. */
function templateAnnotations(experiment: Experiment, template: ExperimentTemplate): StringMap {
  return {
    [experimentNameAnnotation]: experiment.metadata.name,
    [experimentTemplateAnnotation]: template.name,
  };
}

/** The ReplicaSet of a template, with no pods yet (algorithms §2.14). */
export function replicaSetOf(experiment: Experiment, template: ExperimentTemplate): ReplicaSet {
  const hash = { [podTemplateHashLabel]: templateHash(template) };
  const pods = withoutHash(template.template);
  const labels = { ...pods.metadata?.labels, ...hash };
  const { selector = {}, minReadySeconds } = template;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: replicaSetName(experiment, template),
      namespace: experiment.metadata.namespace ?? "",
      labels,
      annotations: templateAnnotations(experiment, template),
      ownerReferences: [controllerReference(experiment)],
    },
    spec: {
      replicas: 0,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
      template: { ...pods, metadata: { ...pods.metadata, labels } },
    },
  };
}

function portsOf({ template }: ExperimentTemplate): readonly ServicePort[] {
  const ports = template.spec.containers.flatMap((container) => container.ports ?? []);
  return ports.map(({ name, protocol, containerPort }) => ({
    ...(name === undefined ? {} : { name }),
    ...(protocol === undefined ? {} : { protocol }),
    port: containerPort,
    targetPort: containerPort,
  }));
}

/** The name of the template's Service; undefined when it wants none or has no port to offer. */
export function serviceName(
  experiment: Experiment,
  template: ExperimentTemplate,
): string | undefined {
  if (template.service === undefined || portsOf(template).length === 0) return undefined;
  const { name = "" } = template.service;
  return name === "" ? replicaSetName(experiment, template) : name;
}

export function serviceOf(
  experiment: Experiment,
  template: ExperimentTemplate,
  name: string,
): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: experiment.metadata.namespace ?? "",
      annotations: templateAnnotations(experiment, template),
      ownerReferences: [controllerReference(experiment)],
    },
    spec: {
      selector: replicaSetOf(experiment, template).metadata.labels ?? {},
      ports: portsOf(template),
    },
  };
}
