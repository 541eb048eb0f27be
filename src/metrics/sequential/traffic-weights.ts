// What the Rollout's status says of the traffic: the Services that lead to the versions, and for the sample-ratio guard
// the share of the requests the canary should get, from the first look on that found it confirmed by the data plane.
// The share is kept with the record, as nobody else knows since when it is in force.
import type { TrafficWeights } from "../../api/argo/rollout-status.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { Versions } from "./versions.ts";

/** Names; absent = not known. */
export type LeadingServices = Partial<Record<keyof Versions, string>>;

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

function areOf({ canary, stable }: TrafficWeights, versions: Versions): boolean {
  return canary.podTemplateHash === versions.canary && stable.podTemplateHash === versions.stable;
}

/** The Services that lead to these very versions, where the weights name them. */
export function servicesOf(
  weights: TrafficWeights | undefined,
  versions: Versions,
): LeadingServices {
  if (weights === undefined || !areOf(weights, versions)) return {};
  const { canary, stable } = weights;
  return {
    ...(canary.serviceName === undefined ? {} : { canary: canary.serviceName }),
    ...(stable.serviceName === undefined ? {} : { stable: stable.serviceName }),
  };
}

/** Only of these very versions, only confirmed, and only where there is anything to divide. */
function promised(weights: TrafficWeights | undefined, versions: Versions): number | undefined {
  if (weights?.verified !== true || !areOf(weights, versions)) return undefined;
  const { canary, stable } = weights;
  if (canary.weight <= 0 || stable.weight <= 0) return undefined;
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
