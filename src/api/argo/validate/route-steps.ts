// Rules of setHeaderRoute and setMirrorRoute: who can, what a match may say, which routes may be made.
import { below, invalid, required } from "../../meta/field-error.ts";
import type { FieldError, Place } from "../../meta/field-error.ts";
import { asJson } from "../../meta/wire.ts";
import type { CanaryStepManifest, StringMatchManifest } from "../../schema/canary-steps.ts";
import type { TrafficRoutingManifest } from "../../schema/rollout.ts";
import { hasPlugins } from "../parse/traffic-routing.ts";
import { strategyPlace } from "./places.ts";

interface StepContext {
  readonly place: Place;
  readonly routing: TrafficRoutingManifest | undefined;
}

const matchKinds = ["exact", "regex", "prefix"] as const;

function kindsOfMatch(match: StringMatchManifest): readonly (typeof matchKinds)[number][] {
  return matchKinds.filter((kind) => (match[kind] ?? "") !== "");
}

function matchErrors(match: StringMatchManifest, place: Place): readonly FieldError[] {
  const kinds = kindsOfMatch(match);
  if (kinds.length === 1) return [];
  const message =
    kinds.length === 0
      ? "StringMatch value missed, match value must have one of the following: exact, regex, prefix"
      : "StringMatch match value must have exactly one of the following: exact, regex, prefix";
  return [invalid(place, asJson(match), message)];
}

function albMatchErrors(match: StringMatchManifest, place: Place): readonly FieldError[] {
  const kinds = kindsOfMatch(match);
  if (kinds.length === 1 && kinds[0] === "exact") return [];
  return [
    invalid(
      place,
      asJson(match),
      "SetHeaderRoute match value invalid. ALB supports 'exact' value only",
    ),
  ];
}

export function headerRouteErrors(
  { setHeaderRoute }: CanaryStepManifest,
  { place, routing }: StepContext,
): readonly FieldError[] {
  if (!setHeaderRoute) return [];
  const at = below(place, "setHeaderRoute");
  const isAble =
    routing &&
    ((routing.istio ?? routing.alb ?? routing.apisix) !== undefined || hasPlugins(routing));
  const message = "SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix";
  return [
    ...(isAble ? [] : [invalid(at, asJson(setHeaderRoute), message)]),
    ...(setHeaderRoute.match ?? []).flatMap(({ headerValue }, index) => {
      const matchPlace = below(at, "match", index, "headerValue");
      return [
        ...matchErrors(headerValue, matchPlace),
        ...(routing?.alb ? albMatchErrors(headerValue, matchPlace) : []),
      ];
    }),
  ];
}

export function mirrorRouteErrors(
  { setMirrorRoute }: CanaryStepManifest,
  { place, routing }: StepContext,
): readonly FieldError[] {
  if (!setMirrorRoute) return [];
  const at = below(place, "setMirrorRoute");
  const isAble = routing && (routing.istio !== undefined || hasPlugins(routing));
  const message = "SetMirrorRoute requires TrafficRouting, supports Istio and Plugins";
  return [
    ...(isAble ? [] : [invalid(at, asJson(setMirrorRoute), message)]),
    ...(setMirrorRoute.match ?? []).flatMap(({ method, path }, index) => [
      ...(method ? matchErrors(method, below(at, "match", index, "method")) : []),
      ...(path ? matchErrors(path, below(at, "match", index, "path")) : []),
    ]),
  ];
}

/** A step may only make routes that trafficRouting.managedRoutes lists. */
export function managedRouteErrors(
  step: CanaryStepManifest,
  { place, routing }: StepContext,
): readonly FieldError[] {
  if (!routing) return [];
  const kinds = (["setHeaderRoute", "setMirrorRoute"] as const).filter((kind) => step[kind]);
  const routes = routing.managedRoutes;
  if (routes === undefined) {
    const at = below(strategyPlace("canary"), "trafficRouting", "managedRoutes");
    const message = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'";
    return kinds.map(() => required(at, message));
  }
  const message =
    "Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes";
  return kinds.flatMap((kind) => {
    const name = step[kind]?.name ?? "";
    return routes.some((route) => route.name === name)
      ? []
      : [invalid(below(place, kind, "name"), name, message)];
  });
}
