// A VirtualService as the route it is to users, so that described traffic and invariants know one
// shape. Istio's proxies tell nobody what they serve: here they serve at once what is written.
import type { HttpRouteRule, HTTPRoute } from "../api/gateway/http-route.ts";
import type { IstioDestination, IstioHttpRoute, VirtualService } from "../api/istio/networking.ts";
import { keyOf, splitKey, type Cache } from "../runtime/cache.ts";
import { sourceOf, type Controller } from "../runtime/controller.ts";
import { settled } from "../runtime/outcome.ts";

/** By its first label, as a host in the same namespace is found. */
function serviceOf({ host }: IstioDestination): string {
  return host.split(".")[0] ?? "";
}

/** Routes for some requests only: by a header, or mirrored. */
function isManaged({ match = [], mirror }: IstioHttpRoute): boolean {
  return mirror !== undefined || match.some(({ headers }) => headers !== undefined);
}

function ruleOf(route: IstioHttpRoute): HttpRouteRule {
  const { name = "", mirror, route: destinations = [] } = route;
  return {
    name: isManaged(route) ? `haldane-managed-${name}.0` : name,
    backendRefs: destinations.map(({ destination, weight = 0 }) => ({
      name: serviceOf(destination),
      weight: destinations.length === 1 ? 100 : weight,
    })),
    ...(mirror
      ? {
          filters: [
            { type: "RequestMirror", requestMirror: { backendRef: { name: serviceOf(mirror) } } },
          ],
        }
      : {}),
  };
}

export function routeOfVirtualService({ metadata, spec }: VirtualService): HTTPRoute {
  const { name, namespace = "", generation = 0 } = metadata;
  const served = { type: "Programmed", status: "True", observedGeneration: generation } as const;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `virtual-service/${name}`, namespace, generation },
    spec: { rules: (spec.http ?? []).map(ruleOf) },
    status: {
      parents: [{ parentRef: { name: "mesh" }, controllerName: "istio", conditions: [served] }],
    },
  };
}

export interface MeshOptions {
  readonly virtualServices: Cache<VirtualService>;
  /** The routes as users meet them; kept up to date here. */
  readonly served: Map<string, HTTPRoute>;
}

export function simulatedMesh({ virtualServices, served }: MeshOptions): Controller {
  return {
    name: "simulated-mesh",
    concurrency: 1,
    sources: [sourceOf(virtualServices, (service) => [keyOf(service)])],
    reconcile: async (key) => {
      const { namespace, name } = splitKey(key);
      const service = virtualServices.get(namespace, name);
      const route = service && routeOfVirtualService(service);
      if (route) served.set(`virtual-service/${key}`, route);
      else served.delete(`virtual-service/${key}`);
      return settled;
    },
  };
}
