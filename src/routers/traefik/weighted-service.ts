// TraefikService <-> weights, pure (argo-rollouts-algorithms.md §2.16 Traefik).
import type { KubeObject } from "../../api/meta/object.ts";
import { RouterError } from "../router.ts";

export interface WeightedService {
  readonly name: string;
  readonly weight?: number;
}

/** As far as we use it; unknown fields are kept. */
export interface TraefikService extends KubeObject {
  readonly kind: "TraefikService";
  readonly spec?: { readonly weighted?: { readonly services?: readonly WeightedService[] } };
}

export interface SplitServices {
  readonly canary: string;
  readonly stable: string;
}

/** What canary and stable share. */
export const totalWeight = 100;

function refuse({ metadata }: TraefikService, problem: string): never {
  const { namespace = "", name } = metadata;
  throw new RouterError("TrafficRoutingError", `${problem} (TraefikService ${namespace}/${name})`);
}

function servicesOf(object: TraefikService, names: SplitServices): readonly WeightedService[] {
  const services = object.spec?.weighted?.services;
  if (!Array.isArray(services)) {
    return refuse(object, "spec.weighted.services was not found in traefik service manifest");
  }
  const listed = services as readonly WeightedService[];
  for (const side of ["canary", "stable"] as const) {
    const count = listed.filter(({ name }) => name === names[side]).length;
    if (count === 0) refuse(object, `traefik ${side} service was not found`);
    if (count > 1) {
      refuse(object, `traefik ${side} service ${names[side]} is listed twice; list it once`);
    }
  }
  return listed;
}

/** Weights that nobody wrote count as 0: then no split is in force yet. */
export function readWeights(
  object: TraefikService,
  names: SplitServices,
): { readonly canary: number; readonly stable: number } {
  const services = servicesOf(object, names);
  const weightOf = (name: string): number =>
    services.find((service) => service.name === name)?.weight ?? 0;
  return { canary: weightOf(names.canary), stable: weightOf(names.stable) };
}

export function withWeights(
  object: TraefikService,
  names: SplitServices,
  weights: { readonly canary: number; readonly stable: number },
): TraefikService {
  const services = servicesOf(object, names).map((service): WeightedService => {
    if (service.name === names.canary) return { ...service, weight: weights.canary };
    return service.name === names.stable ? { ...service, weight: weights.stable } : service;
  });
  const { spec = {} } = object;
  return { ...object, spec: { ...spec, weighted: { ...spec.weighted, services } } };
}
