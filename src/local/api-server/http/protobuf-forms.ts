// The wire numbers of the few messages kubectl and Go's typed clients send as protobuf and will not
// send otherwise (`kubectl create namespace`, `kubectl auth can-i`, evictions, events, leases).
//   `3 name`            a text              `3 name:int`   another type, or another message
//   `3 name[]`          a list              `3 name{}`     a map with text keys
//   `3 name:int!`       optional: a zero was written on purpose and is kept
//   `3 name:Message^`   its fields stand in the parent's JSON
//   `3 name:Message~`   the server's own part: left out
export type FieldShape = "one" | "list" | "map" | "inline" | "ignored";

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly shape: FieldShape;
  readonly keepsZero: boolean;
}

const meta = {
  ObjectMeta:
    "1 name, 2 generateName, 3 namespace, 4 selfLink, 5 uid, 6 resourceVersion, 7 generation:int, 8 creationTimestamp:time, 9 deletionTimestamp:time!, 10 deletionGracePeriodSeconds:int!, 11 labels{}, 12 annotations{}, 13 ownerReferences:OwnerReference[], 14 finalizers[], 17 managedFields:ManagedFieldsEntry[]",
  OwnerReference:
    "5 apiVersion, 1 kind, 3 name, 4 uid, 6 controller:bool!, 7 blockOwnerDeletion:bool!",
  ManagedFieldsEntry:
    "1 manager, 2 operation, 3 apiVersion, 4 time:time, 6 fieldsType, 7 fieldsV1:fields, 8 subresource",
  LabelSelector: "1 matchLabels{}, 2 matchExpressions:LabelSelectorRequirement[]",
  LabelSelectorRequirement: "1 key, 2 operator, 3 values[]",
  DeleteOptions:
    "1 gracePeriodSeconds:int!, 2 preconditions:Preconditions, 3 orphanDependents:bool!, 4 propagationPolicy, 5 dryRun[], 6 ignoreStoreReadErrorWithClusterBreakingPotential:bool",
  Preconditions: "1 uid, 2 resourceVersion",
};

const core = {
  Namespace: "1 metadata:ObjectMeta, 2 spec:NamespaceSpec, 3 status:~",
  NamespaceSpec: "1 finalizers[]",
  ConfigMap: "1 metadata:ObjectMeta, 4 immutable:bool!, 2 data{}, 3 binaryData:bytes{}",
  Secret: "1 metadata:ObjectMeta, 5 immutable:bool!, 2 data:bytes{}, 4 stringData{}, 3 type",
  Service: "1 metadata:ObjectMeta, 2 spec:ServiceSpec, 3 status:~",
  ServiceSpec:
    "1 ports:ServicePort[], 2 selector{}, 3 clusterIP, 18 clusterIPs[], 4 type, 5 externalIPs[], 7 sessionAffinity, 8 loadBalancerIP, 9 loadBalancerSourceRanges[], 10 externalName, 11 externalTrafficPolicy, 12 healthCheckNodePort:int, 13 publishNotReadyAddresses:bool, 19 ipFamilies[], 17 ipFamilyPolicy, 20 allocateLoadBalancerNodePorts:bool!, 21 loadBalancerClass, 22 internalTrafficPolicy, 23 trafficDistribution",
  ServicePort:
    "1 name, 2 protocol, 6 appProtocol, 3 port:int, 4 targetPort:intOrString, 5 nodePort:int",
  Event:
    "1 metadata:ObjectMeta, 2 involvedObject:ObjectReference, 3 reason, 4 message, 5 source:EventSource, 6 firstTimestamp:time, 7 lastTimestamp:time, 8 count:int, 9 type, 10 eventTime:microTime, 11 series:EventSeries, 12 action, 13 related:ObjectReference, 14 reportingComponent, 15 reportingInstance",
  EventSource: "1 component, 2 host",
  EventSeries: "1 count:int, 2 lastObservedTime:microTime",
  ObjectReference:
    "1 kind, 2 namespace, 3 name, 4 uid, 5 apiVersion, 6 resourceVersion, 7 fieldPath",
};

