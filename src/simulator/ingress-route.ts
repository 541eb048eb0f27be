// An Ingress of ingress-nginx and its canary as the route they are to users, so that described
// traffic and invariants know one shape. As the real one, a canary joins the Ingress that has its host
// and path; nobody is told what is served: here it is at once what is written.
import type { HTTPRoute, HttpRouteRule } from "../api/gateway/http-route.ts";
import type { Ingress, IngressPath } from "../api/kubernetes/ingress.ts";
import { keyOf, splitKey, type Cache } from "../runtime/cache.ts";
import { sourceOf, type Controller } from "../runtime/controller.ts";
import { settled } from "../runtime/outcome.ts";

const prefix = "nginx.ingress.kubernetes.io";

interface Entrance {
  readonly where: string;
  readonly service: string;
}

function isCanary({ metadata }: Ingress): boolean {
  return metadata.annotations?.[`${prefix}/canary`] === "true";
}

function entrancesOf({ spec }: Ingress): readonly Entrance[] {
  const entrance = (host: string, { path = "/", backend }: IngressPath): readonly Entrance[] =>
    backend.service ? [{ where: `${host}${path}`, service: backend.service.name }] : [];
  return (spec?.rules ?? []).flatMap(({ host = "", http }) =>
    (http?.paths ?? []).flatMap((path) => entrance(host, path)),
  );
}

function numberOf(canary: Ingress, annotation: string, usual: number): number {
  return Number(canary.metadata.annotations?.[`${prefix}/${annotation}`] ?? usual);
}

function ruleOf({ where, service }: Entrance, canary: Ingress | undefined): HttpRouteRule {
  const to = canary && entrancesOf(canary).find((entrance) => entrance.where === where);
  if (!canary || !to) return { name: where, backendRefs: [{ name: service, weight: 100 }] };
  const weight = numberOf(canary, "canary-weight", 0);
  const rest = numberOf(canary, "canary-weight-total", 100) - weight;
  return {
    name: where,
    backendRefs: [
      { name: service, weight: rest },
      { name: to.service, weight },
    ],
  };
}

/** All Ingresses that were seen, by key. */
export class IngressRoutes {
  readonly #ingresses = new Map<string, Ingress>();

  /** Takes the change in; gives the route it makes: that of the stable Ingress, also for a canary. */
  changed(ingress: Ingress): HTTPRoute | undefined {
    this.#ingresses.set(keyOf(ingress), ingress);
    const all = [...this.#ingresses.values()];
    const places = entrancesOf(ingress).map(({ where }) => where);
    const shares = (other: Ingress): boolean =>
      other.metadata.namespace === ingress.metadata.namespace &&
      entrancesOf(other).some(({ where }) => places.includes(where));
    const stable = isCanary(ingress)
      ? all.find((other) => !isCanary(other) && shares(other))
      : ingress;
    return (
      stable &&
      this.#routeOf(
        stable,
        all.find((other) => isCanary(other) && shares(other)),
      )
    );
  }

  #routeOf(stable: Ingress, canary: Ingress | undefined): HTTPRoute {
    const { name, namespace = "" } = stable.metadata;
    const served = { type: "Programmed", status: "True" } as const;
    return {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: `ingress/${name}`, namespace },
      spec: { rules: entrancesOf(stable).map((entrance) => ruleOf(entrance, canary)) },
      status: {
        parents: [{ parentRef: { name: "nginx" }, controllerName: "nginx", conditions: [served] }],
      },
    };
  }
}

export interface NginxOptions {
  readonly ingresses: Cache<Ingress>;
  /** The routes as users meet them; kept up to date here. */
  readonly served: Map<string, HTTPRoute>;
}

export function simulatedNginx({ ingresses, served }: NginxOptions): Controller {
  const routes = new IngressRoutes();
  return {
    name: "simulated-nginx",
    concurrency: 1,
    sources: [sourceOf(ingresses, (ingress) => [keyOf(ingress)])],
    reconcile: async (key) => {
      const { namespace, name } = splitKey(key);
      const ingress = ingresses.get(namespace, name);
      const route = ingress && routes.changed(ingress);
      if (route) served.set(keyOf(route), route);
      return settled;
    },
  };
}
