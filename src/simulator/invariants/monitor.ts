// What must hold at every moment of every play, whatever goes wrong. The monitor sees each write
// before anybody else does and looks around whenever everything is at rest. It knows nothing of how
// the controllers decide: only objects, people's acts and time.
import { rolloutTypeLabel, stepIndexLabel } from "../../api/argo/keys.ts";
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { CanaryStrategy, Rollout } from "../../api/argo/rollout.ts";
import type { HTTPRoute } from "../../api/gateway/http-route.ts";
import type { VirtualService } from "../../api/istio/networking.ts";
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { IntOrString } from "../../api/kubernetes/pod.ts";
import type { ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { Change } from "../../objects/semantics/stored.ts";
import { IngressRoutes } from "../ingress-route.ts";
import { routeOfVirtualService } from "../istio-route.ts";
import type { OperatorAction } from "../scenario.ts";
import type { Monitor } from "../stage.ts";
import {
  attemptAfter,
  closedGate,
  isUndisputed,
  reachableWeight,
  verdictAgainst,
  type Attempt,
} from "./attempt.ts";
import { capacityOf, hashOf, servicesOfManagedRoutes, weightsOf, WorldView } from "./view.ts";

/** After people changed the size or restarted pods, numbers may be short for so long. */
const graceMs = 120_000;
const startMs = Date.UTC(2026, 0, 1);

/** What a fault plan excuses. */
export interface Allowance {
  /** For how long the controllers may not have heard of a verdict. */
  readonly blindMs: number;
}

const noAllowance: Allowance = { blindMs: 0 };

function secondsText(atMs: number): string {
  return `${Math.round(atMs / 100) / 10}s`;
}

function limitOf(value: IntOrString, n: number): number {
  return typeof value === "number" ? value : Math.floor((n * Number.parseFloat(value)) / 100);
}

/** VirtualServices and Ingresses are routes, too. */
function asRouteChange(change: Change, ingresses: IngressRoutes): Change {
  // The wire border: the store holds what the kinds promise.
  const object: unknown = change.object;
  const routeOf = (): HTTPRoute | undefined => {
    if (change.object.kind === "VirtualService") {
      return routeOfVirtualService(object as VirtualService);
    }
    return change.object.kind === "Ingress" ? ingresses.changed(object as Ingress) : undefined;
  };
  const route: unknown = routeOf();
  return route === undefined ? change : { ...change, object: route as Change["object"] };
}

export class InvariantMonitor implements Monitor {
  readonly violations: string[] = [];
  readonly #view = new WorldView();
  readonly #ingresses = new IngressRoutes();
  readonly #attempts = new Map<string, Attempt>();
  /** When people last changed the size of a rollout or restarted it. */
  readonly #disturbedAtMs = new Map<string, number>();
  /** The weight a canary version had when it last grew, by rollout. */
  readonly #weights = new Map<string, { readonly hash: string; readonly weight: number }>();
  readonly #runCounts = new Map<string, number>();

  readonly #allowance: Allowance;

  constructor(allowance: Allowance = noAllowance) {
    this.#allowance = allowance;
  }

  acted(action: OperatorAction, rollout: string, atMs: number): void {
    const isSize = action.kind === "scale" || (action.kind === "do" && action.verb === "restart");
    if (isSize) this.#disturbedAtMs.set(rollout, atMs);
    const attempt = this.#attempts.get(rollout);
    if (action.kind !== "do" || !attempt) return;
    if (action.verb === "promote")
      this.#attempts.set(rollout, { ...attempt, promotes: attempt.promotes + 1 });
    if (action.verb === "promoteFull") this.#attempts.set(rollout, { ...attempt, isFull: true });
  }

  changed(written: Change, atMs: number): void {
    const change = asRouteChange(written, this.#ingresses);
    const { kind } = change.object;
    const name = change.object.metadata.name;
    const before = {
      rollout: this.#view.rollouts.get(name),
      set: this.#view.sets.get(name),
      service: this.#view.services.get(name),
      route: this.#view.routes.get(name),
    };
    const shareBefore = kind === "Service" ? this.#view.capacity(before.service) : 0;
    this.#view.apply(change);
    if (change.type === "DELETED") return;
    switch (kind) {
      case "Rollout": {
        this.#rolloutChanged(name, before.rollout, atMs);
        return;
      }
      case "ReplicaSet": {
        this.#setChanged(before.set, this.#view.sets.get(name), atMs);
        return;
      }
      case "Service": {
        this.#serviceChanged(before.service, this.#view.services.get(name), shareBefore, atMs);
        return;
      }
      case "HTTPRoute": {
        this.#routeChanged(before.route, this.#view.routes.get(name), atMs);
        return;
      }
      case "AnalysisRun":
        if (change.type === "ADDED") this.#runCreated(this.#view.runs.get(name), atMs);
    }
  }

  rested(atMs: number): void {
    for (const route of [...this.#view.routes.values(), ...this.#view.served.values()]) {
      for (const [service, weight] of weightsOf(route)) this.#mustAnswer(service, weight, atMs);
      for (const service of servicesOfManagedRoutes(route)) this.#mustAnswer(service, 100, atMs);
    }
  }

  #fail(atMs: number, text: string): void {
    const line = `at ${secondsText(atMs)}: ${text}`;
    if (!this.violations.includes(line)) this.violations.push(line);
  }

  #isDisturbed(rollout: string, atMs: number): boolean {
    const since = this.#disturbedAtMs.get(rollout);
    return since !== undefined && atMs - since < graceMs;
  }

  #rolloutChanged(name: string, before: Rollout | undefined, atMs: number): void {
    const rollout = this.#view.rollouts.get(name);
    if (!rollout) return;
    const attempt = attemptAfter(this.#attempts.get(name), rollout, atMs);
    if (attempt) this.#attempts.set(name, attempt);
    this.#mustBeOwnVerdicts(rollout, atMs);
    const stableBefore = before?.status.stableRS ?? "";
    if (!before || !attempt || stableBefore === "") return;
    this.#wentOn(before, rollout, attempt, atMs);
    if (stableBefore !== rollout.status.stableRS) this.#promoted(before, attempt, atMs);
  }

  /** What is recorded as asked about a version was asked about that version. */
  #mustBeOwnVerdicts({ status }: Rollout, atMs: number): void {
    const { canary, blueGreen, currentPodHash = "" } = status;
    const recorded = [
      canary?.currentStepAnalysisRunStatus,
      canary?.currentBackgroundAnalysisRunStatus,
      blueGreen?.prePromotionAnalysisRunStatus,
      blueGreen?.postPromotionAnalysisRunStatus,
    ];
    for (const name of recorded.flatMap((run) => run?.name ?? [])) {
      const run = this.#view.runs.get(name);
      if (run && hashOf(run) !== currentPodHash)
        this.#fail(atMs, `the verdict of ${name} is taken for one on ${currentPodHash}`);
    }
  }

  /** A version is called stable once it has what that means: all its pods, and the users it was to get. */
  #promoted(before: Rollout, attempt: Attempt, atMs: number): void {
    const { spec, metadata } = before;
    const { strategy, replicas = 1 } = spec;
    const set = this.#view.setOf(metadata.name, attempt.hash);
    const there = set === undefined ? 0 : capacityOf(set);
    const mayBeOld = this.#isDisturbed(metadata.name, atMs) || this.#allowance.blindMs > 0;
    if (there < replicas && !mayBeOld)
      this.#fail(atMs, `${attempt.hash} was called stable with ${there} of ${replicas} pods`);
    if (strategy.kind !== "canary" || !strategy.trafficRouting) return;
    const live = this.#servedWeight(strategy);
    if (!live) return;
    const { weight, isServed } = live;
    if (!isServed)
      this.#fail(atMs, `${attempt.hash} was called stable before its weight was served`);
    const isForced = attempt.isFull || this.#isFree(before, attempt) || replicas === 0;
    if (strategy.steps.length > 0 && !isForced && weight < strategy.trafficRouting.maxTrafficWeight)
      this.#fail(atMs, `${attempt.hash} was called stable when it had a share of ${weight}`);
  }

  /**
   * What the data plane gives to the canary's Service, and whether that is what is written; undefined
   * where no route leads to these Services (a split by subsets, a data plane nobody plays).
   */
  #servedWeight({
    canaryService: service = "",
    stableService = "",
  }: CanaryStrategy): { readonly weight: number; readonly isServed: boolean } | undefined {
    const routes = [...this.#view.routes.values()];
    const leadsTo = (name: string) => routes.find((one) => weightsOf(one).has(name));
    const route = leadsTo(service);
    if (!route && !leadsTo(stableService)) return undefined;
    const served = this.#view.served.get(route?.metadata.name ?? "");
    const isServed = served?.metadata.generation === route?.metadata.generation;
    return { weight: weightsOf(served).get(service) ?? 0, isServed };
  }

  /** Nobody goes past a setWeight that users have not met. */
  #wentOn(before: Rollout, after: Rollout, attempt: Attempt, atMs: number): void {
    const { strategy } = after.spec;
    if (strategy.kind !== "canary" || !strategy.trafficRouting || attempt.promotes > 0) return;
    if (attempt.isFull || attempt.isAborted || this.#isFree(after, attempt)) return;
    const isSame = before.status.currentPodHash === attempt.hash && !attempt.isRepeated;
    const from = isSame ? (before.status.currentStepIndex ?? 0) : 0;
    const done = strategy.steps.slice(from, after.status.currentStepIndex ?? 0);
    const last = done.findLast((step) => step.kind === "setWeight");
    const { weight } = this.#servedWeight(strategy) ?? {};
    if (last?.kind === "setWeight" && weight !== undefined && last.weight > weight)
      this.#fail(atMs, `setWeight ${last.weight} was counted as done with ${weight} served`);
  }

  // ---- who gets traffic --------------------------------------------------------------------------

  /** A Service with a share of the traffic has somebody to answer, once it ever had. */
  #mustAnswer(name: string, weight: number, atMs: number): void {
    const service = this.#view.services.get(name);
    const rollout = this.#view.rolloutUsing(name);
    if (
      weight === 0 ||
      !rollout ||
      rollout.spec.replicas === 0 ||
      this.#isDisturbed(rollout.metadata.name, atMs)
    )
      return;
    const stable = this.#view.setOf(rollout.metadata.name, rollout.status.stableRS ?? "");
    const hasStarted = rollout.status.canary?.weights !== undefined && stable !== undefined;
    if (hasStarted && this.#view.capacity(service) === 0)
      this.#fail(atMs, `Service ${name} has weight ${weight} and no ready pods`);
  }

  #routeChanged(before: HTTPRoute | undefined, after: HTTPRoute | undefined, atMs: number): void {
    if (!before || !after || deepEqual(asJson(before.spec), asJson(after.spec))) return;
    const weights = weightsOf(after);
    const old = weightsOf(before);
    const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
    for (const [name, weight] of weights) {
      const rollout = this.#view.rolloutUsing(name);
      if (rollout?.spec.strategy.kind !== "canary") continue;
      const { strategy } = rollout.spec;
      const most = strategy.trafficRouting?.maxTrafficWeight ?? 100;
      if (sum !== most)
        this.#fail(atMs, `the weights of HTTPRoute ${after.metadata.name} add up to ${sum}`);
      const hasGrown = weight > (old.get(name) ?? 0);
      if (hasGrown && this.#view.capacity(this.#view.services.get(name)) === 0) {
        this.#fail(atMs, `weight ${weight} goes to Service ${name}, which has no ready pods`);
      }
      if (name === strategy.canaryService) this.#canaryWeightSet(rollout, strategy, weight, atMs);
      if (name === strategy.stableService && hasGrown) this.#mustCarry(name, atMs);
    }
  }

  /** Stable has the pods for its share. */
  #mustCarry(service: string, atMs: number): void {
    const rollout = this.#view.rolloutUsing(service);
    if (!rollout || this.#isDisturbed(rollout.metadata.name, atMs)) return;
    const { strategy, replicas = 1 } = rollout.spec;
    // A version that is being replaced may be short of pods for reasons of its own; taking it back must not wait.
    if (
      strategy.kind !== "canary" ||
      strategy.stableService !== service ||
      !strategy.dynamicStableScale
    )
      return;
    const most = strategy.trafficRouting?.maxTrafficWeight ?? 100;
    const needed = Math.floor((this.#view.share(service) * replicas) / most);
    const there = this.#view.capacity(this.#view.services.get(service));
    const isUpdating =
      rollout.status.stableRS !== rollout.status.currentPodHash && rollout.status.abort !== true;
    if (isUpdating && there < needed)
      this.#fail(
        atMs,
        `stable Service ${service} needs ${needed} pods for its share and has ${there}`,
      );
  }

  // ---- gates -------------------------------------------------------------------------------------

  #canaryWeightSet(rollout: Rollout, strategy: CanaryStrategy, weight: number, atMs: number): void {
    const { name } = rollout.metadata;
    const attempt = this.#attempts.get(name);
    const known = this.#weights.get(name);
    const hash =
      this.#view.services.get(strategy.canaryService ?? "")?.spec.selector?.[
        "rollouts-pod-template-hash"
      ] ?? "";
    const before = known?.hash === hash ? known.weight : 0;
    this.#weights.set(name, { hash, weight });
    if (!attempt || weight <= before || hash !== attempt.hash || this.#isFree(rollout, attempt))
      return;
    const most = reachableWeight(strategy.steps, attempt, this.#view.runs.values(), atMs);
    if (weight > most)
      this.#fail(atMs, `the canary's weight grew to ${weight}, but its gates allow ${most}`);
    const verdict = verdictAgainst(attempt, this.#view.runs.values(), {
      startMs,
      knownBeforeMs: atMs - this.#allowance.blindMs,
    });
    if (verdict !== undefined)
      this.#fail(atMs, `the canary's weight grew to ${weight} although ${verdict}`);
    if (attempt.isAborted && !attempt.isFull)
      this.#fail(atMs, `the canary's weight grew to ${weight} although it is aborted`);
    if (rollout.spec.paused)
      this.#fail(atMs, `the canary's weight grew to ${weight} although it is paused`);
  }

  /** The first version and a way back need no gates. */
  #isFree({ status, spec, metadata }: Rollout, attempt: Attempt): boolean {
    const stableHash = status.stableRS ?? "";
    if (stableHash === "" || stableHash === attempt.hash) return true;
    return (
      (spec.rollbackWindowRevisions ?? 0) > 0 && this.#isOlder({ metadata, status, spec }, attempt)
    );
  }

  #isOlder({ metadata, status }: Rollout, attempt: Attempt): boolean {
    const stable = this.#view.setOf(metadata.name, status.stableRS ?? "");
    const own = this.#view.setOf(metadata.name, attempt.hash);
    return (own?.metadata.creationTimestamp ?? "") < (stable?.metadata.creationTimestamp ?? "");
  }

  #activeSwitched(rollout: Rollout, service: Service, atMs: number): void {
    const { name } = rollout.metadata;
    const { replicas = 1 } = rollout.spec;
    if (rollout.status.stableRS === undefined) return;
    const there = this.#view.capacity(service);
    if (there < replicas && !this.#isDisturbed(name, atMs)) {
      this.#fail(
        atMs,
        `active Service ${service.metadata.name} was switched to ${there} of ${replicas} pods`,
      );
    }
    const attempt = this.#attempts.get(name);
    const hash = service.spec.selector?.["rollouts-pod-template-hash"] ?? "";
    if (
      !attempt ||
      hash !== attempt.hash ||
      this.#isFree(rollout, attempt) ||
      this.#isOlder(rollout, attempt)
    )
      return;
    const problem = closedGate(rollout, attempt, this.#view.runs.values(), atMs);
    if (problem !== undefined) this.#fail(atMs, problem);
  }

  // ---- pods --------------------------------------------------------------------------------------

  #setChanged(before: ReplicaSet | undefined, after: ReplicaSet | undefined, atMs: number): void {
    if (!after) return;
    const rollout = this.#view.rollouts.get(controllerOf(after)?.name ?? "");
    if (!rollout) return;
    if (!before) {
      this.#setCreated(rollout, after, atMs);
      return;
    }
    if (before.spec.replicas === after.spec.replicas) return;
    this.#mustNotWaver(rollout, before, after, atMs);
    if (capacityOf(after) < capacityOf(before)) this.#hasShrunk(rollout, after, atMs);
    if ((after.spec.replicas ?? 1) > (before.spec.replicas ?? 1))
      this.#hasGrown(rollout, after, atMs);
  }

  /** Without a router, and with shares that only grow, pods move one way as long as nobody interferes. */
  #mustNotWaver(rollout: Rollout, before: ReplicaSet, after: ReplicaSet, atMs: number): void {
    const attempt = this.#attempts.get(rollout.metadata.name);
    if (!attempt || !isUndisputed(rollout, attempt)) return;
    const runs = this.#view.runs.values();
    if (verdictAgainst(attempt, runs, { startMs, knownBeforeMs: atMs }) !== undefined) return;
    if (this.#isDisturbed(rollout.metadata.name, atMs) || this.#isFree(rollout, attempt)) return;
    const from = before.spec.replicas ?? 1;
    const to = after.spec.replicas ?? 1;
    const text = `${after.metadata.name} went from ${from} to ${to} pods`;
    if (hashOf(after) === attempt.hash && to < from)
      this.#fail(atMs, `${text} although its share only grows`);
    if (hashOf(after) === rollout.status.stableRS && from === 0 && to > 0)
      this.#fail(atMs, `${text} although it had been given up`);
  }

  #setCreated(rollout: Rollout, set: ReplicaSet, atMs: number): void {
    const same = this.#view
      .ownedSets(rollout.metadata.name)
      .filter(
        (other) =>
          other !== set &&
          deepEqual(asJson(other.spec.template.spec), asJson(set.spec.template.spec)),
      );
    if (same.length > 0)
      this.#fail(
        atMs,
        `ReplicaSets ${set.metadata.name} and ${same[0]?.metadata.name ?? ""} are for the same template`,
      );
  }

  #hasShrunk(rollout: Rollout, set: ReplicaSet, atMs: number): void {
    const { spec, metadata } = rollout;
    const { strategy, replicas = 1 } = spec;
    if (strategy.kind === "recreate" || this.#isDisturbed(metadata.name, atMs)) return;
    const isSplit = strategy.kind === "canary" && strategy.trafficRouting !== undefined;
    const services = isSplit
      ? [strategy.canaryService, strategy.stableService]
      : strategy.kind === "blueGreen"
        ? [strategy.activeService]
        : [];
    for (const name of services) this.#servesStill(name ?? "", rollout, set, atMs);
    if (services.length > 0) return;
    const limit = limitOf(strategy.maxUnavailable, replicas);
    const surge = "maxSurge" in strategy ? strategy.maxSurge : 0;
    const unavailable = Math.max(limit, limit === 0 && (surge === 0 || surge === "0%") ? 1 : 0);
    const there = this.#view
      .ownedSets(metadata.name)
      .reduce((sum, owned) => sum + capacityOf(owned), 0);
    if (there < replicas - unavailable)
      this.#fail(
        atMs,
        `${set.metadata.name} was scaled down: ${there} of ${replicas} pods are left`,
      );
  }

  #servesStill(name: string, rollout: Rollout, set: ReplicaSet, atMs: number): void {
    const service = this.#view.services.get(name);
    const isBehind = service?.spec.selector?.["rollouts-pod-template-hash"] === hashOf(set);
    if (!isBehind) return;
    const { strategy, replicas = 1 } = rollout.spec;
    const most =
      strategy.kind === "canary" ? (strategy.trafficRouting?.maxTrafficWeight ?? 100) : 100;
    const share = strategy.kind === "canary" ? this.#view.share(name) : most;
    const isCanary = strategy.kind === "canary" && strategy.canaryService === name;
    const exact = (share * replicas) / most;
    const needed = isCanary ? Math.min(1, Math.ceil(exact)) : Math.floor(exact);
    const there = this.#view.capacity(service);
    if (there < needed)
      this.#fail(
        atMs,
        `${set.metadata.name} was scaled down: Service ${name} has ${there} of ${needed} pods for its share of ${share}`,
      );
  }

  /** Without a router, pods are the weight. */
  #hasGrown(rollout: Rollout, set: ReplicaSet, atMs: number): void {
    const { strategy, replicas = 1, paused } = rollout.spec;
    const { name } = rollout.metadata;
    const attempt = this.#attempts.get(name);
    if (strategy.kind !== "canary" || strategy.trafficRouting || hashOf(set) !== attempt?.hash)
      return;
    if (this.#isFree(rollout, attempt)) return;
    const most = Math.min(
      100,
      strategy.steps.length === 0
        ? 100
        : reachableWeight(strategy.steps, attempt, this.#view.runs.values(), atMs),
    );
    const allowed = Math.max(most > 0 ? 1 : 0, Math.ceil((replicas * most) / 100));
    const size = set.spec.replicas ?? 1;
    if (size > allowed)
      this.#fail(atMs, `${set.metadata.name} grew to ${size} pods, but its gates allow ${allowed}`);
    const isScaled = this.#isDisturbed(name, atMs);
    if (((attempt.isAborted && !attempt.isFull) || paused) && !isScaled)
      this.#fail(
        atMs,
        `${set.metadata.name} grew although the rollout is ${paused ? "paused" : "aborted"}`,
      );
  }

  #serviceChanged(
    before: Service | undefined,
    after: Service | undefined,
    capacityBefore: number,
    atMs: number,
  ): void {
    if (!before || !after || deepEqual(before.spec.selector, after.spec.selector)) return;
    const { name } = after.metadata;
    const rollout = this.#view.rolloutUsing(name);
    if (!rollout) return;
    if (rollout.spec.strategy.kind === "blueGreen") {
      this.#activeSwitched(rollout, after, atMs);
      return;
    }
    const hadPods = capacityBefore > 0;
    if (this.#view.share(name) > 0 && hadPods && this.#view.capacity(after) === 0) {
      this.#fail(
        atMs,
        `Service ${name} has weight ${this.#view.share(name)} and was switched to no ready pods`,
      );
    }
    this.#mustCarry(name, atMs);
  }

  // ---- once per cause ----------------------------------------------------------------------------

  #runCreated(run: AnalysisRun | undefined, atMs: number): void {
    const rollout = this.#view.rollouts.get((run && controllerOf(run)?.name) ?? "");
    if (!run || !rollout) return;
    const attempt = this.#attempts.get(rollout.metadata.name);
    const labels = run.metadata.labels ?? {};
    const cause = [
      rollout.metadata.name,
      hashOf(run),
      labels[rolloutTypeLabel],
      labels[stepIndexLabel] ?? "",
      attempt?.startedAtMs,
    ].join("/");
    const count = (this.#runCounts.get(cause) ?? 0) + 1;
    this.#runCounts.set(cause, count);
    const allowed = 1 + (attempt?.promotes ?? 0);
    if (count > allowed)
      this.#fail(atMs, `AnalysisRun ${run.metadata.name} is the ${count}th for one cause`);
  }
}
