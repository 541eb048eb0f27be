// Ingress of the AWS load balancer controller <-> TrafficPlan, pure. The split is the JSON of one
// annotation, `actions.<root service>`; a header route is a rule path of its own with the annotations
// `actions.<name>` and `conditions.<name>` (argo-rollouts-algorithms §2.16).
import type { ManagedRoute, TrafficDestination, TrafficPlan } from "../../api/argo/traffic.ts";
import type { Ingress, IngressPath, IngressRule } from "../../api/kubernetes/ingress.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { RouterError } from "../router.ts";
import type { InForce } from "../split.ts";
import { actionText, conditionsText, readAction, readConditions, type Stickiness } from "./wire.ts";
import { withManaged } from "./managed.ts";

export interface AlbConfig {
  /** Prefix of the annotations, without the slash. */
  readonly prefix: string;
  readonly servicePort: number;
  /** The Service the rules lead to. */
  readonly root: string;
  readonly stickiness: Stickiness | undefined;
}

/** The rollout a split is for. */
export interface AlbRollout {
  readonly name: string;
  readonly canary: string;
  readonly stable: string;
  readonly managedRoutes: readonly string[];
}

type HeaderRoute = Extract<ManagedRoute, { kind: "header" }>;

export const annotationPort = "use-annotation";

export function actionKey({ prefix }: Pick<AlbConfig, "prefix">, service: string): string {
  return `${prefix}/actions.${service}`;
}

function conditionsKey({ prefix }: Pick<AlbConfig, "prefix">, route: string): string {
  return `${prefix}/conditions.${route}`;
}

function leadsTo({ backend }: IngressPath, service: string): boolean {
  return backend.service?.name === service;
}

function isRootRule({ http }: IngressRule, root: string): boolean {
  return http?.paths.some((path) => leadsTo(path, root)) ?? false;
}

export function mustLeadTo({ spec }: Ingress, { root }: AlbConfig): void {
  if (spec?.rules?.some((rule) => isRootRule(rule, root))) return;
  throw new RouterError(
    "TrafficRoutingError",
    `ingress does not have service \`${root}\` in rules`,
  );
}

function headerRoutesOf({ routes }: Pick<TrafficPlan, "routes">): readonly HeaderRoute[] {
  return routes.filter((route) => route.kind === "header");
}

function routePath(name: string): IngressPath {
  return {
    path: "/*",
    pathType: "ImplementationSpecific",
    backend: { service: { name, port: { name: annotationPort } } },
  };
}

function isRoutePath({ backend }: IngressPath, names: readonly string[]): boolean {
  const { name = "", port } = backend.service ?? {};
  return port?.name === annotationPort && names.includes(name);
}

/** Header routes come first, and only where the rule leads to our root Service. */
function withRoutes(rule: IngressRule, routes: readonly string[], of: RoutesOf): IngressRule {
  if (!rule.http) return rule;
  const names = [...of.managed, ...routes];
  const others = rule.http.paths.filter((path) => !isRoutePath(path, names));
  const ours = isRootRule({ http: { paths: others } }, of.root) ? routes.map(routePath) : [];
  return { ...rule, http: { ...rule.http, paths: [...ours, ...others] } };
}

interface RoutesOf {
  readonly managed: readonly string[];
  readonly root: string;
}

function targetsOf(plan: Pick<InForce, "canary" | "additional" | "stable">) {
  return [plan.canary, ...plan.additional, plan.stable].flatMap(({ service, weight }) =>
    service === undefined ? [] : [{ service, weight }],
  );
}

function routeAnnotations(
  { name, match }: HeaderRoute,
  config: AlbConfig,
  canary: string,
): readonly (readonly [string, string])[] {
  const action = actionText([{ service: canary, weight: 100 }], config);
  return [
    [actionKey(config, name), action],
    [conditionsKey(config, name), conditionsText(match)],
  ];
}

/** The Ingress with the plan in force; other annotations, rules and paths stay as they are. */
export function withPlan(
  ingress: Ingress,
  plan: Omit<TrafficPlan, "managedRouteNames">,
  config: AlbConfig,
  rollout: AlbRollout,
): Ingress {
  const routes = headerRoutesOf(plan);
  const gone = rollout.managedRoutes.flatMap((name) => [
    actionKey(config, name),
    conditionsKey(config, name),
  ]);
  const kept = Object.entries(ingress.metadata.annotations ?? {}).filter(
    ([key]) => !gone.includes(key),
  );
  const canary = plan.canary.service ?? rollout.canary;
  const written: readonly (readonly [string, string])[] = [
    [actionKey(config, config.root), actionText(targetsOf(plan), config)],
    ...routes.flatMap((route) => routeAnnotations(route, config, canary)),
  ];
  const keys = written.map(([key]) => key);
  const annotations = withManaged(Object.fromEntries([...kept, ...written]), rollout.name, keys);
  return withRules(
    ingress,
    annotations,
    routes.map(({ name }) => name),
    {
      managed: rollout.managedRoutes,
      root: config.root,
    },
  );
}

function withRules(
  ingress: Ingress,
  annotations: StringMap,
  routes: readonly string[],
  of: RoutesOf,
): Ingress {
  const metadata = { ...ingress.metadata, annotations };
  const rules = ingress.spec?.rules?.map((rule) => withRoutes(rule, routes, of));
  if (rules === undefined) return { ...ingress, metadata };
  return { ...ingress, metadata, spec: { ...ingress.spec, rules } };
}

function readRoutes(
  { metadata: { annotations = {} } }: Ingress,
  config: AlbConfig,
  { managedRoutes }: AlbRollout,
): readonly HeaderRoute[] {
  return managedRoutes.flatMap((name): readonly HeaderRoute[] => {
    const match = readConditions(annotations[conditionsKey(config, name)]);
    return match === undefined ? [] : [{ kind: "header", name, match }];
  });
}

/** The split the annotation says; undefined if it says none. */
export function splitOf(
  ingress: Ingress,
  config: AlbConfig,
  rollout: AlbRollout,
): InForce | undefined {
  const targets = readAction(ingress.metadata.annotations?.[actionKey(config, config.root)]);
  if (targets === undefined) return undefined;
  const found = targets.map(({ service, weight }): TrafficDestination => ({
    service,
    weight,
    podTemplateHash: "",
  }));
  const to = (service: string): TrafficDestination =>
    found.find((one) => one.service === service) ?? { service, weight: 0, podTemplateHash: "" };
  const { canary, stable } = rollout;
  return {
    maxWeight: found.reduce((sum, { weight }) => sum + weight, 0),
    canary: to(canary),
    stable: to(stable),
    additional: found.filter(({ service }) => service !== canary && service !== stable),
    routes: readRoutes(ingress, config, rollout),
  };
}
