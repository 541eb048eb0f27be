// Durations and shares as Argo's users write them.
import { parseGoDuration } from "../../../lib/go-duration.ts";
import type { IntOrString } from "../../kubernetes/pod.ts";

/**
 * Seconds of `pause.duration`: 30, "30" and "30s" are the same; fractions are cut. undefined =
 * nothing that can be read (Argo counts that as −1, which is invalid). Negative stays negative.
 */
export function pauseSecondsOf(duration: IntOrString): number | undefined {
  if (typeof duration === "number") return duration;
  if (/^[+-]?\d+$/.test(duration)) return Number(duration);
  const parsed = parseGoDuration(duration);
  return parsed.ok ? Math.trunc(parsed.ms / 1000) : undefined;
}

/**
 * A share with its sign: Argo reads the text "25" as 25 %, so a text always means percent.
 * undefined = neither a whole number nor a percentage.
 */
export function shareOf(value: IntOrString): IntOrString | undefined {
  if (typeof value === "number") return value;
  const digits = /^(\d+)%?$/.exec(value)?.[1];
  return digits === undefined ? undefined : `${Number(digits)}%`;
}

/** maxSurge or maxUnavailable as a bare number, its `%` left away: what "both are zero" is asked of. */
export function numberOfShare(value: IntOrString): number | undefined {
  const share = shareOf(value);
  return typeof share === "string" ? Number(share.slice(0, -1)) : share;
}
