// A route of the Gateway API <-> TrafficPlan, pure. HTTP, gRPC, TCP and TLS routes have rules of one
// shape; the last two know no managed ones. The weighted rules are those that send to the stable and
// the canary Service (if none sends to both, to either) and are not managed. A managed rule is told
// by its name, `haldane-managed-<route>.<n>`, and stands before all others: a header or mirror match
// must win over the plain split. A header route is made once per weighted rule (n counts them); a
// mirror route brings its own matches and copies the first weighted rule.
import type {
  BackendRef,
  HttpRouteFilter,
  HttpRouteMatch,
  HttpRouteRule,
} from "../../api/gateway/http-route.ts";
import type { RouteMatch, StringMatch } from "../../api/argo/rollout.ts";
import type {
  ManagedRoute,
  TrafficDestination,
  TrafficPlan,
  TrafficState,
} from "../../api/argo/traffic.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { RouterError } from "../router.ts";

/** HTTPRoute, GRPCRoute, TCPRoute or TLSRoute, as far as they are alike. */
export interface SplitRoute extends KubeObject {
  readonly spec: { readonly rules?: readonly HttpRouteRule[] };
}

/** What of a route belongs to a rollout. */
export interface SplitServices {
  readonly canary: string;
  readonly stable: string;
  /** Only the rule of this name is split; undefined = every rule between the two. */
  readonly ruleName: string | undefined;
  /** Rules of these names are managed as well: the community plugin names its own so. */
  readonly managedRoutes: readonly string[];
}

type InForce = NonNullable<TrafficState["inForce"]>;

const managedPrefix = "haldane-managed-";

function isServiceRef(ref: BackendRef, service: string): boolean {
  const group = ref.group ?? "";
  return group === "" && (ref.kind ?? "Service") === "Service" && ref.name === service;
}

function refTo(rule: HttpRouteRule, service: string): BackendRef | undefined {
  return rule.backendRefs?.find((ref) => isServiceRef(ref, service));
}

function managedNameOf({ name }: HttpRouteRule, services: SplitServices): string | undefined {
  if (name?.startsWith(managedPrefix) === true) {
    return name.slice(managedPrefix.length).replace(/\.\d+$/, "");
  }
  return services.managedRoutes.find((one) => name === one || name?.replace(/-\d+$/, "") === one);
}

/** The rules to split. Throws a RouterError if there is none. */
function weightedRules(route: SplitRoute, services: SplitServices): readonly HttpRouteRule[] {
  const { canary, stable, ruleName } = services;
  const candidates = (route.spec.rules ?? []).filter(
    (rule) =>
      managedNameOf(rule, services) === undefined &&
      (ruleName === undefined || rule.name === ruleName),
  );
  const leadsTo = (rule: HttpRouteRule, service: string): boolean =>
    refTo(rule, service) !== undefined;
  const toBoth = candidates.filter((rule) => leadsTo(rule, canary) && leadsTo(rule, stable));
  if (toBoth.length > 0) return toBoth;
  const toOne = candidates.filter((rule) => leadsTo(rule, canary) || leadsTo(rule, stable));
  if (toOne.length > 0) return toOne;
  const { namespace = "", name } = route.metadata;
  const which = ruleName === undefined ? "rule" : `rule named ${ruleName}`;
  throw new RouterError(
    "TrafficRoutingError",
    `${route.kind} ${namespace}/${name} has no ${which} with a backendRef to service ${stable}; ` +
      `add one (and one to ${canary}, or let Haldane add it)`,
  );
}

// ---- reading ---------------------------------------------------------------------------------

/** The split all weighted rules agree on; undefined where they differ or do not add up. */
export function readSplit(route: SplitRoute, services: SplitServices): InForce | undefined {
  const rules = weightedRules(route, services);
  const splits = rules.map((rule) => splitOf(rule, services));
  const [first] = splits;
  if (
    first === undefined ||
    splits.some((split) => JSON.stringify(split) !== JSON.stringify(first))
  ) {
    return undefined;
  }
  const maxWeight = first.reduce((sum, destination) => sum + destination.weight, 0);
  const weightOf = (service: string): TrafficDestination =>
    first.find((destination) => destination.service === service) ?? destinationOf(service, 0);
  return {
    maxWeight,
    canary: weightOf(services.canary),
    stable: weightOf(services.stable),
    additional: first.filter(
      ({ service, weight }) =>
        service !== services.canary && service !== services.stable && weight > 0,
    ),
    routes: readManagedRoutes(route, rules, services),
  };
}

