// Columns of Service, EndpointSlice, Gateway and HTTPRoute.
import type { EndpointSlice, Service } from "../../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../../api/meta/object.ts";
import { ageColumn, joined, labelsText, nameColumn } from "./cells.ts";
import type { Column } from "./table.ts";

function externalAddress({ spec, status }: Service): string {
  const { externalIPs = [], externalName = "" } = spec as {
    readonly externalIPs?: readonly string[];
    readonly externalName?: string;
  };
  switch (spec.type) {
    case "ExternalName":
      return externalName;
    case "LoadBalancer": {
      const ingress = (status?.loadBalancer?.ingress ?? []).map(
        ({ ip, hostname }) => ip ?? hostname ?? "",
      );
      const addresses = [...ingress, ...externalIPs].filter((address) => address !== "");
      return addresses.length === 0 ? "<pending>" : addresses.join(",");
    }
    default:
      return joined(externalIPs);
  }
}

/** Where a port is served under another number, that follows it, as a node's port does in a cluster. */
function servicePorts({ spec, status }: Service): string {
  const served = status?.loadBalancer?.ingress?.[0]?.ports ?? [];
  const ports = (spec.ports ?? []).map(({ port, nodePort = 0, protocol = "TCP" }, index) => {
    const other = nodePort === 0 ? (served[index]?.port ?? port) : nodePort;
    return other === port ? `${port}/${protocol}` : `${port}:${other}/${protocol}`;
  });
  return joined(ports);
}

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn,
  {
    name: "Type",
    type: "string",
    description: "How the service can be reached.",
    cell: ({ spec }) => spec.type ?? "ClusterIP",
  },
  {
    name: "Cluster-IP",
    type: "string",
    description: "The address of the service inside the cluster.",
    cell: ({ spec }) =>
      spec.clusterIP === undefined || spec.clusterIP === "" ? "<none>" : spec.clusterIP,
  },
  {
    name: "External-IP",
    type: "string",
    description: "The address of the service for everybody else.",
    cell: externalAddress,
  },
  { name: "Port(s)", type: "string", description: "The ports of the service.", cell: servicePorts },
  ageColumn,
  {
    name: "Selector",
    type: "string",
    description: "Which pods answer.",
    wide: true,
    cell: ({ spec }) => labelsText(spec.selector),
  },
];

const shownEndpoints = 3;

function shortList(words: readonly string[], shown: number): string {
  if (words.length === 0) return "<unset>";
  const more = words.length - shown;
  return more > 0 ? `${words.slice(0, shown).join(",")} + ${more} more...` : words.join(",");
}

export const endpointSliceColumns: readonly Column<EndpointSlice>[] = [
  nameColumn,
  {
    name: "AddressType",
    type: "string",
    description: "What kind of addresses the slice holds.",
    cell: ({ addressType }) => addressType,
  },
  {
    name: "Ports",
    type: "string",
    description: "The ports of the endpoints.",
    cell: ({ ports }) =>
      shortList(
        (ports ?? []).map(({ port }) => String(port)),
        shownEndpoints,
      ),
  },
  {
    name: "Endpoints",
    type: "string",
    description: "The addresses of the endpoints.",
    cell: ({ endpoints }) =>
      shortList(
        endpoints.flatMap(({ addresses }) => addresses),
        shownEndpoints,
      ),
  },
  ageColumn,
];

interface GatewayObject extends KubeObject {
  readonly spec?: { readonly gatewayClassName?: string };
  readonly status?: {
    readonly addresses?: readonly { readonly value?: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const gatewayColumns: readonly Column<GatewayObject>[] = [
  nameColumn,
  {
    name: "Class",
    type: "string",
    description: "Whose gateway it is.",
    cell: ({ spec }) => spec?.gatewayClassName ?? null,
  },
  {
    name: "Address",
    type: "string",
    description: "Where the gateway listens.",
    cell: ({ status }) => status?.addresses?.map(({ value = "" }) => value).join(",") ?? null,
  },
  {
    name: "Programmed",
    type: "string",
    description: "Whether the gateway serves what is written.",
    cell: ({ status }) =>
      status?.conditions?.find(({ type }) => type === "Programmed")?.status ?? null,
  },
  ageColumn,
];

interface RouteObject extends KubeObject {
  readonly spec?: { readonly hostnames?: readonly string[] };
}

export const httpRouteColumns: readonly Column<RouteObject>[] = [
  nameColumn,
  {
    name: "Hostnames",
    type: "string",
    description: "Which hosts the route is for.",
    cell: ({ spec }) => (spec?.hostnames === undefined ? null : JSON.stringify(spec.hostnames)),
  },
  ageColumn,
];
