// Test support: a toy world in virtual time that carries out decisions as data. Pods become
// available after a while, runs and experiments end as described, a router acknowledges when told.
// It is no simulator: one Rollout, no conflicts, no faults.
import type { AnalysisPhase, AnalysisRun } from "../../../api/argo/analysis.ts";
import type { Experiment, TemplateStatus } from "../../../api/argo/experiment.ts";
import { podTemplateHashLabel } from "../../../api/argo/keys.ts";
import type { Rollout, RolloutSpec } from "../../../api/argo/rollout.ts";
import type { RolloutStatus } from "../../../api/argo/rollout-status.ts";
import type { TrafficPlan, TrafficState } from "../../../api/argo/traffic.ts";
import type { Pod } from "../../../api/kubernetes/pod.ts";
import type { ReplicaSet, Service } from "../../../api/kubernetes/workloads.ts";
import { controllerReference } from "../../../api/meta/object.ts";
import { applyMergePatch } from "../../../lib/merge-patch.ts";
import { formatTime } from "../../../lib/time.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { asJson } from "../../replicas/as-json.ts";
import { decide } from "../decide.ts";
import type { Decision, Effect } from "../decision.ts";
import type { ObservedRollout, ObservedWorkload } from "../observed.ts";

export interface Verdict {
  readonly phase: AnalysisPhase;
  readonly afterSeconds: number;
  readonly message?: string;
}

export interface WorldOptions {
  readonly podStartSeconds?: number;
  /** Each pod a ReplicaSet has already adds so much to the start of the next. */
  readonly podStaggerSeconds?: number;
  /** By image: never becomes available. */
  readonly brokenImages?: readonly string[];
  /** undefined = the router cannot acknowledge; else after so many seconds. */
  readonly acknowledgeSeconds?: number | undefined;
  readonly services?: readonly string[];
  readonly runVerdict?: (run: AnalysisRun, attempt: number) => Verdict;
  /** Running analyses have not measured anything yet. */
  readonly hasNoData?: boolean;
  readonly experimentVerdict?: (experiment: Experiment, attempt: number) => Verdict;
  readonly workload?: ObservedWorkload;
  readonly foreign?: readonly string[];
  /** Seconds a pod takes to be gone after its ReplicaSet no longer wants it. */
  readonly podStopSeconds?: number;
}

interface ToyPod {
  readonly name: string;
  readonly bornAtMs: EpochMs;
  readonly availableAtMs: EpochMs;
  goneAtMs: EpochMs | undefined;
  object: Pod;
}

const START_MS = Date.UTC(2026, 0, 1);

/** `patch` applied to a typed object. */
function patched<T extends object>(object: T, patch: unknown): T {
  return applyMergePatch(asJson(object), asJson(patch as object)) as unknown as T;
}

export class ToyWorld {
  now: EpochMs = START_MS;
  rollout: Rollout;
  readonly replicaSets = new Map<string, ReplicaSet>();
  readonly pods = new Map<string, ToyPod[]>();
  readonly services: Record<string, Service> = {};
  readonly runs = new Map<string, AnalysisRun>();
  readonly experiments = new Map<string, Experiment>();
  readonly deadlines: EpochMs[] = [];
  readonly causes = new Set<string>();
  readonly events: string[] = [];
  writes = 0;
  traffic: TrafficState = { inForce: undefined, acknowledged: undefined, waitingFor: undefined };
  private acknowledgeAtMs: EpochMs | undefined;
  /** The split the data plane really serves: behind `traffic` until it acknowledges. */
  served: TrafficState["inForce"] = undefined;
  private counter = 0;
  private readonly starting: (() => void)[] = [];
  /** What the ReplicaSet controller has last written as status, by name. */
  private readonly counted = new Map<string, NonNullable<ReplicaSet["status"]>>();
  private readonly verdicts: { atMs: EpochMs; give: () => void }[] = [];
  workload: ObservedWorkload | undefined;
  invalid: string | undefined;
  lastDecision: Decision | undefined;
  readonly options: WorldOptions;

