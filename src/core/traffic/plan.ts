import type { TrafficWeights, WeightDestination } from "../../api/argo/rollout-status.ts";
import type { RouterAbilities } from "../../api/argo/capabilities.ts";
import type {
  ManagedRoute,
  TrafficDestination,
  TrafficPlan,
  TrafficState,
} from "../../api/argo/traffic.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { asJson } from "../replicas/as-json.ts";

/** A router that does not carry a service or a hash in its objects leaves it empty: that is no difference. */
function sameDestination(planned: TrafficDestination, live: TrafficDestination): boolean {
  const hasHash = planned.podTemplateHash !== "" && live.podTemplateHash !== "";
  const hasService = planned.service !== undefined && live.service !== undefined;
  return (
    planned.weight === live.weight &&
    (!hasHash || planned.podTemplateHash === live.podTemplateHash) &&
    (!hasService || planned.service === live.service)
  );
}

/** Those that get anything, in an order that does not depend on who listed them. */
function withShares(destinations: readonly TrafficDestination[]): readonly TrafficDestination[] {
  return destinations
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => ((a.service ?? "") < (b.service ?? "") ? -1 : 1));
}

function sameDestinations(
  planned: readonly TrafficDestination[],
  live: readonly TrafficDestination[],
): boolean {
  const others = withShares(live);
  const wanted = withShares(planned);
  if (wanted.length !== others.length) return false;
  return wanted.every((destination, index) => {
    const other = others[index];
    return other !== undefined && sameDestination(destination, other);
  });
}

/** What a router is told of the plan: without what it has no means for; stable gets those shares. */
export function withinAbilities<P extends Omit<TrafficPlan, "managedRouteNames">>(
  plan: P,
  { headerRoutes, mirrorRoutes, experimentWeights }: RouterAbilities,
): P {
  const routes = plan.routes.filter(({ kind }) =>
    kind === "header" ? headerRoutes : mirrorRoutes,
  );
  if (experimentWeights || plan.additional.length === 0) return { ...plan, routes };
  const stable = { ...plan.stable, weight: plan.maxWeight - plan.canary.weight };
  return { ...plan, routes, additional: [], stable };
}

/** In which order a header route names its matches makes no difference. */
function comparable(routes: TrafficPlan["routes"]): readonly ManagedRoute[] {
  return routes.map((route) => {
    if (route.kind === "mirror") return route;
    const keyed = route.match.map((one) => {
      const { kind, value } = one.headerValue;
      return [JSON.stringify([one.headerName, kind, value]), one] as const;
    });
    const match = keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
    return { ...route, match };
  });
}

/** Whether a router's objects say exactly what the plan says. */
export function isInForce(plan: TrafficPlan, state: TrafficState): boolean {
  const live = state.inForce;
  return (
    live !== undefined &&
    plan.maxWeight === live.maxWeight &&
    sameDestination(plan.canary, live.canary) &&
    sameDestination(plan.stable, live.stable) &&
    sameDestinations(plan.additional, live.additional) &&
    deepEqual(asJson(comparable(plan.routes)), asJson(comparable(live.routes)))
  );
}

export function samePlan(a: TrafficPlan | undefined, b: TrafficPlan | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return deepEqual(asJson(a), asJson(b));
}

function recorded(destination: TrafficDestination, withService: boolean): WeightDestination {
  const { weight, service, podTemplateHash } = destination;
  return {
    weight,
    ...(withService && service !== undefined ? { serviceName: service } : {}),
    ...(podTemplateHash === "" ? {} : { podTemplateHash }),
  };
}

/** What status.canary.weights says of a plan; `verified` undefined where no router can tell. */
export function recordedWeights(
  plan: TrafficPlan,
  withServices: boolean,
  verified: boolean | undefined,
): TrafficWeights {
  const additional = plan.additional.map((destination) => recorded(destination, true));
  return {
    canary: recorded(plan.canary, withServices),
    stable: recorded(plan.stable, withServices),
    ...(additional.length > 0 ? { additional } : {}),
    ...(verified === undefined ? {} : { verified }),
  };
}

function describe(destinations: readonly WeightDestination[]): string {
  const texts = destinations.map(
    (d) => `{${String(d.weight)} ${d.serviceName ?? ""} ${d.podTemplateHash ?? ""}}`,
  );
  return `[${texts.join(" ")}]`;
}

/** The text of TrafficWeightUpdated; undefined when nothing people care about has changed (§1.8). */
export function weightChangeText(
  before: TrafficWeights | undefined,
  after: TrafficWeights,
): string | undefined {
  const { verified: _before, ...old } = before ?? { canary: undefined };
  const { verified: _after, ...now } = after;
  if (before !== undefined && deepEqual(asJson(old), asJson(now))) return undefined;
  const weightBefore = before?.canary.weight;
  const additional = after.additional ?? [];
  const additionalChanged = !deepEqual(asJson(before?.additional ?? []), asJson(additional));
  const weightText = describeWeight(weightBefore, after.canary.weight);
  const extra = additionalChanged ? `, additional: ${describe(additional)}` : "";
  return `Traffic weight updated ${weightText}${extra}`;
}

function describeWeight(before: number | undefined, after: number): string {
  if (before === undefined) return `to ${String(after)}`;
  return before === after ? "" : `from ${String(before)} to ${String(after)}`;
}
