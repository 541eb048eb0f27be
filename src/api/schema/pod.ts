// Schemas of pods and pod templates (core/v1), down to every field a manifest usually holds.
import type { PodTemplateSpec } from "../kubernetes/pod.ts";
import {
  affinitySchema,
  podSecurityContextSchema,
  securityContextSchema,
  tolerationSchema,
  topologySpreadConstraintSchema,
} from "./pod-placement.ts";
import {
  conditionSchema,
  localObjectReferenceSchema,
  objectFields,
  referencedName,
  templateMetadataSchema,
} from "./meta.ts";
import {
  any,
  asCrd,
  atomic,
  bool,
  dateTime,
  defaulted,
  described,
  int32,
  int64,
  intOrString,
  list,
  map,
  object,
  openObject,
  quantity,
  stringMap,
  strings,
  text,
} from "./schema.ts";
import type { Schema } from "./schema.ts";

const keyReference = atomic(object({ name: referencedName, key: text, optional: bool }, ["key"]));

const envVarSchema = object(
  {
    name: text,
    value: text,
    valueFrom: object({
      fieldRef: atomic(object({ apiVersion: text, fieldPath: text }, ["fieldPath"])),
      resourceFieldRef: atomic(
        object({ containerName: text, resource: text, divisor: quantity }, ["resource"]),
      ),
      configMapKeyRef: keyReference,
      secretKeyRef: keyReference,
      fileKeyRef: atomic(openObject({ volumeName: text, path: text, key: text, optional: bool })),
    }),
  },
  ["name"],
);

const envFromSchema = object({
  prefix: text,
  configMapRef: object({ name: referencedName, optional: bool }),
  secretRef: object({ name: referencedName, optional: bool }),
});

const httpHeaderSchema = object({ name: text, value: text }, ["name", "value"]);

const actionFields = {
  httpGet: object(
    {
      path: text,
      port: intOrString,
      host: text,
      scheme: text,
      httpHeaders: list(httpHeaderSchema),
    },
    ["port"],
  ),
  tcpSocket: object({ port: intOrString, host: text }, ["port"]),
  exec: object({ command: strings }),
};

const lifecycleActionSchema = object({
  ...actionFields,
  sleep: object({ seconds: int64 }, ["seconds"]),
});

const probeSchema = object({
  ...actionFields,
  grpc: object({ port: int32, service: defaulted(text, "") }, ["port"]),
  initialDelaySeconds: int32,
  periodSeconds: int32,
  timeoutSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  terminationGracePeriodSeconds: int64,
});

/** An AnalysisTemplate's Job may have `{{args.memory}}` for an amount, so the CRD does not look at them. */
const amounts = asCrd(map(quantity), { isOpen: true });

export const resourcesSchema = object({
  limits: amounts,
  requests: amounts,
  claims: list(openObject({ name: text, request: text }, ["name"]), ["name"]),
});

const containerPortSchema = object(
  {
    name: text,
    containerPort: int32,
    hostPort: int32,
    hostIP: text,
    protocol: defaulted(text, "TCP"),
  },
  ["containerPort"],
);

const containerFields = {
  name: text,
  image: text,
  command: strings,
  args: strings,
  workingDir: text,
  ports: list(containerPortSchema, ["containerPort", "protocol"]),
  env: list(envVarSchema, ["name"]),
  envFrom: list(envFromSchema),
  resources: resourcesSchema,
  resizePolicy: list(
    object({ resourceName: text, restartPolicy: text }, ["resourceName", "restartPolicy"]),
  ),
  restartPolicy: text,
  restartPolicyRules: list(openObject({ action: text })),
  volumeMounts: list(
    object(
      {
        name: text,
        mountPath: text,
        subPath: text,
        subPathExpr: text,
        readOnly: bool,
        recursiveReadOnly: text,
        mountPropagation: text,
      },
      ["name", "mountPath"],
    ),
    ["mountPath"],
  ),
  volumeDevices: list(object({ name: text, devicePath: text }, ["name", "devicePath"]), [
    "devicePath",
  ]),
  startupProbe: probeSchema,
  readinessProbe: probeSchema,
  livenessProbe: probeSchema,
  lifecycle: object({
    preStop: lifecycleActionSchema,
    postStart: lifecycleActionSchema,
    stopSignal: text,
  }),
  imagePullPolicy: text,
  securityContext: securityContextSchema,
  stdin: bool,
  stdinOnce: bool,
  tty: bool,
  terminationMessagePath: text,
  terminationMessagePolicy: text,
};

