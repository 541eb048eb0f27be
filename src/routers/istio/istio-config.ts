// spec.strategy.canary.trafficRouting.istio, made ready to use.
import type { ObjectRef } from "../../api/meta/object.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { RouterError, type RoutedRollout } from "../router.ts";

/** How a route's destinations are told apart. */
export type Sides =
  | { readonly by: "host"; readonly canary: string; readonly stable: string }
  | {
      readonly by: "subset";
      readonly canary: string;
      readonly stable: string;
      /** additionalSubsetNames: destinations that keep the weight somebody else gave them. */
      readonly kept: readonly string[];
    };

export interface VirtualServiceUse {
  readonly ref: ObjectRef;
  /** As the rollout writes it, for messages. */
  readonly name: string;
  /** The rollout's entry: routes, tlsRoutes, tcpRoutes. */
  readonly reference: JsonObject;
}

export interface IstioConfig {
  readonly virtualServices: readonly VirtualServiceUse[];
  readonly destinationRule: ObjectRef | undefined;
  readonly sides: Sides;
}

const root = "spec.strategy.canary.trafficRouting.istio";

function refuse(message: string): never {
  throw new RouterError("TrafficRoutingError", `${root}: ${message}`);
}

function textIn(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === "string" ? value : "";
}

/** `name`, or `name.namespace` with whatever a cluster's domain adds to that. */
function refOf(name: string, rolloutNamespace: string): Pick<ObjectRef, "namespace" | "name"> {
  const short = name.replace(/\.cluster\.local$/, "").replace(/\.svc$/, "");
  const dot = short.lastIndexOf(".");
  return dot < 0
    ? { namespace: rolloutNamespace, name: short }
    : { namespace: short.slice(dot + 1), name: short.slice(0, dot) };
}

function entriesOf({ virtualService, virtualServices }: JsonObject): readonly Json[] {
  const several = isJsonArray(virtualServices) ? virtualServices : [];
  if ((virtualService !== undefined) === several.length > 0) {
    return refuse("either VirtualService or VirtualServices must be configured");
  }
  return virtualService === undefined ? several : [virtualService];
}

function virtualServicesIn(
  config: JsonObject,
  apiVersion: string,
  rolloutNamespace: string,
): readonly VirtualServiceUse[] {
  const uses = entriesOf(config).map((entry): VirtualServiceUse => {
    const reference = isJsonObject(entry) ? entry : {};
    const name = textIn(reference, "name");
    if (name === "") refuse("every VirtualService needs a name");
    const ref = { apiVersion, kind: "VirtualService", ...refOf(name, rolloutNamespace) };
    return { ref, name, reference };
  });
  const keys = uses.map(({ ref }) => `${ref.namespace}/${ref.name}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) refuse(`VirtualService ${twice} is listed twice; list it once`);
  return uses;
}

function sidesOf(rule: JsonObject | undefined, rollout: RoutedRollout): Sides {
  if (rule !== undefined) {
    const canary = textIn(rule, "canarySubsetName");
    const stable = textIn(rule, "stableSubsetName");
    if (canary === "" || stable === "" || canary === stable) {
      refuse("destinationRule needs two different names: canarySubsetName and stableSubsetName");
    }
    const { additionalSubsetNames } = rule;
    const kept = isJsonArray(additionalSubsetNames)
      ? additionalSubsetNames.filter((name) => typeof name === "string")
      : [];
    return { by: "subset", canary, stable, kept };
  }
  const { canaryService: canary, stableService: stable } = rollout;
  if (canary === undefined || stable === undefined) {
    return refuse("set canaryService and stableService, or a destinationRule");
  }
  return { by: "host", canary, stable };
}

/** Throws a RouterError naming what is missing. `apiVersion` is that of both kinds. */
export function parseIstioConfig(
  config: JsonObject,
  rollout: RoutedRollout,
  apiVersion: string,
): IstioConfig {
  const { namespace } = rollout;
  const rule = isJsonObject(config["destinationRule"]) ? config["destinationRule"] : undefined;
  const ruleName = rule && textIn(rule, "name");
  if (ruleName === "") refuse("destinationRule needs a name");
  return {
    virtualServices: virtualServicesIn(config, apiVersion, namespace),
    destinationRule:
      ruleName === undefined
        ? undefined
        : { apiVersion, kind: "DestinationRule", namespace, name: ruleName },
    sides: sidesOf(rule, rollout),
  };
}
