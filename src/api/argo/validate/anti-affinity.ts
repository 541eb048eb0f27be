// strategy.antiAffinity: one of preferred and required, and a weight Kubernetes accepts.
import { below, invalid } from "../../meta/field-error.ts";
import type { FieldError, Place } from "../../meta/field-error.ts";
import { asJson } from "../../meta/wire.ts";
import type { AntiAffinityManifest } from "../../schema/rollout-strategy.ts";

export function validateAntiAffinity(
  antiAffinity: AntiAffinityManifest | undefined,
  strategy: Place,
): readonly FieldError[] {
  if (antiAffinity === undefined) return [];
  const place = below(strategy, "antiAffinity");
  const preferred = antiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  const isRequired = antiAffinity.requiredDuringSchedulingIgnoredDuringExecution !== undefined;
  if ((preferred !== undefined) === isRequired) {
    return [
      invalid(place, asJson(antiAffinity), "AntiAffinity must have exactly one strategy listed"),
    ];
  }
  if (preferred === undefined || (preferred.weight >= 1 && preferred.weight <= 100)) return [];
  const at = {
    field: below(place, "weight").field,
    path: [...place.path, "preferredDuringSchedulingIgnoredDuringExecution", "weight"],
  };
  return [invalid(at, preferred.weight, "AntiAffinity weight must be between 1-100")];
}
