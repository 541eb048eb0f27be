// Test support: what must hold after every single pass.
import type { Decision } from "../decision.ts";
import { hashOf, specReplicas } from "../../replicas/replica-set.ts";
import type { ToyWorld } from "./world.test-support.ts";

function fail(world: ToyWorld, text: string): never {
  throw new Error(`invariant at ${String(world.elapsedSeconds)}s: ${text}`);
}

const memory = new WeakMap<ToyWorld, { weight: number; hash: string }>();

function availableOf(world: ToyWorld, hash: string): number {
  const rs = [...world.replicaSets.values()].find((candidate) => hashOf(candidate) === hash);
  return rs === undefined ? 0 : world.available(rs);
}

function checkTraffic(world: ToyWorld, decision: Decision): void {
  const applied = decision.effects.find((effect) => effect.kind === "applyTraffic");
  if (applied?.kind !== "applyTraffic") return;
  const { plan } = applied;
  const additional = plan.additional.reduce((sum, destination) => sum + destination.weight, 0);
  const sum = plan.canary.weight + plan.stable.weight + additional;
  if (sum !== plan.maxWeight) fail(world, `weights sum to ${String(sum)}`);
  const canaryPods = availableOf(world, plan.canary.podTemplateHash);
  if (plan.canary.weight > 0 && canaryPods === 0)
    fail(world, "traffic goes to a canary without pods");
  const { spec, status } = world.rollout;
  const isHeld =
    spec.paused ||
    (status.pauseConditions ?? []).some((condition) => condition.reason.startsWith("Inconclusive"));
  const before = memory.get(world);
  const hasGrown =
    before?.hash === plan.canary.podTemplateHash && plan.canary.weight > before.weight;
  if (isHeld && hasGrown) fail(world, "the weight grew while paused or inconclusive");
  memory.set(world, { weight: plan.canary.weight, hash: plan.canary.podTemplateHash });
}

/** Whoever really gets requests has pods that answer them, unless they broke by themselves. */
function checkServed(world: ToyWorld): void {
  for (const destination of [world.served?.canary, world.served?.stable]) {
    if (destination === undefined || destination.weight === 0) continue;
    const rs = [...world.replicaSets.values()].find(
      (set) => hashOf(set) === destination.podTemplateHash,
    );
    if (rs === undefined || specReplicas(rs) === 0)
      fail(
        world,
        `a version with ${String(destination.weight)}% of the traffic has been scaled to 0`,
      );
  }
}

function checkAbort(world: ToyWorld): void {
  const { status, spec } = world.rollout;
  if (status.abort !== true || spec.strategy.kind !== "canary" || spec.strategy.dynamicStableScale)
    return;
  const weight = world.traffic.inForce?.canary.weight ?? 0;
  const stable = availableOf(world, status.stableRS ?? "");
  if (weight > 0 && stable > 0) fail(world, "aborted, yet the canary has traffic");
}

/** Stable keeps the pods its unconfirmed or planned share needs. */
function checkStableSize(world: ToyWorld): void {
  const { status, spec } = world.rollout;
  if (spec.strategy.kind !== "canary" || spec.strategy.trafficRouting === undefined) return;
  const stableHash = status.stableRS ?? "";
  const stable = [...world.replicaSets.values()].find((rs) => hashOf(rs) === stableHash);
  const share = status.canary?.weights?.stable.weight;
  if (stable === undefined || share === undefined) return;
  const needed = Math.floor((share * (spec.replicas ?? 1)) / 100);
  const isGrowing = world.available(stable) < specReplicas(stable);
  if (specReplicas(stable) < needed && !isGrowing)
    fail(world, `stable has ${String(specReplicas(stable))} of ${String(needed)} pods`);
}

export function checkInvariants(world: ToyWorld, decision: Decision): void {
  checkTraffic(world, decision);
  checkServed(world);
  checkAbort(world);
  checkStableSize(world);
}
