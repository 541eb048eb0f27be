// Where next to nothing fails there is nothing to compare, and no ratio of rates can ever be shown. A canary is then
// safe when its own share of bad events is shown to be below R₀ times a share that is nobody's trouble.
import type { Logs } from "./ratio.ts";
import { safeFactors } from "./ratio.ts";

/**
 * log(likelihood at share·r against at `share`) of one stretch for each factor r < 1. An e-process whatever the
 * canary's shares are, as long as none is below `share` (0 to 1): its mean falls as the true share grows.
 */
export function rareLogs(
  { count, total }: { readonly count: number; readonly total: number },
  share: number,
): Logs {
  const atNull = Math.log1p(-share);
  return safeFactors.map(
    (r) => count * Math.log(r) + (total - count) * (Math.log1p(-share * r) - atNull),
  );
}
