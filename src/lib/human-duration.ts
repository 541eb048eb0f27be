const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
const YEAR_S = 365 * DAY_S;

function pair(
  totalS: number,
  big: readonly [number, string],
  small: readonly [number, string],
): string {
  const first = Math.floor(totalS / big[0]);
  const second = Math.floor((totalS % big[0]) / small[0]);
  return second === 0 ? `${first}${big[1]}` : `${first}${big[1]}${second}${small[1]}`;
}

/**
 * An age as kubectl prints it, two units at most, truncated: `119s`, `9m59s`, `179m`, `7h59m`, `47h`, `7d23h`,
 * `729d`, `7y364d`, `8y`. More than a second in the future is `<invalid>` (argo-kubectl-plugin §1).
 */
export function humanDuration(durationMs: number): string {
  const totalS = Math.trunc(durationMs / SECOND_MS);
  if (totalS < -1) return "<invalid>";
  if (totalS < 0) return "0s";
  if (totalS < 2 * MINUTE_S) return `${totalS}s`;
  if (totalS < 10 * MINUTE_S) return pair(totalS, [MINUTE_S, "m"], [1, "s"]);
  if (totalS < 3 * HOUR_S) return `${Math.floor(totalS / MINUTE_S)}m`;
  if (totalS < 8 * HOUR_S) return pair(totalS, [HOUR_S, "h"], [MINUTE_S, "m"]);
  if (totalS < 2 * DAY_S) return `${Math.floor(totalS / HOUR_S)}h`;
  if (totalS < 8 * DAY_S) return pair(totalS, [DAY_S, "d"], [HOUR_S, "h"]);
  if (totalS < 2 * YEAR_S) return `${Math.floor(totalS / DAY_S)}d`;
  if (totalS < 8 * YEAR_S) return pair(totalS, [YEAR_S, "y"], [DAY_S, "d"]);
  return `${Math.floor(totalS / YEAR_S)}y`;
}
