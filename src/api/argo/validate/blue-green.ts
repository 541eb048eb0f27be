// Rules of spec.strategy.blueGreen, in Argo's order.
import { below, invalid } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import type { BlueGreenManifest } from "../../schema/rollout-strategy.ts";
import { validateAntiAffinity } from "./anti-affinity.ts";
import { strategyPlace } from "./places.ts";

const place = strategyPlace("blueGreen");

function serviceErrors({
  activeService,
  previewService = "",
}: BlueGreenManifest): readonly FieldError[] {
  if (activeService !== previewService) return [];
  const message =
    "This rollout uses the same service for the active and preview services, but two different services are required.";
  return [invalid(below(place, "activeService"), activeService, message)];
}

function revisionLimitErrors(
  limit: number | undefined,
  historyLimit: number,
): readonly FieldError[] {
  if (limit === undefined || limit <= historyLimit) return [];
  const message =
    "This rollout's revision history limit can not be smaller than the rollout's scale down limit";
  return [invalid(below(place, "scaleDownDelayRevisionLimit"), limit, message)];
}

export function validateBlueGreen(
  blueGreen: BlueGreenManifest,
  historyLimit: number,
): readonly FieldError[] {
  return [
    ...serviceErrors(blueGreen),
    ...revisionLimitErrors(blueGreen.scaleDownDelayRevisionLimit, historyLimit),
    ...validateAntiAffinity(blueGreen.antiAffinity, place),
  ];
}