const pods = {
  Pod: "1 metadata:ObjectMeta, 2 spec:PodSpec, 3 status:~",
  PodTemplateSpec: "1 metadata:ObjectMeta, 2 spec:PodSpec",
  PodSpec:
    "20 initContainers:Container[], 2 containers:Container[], 3 restartPolicy, 4 terminationGracePeriodSeconds:int!, 5 activeDeadlineSeconds:int!, 6 dnsPolicy, 7 nodeSelector{}, 8 serviceAccountName, 9 serviceAccount, 21 automountServiceAccountToken:bool!, 10 nodeName, 11 hostNetwork:bool, 12 hostPID:bool, 13 hostIPC:bool, 27 shareProcessNamespace:bool!, 15 imagePullSecrets:LocalObjectReference[], 16 hostname, 17 subdomain, 19 schedulerName, 24 priorityClassName, 25 priority:int!, 29 runtimeClassName, 30 enableServiceLinks:bool!, 31 preemptionPolicy, 35 setHostnameAsFQDN:bool!, 37 hostUsers:bool!",
  Container:
    "1 name, 2 image, 3 command[], 4 args[], 5 workingDir, 6 ports:ContainerPort[], 19 envFrom:EnvFromSource[], 7 env:EnvVar[], 8 resources:ResourceRequirements, 24 restartPolicy, 10 livenessProbe:Probe, 11 readinessProbe:Probe, 22 startupProbe:Probe, 12 lifecycle:Lifecycle, 13 terminationMessagePath, 20 terminationMessagePolicy, 14 imagePullPolicy, 16 stdin:bool, 17 stdinOnce:bool, 18 tty:bool",
  ContainerPort: "1 name, 2 hostPort:int, 3 containerPort:int, 4 protocol, 5 hostIP",
  EnvVar: "1 name, 2 value, 3 valueFrom:EnvVarSource",
  EnvVarSource:
    "1 fieldRef:ObjectFieldSelector, 2 resourceFieldRef:ResourceFieldSelector, 3 configMapKeyRef:KeySelector, 4 secretKeyRef:KeySelector",
  ObjectFieldSelector: "1 apiVersion, 2 fieldPath",
  ResourceFieldSelector: "1 containerName, 2 resource, 3 divisor:quantity",
  KeySelector: "1 reference:LocalObjectReference^, 2 key, 3 optional:bool!",
  LocalObjectReference: "1 name",
  EnvFromSource: "1 prefix, 2 configMapRef:EnvSource, 3 secretRef:EnvSource",
  EnvSource: "1 reference:LocalObjectReference^, 2 optional:bool!",
  ResourceRequirements: "1 limits:quantity{}, 2 requests:quantity{}",
  Probe:
    "1 handler:ProbeHandler^, 2 initialDelaySeconds:int, 3 timeoutSeconds:int, 4 periodSeconds:int, 5 successThreshold:int, 6 failureThreshold:int, 7 terminationGracePeriodSeconds:int!",
  ProbeHandler:
    "1 exec:ExecAction!, 2 httpGet:HTTPGetAction!, 3 tcpSocket:TCPSocketAction!, 4 grpc:GRPCAction!",
  HTTPGetAction: "1 path, 2 port:intOrString, 3 host, 4 scheme, 5 httpHeaders:HTTPHeader[]",
  HTTPHeader: "1 name, 2 value",
  TCPSocketAction: "1 port:intOrString, 2 host",
  ExecAction: "1 command[]",
  GRPCAction: "1 port:int, 2 service",
  Lifecycle: "1 postStart:LifecycleHandler, 2 preStop:LifecycleHandler, 3 stopSignal",
  LifecycleHandler:
    "1 exec:ExecAction!, 2 httpGet:HTTPGetAction!, 3 tcpSocket:TCPSocketAction!, 4 sleep:SleepAction!",
  SleepAction: "1 seconds:int!",
};

