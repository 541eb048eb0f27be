// ApisixRoute <-> TrafficPlan, pure. A split is the weights of two backends in each chosen rule; a
// header route is an ApisixRoute of its own whose rules win by priority and lead to the canary.
import { stringMatchKinds, type StringMatch } from "../../api/argo/rollout.ts";
import type { ManagedRoute, TrafficPlan } from "../../api/argo/traffic.ts";
import { managedRouteAnnotation } from "../../api/argo/keys.ts";
import { controllerReference, type KubeObject } from "../../api/meta/object.ts";
import { isJsonArray, isJsonObject, type Json } from "../../lib/json.ts";
import { RouterError } from "../router.ts";
import { agreed, twoWaySplit, type InForce } from "../split.ts";

interface Backend {
  readonly serviceName: string;
  readonly weight?: number;
}

interface Expression {
  readonly subject: { readonly scope: string; readonly name?: string };
  readonly op: string;
  readonly value?: string;
}

export interface ApisixRule {
  readonly name: string;
  readonly priority?: number;
  readonly match?: { readonly exprs?: readonly Expression[] };
  readonly backends?: readonly Backend[];
}

export interface ApisixRoute extends KubeObject {
  readonly spec?: { readonly ingressClassName?: string; readonly http?: readonly ApisixRule[] };
}

export type HeaderRoute = Extract<ManagedRoute, { kind: "header" }>;

/** Which rules are split, and between which Services. */
export interface SplitRules {
  readonly names: readonly string[];
  readonly canary: string;
  readonly stable: string;
}

/** What APISIX takes for a weight that is not written. */
const usualWeight = 100;

function wrong(message: string): RouterError {
  return new RouterError("TrafficRoutingError", message);
}

function backendOf(rule: ApisixRule, service: string): Backend {
  const backend = rule.backends?.find(({ serviceName }) => serviceName === service);
  if (backend) return backend;
  throw wrong(`apisix route ${service} backend was not found`);
}

/** The chosen rules, each sure to have both backends. */
function chosenRules(
  route: ApisixRoute,
  { names, canary, stable }: SplitRules,
): readonly ApisixRule[] {
  const rules = route.spec?.http;
  if (!rules) throw wrong("spec.http was not found in Apisix Route manifest");
  return names.map((name) => {
    const rule = rules.find((candidate) => candidate.name === name);
    if (!rule) throw wrong(`Apisix http route rule ${name} not found`);
    backendOf(rule, canary);
    backendOf(rule, stable);
    return rule;
  });
}

/** The split all chosen rules agree on; undefined where they differ. */
export function splitOf(route: ApisixRoute, rules: SplitRules): InForce | undefined {
  const weightOf = (rule: ApisixRule, service: string): number =>
    backendOf(rule, service).weight ?? usualWeight;
  const splits = chosenRules(route, rules).map((rule) =>
    twoWaySplit(rules, {
      canary: weightOf(rule, rules.canary),
      stable: weightOf(rule, rules.stable),
    }),
  );
  return agreed(splits);
}

export interface Weights {
  readonly canary: number;
  readonly stable: number;
}

/** The route with these weights in the chosen rules; all else stays. */
export function withWeights(route: ApisixRoute, rules: SplitRules, weights: Weights): ApisixRoute {
  const chosen = chosenRules(route, rules);
  const weigh = (backend: Backend): Backend => {
    if (backend.serviceName === rules.canary) return { ...backend, weight: weights.canary };
    if (backend.serviceName === rules.stable) return { ...backend, weight: weights.stable };
    return backend;
  };
  const http = (route.spec?.http ?? []).map((rule) =>
    chosen.includes(rule) ? { ...rule, backends: (rule.backends ?? []).map(weigh) } : rule,
  );
  return { ...route, spec: { ...route.spec, http } };
}

function expressionOf(name: string, { kind, value }: StringMatch): Expression {
  const subject = { scope: "Header", name };
  switch (kind) {
    case "exact":
      return { subject, op: "Equal", value };
    case "regex":
      return { subject, op: "RegexMatch", value };
    case "prefix": {
      const literal = value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
      return { subject, op: "RegexMatch", value: `^${literal}.*` };
    }
  }
}

function headerRule(
  rule: ApisixRule,
  { match }: HeaderRoute,
  rules: SplitRules,
  precedence: number,
): ApisixRule {
  const added = match.map(({ headerName, headerValue }) => expressionOf(headerName, headerValue));
  const backends = (rule.backends ?? []).filter(({ serviceName }) => serviceName !== rules.stable);
  return {
    ...rule,
    priority: (rule.priority ?? 0) + precedence,
    match: { ...rule.match, exprs: [...(rule.match?.exprs ?? []), ...added] },
    backends: backends.map((backend) =>
      backend.serviceName === rules.canary ? { ...backend, weight: 100 } : backend,
    ),
  };
}

export interface HeaderRouteOf {
  readonly base: ApisixRoute;
  readonly rules: SplitRules;
  readonly owner: KubeObject;
  readonly route: HeaderRoute;
  /** 1 for the last of the header routes, more for those that win over it. */
  readonly precedence: number;
  readonly live: ApisixRoute | undefined;
}

/** The ApisixRoute of a header route; whatever else is in its metadata stays. */
export function headerRouteObject(of: HeaderRouteOf): ApisixRoute {
  const { base, rules, owner, route, precedence, live } = of;
  const http = chosenRules(base, rules).map((rule) => headerRule(rule, route, rules, precedence));
  const { namespace = "" } = owner.metadata;
  const ownerReferences = [controllerReference(owner)];
  const metadata = live?.metadata ?? { name: route.name, namespace, ownerReferences };
  const annotations = { ...metadata.annotations, [managedRouteAnnotation]: JSON.stringify(route) };
  const { ingressClassName } = base.spec ?? {};
  return {
    ...(live ?? { apiVersion: base.apiVersion, kind: base.kind }),
    metadata: { ...metadata, annotations },
    spec: { ...(ingressClassName === undefined ? {} : { ingressClassName }), http },
  };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Not what we wrote: it says nothing.
    return null;
  }
}

function isHeaderMatch(match: Json): boolean {
  if (!isJsonObject(match) || !isJsonObject(match["headerValue"])) return false;
  const { kind, value } = match["headerValue"];
  const isKnown = stringMatchKinds.some((known) => known === kind);
  return isKnown && typeof value === "string" && typeof match["headerName"] === "string";
}

/** The header route an object of ours was made for; undefined if it does not say. */
export function headerRouteOf({ metadata }: ApisixRoute): HeaderRoute | undefined {
  const route = parsed(metadata.annotations?.[managedRouteAnnotation] ?? "null");
  if (!isJsonObject(route) || route["kind"] !== "header") return undefined;
  const { name, match } = route;
  const isWhole = name === metadata.name && isJsonArray(match) && match.every(isHeaderMatch);
  return isWhole ? (route as unknown as HeaderRoute) : undefined;
}

export function headerRoutesOf({ routes }: Pick<TrafficPlan, "routes">): readonly HeaderRoute[] {
  return routes.filter((route) => route.kind === "header");
}
