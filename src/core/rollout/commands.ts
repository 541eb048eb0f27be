import { judgeAnewAnnotation, podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { isJsonArray, isJsonObject } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { formatTime } from "../../lib/time.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { StringMap } from "../../api/meta/object.ts";
import { hasAntiAffinity, withoutAntiAffinity } from "../replicas/anti-affinity.ts";
import { asJson } from "../replicas/as-json.ts";
import { injectedOf } from "../replicas/ephemeral-template.ts";
import { templatesEqual } from "../replicas/pod-template-equal.ts";
import { revisionOf } from "../replicas/replica-set.ts";

// What people ask of a rollout, as patches on the stored object (argo-rollouts.md §1.13,
// argo-kubectl-plugin.md §2.1–2.3). The controller sees only their result.

/** Merge patches in the order they are to be sent; none means there is nothing to change. */
export interface CommandPatches {
  /** To the status subresource (to the main resource where there is none). */
  readonly status: JsonObject | undefined;
  /** To the main resource. */
  readonly main: JsonObject | undefined;
}

const nothing: CommandPatches = { status: undefined, main: undefined };

function statusPatch(status: JsonObject): CommandPatches {
  return { ...nothing, status: { status } };
}

function specPatch(spec: JsonObject): CommandPatches {
  return { ...nothing, main: { spec } };
}

function at(parent: Json | undefined, ...keys: readonly string[]): Json | undefined {
  let value: Json | undefined = parent;
  for (const key of keys) value = isJsonObject(value) ? value[key] : undefined;
  return value;
}

function canarySteps(manifest: JsonObject): readonly Json[] {
  const steps = at(manifest, "spec", "strategy", "canary", "steps");
  return isJsonArray(steps) ? steps : [];
}

function nextStepIndex(manifest: JsonObject): number {
  const index = at(manifest, "status", "currentStepIndex");
  return Math.min((typeof index === "number" ? index : 0) + 1, canarySteps(manifest).length);
}

function promoteStatus(manifest: JsonObject): JsonObject | undefined {
  const pauses = at(manifest, "status", "pauseConditions");
  const isPaused = isJsonArray(pauses) && pauses.length > 0;
  const stepRun = at(manifest, "status", "canary", "currentStepAnalysisRunStatus", "status");
  const isHeldByUs = isPaused && at(manifest, "status", "controllerPause") === true;
  if (isHeldByUs && stepRun === "Inconclusive") {
    return {
      pauseConditions: null,
      controllerPause: false,
      currentStepIndex: nextStepIndex(manifest),
    };
  }
  if (isPaused) return { pauseConditions: null };
  if (canarySteps(manifest).length === 0) return undefined;
  return { pauseConditions: null, currentStepIndex: nextStepIndex(manifest) };
}

function unpause(manifest: JsonObject): JsonObject | undefined {
  return at(manifest, "spec", "paused") === true ? { spec: { paused: false } } : undefined;
}

/** On from where it stands: past a pause, past an inconclusive verdict, or past the current step. */
export function promote(manifest: JsonObject): CommandPatches {
  const status = promoteStatus(manifest);
  return { status: status === undefined ? undefined : { status }, main: unpause(manifest) };
}

/** Straight to the new version, without steps, pauses and analysis. */
export function promoteFull(manifest: JsonObject): CommandPatches {
  const isStable = at(manifest, "status", "currentPodHash") === at(manifest, "status", "stableRS");
  const status = isStable ? undefined : { status: { promoteFull: true } };
  return { status, main: unpause(manifest) };
}

export type CommandResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** promote -c and -a (deprecated): the next step, or past all of them. */
export function skipSteps(
  manifest: JsonObject,
  which: "current" | "all",
): CommandResult<CommandPatches> {
  if (isJsonObject(at(manifest, "spec", "strategy", "blueGreen"))) {
    return { ok: false, message: "Cannot skip steps of a bluegreen rollout. Run without a flags" };
  }
  const { length } = canarySteps(manifest);
  if (length === 0) return { ok: false, message: "Cannot skip steps of a rollout without steps" };
  const currentStepIndex = which === "all" ? length : nextStepIndex(manifest);
  return { ok: true, value: statusPatch({ currentStepIndex }) };
}

/** Back to the stable version, now. */
export function abort(): CommandPatches {
  return statusPatch({ abort: true });
}

/** Once more from the first step, after an abort. */
export function retry(): CommandPatches {
  return statusPatch({ abort: false });
}

/** What was learned of the revision before `nowMs` is not gone on from; to be sent before the retry. */
export function judgeAnew(nowMs: EpochMs): CommandPatches {
  const annotations = { [judgeAnewAnnotation]: formatTime(nowMs) };
  return { ...nothing, main: { metadata: { annotations } } };
}

export function pause(): CommandPatches {
  return specPatch({ paused: true });
}

/** Replaces all pods older than `at` once that moment has come. */
export function restart(restartAtMs: EpochMs): CommandPatches {
  return specPatch({ restartAt: formatTime(restartAtMs) });
}

/** Ends an AnalysisRun or Experiment. */
export function terminate(): CommandPatches {
  return specPatch({ terminate: true });
}

/** Starts an Experiment anew. */
export function retryExperiment(): CommandPatches {
  return { ...nothing, main: { status: null } };
}

export type Undo =
  | {
      readonly kind: "replaceTemplate";
      readonly jsonPatch: readonly JsonObject[];
      readonly revision: number;
    }
  /** The rollout has that template already. */
  | { readonly kind: "alreadyThere" };

function without(map: StringMap | undefined, injected: StringMap): StringMap {
  return Object.fromEntries(
    Object.entries(map ?? {}).filter(([key]) => injected[key] === undefined),
  );
}

/** The pod template as it was written: without the hash label and what was injected for a role. */
function asWritten(rs: ReplicaSet): JsonObject {
  const { metadata, spec } = rs.spec.template;
  const injected = injectedOf(rs.metadata.annotations);
  const labels = without(metadata?.labels, { ...injected.labels, [podTemplateHashLabel]: "" });
  const annotations = without(metadata?.annotations, injected.annotations);
  const { annotations: _live, ...rest } = metadata ?? {};
  const kept = Object.keys(annotations).length > 0 ? { annotations } : {};
  const live = asJson({ metadata: { ...rest, labels, ...kept }, spec }) as JsonObject;
  const liveSpec = live["spec"] as JsonObject;
  return hasAntiAffinity(liveSpec) ? { ...live, spec: withoutAntiAffinity(liveSpec) } : live;
}

/** 0 = the revision before the newest. */
function chosen(owned: readonly ReplicaSet[], toRevision: number): ReplicaSet | undefined {
  if (toRevision !== 0) return owned.find((rs) => revisionOf(rs) === toRevision);
  return [...owned].sort((a, b) => revisionOf(b) - revisionOf(a))[1];
}

/**
 * To the pod template of an older revision. `template` is the current one of the Rollout or of the
 * object behind workloadRef, which is also what the JSON patch is for; `owned` are the ReplicaSets
 * controlled by the Rollout.
 */
export function undo(
  rolloutName: string,
  template: Json | undefined,
  owned: readonly ReplicaSet[],
  toRevision: number,
): CommandResult<Undo> {
  const target = chosen(owned, toRevision);
  if (target === undefined) {
    const message =
      toRevision !== 0
        ? `unable to find specified revision ${String(toRevision)} in history`
        : `no revision found for rollout "${rolloutName}"`;
    return { ok: false, message };
  }
  const value = asWritten(target);
  // The ReplicaSet's is filled in by the API server, the Rollout's is as somebody has written it.
  if (template !== undefined && templatesEqual(value, template))
    return { ok: true, value: { kind: "alreadyThere" } };
  const jsonPatch = [{ op: "replace", path: "/spec/template", value }];
  return { ok: true, value: { kind: "replaceTemplate", jsonPatch, revision: revisionOf(target) } };
}

const containerLists = ["initContainers", "containers", "ephemeralContainers"] as const;

/**
 * The object with another image in every container of that name (`*` = all). Works on a Rollout or
 * on the Deployment behind its workloadRef; nothing else in the object changes.
 */
export function setImage(
  object: JsonObject,
  container: string,
  image: string,
): CommandResult<JsonObject> {
  const podSpec = at(object, "spec", "template", "spec");
  const { spec } = object;
  const template = at(object, "spec", "template");
  let hits = 0;
  const withImage = (entry: Json): Json => {
    if (!isJsonObject(entry) || (container !== "*" && entry["name"] !== container)) return entry;
    hits += 1;
    return { ...entry, image };
  };
  const lists = containerLists.flatMap((key) => {
    const list = at(podSpec, key);
    return isJsonArray(list) ? [[key, list.map(withImage)] as const] : [];
  });
  const isComplete = isJsonObject(spec) && isJsonObject(template) && isJsonObject(podSpec);
  if (hits === 0 || !isComplete) {
    return { ok: false, message: `unable to find container named "${container}"` };
  }
  const changed = { ...podSpec, ...Object.fromEntries(lists) };
  return {
    ok: true,
    value: { ...object, spec: { ...spec, template: { ...template, spec: changed } } },
  };
}
