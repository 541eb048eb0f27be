// What Argo Rollouts' metrics say of an object (argo-rollouts.md §1.11), read from it as it is stored:
// whatever is missing or of the wrong type counts as not there.
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import { parseTime } from "../../lib/time.ts";

export const analysisPhases = [
  "Pending",
  "Error",
  "Failed",
  "Successful",
  "Running",
  "Inconclusive",
] as const;

/** The phases of the deprecated rollout_phase. */
export const rolloutPhases = [
  "Completed",
  "Progressing",
  "Paused",
  "Timeout",
  "Error",
  "Abort",
] as const;

function objectAt(object: JsonObject, ...path: readonly string[]): JsonObject {
  let found: JsonObject = object;
  for (const key of path) {
    const next = ownProperty(found, key);
    found = isJsonObject(next) ? next : {};
  }
  return found;
}

function textAt(object: JsonObject, key: string): string {
  const value = ownProperty(object, key);
  return typeof value === "string" ? value : "";
}

function numberAt(object: JsonObject, key: string, otherwise = 0): number {
  const value = ownProperty(object, key);
  return typeof value === "number" ? value : otherwise;
}

function itemsAt(object: JsonObject, key: string): readonly JsonObject[] {
  const value = ownProperty(object, key);
  return isJsonArray(value) ? value.filter((item: Json) => isJsonObject(item)) : [];
}

export interface RolloutFigures {
  readonly strategy: string;
  /** As Argo names it; empty for routers it has no name for. */
  readonly trafficRouter: string;
  readonly phase: string;
  readonly replicas: Readonly<Record<"available" | "unavailable" | "desired" | "updated", number>>;
}

const strategies = ["blueGreen", "canary", "rollingUpdate", "recreate"];

const routerNames: Readonly<Record<string, string>> = {
  alb: "ALB",
  ambassador: "Ambassador",
  istio: "Istio",
  nginx: "Nginx",
  smi: "SMI",
  appMesh: "AppMesh",
};

const phaseOfReason: Readonly<Record<string, (typeof rolloutPhases)[number]>> = {
  NewReplicaSetAvailable: "Completed",
  RolloutPaused: "Paused",
  ReplicaSetCreateError: "Error",
  ProgressDeadlineExceeded: "Timeout",
  RolloutAborted: "Abort",
};

/** Not status.phase: Argo takes it from the reason of the Progressing condition. */
function rolloutPhase(status: JsonObject): string {
  const conditions = itemsAt(status, "conditions");
  const ofType = (type: string) => conditions.find((each) => textAt(each, "type") === type);
  if (ofType("InvalidSpec")) return "InvalidSpec";
  const progressing = ofType("Progressing");
  const reason = progressing === undefined ? "" : textAt(progressing, "reason");
  return ownText(phaseOfReason, reason) ?? "Progressing";
}

function ownText(texts: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(texts, key) ? texts[key] : undefined;
}

export function rolloutFigures(manifest: JsonObject): RolloutFigures {
  const spec = objectAt(manifest, "spec");
  const status = objectAt(manifest, "status");
  const strategy = objectAt(spec, "strategy");
  const routing = objectAt(strategy, "canary", "trafficRouting");
  const router = Object.keys(routerNames).find((key) => ownProperty(routing, key) !== undefined);
  const available = numberAt(status, "availableReplicas");
  return {
    strategy: strategies.find((key) => ownProperty(strategy, key) !== undefined) ?? "none",
    trafficRouter: router === undefined ? "" : (routerNames[router] ?? ""),
    phase: rolloutPhase(status),
    replicas: {
      available,
      unavailable: numberAt(status, "replicas") - available,
      desired: numberAt(spec, "replicas", 1),
      updated: numberAt(status, "updatedReplicas"),
    },
  };
}

export interface MetricFigures {
  readonly metric: string;
  readonly type: string;
  readonly phase: string;
  readonly isDryRun: boolean;
}

export interface RunFigures {
  readonly phase: string;
  /** Of runs and templates; empty for experiments. */
  readonly metrics: readonly MetricFigures[];
}

/** Argo's names of providers, in the order in which it looks for them. */
const providerTypes: Readonly<Record<string, string>> = {
  prometheus: "Prometheus",
  job: "Job",
  kayenta: "Kayenta",
  web: "Web",
  datadog: "Datadog",
  wavefront: "Wavefront",
  newRelic: "NewRelic",
  cloudWatch: "CloudWatch",
  graphite: "Graphite",
  influxdb: "Influxdb",
  skywalking: "skywalking",
};

const pluginTypes: Readonly<Record<string, string>> = { "haldane.dev/traffic": "Traffic" };

function providerType(provider: JsonObject): string {
  const [kind] = Object.keys(providerTypes).filter(
    (key) => ownProperty(provider, key) !== undefined,
  );
  if (kind !== undefined) return providerTypes[kind] ?? "";
  const [plugin] = Object.keys(objectAt(provider, "plugin"));
  if (plugin === undefined) return "Unknown Provider";
  return ownText(pluginTypes, plugin) ?? "RPCPlugin";
}

/** Of an AnalysisRun, an Experiment, an AnalysisTemplate or a ClusterAnalysisTemplate. */
export function runFigures(manifest: JsonObject): RunFigures {
  const status = objectAt(manifest, "status");
  const results = itemsAt(status, "metricResults");
  const metrics = itemsAt(objectAt(manifest, "spec"), "metrics").map((metric): MetricFigures => {
    const name = textAt(metric, "name");
    const result = results.find((each) => textAt(each, "name") === name) ?? {};
    return {
      metric: name,
      type: providerType(objectAt(metric, "provider")),
      phase: textAt(result, "phase") || "Pending",
      isDryRun: ownProperty(result, "dryRun") === true,
    };
  });
  return { phase: textAt(status, "phase") || "Pending", metrics };
}

export interface AttemptFigures {
  readonly status: string;
  readonly totalSeconds: number;
  readonly manualPauseSeconds: number;
}

interface Attempt {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly status: string;
  readonly pausedSeconds: number;
}

function attemptOf(manifest: JsonObject): Attempt {
  const duration = objectAt(manifest, "status", "duration");
  return {
    startedAt: textAt(duration, "rolloutStartedAt"),
    finishedAt: textAt(duration, "finishedAt"),
    status: textAt(duration, "completionStatus"),
    pausedSeconds: numberAt(duration, "totalManualPauseDurationSeconds"),
  };
}

function figuresOf(attempt: Attempt, endedAt: string, status: string): AttemptFigures | undefined {
  const startedAtMs = parseTime(attempt.startedAt);
  const endedAtMs = parseTime(endedAt);
  if (startedAtMs === undefined || endedAtMs === undefined) return undefined;
  return {
    status,
    totalSeconds: Math.max(0, (endedAtMs - startedAtMs) / 1000),
    manualPauseSeconds: attempt.pausedSeconds,
  };
}

/** The attempt at an update that ended between two states of a Rollout, if one did. */
export function attemptEnded(before: JsonObject, after: JsonObject): AttemptFigures | undefined {
  const [old, now] = [attemptOf(before), attemptOf(after)];
  if (old.startedAt === "" || old.finishedAt !== "") return undefined;
  if (now.startedAt !== old.startedAt)
    return now.startedAt === "" ? undefined : figuresOf(old, now.startedAt, "Superseded");
  return now.finishedAt === "" ? undefined : figuresOf(now, now.finishedAt, now.status);
}
