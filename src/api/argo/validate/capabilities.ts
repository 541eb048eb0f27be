// Steps that no configured router has means for, and routers that are programs of their own: said
// when the object is applied, not when the step is reached.
import { below, forbidden } from "../../meta/field-error.ts";
import type { FieldError, Place } from "../../meta/field-error.ts";
import type { StrategyManifest } from "../../schema/rollout-strategy.ts";
import { externalRouterText, type Capabilities, type RouterAbilities } from "../capabilities.ts";
import type { RouterConfig } from "../rollout.ts";
import { routersOf } from "../parse/traffic-routing.ts";
import type { CanaryStepManifest } from "../../schema/canary-steps.ts";
import { strategyPlace } from "./places.ts";

const powers: Readonly<Record<keyof RouterAbilities, string>> = {
  headerRoutes: "route by header",
  mirrorRoutes: "mirror",
  experimentWeights: "give experiments a share of the traffic",
};

/** What one step asks of a router, and where. */
function demandsOf(
  step: CanaryStepManifest,
  place: Place,
): readonly { power: keyof RouterAbilities; place: Place }[] {
  const templates = step.experiment?.templates ?? [];
  return [
    ...(step.setHeaderRoute
      ? [{ power: "headerRoutes" as const, place: below(place, "setHeaderRoute") }]
      : []),
    ...(step.setMirrorRoute
      ? [{ power: "mirrorRoutes" as const, place: below(place, "setMirrorRoute") }]
      : []),
    ...templates.flatMap(({ weight }, index) =>
      weight === undefined
        ? []
        : [
            {
              power: "experimentWeights" as const,
              place: below(place, "experiment", "templates", index, "weight"),
            },
          ],
    ),
  ];
}

/** "a and b can", or who else there is to turn to. */
function whoCan(power: keyof RouterAbilities, capabilities: Capabilities): string {
  const able = Object.keys(capabilities.routers).filter(
    (kind) => capabilities.routers[kind]?.[power],
  );
  const last = able.at(-1);
  if (last === undefined) return "no router here can";
  return able.length === 1 ? `${last} can` : `${able.slice(0, -1).join(", ")} and ${last} can`;
}

export function capabilityErrors(
  { canary }: StrategyManifest,
  capabilities: Capabilities,
): readonly FieldError[] {
  if (!canary?.trafficRouting) return [];
  const routers = routersOf(canary.trafficRouting);
  const known = routers.filter(({ kind }) => Object.hasOwn(capabilities.routers, kind));
  const root = below(strategyPlace("canary"), "trafficRouting", "plugins");
  const external = routers.filter((router) => router.isPlugin && !known.includes(router));
  return [
    ...external.map(({ kind }) =>
      forbidden(below(root, kind), externalRouterText(Object.keys(capabilities.routers))),
    ),
    ...(canary.steps ?? []).flatMap((step, index) =>
      stepErrors(step, below(strategyPlace("canary"), "steps", index), known, capabilities),
    ),
  ];
}

/** Of several routers it is enough that one can: the others go on with what they have means for. */
function stepErrors(
  step: CanaryStepManifest,
  at: Place,
  routers: readonly RouterConfig[],
  capabilities: Capabilities,
): readonly FieldError[] {
  const kinds = routers.map(({ kind }) => kind);
  if (kinds.length === 0) return [];
  return demandsOf(step, at)
    .filter(({ power }) => kinds.every((kind) => capabilities.routers[kind]?.[power] === false))
    .map(({ power, place }) =>
      forbidden(
        place,
        `${kinds.join(" and ")} cannot ${powers[power]}; ${whoCan(power, capabilities)}`,
      ),
    );
}
