// The ways into the gateway: a Gateway's listeners and the ports of LoadBalancer Services, each with
// the port it asks for, and who has a port that several ask for.
import type { Gateway } from "../../api/gateway/http-route.ts";
import type { Service, ServicePort } from "../../api/kubernetes/workloads.ts";

/** `haldane.dev/port` on a LoadBalancer Service or a Gateway: another port, or `0`/`auto` for any free one. */
export const portAnnotation = "haldane.dev/port";

/** A port the world asks for, and on whose behalf. */
export interface PortClaim {
  /** Name of the gateway's listener. */
  readonly listener: string;
  readonly owner: {
    readonly kind: "Service" | "Gateway";
    readonly namespace: string;
    readonly name: string;
  };
  /** As the object says it; `boundPort` is what the gateway is asked to open (0 = any). */
  readonly port: number;
  readonly boundPort: number;
  /** The listener that has the port already. */
  readonly conflict?: string;
}

/** One way into the gateway: a Gateway's section, or a port of a LoadBalancer Service. */
export interface Entrance {
  readonly claim: PortClaim;
  readonly section: string;
  readonly port: number;
  readonly hostname: string | undefined;
  readonly allowedFrom: string;
  readonly service?: { readonly service: Service; readonly port: ServicePort };
}

/** undefined: as the object says; 0: any free port. */
function annotatedPort(object: {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}): number | undefined {
  const text = object.metadata.annotations?.[portAnnotation];
  if (text === undefined) return undefined;
  if (text === "auto") return 0;
  const port = Number(text);
  return /^\d+$/.test(text) && port <= 65_535 ? port : undefined;
}

const httpProtocols = ["HTTP"];

export function entrancesOfGateway(gateway: Gateway): readonly Entrance[] {
  const { namespace = "", name } = gateway.metadata;
  const override = annotatedPort(gateway);
  return gateway.spec.listeners
    .filter((listener) => httpProtocols.includes(listener.protocol))
    .map((listener) => ({
      claim: {
        listener: `gateway/${namespace}/${name}:${listener.port}`,
        owner: { kind: "Gateway", namespace, name },
        port: listener.port,
        // One number cannot serve several ports; only "any free one" can.
        boundPort:
          override === 0 || (override !== undefined && isOnePort(gateway))
            ? override
            : listener.port,
      },
      section: listener.name,
      port: listener.port,
      hostname: listener.hostname,
      allowedFrom: listener.allowedRoutes?.namespaces?.from ?? "Same",
    }));
}

function isOnePort(gateway: Gateway): boolean {
  return new Set(gateway.spec.listeners.map((listener) => listener.port)).size === 1;
}

export function entrancesOfService(service: Service): readonly Entrance[] {
  const { namespace = "", name } = service.metadata;
  const override = annotatedPort(service);
  const ports = (service.spec.ports ?? []).filter((port) => (port.protocol ?? "TCP") === "TCP");
  return ports.map((port, index) => ({
    claim: {
      listener: `service/${namespace}/${name}:${port.port}`,
      owner: { kind: "Service", namespace, name },
      port: port.port,
      boundPort: override !== undefined && (override === 0 || index === 0) ? override : port.port,
    },
    section: port.name ?? "",
    port: port.port,
    hostname: undefined,
    allowedFrom: "Same",
    service: { service, port },
  }));
}

/** The first claim of a port has it: Gateways before Services, then by name. */
export function withConflicts(wanted: readonly Entrance[]): readonly Entrance[] {
  const holders = new Map<number, string>();
  return wanted.map((entrance) => {
    const { claim } = entrance;
    const holder = claim.boundPort === 0 ? undefined : holders.get(claim.boundPort);
    if (holder === undefined) holders.set(claim.boundPort, claim.listener);
    if (holder === undefined || holder === claim.listener) return entrance;
    return { ...entrance, claim: { ...claim, conflict: holder } };
  });
}

/** One claim per listener: the sections of a Gateway may share a port. */
export function claimsOf(entrances: readonly Entrance[]): readonly PortClaim[] {
  return [...new Map(entrances.map(({ claim }) => [claim.listener, claim])).values()];
}
