// spec.strategy: which of canary, blueGreen, rollingUpdate and recreate, with defaults filled in.
import type { FieldPath } from "../../meta/field-path.ts";
import type { ObjectMeta } from "../../meta/object.ts";
import type { IntOrString } from "../../kubernetes/pod.ts";
import type {
  AntiAffinityManifest,
  BlueGreenManifest,
  CanaryManifest,
  StrategyManifest,
} from "../../schema/rollout-strategy.ts";
import type { Json } from "../../../lib/json.ts";
import { strategyAnnotation } from "../keys.ts";
import type {
  AntiAffinity,
  BlueGreenStrategy,
  CanaryStrategy,
  RecreateStrategy,
  ReplicaProgressThreshold,
  RollingUpdateStrategy,
  Strategy,
} from "../rollout.ts";
import { backgroundAnalysisOf, rolloutAnalysisOf } from "./analysis.ts";
import { shareOf } from "./duration.ts";
import { guardOf } from "./guard.ts";
import type { Problem } from "./problem.ts";
import { stepsOf } from "./steps.ts";
import { trafficRoutingOf } from "./traffic-routing.ts";

const defaultShare = "25%";

interface Read<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

function readShare(value: IntOrString | undefined, path: FieldPath): Read<IntOrString> {
  if (value === undefined) return { value: defaultShare, problems: [] };
  const share = shareOf(value);
  if (share !== undefined) return { value: share, problems: [] };
  const message = `must be a whole number or a percentage such as 25%, but is "${value}"`;
  return { value: defaultShare, problems: [{ path, message }] };
}

function antiAffinityOf(antiAffinity: AntiAffinityManifest | undefined): AntiAffinity | undefined {
  const preferred = antiAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
  if (preferred) return { kind: "preferred", weight: preferred.weight };
  return antiAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ? { kind: "required" }
    : undefined;
}

function thresholdOf(
  threshold: CanaryManifest["replicaProgressThreshold"],
  path: FieldPath,
): Read<ReplicaProgressThreshold | undefined> {
  if (threshold === undefined) return { value: undefined, problems: [] };
  const { type, value } = threshold;
  if (type === "Percent" || type === "Pods") return { value: { type, value }, problems: [] };
  const message = `must be Percent or Pods, but is "${type}"`;
  return { value: undefined, problems: [{ path: [...path, "type"], message }] };
}

function canaryOf(
  canary: CanaryManifest,
  stepsAsWritten: Json | undefined,
  path: FieldPath,
): Read<CanaryStrategy> {
  const surge = readShare(canary.maxSurge, [...path, "maxSurge"]);
  const unavailable = readShare(canary.maxUnavailable, [...path, "maxUnavailable"]);
  const steps = stepsOf(canary.steps ?? [], [...path, "steps"]);
  const threshold = thresholdOf(canary.replicaProgressThreshold, [
    ...path,
    "replicaProgressThreshold",
  ]);
  const value: CanaryStrategy = {
    kind: "canary",
    canaryService: nameOf(canary.canaryService),
    stableService: nameOf(canary.stableService),
    steps: steps.steps,
    stepsAsWritten,
    maxSurge: surge.value,
    maxUnavailable: unavailable.value,
    trafficRouting: canary.trafficRouting && trafficRoutingOf(canary.trafficRouting),
    analysis: canary.analysis && backgroundAnalysisOf(canary.analysis),
    guard: [],
    dynamicStableScale: canary.dynamicStableScale ?? false,
    pingPong: canary.pingPong,
    minPodsPerReplicaSet: canary.minPodsPerReplicaSet,
    replicaProgressThreshold: threshold.value,
    stableMetadata: canary.stableMetadata,
    canaryMetadata: canary.canaryMetadata,
    ...delaysOf(canary),
  };
  const problems = [surge, unavailable, steps, threshold].flatMap((part) => part.problems);
  return { value, problems };
}

/** An empty name is no name: Go cannot tell them apart either. */
function nameOf(name: string | undefined): string | undefined {
  return name === "" ? undefined : name;
}

function delaysOf(strategy: CanaryManifest | BlueGreenManifest) {
  return {
    antiAffinity: antiAffinityOf(strategy.antiAffinity),
    scaleDownDelaySeconds: strategy.scaleDownDelaySeconds,
    scaleDownDelayRevisionLimit: strategy.scaleDownDelayRevisionLimit,
    abortScaleDownDelaySeconds: strategy.abortScaleDownDelaySeconds,
  };
}

