// The kinds of objects we know: one line each. The stores, the API server, the CLI and the
// documents read this table; a kind that is not in it does not exist for them.
import { apiVersionOf, type GroupVersionKind } from "./meta/object.ts";

export interface ResourceType extends GroupVersionKind {
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** Whether `status` is a subresource: then plain writes ignore status, and status writes ignore the rest. */
  readonly hasStatus: boolean;
  /** Where the scale subresource finds its numbers (dotted paths); absent = no scale subresource. */
  readonly scale?: {
    readonly specReplicas: string;
    readonly statusReplicas: string;
    readonly labelSelector: string;
  };
}

interface Options {
  readonly shortNames?: readonly string[];
  readonly clusterScoped?: true;
  readonly noStatus?: true;
  readonly scale?: ResourceType["scale"];
  readonly plural?: string;
}

function resource(apiVersion: string, kind: string, options: Options = {}): ResourceType {
  const slash = apiVersion.indexOf("/");
  return {
    group: slash < 0 ? "" : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind,
    plural: options.plural ?? `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: options.shortNames ?? [],
    namespaced: options.clusterScoped !== true,
    hasStatus: options.noStatus !== true,
    ...(options.scale ? { scale: options.scale } : {}),
  };
}

const workloadScale = {
  specReplicas: "spec.replicas",
  statusReplicas: "status.replicas",
  labelSelector: "spec.selector",
};

export const resourceTypes: readonly ResourceType[] = [
  resource("v1", "Namespace", { shortNames: ["ns"], clusterScoped: true }),
  resource("v1", "Pod", { shortNames: ["po"] }),
  resource("v1", "Service", { shortNames: ["svc"] }),
  resource("v1", "ConfigMap", { shortNames: ["cm"], noStatus: true }),
  resource("v1", "Secret", { noStatus: true }),
  resource("v1", "Event", { shortNames: ["ev"], noStatus: true }),
  resource("v1", "PodTemplate", { noStatus: true }),
  resource("apps/v1", "ReplicaSet", { shortNames: ["rs"], scale: workloadScale }),
  resource("apps/v1", "Deployment", { shortNames: ["deploy"], scale: workloadScale }),
  resource("batch/v1", "Job", {}),
  resource("discovery.k8s.io/v1", "EndpointSlice", { noStatus: true }),
  resource("coordination.k8s.io/v1", "Lease", { noStatus: true }),
  resource("gateway.networking.k8s.io/v1", "Gateway", { shortNames: ["gtw"] }),
  resource("gateway.networking.k8s.io/v1", "HTTPRoute", {}),
  resource("argoproj.io/v1alpha1", "Rollout", {
    shortNames: ["ro"],
    scale: {
      specReplicas: "spec.replicas",
      statusReplicas: "status.HPAReplicas",
      labelSelector: "status.selector",
    },
  }),
  resource("argoproj.io/v1alpha1", "AnalysisRun", { shortNames: ["ar"], noStatus: true }),
  resource("argoproj.io/v1alpha1", "AnalysisTemplate", { shortNames: ["at"], noStatus: true }),
  resource("argoproj.io/v1alpha1", "ClusterAnalysisTemplate", {
    shortNames: ["cat"],
    clusterScoped: true,
    noStatus: true,
  }),
  resource("argoproj.io/v1alpha1", "Experiment", { shortNames: ["exp"], noStatus: true }),
];

/**
 * Objects of traffic routers: known by name wherever a cluster serves them. Our own API server does
 * not: its gateway would not route by them.
 */
const routerResourceTypes: readonly ResourceType[] = [
  resource("gateway.networking.k8s.io/v1", "GRPCRoute"),
  resource("gateway.networking.k8s.io/v1alpha2", "TCPRoute"),
  resource("gateway.networking.k8s.io/v1alpha2", "TLSRoute"),
  ...["v1alpha3", "v1beta1", "v1"].flatMap((version) => [
    resource(`networking.istio.io/${version}`, "VirtualService", { shortNames: ["vs"] }),
    resource(`networking.istio.io/${version}`, "DestinationRule", { shortNames: ["dr"] }),
  ]),
  ...["traefik.io", "traefik.containo.us"].map((group) =>
    resource(`${group}/v1alpha1`, "TraefikService", { noStatus: true }),
  ),
  resource("networking.k8s.io/v1", "Ingress", { plural: "ingresses", shortNames: ["ing"] }),
  ...["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"].map((version) =>
    resource(`split.smi-spec.io/${version}`, "TrafficSplit", {
      shortNames: ["ts"],
      noStatus: true,
    }),
  ),
  resource("apisix.apache.org/v2", "ApisixRoute"),
  ...[
    "getambassador.io/v1",
    "getambassador.io/v2",
    "getambassador.io/v3alpha1",
    "x.getambassador.io/v3alpha1",
  ].map((apiVersion) => resource(apiVersion, "Mapping")),
  resource("appmesh.k8s.aws/v1beta2", "VirtualService"),
  resource("appmesh.k8s.aws/v1beta2", "VirtualRouter"),
  resource("appmesh.k8s.aws/v1beta2", "VirtualNode"),
];

const known: readonly ResourceType[] = [...resourceTypes, ...routerResourceTypes];

const byApiVersionAndKind = new Map(
  known.map((type) => [`${apiVersionOf(type)} ${type.kind}`, type]),
);

export function resourceTypeOf(apiVersion: string, kind: string): ResourceType | undefined {
  return byApiVersionAndKind.get(`${apiVersion} ${kind}`);
}

/** By any name a person types: `rollouts`, `rollout`, `ro`, `Rollout`, `rollouts.argoproj.io`. */
export function resourceTypeNamed(word: string): ResourceType | undefined {
  const [name = "", ...groupParts] = word.toLowerCase().split(".");
  const group = groupParts.join(".");
  return known.find(
    (type) =>
      (group === "" || type.group === group) &&
      (type.plural === name || type.singular === name || type.shortNames.includes(name)),
  );
}
