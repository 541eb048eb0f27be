// Paths of Rollout errors: as Argo writes them (without the strategy's name), and as they really are.
import type { FieldPath } from "../../meta/field-path.ts";
import { below, placeOf } from "../../meta/field-error.ts";
import type { Place } from "../../meta/field-error.ts";

export const specPlace: Place = placeOf(["spec"]);

/** `spec.strategy` to Argo's errors, `spec.strategy.canary` (or another) to everybody else. */
export function strategyPlace(strategy: string): Place {
  return { field: "spec.strategy", path: ["spec", "strategy", strategy] };
}

export function inSpec(...segments: FieldPath): Place {
  return below(specPlace, ...segments);
}

/** Turns a manifest's path into the place errors speak of. */
export function placeOfManifestPath(path: FieldPath): Place {
  const [spec, strategy, name, ...rest] = path;
  const isNamed =
    name === "canary" || name === "blueGreen" || name === "rollingUpdate" || name === "recreate";
  if (spec !== "spec" || strategy !== "strategy" || !isNamed) return placeOf(path);
  const place = strategyPlace(name);
  return rest.length === 0 ? place : below(place, ...rest);
}