const workloads = {
  Deployment: "1 metadata:ObjectMeta, 2 spec:DeploymentSpec, 3 status:~",
  DeploymentSpec:
    "1 replicas:int!, 2 selector:LabelSelector, 3 template:PodTemplateSpec, 4 strategy:DeploymentStrategy, 5 minReadySeconds:int, 6 revisionHistoryLimit:int!, 7 paused:bool, 9 progressDeadlineSeconds:int!",
  DeploymentStrategy: "1 type, 2 rollingUpdate:RollingUpdate!",
  RollingUpdate: "1 maxUnavailable:intOrString!, 2 maxSurge:intOrString!",
  ReplicaSet: "1 metadata:ObjectMeta, 2 spec:ReplicaSetSpec, 3 status:~",
  ReplicaSetSpec:
    "1 replicas:int!, 4 minReadySeconds:int, 2 selector:LabelSelector, 3 template:PodTemplateSpec",
  Job: "1 metadata:ObjectMeta, 2 spec:JobSpec, 3 status:~",
  JobSpec:
    "1 parallelism:int!, 2 completions:int!, 3 activeDeadlineSeconds:int!, 7 backoffLimit:int!, 4 selector:LabelSelector, 5 manualSelector:bool!, 6 template:PodTemplateSpec, 8 ttlSecondsAfterFinished:int!, 9 completionMode, 10 suspend:bool!, 14 podReplacementPolicy, 15 managedBy",
  Lease: "1 metadata:ObjectMeta, 2 spec:LeaseSpec",
  LeaseSpec:
    "1 holderIdentity, 2 leaseDurationSeconds:int!, 3 acquireTime:microTime, 4 renewTime:microTime, 5 leaseTransitions:int!, 6 strategy, 7 preferredHolder",
  Scale: "1 metadata:ObjectMeta, 2 spec:ScaleSpec, 3 status:~",
  ScaleSpec: "1 replicas:int!",
  Eviction: "1 metadata:ObjectMeta, 2 deleteOptions:DeleteOptions",
};

const reviews = {
  SelfSubjectAccessReview: "1 metadata:ObjectMeta, 2 spec:SelfSubjectAccessReviewSpec, 3 status:~",
  SelfSubjectAccessReviewSpec:
    "1 resourceAttributes:ResourceAttributes, 2 nonResourceAttributes:NonResourceAttributes",
  ResourceAttributes: "1 namespace, 2 verb, 3 group, 4 version, 5 resource, 6 subresource, 7 name",
  NonResourceAttributes: "1 path, 2 verb",
  SelfSubjectRulesReview: "1 metadata:ObjectMeta, 2 spec:SelfSubjectRulesReviewSpec, 3 status:~",
  SelfSubjectRulesReviewSpec: "1 namespace",
  SelfSubjectReview: "1 metadata:ObjectMeta, 2 status:~",
};

const forms: Readonly<Record<string, string>> = {
  ...meta,
  ...core,
  ...pods,
  ...workloads,
  ...reviews,
};

/** Kinds that may be a body of their own. */
const wholeKinds = Object.keys(forms).filter(
  (name) => name === "DeleteOptions" || forms[name]?.includes(" metadata:") === true,
);

export function isReadable(kind: string): boolean {
  return wholeKinds.includes(kind) && kind !== "PodTemplateSpec";
}

const entry = /^(\d+) (\w+)(?::(\w*))?(\[\]|\{\}|!|\^|~)?$/;
const shapes: Readonly<Record<string, FieldShape>> = {
  "[]": "list",
  "{}": "map",
  "^": "inline",
  "~": "ignored",
};

function parsed(form: string): ReadonlyMap<number, Field> {
  const fields = form.split(", ").map((text) => {
    const [, number = "", name = "", type = "string", mark = ""] = entry.exec(text) ?? [];
    return [
      Number(number),
      { name, type, shape: shapes[mark] ?? "one", keepsZero: mark === "!" },
    ] as const;
  });
  return new Map(fields);
}

const known = new Map<string, ReadonlyMap<number, Field>>();

/** The fields of a message by their numbers; undefined for scalars and what is not in the table. */
export function fieldsOf(message: string): ReadonlyMap<number, Field> | undefined {
  const form = Object.hasOwn(forms, message) ? forms[message] : undefined;
  if (form === undefined) return undefined;
  const fields = known.get(message) ?? parsed(form);
  known.set(message, fields);
  return fields;
}