function destinationOf(service: string, weight: number): TrafficDestination {
  return { weight, service, podTemplateHash: "" };
}

function splitOf(rule: HttpRouteRule, services: SplitServices): readonly TrafficDestination[] {
  const refs = rule.backendRefs ?? [];
  const known = refs.map((ref) => destinationOf(ref.name, ref.weight ?? 1));
  const missing = [services.canary, services.stable].filter(
    (name) => refTo(rule, name) === undefined,
  );
  return [...known, ...missing.map((name) => destinationOf(name, 0))].sort((a, b) =>
    (a.service ?? "") < (b.service ?? "") ? -1 : 1,
  );
}

function readManagedRoutes(
  route: SplitRoute,
  weighted: readonly HttpRouteRule[],
  services: SplitServices,
): readonly ManagedRoute[] {
  const ownHeaders = (weighted[0]?.matches?.[0]?.headers ?? []).map(({ name }) => name);
  const found = new Map<string, ManagedRoute>();
  for (const rule of route.spec.rules ?? []) {
    const name = managedNameOf(rule, services);
    if (name !== undefined && !found.has(name))
      found.set(name, readManagedRoute(name, rule, ownHeaders));
  }
  return [...found.values()];
}

function readManagedRoute(
  name: string,
  rule: HttpRouteRule,
  ownHeaders: readonly string[],
): ManagedRoute {
  const mirror = rule.filters?.find((filter) => filter.type === "RequestMirror")?.requestMirror;
  if (mirror) {
    const percentage = mirror.percent ?? 100;
    return { kind: "mirror", name, percentage, match: (rule.matches ?? []).map(readRouteMatch) };
  }
  const headers = (rule.matches?.[0]?.headers ?? []).filter(
    (header) => !ownHeaders.includes(header.name),
  );
  const match = headers.map((header) => ({
    headerName: header.name,
    headerValue: readStringMatch(header.type, header.value),
  }));
  return { kind: "header", name, match };
}

function readRouteMatch(match: HttpRouteMatch): RouteMatch {
  const { method, path, headers = [] } = match;
  const headerEntries = headers.map((h): [string, StringMatch] => [
    h.name,
    readStringMatch(h.type, h.value),
  ]);
  return {
    method: method === undefined ? undefined : { kind: "exact", value: method },
    path:
      path?.value === undefined
        ? undefined
        : readStringMatch(path.type ?? "PathPrefix", path.value),
    headers: Object.fromEntries(headerEntries),
  };
}

const escapedLiteral = /^\^((?:[^\\^$.*+?()[\]{}|]|\\.)*)\.\*$/s;

/** Header prefixes have no form of their own in the Gateway API: they are written `^prefix.*`. */
function readStringMatch(type: string | undefined, value: string): StringMatch {
  if (type === "PathPrefix") return { kind: "prefix", value };
  if (type !== "RegularExpression") return { kind: "exact", value };
  const prefix = escapedLiteral.exec(value)?.[1];
  return prefix === undefined
    ? { kind: "regex", value }
    : { kind: "prefix", value: prefix.replace(/\\(.)/gs, "$1") };
}

// ---- writing ---------------------------------------------------------------------------------

/** With ping-pong the plan may have changed the Services' roles since the rollout was read. */
function withRoles(services: SplitServices, { canary, stable }: TrafficPlan): SplitServices {
  return {
    ...services,
    canary: canary.service ?? services.canary,
    stable: stable.service ?? services.stable,
  };
}

/** The route with the plan in force; other rules, backends and fields stay as they are. */
export function withPlan<R extends SplitRoute>(
  route: R,
  plan: TrafficPlan,
  services: SplitServices,
): R {
  const roles = withRoles(services, plan);
  const before = weightedRules(route, roles);
  const weighted = before.map((rule) => withWeights(rule, plan, roles));
  const rest = (route.spec.rules ?? []).filter((rule) => !isManagedBy(rule, plan, roles));
  const edited = rest.map((rule) => weighted[before.indexOf(rule)] ?? rule);
  const managed = plan.routes.flatMap((entry) => managedRules(entry, weighted, roles));
  return { ...route, spec: { ...route.spec, rules: [...managed, ...edited] } };
}

