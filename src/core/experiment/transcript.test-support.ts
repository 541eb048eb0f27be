// Plays whole experiments in virtual time: ReplicaSets whose pods take a described time to become
// available, runs that end as described. Only for tests.
import type { AnalysisPhase, AnalysisRun, AnalysisTemplate } from "../../api/argo/analysis.ts";
import type { Experiment, ExperimentSpec, ExperimentTemplate } from "../../api/argo/experiment.ts";
import type { ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { Json } from "../../lib/json.ts";
import { applyMergePatch } from "../../lib/merge-patch.ts";
import { formatTime } from "../../lib/time.ts";
import type { ExperimentDecision, ExperimentEffect, ObservedExperiment } from "./decision.ts";
import { decideExperiment } from "./experiment.ts";

export const startMs = Date.parse("2026-11-21T00:00:00Z");

export function templateNamed(
  name: string,
  over: Partial<ExperimentTemplate> = {},
): ExperimentTemplate {
  const labels = { app: name };
  return {
    name,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [
          { name: "c", image: "shop:1", ports: [{ containerPort: 8080, name: "http" }] },
        ],
      },
    },
    ...over,
  };
}

export function analysisTemplate(name: string, args: readonly string[] = []): AnalysisTemplate {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name },
    spec: {
      metrics: [{ name: "m", provider: { job: {} } }],
      args: args.map((arg) => ({ name: arg })),
    },
  };
}

export function experimentOf(spec: ExperimentSpec): Experiment {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Experiment",
    metadata: { name: "exp", namespace: "default", uid: "exp-uid" },
    spec,
  };
}

export interface World {
  experiment: Experiment;
  replicaSets: ReplicaSet[];
  services: Service[];
  analysisRuns: AnalysisRun[];
  readonly analysisTemplates: readonly AnalysisTemplate[];
  readonly events: string[];
  readonly lines: string[];
}

export interface Script {
  readonly templates?: readonly AnalysisTemplate[];
  /** Seconds from scaling up to being available, by template; Infinity = never. Default 2. */
  readonly startsIn?: Readonly<Record<string, number>>;
  /** When and how the run of an analysis ends. */
  readonly runs?: Readonly<
    Record<
      string,
      { readonly atSecond: number; readonly phase: AnalysisPhase; readonly message?: string }
    >
  >;
  readonly at?: Readonly<Record<number, (world: World) => void>>;
  readonly untilSecond?: number;
  readonly world?: World;
}

export function worldOf(
  experiment: Experiment,
  templates: readonly AnalysisTemplate[] = [],
): World {
  return {
    experiment,
    replicaSets: [],
    services: [],
    analysisRuns: [],
    analysisTemplates: templates,
    events: [],
    lines: [],
  };
}

export function observedOf(world: World): ObservedExperiment {
  const { experiment, replicaSets, services, analysisRuns, analysisTemplates } = world;
  return {
    experiment,
    unreadable: undefined,
    replicaSets,
    services,
    analysisRuns,
    analysisTemplates,
    refusals: [],
    instanceId: "",
  };
}

function patched<T extends object>(object: T, patch: Json): T {
  return applyMergePatch(asJson(object), patch) as unknown as T;
}

function carryOut(effect: ExperimentEffect, world: World): void {
  switch (effect.kind) {
    case "event":
      world.events.push(`${effect.event.type} ${effect.event.reason}: ${effect.event.message}`);
      return;
    case "ownerEvent":
      return;
    case "createReplicaSet":
      world.replicaSets.push(
        patched(effect.replicaSet, {
          metadata: { uid: `rs-${effect.template}`, resourceVersion: "1" },
        }),
      );
      return;
    case "patchReplicaSet":
      world.replicaSets = world.replicaSets.map((set) =>
        set.metadata.name === effect.name ? patched(set, effect.patch) : set,
      );
      return;
    case "createService":
      world.services.push(patched(effect.service, { metadata: { uid: `svc-${effect.template}` } }));
      return;
    case "deleteService":
      world.services = world.services.filter(({ metadata }) => metadata.name !== effect.name);
      return;
    case "createAnalysisRun":
      world.analysisRuns.push(
        patched(effect.run, { metadata: { uid: `run-${effect.run.metadata.name}` } }),
      );
      return;
    case "terminateAnalysisRun":
      world.analysisRuns = world.analysisRuns.map((run) =>
        run.metadata.name === effect.name ? patched(run, { spec: { terminate: true } }) : run,
      );
  }
}

