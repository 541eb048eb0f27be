// Which share of the requests the canary should get, for the sample-ratio guard: what the Rollout's status says, from
// the first look on that found it confirmed by the data plane. Kept with the record, as nobody else knows since when.
import type { TrafficWeights } from "../../api/argo/rollout-status.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { Versions } from "./versions.ts";

export interface ShareInForce {
  /** Above 0 and below 1: of the requests to both versions. */
  readonly share: number;
  readonly sinceMs: EpochMs;
  /** The last look that found it so. */
  readonly seenMs: EpochMs;
}

/** Where nobody looked for longer, the weight may have been another in between. */
const longestUnseenMs = 10_000;

/** For metricResult.metadata, where it stands beside the record under `share`. */
export function shareText(share: ShareInForce | undefined): string {
  return share === undefined ? "" : `${share.share} ${share.sinceMs} ${share.seenMs}`;
}

function keptShare(kept: Readonly<Record<string, string>> | undefined): ShareInForce | undefined {
  const [share, sinceMs, seenMs] = (kept?.["share"] ?? "").split(" ").map(Number);
  if (share === undefined || sinceMs === undefined || seenMs === undefined) return undefined;
  return { share, sinceMs, seenMs };
}

/** Only of these very versions, only confirmed, and only where there is anything to divide. */
function promised(weights: TrafficWeights | undefined, versions: Versions): number | undefined {
  if (weights?.verified !== true) return undefined;
  const { canary, stable } = weights;
  const isTheirs =
    canary.podTemplateHash === versions.canary && stable.podTemplateHash === versions.stable;
  if (!isTheirs || canary.weight <= 0 || stable.weight <= 0) return undefined;
  return canary.weight / (canary.weight + stable.weight);
}

/** The share in force now, and since when; undefined where nobody can tell, or one version gets everything. */
export function shareInForce(
  kept: Readonly<Record<string, string>> | undefined,
  weights: TrafficWeights | undefined,
  versions: Versions,
  now: EpochMs,
): ShareInForce | undefined {
  const share = promised(weights, versions);
  if (share === undefined) return undefined;
  const before = keptShare(kept);
  const goesOn = before?.share === share && now - before.seenMs <= longestUnseenMs;
  return { share, sinceMs: goesOn ? before.sinceMs : now, seenMs: now };
}