function isManagedBy(rule: HttpRouteRule, plan: TrafficPlan, services: SplitServices): boolean {
  const name = managedNameOf(rule, services);
  return (
    name !== undefined &&
    (plan.managedRouteNames.includes(name) || plan.routes.some((r) => r.name === name))
  );
}

function withWeights(
  rule: HttpRouteRule,
  plan: TrafficPlan,
  services: SplitServices,
): HttpRouteRule {
  const wanted = [
    { name: services.stable, weight: plan.stable.weight },
    { name: services.canary, weight: plan.canary.weight },
    ...plan.additional.flatMap(({ service, weight }) =>
      service === undefined ? [] : [{ name: service, weight }],
    ),
  ];
  const refs = rule.backendRefs ?? [];
  const port = (refTo(rule, services.stable) ?? refTo(rule, services.canary))?.port;
  const kept = refs.map((ref) => ({
    ...ref,
    weight: wanted.find(({ name }) => isServiceRef(ref, name))?.weight ?? 0,
  }));
  const added = wanted
    .filter(({ name }) => !refs.some((ref) => isServiceRef(ref, name)))
    .map(({ name, weight }) => ({ name, ...(port === undefined ? {} : { port }), weight }));
  const used = kept.filter(
    (ref, i) => wanted.some(({ name }) => isServiceRef(ref, name)) || refs[i]?.weight === 0,
  );
  return { ...rule, backendRefs: [...used, ...added] };
}

function managedRules(
  entry: ManagedRoute,
  weighted: readonly HttpRouteRule[],
  services: SplitServices,
): readonly HttpRouteRule[] {
  switch (entry.kind) {
    case "header":
      return weighted.map((rule, n) => headerRule(entry, rule, n, services));
    case "mirror":
      return weighted.slice(0, 1).map((rule) => mirrorRule(entry, rule, services));
  }
}

function headerRule(
  entry: Extract<ManagedRoute, { kind: "header" }>,
  weighted: HttpRouteRule,
  n: number,
  services: SplitServices,
): HttpRouteRule {
  const headers = entry.match.map(({ headerName, headerValue }) =>
    headerMatch(headerName, headerValue),
  );
  const base = weighted.matches?.length ? weighted.matches : [{}];
  const matches = base.map((match) => ({
    ...match,
    headers: [...(match.headers ?? []), ...headers],
  }));
  const canary = refTo(weighted, services.canary) ?? { name: services.canary };
  const name = `${managedPrefix}${entry.name}.${n}`;
  return { ...weighted, name, matches, backendRefs: [{ ...canary, weight: 100 }] };
}

function mirrorRule(
  entry: Extract<ManagedRoute, { kind: "mirror" }>,
  weighted: HttpRouteRule,
  services: SplitServices,
): HttpRouteRule {
  const { weight: _weight, ...backendRef } = refTo(weighted, services.canary) ?? {
    name: services.canary,
  };
  const percent = entry.percentage === 100 ? {} : { percent: entry.percentage };
  const filter: HttpRouteFilter = {
    type: "RequestMirror",
    requestMirror: { backendRef, ...percent },
  };
  const filters = [...(weighted.filters ?? []), filter];
  return {
    ...weighted,
    name: `${managedPrefix}${entry.name}.0`,
    matches: entry.match.map(writeRouteMatch),
    filters,
  };
}

function headerMatch(
  name: string,
  { kind, value }: StringMatch,
): { type: string; name: string; value: string } {
  switch (kind) {
    case "exact":
      return { type: "Exact", name, value };
    case "regex":
      return { type: "RegularExpression", name, value };
    case "prefix":
      return {
        type: "RegularExpression",
        name,
        value: `^${value.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}.*`,
      };
  }
}

function writeRouteMatch({ method, path, headers }: RouteMatch): HttpRouteMatch {
  const pathTypes = { exact: "Exact", prefix: "PathPrefix", regex: "RegularExpression" } as const;
  const written = Object.entries(headers).map(([name, match]) => headerMatch(name, match));
  return {
    ...(method === undefined ? {} : { method: method.value }),
    ...(path === undefined ? {} : { path: { type: pathTypes[path.kind], value: path.value } }),
    ...(written.length === 0 ? {} : { headers: written }),
  };
}
