// What must hold at every moment of every play, whatever goes wrong. The monitor sees each write
// before anybody else does and looks around whenever everything is at rest. It knows nothing of how
// the controllers decide: only objects, people's acts and time.
import { rolloutTypeLabel, stepIndexLabel } from "../../api/argo/keys.ts";
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { CanaryStrategy, Rollout } from "../../api/argo/rollout.ts";
import type { HTTPRoute } from "../../api/gateway/http-route.ts";
import type { VirtualService } from "../../api/istio/networking.ts";
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { Service } from "../../api/kubernetes/workloads.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { Change } from "../../objects/semantics/stored.ts";
import { IngressRoutes } from "../ingress-route.ts";
import { routeOfVirtualService } from "../istio-route.ts";
import type { OperatorAction } from "../scenario.ts";
import type { Monitor } from "../stage.ts";
import { attemptAfter, closedGate, reachableWeight, verdictAgainst } from "./attempt.ts";
import { mustBeMany, mustCarry } from "./capacity.ts";
import { Knowledge, startMs, type Allowance } from "./knowledge.ts";
import { setChanged } from "./pods.ts";
import { mustBeOwnVerdicts, promoted, wentOn } from "./promotion.ts";
import { hashOf, servicesOfManagedRoutes, weightsOf } from "./view.ts";

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
  readonly #known: Knowledge;
  readonly #ingresses = new IngressRoutes();
  /** The weight a canary version had when it last grew, by rollout. */
  readonly #weights = new Map<string, { readonly hash: string; readonly weight: number }>();
  readonly #runCounts = new Map<string, number>();

  constructor(allowance?: Allowance) {
    this.#known = new Knowledge(allowance);
  }

  get violations(): readonly string[] {
    return this.#known.violations;
  }

  acted(action: OperatorAction, rollout: string, atMs: number): void {
    this.#known.acted(action, rollout, atMs);
  }

  changed(written: Change, atMs: number): void {
    const change = asRouteChange(written, this.#ingresses);
    const { kind } = change.object;
    const name = change.object.metadata.name;
    const before = {
      rollout: this.#known.view.rollouts.get(name),
      set: this.#known.view.sets.get(name),
      service: this.#known.view.services.get(name),
      route: this.#known.view.routes.get(name),
    };
    const shareBefore = kind === "Service" ? this.#known.view.capacity(before.service) : 0;
    this.#known.view.apply(change);
    if (change.type === "DELETED") return;
    switch (kind) {
      case "Rollout": {
        this.#rolloutChanged(name, before.rollout, atMs);
        return;
      }
      case "ReplicaSet": {
        setChanged(this.#known, before.set, this.#known.view.sets.get(name), atMs);
        return;
      }
      case "Service": {
        this.#serviceChanged(
          before.service,
          this.#known.view.services.get(name),
          shareBefore,
          atMs,
        );
        return;
      }
      case "HTTPRoute": {
        this.#routeChanged(before.route, this.#known.view.routes.get(name), atMs);
        return;
      }
      case "AnalysisRun":
        if (change.type === "ADDED") this.#runCreated(this.#known.view.runs.get(name), atMs);
    }
  }

  rested(atMs: number): void {
    for (const route of [
      ...this.#known.view.routes.values(),
      ...this.#known.view.served.values(),
    ]) {
      for (const [service, weight] of weightsOf(route)) this.#mustAnswer(service, weight, atMs);
      for (const service of servicesOfManagedRoutes(route)) this.#mustAnswer(service, 100, atMs);
    }
  }

  #rolloutChanged(name: string, before: Rollout | undefined, atMs: number): void {
    const rollout = this.#known.view.rollouts.get(name);
    if (!rollout) return;
    const attempt = attemptAfter(this.#known.attempts.get(name), rollout, atMs);
    if (attempt) this.#known.attempts.set(name, attempt);
    mustBeOwnVerdicts(this.#known, rollout, atMs);
    const stableBefore = before?.status.stableRS ?? "";
    if (!before || !attempt || stableBefore === "") return;
    wentOn(this.#known, before, rollout, attempt, atMs);
    if (stableBefore !== rollout.status.stableRS) promoted(this.#known, before, attempt, atMs);
  }

  // ---- who gets traffic --------------------------------------------------------------------------

  /** A Service with a share of the traffic has somebody to answer, once it ever had. */
  #mustAnswer(name: string, weight: number, atMs: number): void {
    const service = this.#known.view.services.get(name);
    const rollout = this.#known.view.rolloutUsing(name);
    if (
      weight === 0 ||
      !rollout ||
      rollout.spec.replicas === 0 ||
      this.#known.isDisturbed(rollout.metadata.name, atMs)
    )
      return;
    const stable = this.#known.view.setOf(rollout.metadata.name, rollout.status.stableRS ?? "");
    const hasStarted = rollout.status.canary?.weights !== undefined && stable !== undefined;
    if (hasStarted && this.#known.view.capacity(service) === 0)
      this.#known.fail(atMs, `Service ${name} has weight ${weight} and no ready pods`);
  }

  #routeChanged(before: HTTPRoute | undefined, after: HTTPRoute | undefined, atMs: number): void {
    if (!before || !after || deepEqual(asJson(before.spec), asJson(after.spec))) return;
    const weights = weightsOf(after);
    const old = weightsOf(before);
    const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
    for (const [name, weight] of weights) {
      const rollout = this.#known.view.rolloutUsing(name);
      if (rollout?.spec.strategy.kind !== "canary") continue;
      const { strategy } = rollout.spec;
      const most = strategy.trafficRouting?.maxTrafficWeight ?? 100;
      if (sum !== most)
        this.#known.fail(atMs, `the weights of HTTPRoute ${after.metadata.name} add up to ${sum}`);
      this.#weightSet(rollout, name, { from: old.get(name) ?? 0, to: weight }, atMs);
    }
  }

  #weightSet(
    rollout: Rollout,
    service: string,
    { from, to }: { readonly from: number; readonly to: number },
    atMs: number,
  ): void {
    const { strategy } = rollout.spec;
    if (strategy.kind !== "canary") return;
    const hasGrown = to > from;
    if (hasGrown && this.#known.view.capacity(this.#known.view.services.get(service)) === 0)
      this.#known.fail(atMs, `weight ${to} goes to Service ${service}, which has no ready pods`);
    if (service === strategy.canaryService) {
      if (hasGrown) mustBeMany(this.#known, rollout, to, atMs);
      this.#canaryWeightSet(rollout, strategy, to, atMs);
    }
    if (service === strategy.stableService && hasGrown) mustCarry(this.#known, service, atMs);
  }

  // ---- gates -------------------------------------------------------------------------------------

  #canaryWeightSet(rollout: Rollout, strategy: CanaryStrategy, weight: number, atMs: number): void {
    const { name } = rollout.metadata;
    const attempt = this.#known.attempts.get(name);
    const known = this.#weights.get(name);
    const hash =
      this.#known.view.services.get(strategy.canaryService ?? "")?.spec.selector?.[
        "rollouts-pod-template-hash"
      ] ?? "";
    const before = known?.hash === hash ? known.weight : 0;
    this.#weights.set(name, { hash, weight });
    if (
      !attempt ||
      weight <= before ||
      hash !== attempt.hash ||
      this.#known.isFree(rollout, attempt)
    )
      return;
    const most = reachableWeight(strategy.steps, attempt, this.#known.view.runs.values(), atMs);
    if (weight > most)
      this.#known.fail(atMs, `the canary's weight grew to ${weight}, but its gates allow ${most}`);
    const verdict = verdictAgainst(attempt, this.#known.view.runs.values(), {
      startMs,
      knownBeforeMs: atMs - this.#known.allowance.blindMs,
    });
    if (verdict !== undefined)
      this.#known.fail(atMs, `the canary's weight grew to ${weight} although ${verdict}`);
    if (attempt.isAborted && !attempt.isFull)
      this.#known.fail(atMs, `the canary's weight grew to ${weight} although it is aborted`);
    if (rollout.spec.paused)
      this.#known.fail(atMs, `the canary's weight grew to ${weight} although it is paused`);
  }

  #activeSwitched(rollout: Rollout, service: Service, atMs: number): void {
    const { name } = rollout.metadata;
    const { replicas = 1 } = rollout.spec;
    if (rollout.status.stableRS === undefined) return;
    const there = this.#known.view.capacity(service);
    if (there < replicas && !this.#known.isDisturbed(name, atMs)) {
      this.#known.fail(
        atMs,
        `active Service ${service.metadata.name} was switched to ${there} of ${replicas} pods`,
      );
    }
    const attempt = this.#known.attempts.get(name);
    const hash = service.spec.selector?.["rollouts-pod-template-hash"] ?? "";
    if (
      !attempt ||
      hash !== attempt.hash ||
      this.#known.isFree(rollout, attempt) ||
      this.#known.isOlder(rollout, attempt)
    )
      return;
    const problem = closedGate(rollout, attempt, this.#known.view.runs.values(), atMs);
    if (problem !== undefined) this.#known.fail(atMs, problem);
  }

  #serviceChanged(
    before: Service | undefined,
    after: Service | undefined,
    capacityBefore: number,
    atMs: number,
  ): void {
    if (!before || !after || deepEqual(before.spec.selector, after.spec.selector)) return;
    const { name } = after.metadata;
    const rollout = this.#known.view.rolloutUsing(name);
    if (!rollout) return;
    if (rollout.spec.strategy.kind === "blueGreen") {
      this.#activeSwitched(rollout, after, atMs);
      return;
    }
    const hadPods = capacityBefore > 0;
    if (this.#known.view.share(name) > 0 && hadPods && this.#known.view.capacity(after) === 0) {
      this.#known.fail(
        atMs,
        `Service ${name} has weight ${this.#known.view.share(name)} and was switched to no ready pods`,
      );
    }
    mustCarry(this.#known, name, atMs);
  }

  // ---- once per cause ----------------------------------------------------------------------------

  #runCreated(run: AnalysisRun | undefined, atMs: number): void {
    const rollout = this.#known.view.rollouts.get((run && controllerOf(run)?.name) ?? "");
    if (!run || !rollout) return;
    const attempt = this.#known.attempts.get(rollout.metadata.name);
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
      this.#known.fail(atMs, `AnalysisRun ${run.metadata.name} is the ${count}th for one cause`);
  }
}
