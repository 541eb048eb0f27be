// VirtualServices: the routes a Rollout names must be there, and split between its two versions.
import type { JsonObject } from "../../../lib/json.ts";
import { invalid } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import { selectRoutes, type SelectedRoutes } from "../../istio/select-routes.ts";
import { objectOf, objectsOf, textOf } from "./json-fields.ts";
import { lookUp } from "./named.ts";
import type { NamedAt, References, RouterAt } from "./named.ts";

/** What a route's destinations must contain: Services by host, or subsets of a DestinationRule. */
interface Versions {
  readonly canary: string;
  readonly stable: string;
  readonly by: "Service" | "DestinationRule subset";
}

function versionsOf({ config, strategy }: RouterAt): Versions | undefined {
  const rule = objectOf(config, "destinationRule");
  const canary = textOf(rule, "canarySubsetName");
  const stable = textOf(rule, "stableSubsetName");
  if (canary !== "" && stable !== "") return { canary, stable, by: "DestinationRule subset" };
  const services = strategy.pingPong
    ? [strategy.pingPong.pingService, strategy.pingPong.pongService]
    : [strategy.canaryService, strategy.stableService];
  const [canaryService, stableService] = services;
  if (canaryService === undefined || stableService === undefined) return undefined;
  return { canary: canaryService, stable: stableService, by: "Service" };
}

/** `host` may be a bare Service name or its full domain name. */
function destinationsOf(route: JsonObject, by: Versions["by"]): readonly string[] {
  return objectsOf(route, "route").map((item) => {
    const destination = objectOf(item, "destination");
    return by === "Service"
      ? (textOf(destination, "host").split(".")[0] ?? "")
      : textOf(destination, "subset");
  });
}

function versionProblem(route: JsonObject, { canary, stable, by }: Versions): string | undefined {
  const found = destinationsOf(route, by);
  if (!found.includes(canary)) return `Canary ${by} '${canary}' not found in route`;
  return found.includes(stable) ? undefined : `Stable ${by} '${stable}' not found in route`;
}

function protocolProblem(
  { protocol, indexes, problem }: SelectedRoutes,
  spec: JsonObject,
  versions: Versions | undefined,
): string | undefined {
  if (problem !== undefined || versions === undefined) return problem;
  const routes = objectsOf(spec, protocol);
  return indexes
    .map((index) => versionProblem(routes[index] ?? {}, versions))
    .find((one) => one !== undefined);
}

export function virtualServiceErrors(
  router: RouterAt,
  named: readonly (NamedAt & { readonly config: JsonObject })[],
  { virtualServices }: References,
): readonly FieldError[] {
  const versions = versionsOf(router);
  const managedRoutes = router.strategy.trafficRouting?.managedRoutes ?? [];
  return named.flatMap(({ name, place, config }) => {
    const object = lookUp(virtualServices, name);
    if (object === undefined) return [];
    const spec = objectOf(object, "spec");
    const selections = selectRoutes(spec, config, managedRoutes);
    if (selections.length === 0) {
      return [
        invalid(
          place,
          name,
          "Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService",
        ),
      ];
    }
    return selections.flatMap((selected) => {
      const problem = protocolProblem(selected, spec, versions);
      const text = `Istio VirtualService has invalid ${selected.protocol.toUpperCase()} routes. Error: ${problem ?? ""}`;
      return problem === undefined ? [] : [invalid(place, name, text)];
    });
  });
}