function lineOf(
  second: number,
  { experiment, replicaSets, services, analysisRuns }: World,
): string {
  const {
    phase = "",
    message,
    templateStatuses = [],
    analysisRuns: entries = [],
  } = experiment.status ?? {};
  const templates = templateStatuses.map(({ name, status, availableReplicas }) => {
    const size =
      replicaSets.find(({ metadata }) => metadata.name === `exp-${name}`)?.spec.replicas ?? 0;
    return `${name}=${status ?? ""} ${String(availableReplicas)}/${String(size)}`;
  });
  const analyses = entries.map(({ name, phase: of, analysisRun }) => {
    const run = analysisRuns.find(({ metadata }) => metadata.name === analysisRun);
    return `${name}:${of ?? ""}${run?.spec.terminate === true ? "(stopped)" : ""}`;
  });
  const svc = services.map(({ metadata }) => `svc/${metadata.name}`);
  const note = message === undefined ? [] : [`"${message}"`];
  return [`${String(second)}s ${phase}`, ...templates, ...analyses, ...svc, ...note].join(" ");
}

/** What the rest of a cluster does: pods become available or go, runs end, stopped runs end as successful. */
function live(second: number, world: World, script: Script, scaledAt: Map<string, number>): void {
  script.at?.[second]?.(world);
  world.replicaSets = world.replicaSets.map((set) => {
    const { name } = set.metadata;
    const size = set.spec.replicas ?? 1;
    if ((set.status?.replicas ?? 0) !== size || !scaledAt.has(name)) scaledAt.set(name, second);
    const startsIn = script.startsIn?.[name.replace("exp-", "")] ?? 2;
    const isUp = second - (scaledAt.get(name) ?? second) >= startsIn;
    const available = isUp ? size : Math.min(size, set.status?.availableReplicas ?? 0);
    return {
      ...set,
      status: { replicas: size, readyReplicas: available, availableReplicas: available },
    };
  });
  world.analysisRuns = world.analysisRuns.map((run) => {
    const end = script.runs?.[run.metadata.name.replace(/^exp-/, "").replace(/\.\d+$/, "")];
    if (run.status?.phase !== undefined && run.status.phase !== "Running") return run;
    if (run.spec.terminate === true) return { ...run, status: { phase: "Successful" } };
    if (!end || second < end.atSecond) return { ...run, status: { phase: "Running" } };
    const { phase, message } = end;
    return { ...run, status: { phase, ...(message === undefined ? {} : { message }) } };
  });
}

/** One look per second, each repeated until it has nothing more to do; a line for each second that changed something. */
export function play(spec: ExperimentSpec, script: Script = {}): World {
  const world = script.world ?? worldOf(experimentOf(spec), script.templates);
  const scaledAt = new Map<string, number>();
  for (let second = 0; second <= (script.untilSecond ?? 120); second += 1) {
    live(second, world, script, scaledAt);
    for (let round = 0; ; round += 1) {
      if (round > 20)
        throw new Error(`does not settle at ${String(second)}s:\n${world.lines.join("\n")}`);
      const decision: ExperimentDecision = decideExperiment(
        observedOf(world),
        startMs + second * 1000,
      );
      const isStill =
        JSON.stringify(decision.status) === JSON.stringify(world.experiment.status) &&
        decision.effects.length === 0;
      if (isStill) break;
      for (const effect of decision.effects) carryOut(effect, world);
      world.experiment = { ...world.experiment, status: decision.status };
    }
    const line = lineOf(second, world);
    if (world.lines.at(-1)?.replace(/^\S+ /, "") !== line.replace(/^\S+ /, ""))
      world.lines.push(line);
  }
  return world;
}

export function at(second: number): string {
  return formatTime(startMs + second * 1000);
}