export const containerSchema = object(containerFields, ["name"]);

const ephemeralContainerSchema = object({ ...containerFields, targetContainerName: text }, [
  "name",
]);

const podDnsSchema = object({
  nameservers: strings,
  searches: strings,
  options: list(object({ name: text, value: text })),
});

const podIdentityFields = {
  serviceAccountName: text,
  serviceAccount: text,
  automountServiceAccountToken: bool,
  imagePullSecrets: list(atomic(localObjectReferenceSchema), ["name"]),
  securityContext: podSecurityContextSchema,
  runtimeClassName: text,
  os: object({ name: text }, ["name"]),
};

const podPlacementFields = {
  nodeName: text,
  nodeSelector: atomic(stringMap),
  affinity: affinitySchema,
  tolerations: list(tolerationSchema),
  topologySpreadConstraints: list(topologySpreadConstraintSchema, [
    "topologyKey",
    "whenUnsatisfiable",
  ]),
  schedulerName: text,
  schedulingGates: list(object({ name: text }, ["name"]), ["name"]),
  priorityClassName: text,
  priority: int32,
  preemptionPolicy: text,
  overhead: map(quantity),
  resourceClaims: list(
    openObject({ name: text, resourceClaimName: text, resourceClaimTemplateName: text }, ["name"]),
    ["name"],
  ),
};

const podNetworkFields = {
  hostNetwork: bool,
  hostPID: bool,
  hostIPC: bool,
  hostUsers: bool,
  hostname: text,
  hostnameOverride: text,
  subdomain: text,
  setHostnameAsFQDN: bool,
  hostAliases: list(object({ ip: text, hostnames: strings }, ["ip"]), ["ip"]),
  dnsPolicy: text,
  dnsConfig: podDnsSchema,
  enableServiceLinks: bool,
  shareProcessNamespace: bool,
};

export const podSpecSchema = object(
  {
    containers: list(containerSchema, ["name"]),
    initContainers: list(containerSchema, ["name"]),
    ephemeralContainers: list(ephemeralContainerSchema, ["name"]),
    restartPolicy: text,
    terminationGracePeriodSeconds: int64,
    activeDeadlineSeconds: int64,
    readinessGates: list(object({ conditionType: text }, ["conditionType"])),
    volumes: list(openObject({ name: text }, ["name"]), ["name"]),
    resources: resourcesSchema,
    ...podIdentityFields,
    ...podPlacementFields,
    ...podNetworkFields,
  },
  ["containers"],
);

/**
 * As it is embedded in Rollout, ReplicaSet, Deployment, Job and Experiment. The CRDs carry it in full, as Argo's
 * do: a misspelt field of a container is told when it is applied, containers merge by name under server-side
 * apply, and `kubectl explain` goes down to the last field.
 */
export const podTemplateSchema: Schema<PodTemplateSpec> = described(
  asCrd(
    object(
      {
        metadata: templateMetadataSchema,
        spec: described(podSpecSchema, "What a pod is: the fields of `kubectl explain pod.spec`."),
      },
      ["spec"],
    ) as Schema<PodTemplateSpec>,
    { requires: [] },
  ),
  "The pods to run. Labels must match the selector.",
);

const containerStateSchema = object({
  waiting: object({ reason: text, message: text }),
  running: object({ startedAt: dateTime }),
  terminated: object(
    {
      exitCode: int32,
      signal: int32,
      reason: text,
      message: text,
      startedAt: dateTime,
      finishedAt: dateTime,
      containerID: text,
    },
    ["exitCode"],
  ),
});

const containerStatusSchema = openObject(
  {
    name: text,
    state: containerStateSchema,
    lastState: containerStateSchema,
    ready: bool,
    started: bool,
    restartCount: int32,
    image: text,
    imageID: text,
    containerID: text,
  },
  ["name", "ready", "restartCount"],
);

const podStatusSchema = openObject({
  phase: text,
  reason: text,
  message: text,
  podIP: text,
  hostIP: text,
  startTime: dateTime,
  conditions: list(conditionSchema, ["type"]),
  containerStatuses: list(containerStatusSchema),
  initContainerStatuses: list(containerStatusSchema),
  observedGeneration: int64,
  podIPs: any,
});

export const podSchema = object({ ...objectFields, spec: podSpecSchema, status: podStatusSchema }, [
  "metadata",
  "spec",
]);

export const podTemplateObjectSchema = object({ ...objectFields, template: podTemplateSchema }, [
  "metadata",
]);
