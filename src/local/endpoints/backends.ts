// The gateway's backends: a Service's port and the endpoints behind it.
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { EndpointSlice, Service, ServicePort } from "../../api/kubernetes/workloads.ts";
import { selectorMatches } from "../../api/meta/label-selector.ts";
import type { BackendRef } from "../../api/gateway/http-route.ts";
import type { Backend, Endpoint } from "../../gateway/config.ts";
import { hasSelector, isOurs, isServing, loopbackPortIn, serviceNameLabel } from "./slice.ts";

/** Set by the rollout controller; the Deployment controller's and none at all follow in this order. */
const versionLabels = ["rollouts-pod-template-hash", "pod-template-hash"] as const;

export interface BackendSources {
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly pods: readonly Pod[];
  /** uids of pods that must get no more requests, whatever the other objects say. */
  readonly excludedPods: ReadonlySet<string>;
}

function keyOf({
  metadata: { namespace = "", name },
}: {
  metadata: { namespace?: string; name: string };
}): string {
  return `${namespace}/${name}`;
}

export function versionOf(pod: Pod): string {
  const labels = pod.metadata.labels ?? {};
  return versionLabels.map((label) => labels[label]).find((value) => value !== undefined) ?? "";
}

export type BackendLookup =
  | { readonly ok: true; readonly backend: Backend }
  | {
      readonly ok: false;
      readonly reason: "InvalidKind" | "BackendNotFound" | "RefNotPermitted" | "UnsupportedValue";
      readonly message: string;
    };

export class Backends {
  readonly #services: ReadonlyMap<string, Service>;
  readonly #slices = new Map<string, EndpointSlice[]>();
  readonly #pods: ReadonlyMap<string, Pod>;
  readonly #excludedPods: ReadonlySet<string>;
  readonly #used = new Map<string, Backend>();

  constructor({ services, slices, pods, excludedPods }: BackendSources) {
    this.#services = new Map(services.map((service) => [keyOf(service), service]));
    this.#pods = new Map(pods.map((pod) => [keyOf(pod), pod]));
    this.#excludedPods = excludedPods;
    for (const slice of slices) {
      const service = `${slice.metadata.namespace ?? ""}/${slice.metadata.labels?.[serviceNameLabel] ?? ""}`;
      this.#slices.set(service, [...(this.#slices.get(service) ?? []), slice]);
    }
  }

  /** Every backend that was asked for, sorted by name. */
  used(): readonly Backend[] {
    return [...this.#used.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  of(service: Service, port: ServicePort): Backend {
    const key = keyOf(service);
    const name = `${key}:${port.port}`;
    const known = this.#used.get(name);
    if (known !== undefined) return known;
    const endpoints = [...this.#selected(service, port), ...this.#listed(service, port)];
    const backend: Backend = { name, endpoints };
    this.#used.set(name, backend);
    return backend;
  }

  /** A backend without endpoints, for a reference that leads nowhere: its share is answered with an error. */
  nowhere(name: string): Backend {
    const backend = this.#used.get(name) ?? { name, endpoints: [] };
    this.#used.set(name, backend);
    return backend;
  }

  /** Resolves a route's reference, from the namespace of the route. */
  lookUp(ref: BackendRef, routeNamespace: string): BackendLookup {
    const { kind = "Service", group = "", namespace = routeNamespace } = ref;
    if (kind !== "Service" || (group !== "" && group !== "core")) {
      const message = `backendRef ${ref.name}: kind ${kind} cannot be a backend; use a Service`;
      return { ok: false, reason: "InvalidKind", message };
    }
    if (namespace !== routeNamespace) {
      const message = `backendRef ${namespace}/${ref.name}: it is in another namespace; use a Service of namespace ${routeNamespace}`;
      return { ok: false, reason: "RefNotPermitted", message };
    }
    const service = this.#services.get(`${namespace}/${ref.name}`);
    if (service === undefined) {
      const known = this.#namesIn(namespace);
      const message = `backendRef ${ref.name}: there is no Service ${namespace}/${ref.name}; create it or name one of: ${known}`;
      return { ok: false, reason: "BackendNotFound", message };
    }
    return this.#portOf(service, ref);
  }

  #portOf(service: Service, ref: BackendRef): BackendLookup {
    const ports = service.spec.ports ?? [];
    const port =
      ref.port === undefined && ports.length === 1
        ? ports[0]
        : ports.find((each) => each.port === ref.port);
    if (port !== undefined) return { ok: true, backend: this.of(service, port) };
    const known = ports.map((each) => String(each.port)).join(", ") || "none";
    const asked = ref.port === undefined ? "no port is named" : `it has no port ${ref.port}`;
    const message = `backendRef ${ref.name}: ${asked}; the ports of Service ${keyOf(service)} are: ${known}`;
    return { ok: false, reason: "BackendNotFound", message };
  }

  #namesIn(namespace: string): string {
    const names = [...this.#services.values()]
      .filter((service) => service.metadata.namespace === namespace)
      .map((service) => service.metadata.name);
    return names.sort().join(", ") || "(there are none)";
  }

  /**
   * The pods of a Service's selector, from the Service itself: its slice follows a moment later, and
   * a switch from one version to another must not wait for it.
   */
  #selected(service: Service, port: ServicePort): readonly Endpoint[] {
    if (!hasSelector(service)) return [];
    const selector = { matchLabels: service.spec.selector ?? {} };
    return [...this.#pods.values()]
      .filter(({ metadata }) => metadata.namespace === service.metadata.namespace)
      .filter(({ metadata }) => selectorMatches(selector, metadata.labels))
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .flatMap((pod) => this.#endpointOfPod(pod, port));
  }

  /** What slices say that somebody else keeps. */
  #listed(service: Service, port: ServicePort): readonly Endpoint[] {
    const slices = this.#slices.get(keyOf(service)) ?? [];
    const foreign = slices.filter((slice) => !(hasSelector(service) && isOurs(slice)));
    return foreign.flatMap((slice) => this.#endpointsOf(slice, port));
  }

  #endpointsOf(slice: EndpointSlice, port: ServicePort): readonly Endpoint[] {
    return slice.endpoints.flatMap((endpoint) => {
      if (endpoint.conditions?.ready === false) return [];
      const { targetRef } = endpoint;
      if (targetRef?.kind !== "Pod") return outsideEndpoints(slice, endpoint.addresses, port);
      const pod = this.#pods.get(`${targetRef.namespace ?? ""}/${targetRef.name ?? ""}`);
      return pod === undefined ? [] : this.#endpointOfPod(pod, port);
    });
  }

  #endpointOfPod(pod: Pod, port: ServicePort): readonly Endpoint[] {
    if (!isServing(pod) || this.#excludedPods.has(pod.metadata.uid ?? "")) return [];
    const loopback = loopbackPortIn(pod, port);
    if (loopback === undefined) return [];
    return [{ host: "127.0.0.1", port: loopback, pod: keyOf(pod), version: versionOf(pod) }];
  }
}

/** Addresses that somebody wrote into a slice of their own: programs outside the cluster. */
function outsideEndpoints(
  slice: EndpointSlice,
  addresses: readonly string[],
  port: ServicePort,
): readonly Endpoint[] {
  const ports = slice.ports ?? [];
  const found =
    ports.find((each) => (each.name ?? "") === (port.name ?? "")) ??
    (ports.length === 1 ? ports[0] : undefined);
  if (found === undefined) return [];
  const pod = keyOf(slice);
  return addresses.map((host) => ({ host, port: found.port, pod, version: "" }));
}