  constructor(rollout: Rollout, options: WorldOptions = {}) {
    this.rollout = rollout;
    this.options = options;
    this.workload = options.workload;
    const names = options.services ?? [
      "web-canary",
      "web-stable",
      "web-active",
      "web-preview",
      "web-ping",
      "web-pong",
    ];
    for (const name of names) {
      this.services[name] = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: "default", resourceVersion: this.next() },
        spec: { selector: { app: "web" } },
      };
    }
  }

  private next(): string {
    this.counter += 1;
    return String(this.counter);
  }

  get confirms(): boolean {
    return this.options.acknowledgeSeconds !== undefined;
  }

  observe(): ObservedRollout {
    const { rollout } = this;
    const { strategy } = rollout.spec;
    const isRouted = strategy.kind === "canary" && strategy.trafficRouting !== undefined;
    const acknowledged = this.confirms ? (this.acknowledgeAtMs ?? 0) <= this.now : undefined;
    const foreignName = this.options.foreign?.[0];
    return {
      rollout,
      manifest: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        metadata: { name: "web", namespace: "default" },
      },
      invalid: this.invalid,
      workload: this.workload,
      replicaSets: [...this.replicaSets.values()].map((rs) => this.withStatus(rs)),
      orphans: [],
      foreignReplicaSet:
        foreignName === undefined
          ? undefined
          : {
              apiVersion: "apps/v1",
              kind: "ReplicaSet",
              metadata: { name: foreignName },
              spec: { selector: {}, template: { spec: { containers: [] } } },
            },
      services: this.services,
      analysisRuns: [...this.runs.values()],
      experiments: [...this.experiments.values()],
      analysisTemplates: [
        {
          apiVersion: "argoproj.io/v1alpha1",
          kind: "AnalysisTemplate",
          metadata: { name: "check", namespace: "default" },
          spec: { metrics: [{ name: "ok", provider: { web: { url: "http://localhost" } } }] },
        },
      ],
      pods: [...this.pods.values()].flat().map((pod) => this.podObject(pod)),
      traffic: isRouted
        ? [
            {
              kind: "fake",
              acknowledges: this.confirms,
              abilities: { headerRoutes: true, mirrorRoutes: true, experimentWeights: true },
              state: { ...this.traffic, acknowledged },
            },
          ]
        : [],
      instanceId: "",
    };
  }

  private podObject(pod: ToyPod): Pod {
    const isReady = pod.availableAtMs <= this.now && pod.goneAtMs === undefined;
    return {
      ...pod.object,
      metadata: {
        ...pod.object.metadata,
        ...(pod.goneAtMs === undefined ? {} : { deletionTimestamp: formatTime(this.now) }),
      },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
      },
    };
  }

  private livePods(name: string): ToyPod[] {
    return (this.pods.get(name) ?? []).filter((pod) => pod.goneAtMs === undefined);
  }

  available(rs: ReplicaSet): number {
    return this.livePods(rs.metadata.name).filter((pod) => pod.availableAtMs <= this.now).length;
  }

  private withStatus(rs: ReplicaSet): ReplicaSet {
    const status = this.counted.get(rs.metadata.name);
    return status === undefined ? rs : { ...rs, status };
  }

  private count(rs: ReplicaSet): void {
    const live = this.livePods(rs.metadata.name);
    const available = this.available(rs);
    const observedGeneration = rs.metadata.generation ?? 1;
    const status = {
      replicas: live.length,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration,
    };
    this.counted.set(rs.metadata.name, status);
  }

  private bear(rs: ReplicaSet): ToyPod {
    const name = `${rs.metadata.name}-${this.next()}`;
    const image = rs.spec.template.spec.containers[0]?.image ?? "";
    const isBroken = this.options.brokenImages?.includes(image) ?? false;
    const { podStartSeconds = 10, podStaggerSeconds = 0 } = this.options;
    const startMs =
      (podStartSeconds + podStaggerSeconds * this.livePods(rs.metadata.name).length) * 1000;
    return {
      name,
      bornAtMs: this.now,
      availableAtMs: isBroken ? Number.MAX_SAFE_INTEGER : this.now + startMs,
      goneAtMs: undefined,
      object: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name,
          uid: `uid-${name}`,
          resourceVersion: "1",
          creationTimestamp: formatTime(this.now),
          ...rs.spec.template.metadata,
          ownerReferences: [controllerReference(rs)],
        },
        spec: rs.spec.template.spec,
      },
    };
  }

  /** The ReplicaSet controller: as many pods as asked for; those not available go first, then the youngest. */
  settlePods(): void {
    for (const rs of this.replicaSets.values()) {
      const wanted = rs.spec.replicas ?? 1;
      const all = (this.pods.get(rs.metadata.name) ?? []).filter(
        (pod) => (pod.goneAtMs ?? Infinity) > this.now,
      );
      this.pods.set(rs.metadata.name, all);
      while (this.livePods(rs.metadata.name).length < wanted) all.push(this.bear(rs));
      const goingFirst = this.livePods(rs.metadata.name).sort(
        (a, b) => b.availableAtMs - a.availableAtMs,
      );
      for (const pod of goingFirst.slice(0, Math.max(0, goingFirst.length - wanted))) {
        pod.goneAtMs = this.now + (this.options.podStopSeconds ?? 0) * 1000;
      }
      this.pods.set(
        rs.metadata.name,
        all.filter((pod) => (pod.goneAtMs ?? Infinity) > this.now),
      );
      this.count(rs);
    }
    for (const start of this.starting.splice(0)) start();
  }

  carryOut(effect: Effect): void {
    if (effect.kind !== "event") this.writes += 1;
    switch (effect.kind) {
      case "event":
        if (this.causes.has(effect.event.cause + effect.event.reason)) return;
        this.causes.add(effect.event.cause + effect.event.reason);
        this.events.push(`${effect.event.reason}: ${effect.event.message}`);
        return;
      case "recordTurn":
        this.rollout = { ...this.rollout, status: effect.status };
        return;
      case "patchRollout":
        this.patchManifest(effect.patch);
        return;
      case "createReplicaSet":
        this.create(effect.replicaSet);
        return;
      case "adoptReplicaSet":
      case "patchReplicaSet":
        this.patchReplicaSet(effect.name, effect.resourceVersion, effect.patch);
        return;
      case "deleteReplicaSet":
        this.replicaSets.delete(effect.name);
        this.pods.delete(effect.name);
        this.counted.delete(effect.name);
        return;
      case "patchService":
        this.patchService(effect.name, effect.patch);
        return;
      case "patchPod":
      case "evictPod":
        this.changePod(effect);
        return;
      case "applyTraffic":
        this.applyTraffic(effect.plan);
        return;
      case "createAnalysisRun":
        this.createRun(effect.run);
        return;
      case "terminateAnalysisRun":
        this.endRun(
          effect.name,
          { phase: "Successful", afterSeconds: 0, message: "Run Terminated" },
          true,
        );
        return;
      case "deleteAnalysisRun":
        this.runs.delete(effect.name);
        return;
      case "createExperiment":
        this.createExperiment(effect.experiment);
        return;
      case "terminateExperiment":
        this.endExperiment(effect.name, { phase: "Successful", afterSeconds: 0 });
        return;
      case "deleteExperiment":
        this.experiments.delete(effect.name);
        return;
      case "scaleWorkload":
        if (this.workload !== undefined)
          this.workload = { ...this.workload, replicas: effect.replicas };
        return;
    }
  }

  private patchManifest(patch: { readonly [key: string]: unknown }): void {
    const { spec, metadata } = patch as { spec?: Partial<RolloutSpec>; metadata?: object };
    const generation = (this.rollout.metadata.generation ?? 0) + (spec === undefined ? 0 : 1);
    const meta =
      metadata === undefined ? this.rollout.metadata : patched(this.rollout.metadata, metadata);
    this.rollout = {
      ...this.rollout,
      spec: { ...this.rollout.spec, ...spec },
      metadata: { ...meta, generation },
    };
  }

  private create(rs: ReplicaSet): void {
    if (this.replicaSets.has(rs.metadata.name))
      throw new Error(`${rs.metadata.name} already exists`);
    const metadata = {
      ...rs.metadata,
      uid: `uid-${rs.metadata.name}`,
      generation: 1,
      resourceVersion: this.next(),
      creationTimestamp: formatTime(this.now),
    };
    this.replicaSets.set(rs.metadata.name, { ...rs, metadata });
  }

  private patchReplicaSet(name: string, version: string | undefined, patch: object): void {
    const rs = this.replicaSets.get(name);
    if (rs === undefined) throw new Error(`no ReplicaSet ${name}`);
    if (rs.metadata.resourceVersion !== version) throw new Error(`conflict on ${name}`);
    const after = patched(rs, patch);
    const generation = (rs.metadata.generation ?? 1) + ("spec" in patch ? 1 : 0);
    const metadata = { ...after.metadata, generation, resourceVersion: this.next() };
    this.replicaSets.set(name, { ...after, metadata });
  }

  rewriteService(name: string): void {
    this.patchService(name, { spec: { selector: { "rollouts-pod-template-hash": null } } });
  }

  private patchService(name: string, patch: object): void {
    const service = this.services[name];
    if (service === undefined) throw new Error(`no Service ${name}`);
    const after = patched(service, patch);
    this.services[name] = {
      ...after,
      metadata: { ...after.metadata, resourceVersion: this.next() },
    };
  }

  private changePod(effect: Extract<Effect, { kind: "patchPod" | "evictPod" }>): void {
    const pod = [...this.pods.values()].flat().find((candidate) => candidate.name === effect.name);
    if (pod === undefined) throw new Error(`no Pod ${effect.name}`);
    if (effect.kind === "evictPod") pod.goneAtMs = this.now;
    else pod.object = patched(pod.object, effect.patch);
  }

  private applyTraffic(plan: TrafficPlan): void {
    const { managedRouteNames: _names, ...inForce } = plan;
    this.traffic = {
      inForce,
      acknowledged: undefined,
      waitingFor: this.confirms ? "gateway wants the new weights" : undefined,
    };
    const seconds = this.options.acknowledgeSeconds;
    if (seconds === undefined || seconds === 0) this.served = inForce;
    if (seconds === undefined) return;
    this.acknowledgeAtMs = this.now + seconds * 1000;
    this.deadlines.push(this.acknowledgeAtMs);
  }

  private createRun(run: AnalysisRun): void {
    const { name } = run.metadata;
    if (this.runs.has(name)) throw new Error(`${name} already exists`);
    const attempt = this.runs.size;
    const metadata = {
      ...run.metadata,
      uid: `uid-${name}`,
      creationTimestamp: formatTime(this.now),
    };
    this.runs.set(name, { ...run, metadata });
    this.starting.push(() => this.startRun(name));
    const verdict = this.options.runVerdict?.(run, attempt) ?? {
      phase: "Successful",
      afterSeconds: 60,
    };
    this.verdicts.push({
      atMs: this.now + verdict.afterSeconds * 1000,
      give: () => this.endRun(name, verdict, false),
    });
  }

  private startRun(name: string): void {
    const run = this.runs.get(name);
    if (run === undefined || run.status !== undefined) return;
    const count = this.options.hasNoData === true ? 0 : 1;
    const metricResults = run.spec.metrics.map((metric) => ({
      name: metric.name,
      phase: "Running" as const,
      count,
    }));
    this.runs.set(name, { ...run, status: { phase: "Running", metricResults } });
  }

  private startExperiment(name: string, templateStatuses: readonly TemplateStatus[]): void {
    const experiment = this.experiments.get(name);
    if (experiment === undefined || experiment.status !== undefined) return;
    this.experiments.set(name, { ...experiment, status: { phase: "Running", templateStatuses } });
  }

  private endRun(name: string, verdict: Verdict, isTerminated: boolean): void {
    const run = this.runs.get(name);
    const isOver = run?.status?.completedAt !== undefined;
    if (run === undefined || isOver) return;
    const { phase, message = "" } = verdict;
    const spec = isTerminated ? { ...run.spec, terminate: true } : run.spec;
    this.runs.set(name, {
      ...run,
      spec,
      status: { phase, message, completedAt: formatTime(this.now) },
    });
  }

  private createExperiment(experiment: Experiment): void {
    const { name } = experiment.metadata;
    if (this.experiments.has(name)) throw new Error(`${name} already exists`);
    const attempt = this.experiments.size;
    const metadata = {
      ...experiment.metadata,
      uid: `uid-${name}`,
      creationTimestamp: formatTime(this.now),
    };
    const templateStatuses = experiment.spec.templates.map((template) => ({
      name: template.name,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      ...(template.service === undefined
        ? {}
        : { serviceName: `${name}-${template.name}`, podTemplateHash: "exp" }),
    }));
    this.experiments.set(name, { ...experiment, metadata });
    this.starting.push(() => this.startExperiment(name, templateStatuses));
    const verdict = this.options.experimentVerdict?.(experiment, attempt) ?? {
      phase: "Successful",
      afterSeconds: 300,
    };
    this.verdicts.push({
      atMs: this.now + verdict.afterSeconds * 1000,
      give: () => this.endExperiment(name, verdict),
    });
  }

  private endExperiment(name: string, verdict: Verdict): void {
    const experiment = this.experiments.get(name);
    const before = experiment?.status?.phase ?? "Running";
    if (experiment === undefined || before !== "Running") return;
    const { phase, message = "" } = verdict;
    this.experiments.set(name, { ...experiment, status: { ...experiment.status, phase, message } });
  }

  /** One pass: observe, decide, carry out, write the status. */
  pass(): { readonly decision: Decision; readonly isQuiet: boolean } {
    const before = this.rollout.status;
    const decision = decide(this.observe(), this.now);
    for (const effect of decision.effects) this.carryOut(effect);
    const isSame = decision.status === before;
    if (!isSame) this.writes += 1;
    this.rollout = { ...this.rollout, status: decision.status };
    this.lastDecision = decision;
    return { decision, isQuiet: isSame && decision.effects.length === 0 };
  }

  /** The next moment anything happens by itself; undefined if never. */
  nextMoment(): EpochMs | undefined {
    const pods = [...this.pods.values()].flat();
    const moments = [
      ...pods.map((pod) => pod.availableAtMs),
      ...pods.flatMap((pod) => pod.goneAtMs ?? []),
      ...this.verdicts.map((verdict) => verdict.atMs),
      ...this.deadlines,
      ...(this.lastDecision?.next === undefined ? [] : [this.lastDecision.next.atMs]),
    ].filter((atMs) => atMs > this.now && atMs < Number.MAX_SAFE_INTEGER);
    return moments.length === 0 ? undefined : Math.min(...moments);
  }

  advanceTo(atMs: EpochMs): void {
    this.now = atMs;
    if (this.confirms && (this.acknowledgeAtMs ?? Infinity) <= atMs)
      this.served = this.traffic.inForce;
    const due = this.verdicts.filter((verdict) => verdict.atMs <= atMs);
    for (const verdict of due) {
      this.verdicts.splice(this.verdicts.indexOf(verdict), 1);
      verdict.give();
    }
    this.settlePods();
  }

  get elapsedSeconds(): number {
    return (this.now - START_MS) / 1000;
  }

  // ---- what people do ----

  changeSpec(change: Partial<RolloutSpec>): void {
    const generation = (this.rollout.metadata.generation ?? 0) + 1;
    const { metadata, spec } = this.rollout;
    this.rollout = {
      ...this.rollout,
      spec: { ...spec, ...change },
      metadata: { ...metadata, generation },
    };
  }

  changeStatus(patch: { readonly [K in keyof RolloutStatus]?: RolloutStatus[K] | null }): void {
    this.rollout = { ...this.rollout, status: patched(this.rollout.status, patch) };
  }

  replicaSetOf(image: string): ReplicaSet | undefined {
    return [...this.replicaSets.values()].find(
      (rs) => rs.spec.template.spec.containers[0]?.image === image,
    );
  }

  hashOfImage(image: string): string {
    return this.replicaSetOf(image)?.metadata.labels?.[podTemplateHashLabel] ?? "";
  }
}