function blueGreenOf(blueGreen: BlueGreenManifest, path: FieldPath): Read<BlueGreenStrategy> {
  const unavailable = readShare(blueGreen.maxUnavailable, [...path, "maxUnavailable"]);
  const { prePromotionAnalysis, postPromotionAnalysis } = blueGreen;
  const value: BlueGreenStrategy = {
    kind: "blueGreen",
    activeService: blueGreen.activeService,
    previewService: nameOf(blueGreen.previewService),
    previewReplicaCount: blueGreen.previewReplicaCount,
    autoPromotionEnabled: blueGreen.autoPromotionEnabled ?? true,
    autoPromotionSeconds: blueGreen.autoPromotionSeconds ?? 0,
    prePromotionAnalysis: prePromotionAnalysis && rolloutAnalysisOf(prePromotionAnalysis),
    postPromotionAnalysis: postPromotionAnalysis && rolloutAnalysisOf(postPromotionAnalysis),
    maxUnavailable: unavailable.value,
    stableMetadata: blueGreen.activeMetadata,
    canaryMetadata: blueGreen.previewMetadata,
    ...delaysOf(blueGreen),
  };
  return { value, problems: unavailable.problems };
}

const bare = {
  stableMetadata: undefined,
  canaryMetadata: undefined,
  antiAffinity: undefined,
  scaleDownDelaySeconds: undefined,
  scaleDownDelayRevisionLimit: undefined,
  abortScaleDownDelaySeconds: undefined,
};

type Shares = { readonly maxSurge?: IntOrString; readonly maxUnavailable?: IntOrString };

function rollingUpdateOf(shares: Shares, path: FieldPath): Read<RollingUpdateStrategy> {
  const surge = readShare(shares.maxSurge, [...path, "maxSurge"]);
  const unavailable = readShare(shares.maxUnavailable, [...path, "maxUnavailable"]);
  return {
    value: {
      kind: "rollingUpdate",
      maxSurge: surge.value,
      maxUnavailable: unavailable.value,
      ...bare,
    },
    problems: [...surge.problems, ...unavailable.problems],
  };
}

const recreate: RecreateStrategy = { kind: "recreate", maxUnavailable: defaultShare, ...bare };

/** The strategies that an annotation can ask for. */
export const annotatedStrategies = ["rollingUpdate", "recreate"] as const;

/**
 * The strategy named by the annotation haldane.dev/strategy: for clusters whose CRD would drop
 * `strategy.rollingUpdate` and `strategy.recreate`. A word it does not know is "unknown".
 */
export function annotatedStrategyOf(
  metadata: Pick<ObjectMeta, "annotations">,
): (typeof annotatedStrategies)[number] | "unknown" | undefined {
  const word = metadata.annotations?.[strategyAnnotation];
  if (word === undefined) return undefined;
  return annotatedStrategies.find((known) => known === word) ?? "unknown";
}

/** With the annotation, `canary` may stay to say maxSurge and maxUnavailable, which Argo's CRD keeps. */
function annotated(
  kind: "rollingUpdate" | "recreate",
  strategy: StrategyManifest,
  path: FieldPath,
): Read<Strategy> {
  if (kind === "recreate") return { value: recreate, problems: [] };
  const { rollingUpdate, canary } = strategy;
  if (rollingUpdate) return rollingUpdateOf(rollingUpdate, [...path, "rollingUpdate"]);
  return rollingUpdateOf(canary ?? {}, [...path, "canary"]);
}

/** The strategy with its guard, or with the problem that there is nothing to guard. */
function guarded(read: Read<Strategy>, metadata: Pick<ObjectMeta, "annotations">): Read<Strategy> {
  const { value, problems } = read;
  const hasSteps = value.kind === "canary" && value.steps.length > 0;
  const guard = guardOf(metadata, hasSteps);
  const { source } = guard;
  const own = { guard: guard.value, ...(source === undefined ? {} : { guardSource: source }) };
  return {
    value: value.kind === "canary" ? { ...value, ...own } : value,
    problems: [...problems, ...guard.problems],
  };
}

export function strategyOf(
  strategy: StrategyManifest,
  metadata: Pick<ObjectMeta, "annotations">,
  stepsAsWritten: Json | undefined,
): Read<Strategy> {
  return guarded(unguardedStrategyOf(strategy, metadata, stepsAsWritten), metadata);
}

/**
 * Of several strategies (which validation forbids) the first of blueGreen, canary, rollingUpdate,
 * recreate counts; of none, a canary without steps. Both are reported.
 */
function unguardedStrategyOf(
  strategy: StrategyManifest,
  metadata: Pick<ObjectMeta, "annotations">,
  stepsAsWritten: Json | undefined,
): Read<Strategy> {
  const path = ["spec", "strategy"];
  const word = annotatedStrategyOf(metadata);
  if (word === "rollingUpdate" || word === "recreate") return annotated(word, strategy, path);
  if (strategy.blueGreen) return blueGreenOf(strategy.blueGreen, [...path, "blueGreen"]);
  if (strategy.canary) return canaryOf(strategy.canary, stepsAsWritten, [...path, "canary"]);
  if (strategy.rollingUpdate)
    return rollingUpdateOf(strategy.rollingUpdate, [...path, "rollingUpdate"]);
  if (strategy.recreate) return { value: recreate, problems: [] };
  const message = "must have one of canary, blueGreen, rollingUpdate, recreate";
  const { value } = canaryOf({}, undefined, path);
  return { value, problems: [{ path, message }] };
}
