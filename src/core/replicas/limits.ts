import type { IntOrString } from "../../api/kubernetes/pod.ts";

/**
 * A count or a percentage of `total`. Text is a percentage with or without its sign, as Argo's
 * stored default `"25"` means 25 %. Text that is no number counts as 0.
 */
export function resolveIntOrPercent(
  value: IntOrString,
  total: number,
  rounding: "up" | "down",
): number {
  if (typeof value === "number") return value;
  const percent = Number(value.trim().replace(/%$/, ""));
  if (!Number.isFinite(percent)) return 0;
  const exact = (percent * total) / 100;
  return rounding === "up" ? Math.ceil(exact) : Math.floor(exact);
}

export interface SurgeLimits {
  /** How many pods above spec.replicas there may be. */
  readonly maxSurge: number;
  /** How many pods below spec.replicas may be available. */
  readonly maxUnavailable: number;
}

/** maxSurge rounded up, maxUnavailable rounded down; both 0 would forbid any progress (§2.3 fenceposts). */
export function resolveSurgeLimits(
  strategy: { readonly maxSurge: IntOrString; readonly maxUnavailable: IntOrString },
  n: number,
): SurgeLimits {
  const maxSurge = Math.max(0, resolveIntOrPercent(strategy.maxSurge, n, "up"));
  const asked = Math.max(0, resolveIntOrPercent(strategy.maxUnavailable, n, "down"));
  const unavailable = maxSurge === 0 && asked === 0 ? 1 : asked;
  return { maxSurge, maxUnavailable: Math.min(unavailable, n) };
}
