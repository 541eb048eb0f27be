// canary.trafficRouting: one optional block per router becomes a list in the order Argo drives them.
import type { Capabilities } from "../capabilities.ts";
import type { RouterConfig, TrafficRouting } from "../rollout.ts";
import type { TrafficRoutingManifest } from "../../schema/rollout.ts";
import type { FieldPath } from "../../meta/field-path.ts";
import { notCarriedOut } from "./problem.ts";
import type { Notice } from "./problem.ts";

/** The routers Argo has built in, in the order it drives them; plugins come last. */
export const routerKinds = [
  "istio",
  "nginx",
  "alb",
  "smi",
  "ambassador",
  "appMesh",
  "traefik",
  "apisix",
] as const;

/** All routers of a manifest. Plugins are sorted by name: their order must not depend on who wrote them. */
export function routersOf(routing: TrafficRoutingManifest): readonly RouterConfig[] {
  const builtIn = routerKinds.flatMap((kind) => {
    const config = routing[kind];
    return config === undefined ? [] : [{ kind, isPlugin: false, config: { ...config } }];
  });
  const plugins = Object.entries(routing.plugins ?? {})
    .map(([kind, config]) => ({ kind, isPlugin: true, config }))
    .sort((a, b) => (a.kind < b.kind ? -1 : 1));
  return [...builtIn, ...plugins];
}

export function trafficRoutingOf(routing: TrafficRoutingManifest): TrafficRouting {
  return {
    routers: routersOf(routing),
    managedRoutes: (routing.managedRoutes ?? []).map(({ name }) => name),
    maxTrafficWeight: routing.maxTrafficWeight ?? 100,
  };
}

/** A notice for each built-in router nothing here can drive; plugins are validation's. `path` leads to trafficRouting. */
export function routersNotCarriedOut(
  routing: TrafficRouting,
  capabilities: Capabilities,
  path: FieldPath,
): readonly Notice[] {
  return routing.routers
    .filter(({ kind, isPlugin }) => !isPlugin && !Object.hasOwn(capabilities.routers, kind))
    .map(({ kind }) => notCarriedOut([...path, kind]));
}

export function hasPlugins({ plugins = {} }: TrafficRoutingManifest): boolean {
  return Object.keys(plugins).length > 0;
}
