// Nobody gets more of the traffic than the pods that are there can take.
import type { Rollout } from "../../api/argo/rollout.ts";
import type { Knowledge } from "./knowledge.ts";

/** A canary that gets more has the pods for it, unless its pods are counted in a way of their own. */
export function mustBeMany(known: Knowledge, rollout: Rollout, weight: number, atMs: number): void {
  const { strategy, replicas = 1 } = rollout.spec;
  if (strategy.kind !== "canary" || known.isDisturbed(rollout.metadata.name, atMs)) return;
  const isCounted = strategy.steps.some(({ kind }) => kind === "setCanaryScale");
  if (isCounted || strategy.replicaProgressThreshold) return;
  const most = strategy.trafficRouting?.maxTrafficWeight ?? 100;
  const needed = Math.floor((weight * replicas) / most);
  const there = known.view.capacity(known.view.services.get(strategy.canaryService ?? ""));
  if (there < needed)
    known.fail(atMs, `the canary needs ${needed} pods for its share of ${weight} and has ${there}`);
}

/** Stable has the pods for its share. */
export function mustCarry(known: Knowledge, service: string, atMs: number): void {
  const rollout = known.view.rolloutUsing(service);
  if (!rollout || known.isDisturbed(rollout.metadata.name, atMs)) return;
  const { strategy, replicas = 1 } = rollout.spec;
  // A version that is being replaced may be short of pods for reasons of its own; taking it back must not wait.
  if (
    strategy.kind !== "canary" ||
    strategy.stableService !== service ||
    !strategy.dynamicStableScale
  )
    return;
  const most = strategy.trafficRouting?.maxTrafficWeight ?? 100;
  const needed = Math.floor((known.view.share(service) * replicas) / most);
  const there = known.view.capacity(known.view.services.get(service));
  const isUpdating =
    rollout.status.stableRS !== rollout.status.currentPodHash && rollout.status.abort !== true;
  if (isUpdating && there < needed)
    known.fail(
      atMs,
      `stable Service ${service} needs ${needed} pods for its share and has ${there}`,
    );
}
