// endpoints: from Services and pods to the gateway. slice.ts and slice-controller.ts keep one
// EndpointSlice per Service; compile-gateway.ts (pure) turns the routing objects into the gateway's
// config; gateway-sync.ts pushes it, reports what is live, and says when a pod is drained.
// May import lib, api, runtime, objects/object-store.ts and the gateway's contract (config.ts,
// config-validation.ts, client.ts). A new routing kind is compiled beside routes.ts.
import { isPodReady } from "../../api/kubernetes/pod.ts";
import type { Container, Pod } from "../../api/kubernetes/pod.ts";
import type { EndpointSlice, Service, ServicePort } from "../../api/kubernetes/workloads.ts";
import { selectorMatches } from "../../api/meta/label-selector.ts";
import { controllerReference } from "../../api/meta/object.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { parsePorts, portsAnnotation } from "../kubelet/launch/ports.ts";

export const serviceNameLabel = "kubernetes.io/service-name";
const managedByLabel = "endpointslice.kubernetes.io/managed-by";
const managedBy = "haldane.dev";

export function hasSelector(service: Service): boolean {
  return Object.keys(service.spec.selector ?? {}).length > 0;
}

/** Kept by slice-controller.ts. */
export function isOurs(slice: EndpointSlice): boolean {
  return slice.metadata.labels?.[managedByLabel] === managedBy;
}

function containersOf(pod: Pod): readonly Container[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(
    (each) => each.restartPolicy === "Always",
  );
  return [...pod.spec.containers, ...sidecars];
}

/** The container port a Service's port leads to in this pod; undefined when the pod has no port of that name. */
export function targetPortIn(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (/^\d+$/.test(String(target))) return Number(target) === 0 ? port.port : Number(target);
  const ports = containersOf(pod).flatMap((container) => container.ports ?? []);
  return ports.find((each) => each.name === target)?.containerPort;
}

/** Where that container port really is: each pod has ports of its own on loopback. */
export function loopbackPortIn(pod: Pod, port: ServicePort): number | undefined {
  const containerPort = targetPortIn(pod, port);
  if (containerPort === undefined) return undefined;
  return (
    parsePorts(pod.metadata.annotations?.[portsAnnotation])[String(containerPort)] ?? containerPort
  );
}

export function isServing(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && isPodReady(pod);
}

type Endpoint = EndpointSlice["endpoints"][number];

function endpointOf(pod: Pod): readonly Endpoint[] {
  const isTerminating = pod.metadata.deletionTimestamp !== undefined;
  if (!isTerminating && !isPodReady(pod)) return [];
  const { name, namespace = "", uid = "" } = pod.metadata;
  return [
    {
      addresses: [pod.status?.podIP ?? "127.0.0.1"],
      conditions: { ready: !isTerminating, serving: isPodReady(pod), terminating: isTerminating },
      targetRef: { kind: "Pod", namespace, name, uid },
    },
  ];
}

function isAlive(pod: Pod): boolean {
  return pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";
}

/** Which port of which pod is where: a slice has one port for all endpoints, pods here have one each. */
function loopbackMap(pods: readonly Pod[]): StringMap {
  const entries = pods.flatMap((pod) => {
    const text = pod.metadata.annotations?.[portsAnnotation];
    return text === undefined ? [] : [[pod.metadata.name, parsePorts(text)] as const];
  });
  return entries.length === 0
    ? {}
    : { [portsAnnotation]: JSON.stringify(Object.fromEntries(entries)) };
}

/** The slice a Service should have: ready pods, and those on their way out flagged as such. By name. */
export function sliceFor(service: Service, name: string, pods: readonly Pod[]): EndpointSlice {
  const matching = pods
    .filter((pod) =>
      selectorMatches({ matchLabels: service.spec.selector ?? {} }, pod.metadata.labels),
    )
    .filter((pod) => isAlive(pod))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const first = matching[0];
  const ports = (service.spec.ports ?? []).map((port) => ({
    // kubectl describe takes the name for given, as a cluster always does.
    name: port.name ?? "",
    port: (first === undefined ? undefined : targetPortIn(first, port)) ?? port.port,
    protocol: port.protocol ?? "TCP",
  }));
  const annotations = loopbackMap(matching.filter((pod) => endpointOf(pod).length > 0));
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name,
      namespace: service.metadata.namespace ?? "default",
      labels: { [serviceNameLabel]: service.metadata.name, [managedByLabel]: managedBy },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ownerReferences: [controllerReference(service)],
    },
    addressType: "IPv4",
    endpoints: matching.flatMap((pod) => endpointOf(pod)),
    ports,
  };
}

/** Whether a stored slice says the same as the wanted one. */
export function isSameSlice(stored: EndpointSlice, wanted: EndpointSlice): boolean {
  const essence = ({
    endpoints,
    ports,
    metadata: { labels, annotations },
  }: EndpointSlice): string =>
    JSON.stringify([endpoints, ports, labels, annotations?.[portsAnnotation]]);
  return essence(stored) === essence(wanted);
}
