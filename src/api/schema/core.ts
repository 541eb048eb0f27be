// Schemas of what stands around workloads: Service, EndpointSlice, ConfigMap, Secret, Event, Lease,
// Namespace.
import { conditionSchema, objectFields } from "./meta.ts";
import {
  any,
  base64,
  bool,
  dateTime,
  defaulted,
  int32,
  int64,
  intOrString,
  list,
  map,
  object,
  openObject,
  stringMap,
  strings,
  text,
} from "./schema.ts";

const servicePortSchema = object(
  {
    name: text,
    port: int32,
    targetPort: intOrString,
    protocol: defaulted(text, "TCP"),
    nodePort: int32,
    appProtocol: text,
  },
  ["port"],
);

const serviceSpecSchema = object({
  type: text,
  selector: stringMap,
  ports: list(servicePortSchema, ["port", "protocol"]),
  clusterIP: text,
  clusterIPs: strings,
  externalIPs: strings,
  externalName: text,
  externalTrafficPolicy: text,
  internalTrafficPolicy: text,
  healthCheckNodePort: int32,
  ipFamilies: strings,
  ipFamilyPolicy: text,
  loadBalancerClass: text,
  loadBalancerIP: text,
  loadBalancerSourceRanges: strings,
  allocateLoadBalancerNodePorts: bool,
  publishNotReadyAddresses: bool,
  sessionAffinity: text,
  sessionAffinityConfig: openObject({}),
  trafficDistribution: text,
});

const ingressStatus = openObject({
  ip: text,
  hostname: text,
  ports: list(openObject({ port: int32, protocol: text, error: text }, ["port", "protocol"])),
});

export const serviceSchema = object(
  {
    ...objectFields,
    spec: serviceSpecSchema,
    status: openObject({
      loadBalancer: openObject({ ingress: list(ingressStatus) }),
      conditions: list(conditionSchema, ["type"]),
    }),
  },
  ["metadata", "spec"],
);

const endpointSchema = object(
  {
    addresses: strings,
    conditions: object({ ready: bool, serving: bool, terminating: bool }),
    targetRef: openObject({ kind: text, namespace: text, name: text, uid: text }),
    hostname: text,
    nodeName: text,
    zone: text,
    hints: openObject({}),
    deprecatedTopology: stringMap,
  },
  ["addresses"],
);

export const endpointSliceSchema = object(
  {
    ...objectFields,
    addressType: text,
    endpoints: list(endpointSchema),
    ports: list(
      object({ name: text, port: int32, protocol: defaulted(text, "TCP"), appProtocol: text }),
    ),
  },
  ["metadata", "addressType", "endpoints"],
);

export const configMapSchema = object(
  { ...objectFields, data: stringMap, binaryData: map(base64), immutable: bool },
  ["metadata"],
);

export const secretSchema = object(
  { ...objectFields, type: text, data: map(base64), stringData: stringMap, immutable: bool },
  ["metadata"],
);

const objectReference = object({
  apiVersion: text,
  kind: text,
  namespace: text,
  name: text,
  uid: text,
  resourceVersion: text,
  fieldPath: text,
});

export const eventSchema = object(
  {
    ...objectFields,
    involvedObject: objectReference,
    reason: text,
    message: text,
    type: text,
    count: int32,
    firstTimestamp: dateTime,
    lastTimestamp: dateTime,
    eventTime: dateTime,
    source: object({ component: text, host: text }),
    action: text,
    related: objectReference,
    reportingComponent: text,
    reportingInstance: text,
    series: openObject({ count: int32, lastObservedTime: dateTime }),
  },
  ["metadata", "involvedObject"],
);

export const leaseSchema = object(
  {
    ...objectFields,
    spec: object({
      holderIdentity: text,
      leaseDurationSeconds: int32,
      acquireTime: dateTime,
      renewTime: dateTime,
      leaseTransitions: int32,
      strategy: text,
      preferredHolder: text,
    }),
  },
  ["metadata"],
);

export const namespaceSchema = object(
  {
    ...objectFields,
    spec: object({ finalizers: strings }),
    status: openObject({ phase: text, conditions: any, observedGeneration: int64 }),
  },
  ["metadata"],
);
