import type { Rollout } from "../../api/argo/rollout.ts";
import { isRestartPending } from "./restart.ts";

/**
 * Whether decide() looks at pods of this Rollout, so that they have to be read: while a restart is
 * pending, for ephemeral metadata, and for recreate, which waits until old pods are really gone.
 */
export function needsPods(rollout: Rollout): boolean {
  const { spec, status } = rollout;
  const { strategy } = spec;
  const hasMetadata =
    strategy.canaryMetadata !== undefined || strategy.stableMetadata !== undefined;
  return (
    hasMetadata || strategy.kind === "recreate" || isRestartPending({ spec }, status.restartedAt)
  );
}
