// The plugin's configuration, made ready to use. Fields and defaults are the community plugin's; as
// there, a field may be spelled in any case.
import type { ObjectRef } from "../../api/meta/object.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { RouterError } from "../router.ts";
import type { ProgressMark } from "./progress-mark.ts";

export const pluginName = "argoproj-labs/gatewayAPI";

const group = "gateway.networking.k8s.io";

/** By the field that names a route; its list has an `s` more. */
const routeKinds = {
  httpRoute: { apiVersion: `${group}/v1`, kind: "HTTPRoute", headers: true, mirrors: true },
  grpcRoute: { apiVersion: `${group}/v1`, kind: "GRPCRoute", headers: true, mirrors: false },
  tcpRoute: { apiVersion: `${group}/v1alpha2`, kind: "TCPRoute", headers: false, mirrors: false },
  tlsRoute: { apiVersion: `${group}/v1alpha2`, kind: "TLSRoute", headers: false, mirrors: false },
} as const;

type RouteField = keyof typeof routeKinds;
const routeFields = Object.keys(routeKinds) as readonly RouteField[];

export const watchedRouteKinds = Object.values(routeKinds).map(({ apiVersion, kind }) => ({
  apiVersion,
  kind,
}));

export interface RouteUse {
  readonly ref: ObjectRef;
  readonly ruleName: string | undefined;
  /** Whether header routes are added to it: `useHeaderRoutes`, which a single route need not say. */
  readonly takesHeaderRoutes: boolean;
  readonly takesMirrorRoutes: boolean;
}

export interface GatewayApiConfig {
  readonly routes: readonly RouteUse[];
  /** undefined = switched off. */
  readonly mark: ProgressMark | undefined;
}

function refuse(message: string): never {
  throw new RouterError(
    "TrafficRoutingError",
    `spec.strategy.canary.trafficRouting.plugins["${pluginName}"]: ${message}`,
  );
}

function valueOf(config: JsonObject, field: string): Json | undefined {
  const key = Object.keys(config).find((one) => one.toLowerCase() === field.toLowerCase());
  return config[field] ?? (key === undefined ? undefined : config[key]);
}

function textOf(config: JsonObject, field: string): string | undefined {
  const value = valueOf(config, field);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function routeUse(
  field: RouteField,
  namespace: string,
  name: string,
  more: { readonly ruleName: string | undefined; readonly usesHeaders: boolean },
): RouteUse {
  const { apiVersion, kind, headers, mirrors } = routeKinds[field];
  return {
    ref: { apiVersion, kind, namespace, name },
    ruleName: more.ruleName,
    takesHeaderRoutes: headers && more.usesHeaders,
    takesMirrorRoutes: mirrors,
  };
}

function routesOf(config: JsonObject, field: RouteField, namespace: string): readonly RouteUse[] {
  const single = textOf(config, field);
  const ruleName = textOf(config, `${field}RuleName`);
  const one =
    single === undefined
      ? []
      : [routeUse(field, namespace, single, { ruleName, usesHeaders: true })];
  const list = valueOf(config, `${field}s`);
  const listed = (isJsonArray(list) ? list : []).map((entry) => {
    const item = isJsonObject(entry) ? entry : {};
    const name = textOf(item, "name") ?? refuse(`every entry of ${field}s needs a name`);
    const usesHeaders = valueOf(item, "useHeaderRoutes") === true;
    return routeUse(field, namespace, name, { ruleName: textOf(item, "ruleName"), usesHeaders });
  });
  return [...one, ...listed];
}

function markOf(config: JsonObject): ProgressMark | undefined {
  if (valueOf(config, "disableInProgressLabel") === true) return undefined;
  return {
    label: textOf(config, "inProgressLabelKey") ?? "rollouts.argoproj.io/gatewayapi-canary",
    value: textOf(config, "inProgressLabelValue") ?? "in-progress",
    annotation:
      textOf(config, "activeRolloutsAnnotationKey") ??
      "rollouts.argoproj.io/gatewayapi-active-rollouts",
  };
}

/** Throws a RouterError naming what is missing or cannot be done. */
export function parseGatewayApiConfig(
  config: JsonObject,
  rolloutNamespace: string,
): GatewayApiConfig {
  for (const field of routeFields) {
    const selector = `${field}Selector`;
    if (valueOf(config, selector) !== undefined) {
      refuse(`${selector} is not carried out; name the routes in ${field}s`);
    }
  }
  const namespace = textOf(config, "namespace") ?? rolloutNamespace;
  const routes = routeFields.flatMap((field) => routesOf(config, field, namespace));
  if (routes.length === 0) {
    refuse(
      "httpRoute is required: the name of the HTTPRoute to split (or grpcRoute, tcpRoute, tlsRoute)",
    );
  }
  const keys = routes.map(({ ref }) => `${ref.kind} ${ref.name}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) refuse(`${twice} is named twice; name it once`);
  return { routes, mark: markOf(config) };
}
