// Pods come and go: never below what users need, never beyond what the gates allow, never to and fro.
import type { Rollout } from "../../api/argo/rollout.ts";
import type { IntOrString } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isUndisputed, reachableWeight, verdictAgainst } from "./attempt.ts";
import { startMs, type Knowledge } from "./knowledge.ts";
import { capacityOf, hashOf } from "./view.ts";

function limitOf(value: IntOrString, n: number): number {
  return typeof value === "number" ? value : Math.floor((n * Number.parseFloat(value)) / 100);
}

export function setChanged(
  known: Knowledge,
  before: ReplicaSet | undefined,
  after: ReplicaSet | undefined,
  atMs: number,
): void {
  if (!after) return;
  const rollout = known.view.rollouts.get(controllerOf(after)?.name ?? "");
  if (!rollout) return;
  if (!before) {
    setCreated(known, rollout, after, atMs);
    return;
  }
  if (before.spec.replicas === after.spec.replicas) return;
  mustNotWaver(known, rollout, before, after, atMs);
  if (capacityOf(after) < capacityOf(before)) hasShrunk(known, rollout, after, atMs);
  if ((after.spec.replicas ?? 1) > (before.spec.replicas ?? 1))
    hasGrown(known, rollout, after, atMs);
}

/** Without a router, and with shares that only grow, pods move one way as long as nobody interferes. */
function mustNotWaver(
  known: Knowledge,
  rollout: Rollout,
  before: ReplicaSet,
  after: ReplicaSet,
  atMs: number,
): void {
  const attempt = known.attempts.get(rollout.metadata.name);
  if (!attempt || !isUndisputed(rollout, attempt)) return;
  const runs = known.view.runs.values();
  if (verdictAgainst(attempt, runs, { startMs, knownBeforeMs: atMs }) !== undefined) return;
  if (known.isDisturbed(rollout.metadata.name, atMs) || known.isFree(rollout, attempt)) return;
  const from = before.spec.replicas ?? 1;
  const to = after.spec.replicas ?? 1;
  const text = `${after.metadata.name} went from ${from} to ${to} pods`;
  if (hashOf(after) === attempt.hash && to < from)
    known.fail(atMs, `${text} although its share only grows`);
  if (hashOf(after) === rollout.status.stableRS && from === 0 && to > 0)
    known.fail(atMs, `${text} although it had been given up`);
}

function setCreated(known: Knowledge, rollout: Rollout, set: ReplicaSet, atMs: number): void {
  const same = known.view
    .ownedSets(rollout.metadata.name)
    .filter(
      (other) =>
        other !== set &&
        deepEqual(asJson(other.spec.template.spec), asJson(set.spec.template.spec)),
    );
  if (same.length > 0)
    known.fail(
      atMs,
      `ReplicaSets ${set.metadata.name} and ${same[0]?.metadata.name ?? ""} are for the same template`,
    );
}

function hasShrunk(known: Knowledge, rollout: Rollout, set: ReplicaSet, atMs: number): void {
  const { spec, metadata } = rollout;
  const { strategy, replicas = 1 } = spec;
  if (strategy.kind === "recreate" || known.isDisturbed(metadata.name, atMs)) return;
  const isSplit = strategy.kind === "canary" && strategy.trafficRouting !== undefined;
  const services = isSplit
    ? [strategy.canaryService, strategy.stableService]
    : strategy.kind === "blueGreen"
      ? [strategy.activeService]
      : [];
  for (const name of services) servesStill(known, name ?? "", rollout, set, atMs);
  if (services.length > 0) return;
  const limit = limitOf(strategy.maxUnavailable, replicas);
  const surge = "maxSurge" in strategy ? strategy.maxSurge : 0;
  const unavailable = Math.max(limit, limit === 0 && (surge === 0 || surge === "0%") ? 1 : 0);
  const there = known.view
    .ownedSets(metadata.name)
    .reduce((sum, owned) => sum + capacityOf(owned), 0);
  if (there < replicas - unavailable)
    known.fail(atMs, `${set.metadata.name} was scaled down: ${there} of ${replicas} pods are left`);
}

function servesStill(
  known: Knowledge,
  name: string,
  rollout: Rollout,
  set: ReplicaSet,
  atMs: number,
): void {
  const service = known.view.services.get(name);
  const isBehind = service?.spec.selector?.["rollouts-pod-template-hash"] === hashOf(set);
  if (!isBehind) return;
  const { strategy, replicas = 1 } = rollout.spec;
  const most =
    strategy.kind === "canary" ? (strategy.trafficRouting?.maxTrafficWeight ?? 100) : 100;
  const share = strategy.kind === "canary" ? known.view.share(name) : most;
  const isCanary = strategy.kind === "canary" && strategy.canaryService === name;
  const exact = (share * replicas) / most;
  const needed = isCanary ? Math.min(1, Math.ceil(exact)) : Math.floor(exact);
  const there = known.view.capacity(service);
  if (there < needed)
    known.fail(
      atMs,
      `${set.metadata.name} was scaled down: Service ${name} has ${there} of ${needed} pods for its share of ${share}`,
    );
}

/** Without a router, pods are the weight. */
function hasGrown(known: Knowledge, rollout: Rollout, set: ReplicaSet, atMs: number): void {
  const { strategy, replicas = 1, paused } = rollout.spec;
  const { name } = rollout.metadata;
  const attempt = known.attempts.get(name);
  if (strategy.kind !== "canary" || strategy.trafficRouting || hashOf(set) !== attempt?.hash)
    return;
  if (known.isFree(rollout, attempt)) return;
  const most = Math.min(
    100,
    strategy.steps.length === 0
      ? 100
      : reachableWeight(strategy.steps, attempt, known.view.runs.values(), atMs),
  );
  const allowed = Math.max(most > 0 ? 1 : 0, Math.ceil((replicas * most) / 100));
  const size = set.spec.replicas ?? 1;
  if (size > allowed)
    known.fail(atMs, `${set.metadata.name} grew to ${size} pods, but its gates allow ${allowed}`);
  const isScaled = known.isDisturbed(name, atMs);
  if (((attempt.isAborted && !attempt.isFull) || paused) && !isScaled)
    known.fail(
      atMs,
      `${set.metadata.name} grew although the rollout is ${paused ? "paused" : "aborted"}`,
    );
}
