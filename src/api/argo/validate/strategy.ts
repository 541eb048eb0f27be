// spec.strategy: exactly one, then the rules of that one.
import { invalid, required } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import type { RolloutManifest } from "../../schema/rollout.ts";
import type { StrategyManifest } from "../../schema/rollout-strategy.ts";
import { strategyAnnotation } from "../keys.ts";
import { annotatedStrategies, annotatedStrategyOf } from "../parse/strategy.ts";
import { numberOfShare } from "../parse/duration.ts";
import { validateBlueGreen } from "./blue-green.ts";
import { validateCanary } from "./canary.ts";
import { below, notSupported, placeOf } from "../../meta/field-error.ts";
import { inSpec, strategyPlace } from "./places.ts";

export const strategyNames = ["blueGreen", "canary", "rollingUpdate", "recreate"] as const;
export type StrategyName = (typeof strategyNames)[number];

/** A `canary` beside the annotation is no second strategy as long as it only says how many at once. */
function isOnlyShares(canary: StrategyManifest["canary"]): boolean {
  return Object.keys(canary ?? {}).every((key) => key === "maxSurge" || key === "maxUnavailable");
}

/** Every strategy a manifest asks for, the annotation's included. */
export function strategiesOf({
  spec,
  metadata,
}: Pick<RolloutManifest, "spec" | "metadata">): readonly StrategyName[] {
  const strategy = spec.strategy ?? {};
  const word = annotatedStrategyOf(metadata);
  return strategyNames.filter((name) => {
    if (name === word) return true;
    if (name === "canary" && word === "rollingUpdate" && isOnlyShares(strategy.canary))
      return false;
    return strategy[name] !== undefined;
  });
}

function annotationErrors({ metadata }: RolloutManifest): readonly FieldError[] {
  if (annotatedStrategyOf(metadata) !== "unknown") return [];
  const place = below(placeOf(["metadata", "annotations"]), strategyAnnotation);
  return [
    notSupported(place, metadata.annotations?.[strategyAnnotation] ?? "", annotatedStrategies),
  ];
}

export const bothZero = "MaxSurge and MaxUnavailable both can not be zero";

function validateRollingUpdate(strategy: StrategyManifest): readonly FieldError[] {
  const { maxSurge, maxUnavailable } = strategy.rollingUpdate ?? strategy.canary ?? {};
  if (maxSurge === undefined || maxUnavailable === undefined) return [];
  if (numberOfShare(maxSurge) !== 0 || numberOfShare(maxUnavailable) !== 0) return [];
  const name = strategy.rollingUpdate ? "rollingUpdate" : "canary";
  return [invalid(below(strategyPlace(name), "maxSurge"), maxSurge, bothZero)];
}

export function validateStrategy(manifest: RolloutManifest): readonly FieldError[] {
  const strategies = strategiesOf(manifest);
  const { spec } = manifest;
  const strategy = spec.strategy ?? {};
  const place = { ...inSpec("strategy", "strategy"), path: ["spec", "strategy"] };
  const [name] = strategies;
  if (name === undefined) {
    const missing = "Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'";
    return [required(place, missing), ...annotationErrors(manifest)];
  }
  if (strategies.length > 1) {
    const value = strategies.map((one) => `${one}: true`).join(" ");
    return [invalid(place, value, "Multiple Strategies can not be listed")];
  }
  return [
    ...annotationErrors(manifest),
    ...rulesOf(name, strategy, spec.revisionHistoryLimit ?? 10),
  ];
}

function rulesOf(
  name: StrategyName,
  strategy: StrategyManifest,
  historyLimit: number,
): readonly FieldError[] {
  switch (name) {
    case "blueGreen":
      return strategy.blueGreen ? validateBlueGreen(strategy.blueGreen, historyLimit) : [];
    case "canary":
      return strategy.canary ? validateCanary(strategy.canary) : [];
    case "rollingUpdate":
      return validateRollingUpdate(strategy);
    case "recreate":
      return [];
  }
}
