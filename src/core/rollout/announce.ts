import { revisionAnnotation } from "../../api/argo/keys.ts";
import type { JsonObject } from "../../lib/json.ts";
import { refreshedAnnotations } from "../replicas/new-replica-set.ts";
import type { Facts } from "./context.ts";
import { rolloutEvent } from "./course.ts";
import type { Course } from "./course.ts";
import { conditionOf } from "./conditions/condition-list.ts";
import { abortedState } from "./conditions/progressing.ts";
import type { Effect, RolloutEvent } from "./decision.ts";
import type { StrategyOutcome } from "./outcome.ts";
import type { ReplicaSetChange } from "./replica-set-changes.ts";
import { workloadGeneration } from "./workload-generation.ts";

// What a pass tells besides the strategy's own story: revisions, completion, pauses, aborts (§1.8).

/**
 * What is to be written on the Rollout itself: the default size, for autoscalers, its revision, and the
 * generation of its workload.
 */
export function rolloutEffects(facts: Facts, course: Course): readonly Effect[] {
  const revision = String(facts.revision);
  const stored = facts.observed.rollout.metadata.annotations ?? {};
  const wanted = { ...workloadGeneration(facts.observed), [revisionAnnotation]: revision };
  const annotations = Object.entries(wanted).filter(([key, value]) => stored[key] !== value);
  const isNewRevision = stored[revisionAnnotation] !== revision;
  const metadata: JsonObject = { annotations: Object.fromEntries(annotations) };
  const patch: JsonObject = {
    ...(annotations.length > 0 ? { metadata } : {}),
    ...(facts.spec.replicas === undefined ? { spec: { replicas: 1 } } : {}),
  };
  if (Object.keys(patch).length === 0) return [];
  const why = [
    ...annotations.map(([key, value]) => `${key} ${value}`),
    ...(facts.spec.replicas === undefined ? ["spec.replicas defaults to 1"] : []),
  ];
  const write: Effect = { kind: "patchRollout", patch, why: why.join(", ") };
  if (!isNewRevision) return [write];
  const message = `Rollout updated to revision ${revision}`;
  const event = rolloutEvent(facts, course, "RolloutUpdated", message, "updated");
  return [write, { kind: "event", event }];
}

/** An existing ReplicaSet of the current template is kept like a new one would be made (§2.1 step 7). */
export function refreshOfNew(facts: Facts): ReplicaSetChange {
  const { newRs, rollout, spec } = facts;
  return {
    name: newRs.metadata.name,
    minReadySeconds: spec.minReadySeconds,
    annotations: refreshedAnnotations(newRs, rollout.metadata.annotations, facts.revision),
  };
}

/** Told once, when an update begins. Blue-green's first version is promoted before it could be. */
export function notCompletedEvent(facts: Facts, outcome: StrategyOutcome): readonly RolloutEvent[] {
  const before = conditionOf(facts.before.conditions ?? [], "Completed");
  if (!outcome.wasIncomplete || before?.status === "False") return [];
  const hasGoneOn = facts.before.currentPodHash === facts.newHash && before !== undefined;
  if (hasGoneOn && outcome.course.stableHash === facts.newHash) return [];
  const message = `Rollout not completed, started update to revision ${String(facts.revision)} (${facts.newHash})`;
  return [rolloutEvent(facts, outcome.course, "RolloutNotCompleted", message, "started")];
}

/** The runs that could not decide: a step may be paused for several of them, one after the other. */
function undecided({ stepRun, backgroundRun, prePromotionRun, postPromotionRun }: Course): string {
  const runs = [stepRun, backgroundRun, prePromotionRun, postPromotionRun];
  return runs.flatMap((run) => (run?.status === "Inconclusive" ? [run.name] : [])).join(" ");
}

/** Beside another pause, only a verdict nobody could give is news: the message shows the first reason alone. */
function pausedEvent(facts: Facts, course: Course): RolloutEvent | undefined {
  const had = (facts.before.pauseConditions ?? []).map(({ reason }) => reason);
  const first = course.pauseConditions.find(
    ({ reason }) =>
      !had.includes(reason) && (had.length === 0 || reason.startsWith("Inconclusive")),
  );
  if (first === undefined) return undefined;
  // Without the time: a pass that is repeated after a crash begins the same pause a little later.
  const occasion = `${String(course.stepIndex ?? "")}/paused ${first.reason} ${undecided(course)}`;
  return rolloutEvent(
    facts,
    course,
    "RolloutPaused",
    `Rollout is paused (${first.reason})`,
    occasion,
  );
}

function abortedEvent(facts: Facts, course: Course): RolloutEvent | undefined {
  const progressing = conditionOf(facts.before.conditions ?? [], "Progressing");
  if (!course.isAborted || progressing?.reason === "RolloutAborted") return undefined;
  const { message } = abortedState({ facts, course });
  return rolloutEvent(
    facts,
    course,
    "RolloutAborted",
    message,
    `aborted ${course.abortMessage ?? ""}`,
  );
}

function resumedEvent(facts: Facts, course: Course): RolloutEvent | undefined {
  const isStillHeld = course.pauseConditions.length > 0 || course.isAborted;
  if (!hadPauses(facts) || isStillHeld) return undefined;
  const since = facts.before.pauseConditions?.[0]?.startTime ?? "";
  // Without the step: a repeated pass may get further than the first one did.
  const occasion = `resumed since ${since}`;
  return rolloutEvent(facts, course, "RolloutResumed", "Rollout is resumed", occasion);
}

function hadPauses(facts: Facts): boolean {
  return (facts.before.pauseConditions ?? []).length > 0;
}

/** RolloutPaused and RolloutResumed follow the pause conditions between two statuses; RolloutAborted the abort. */
export function turningEvents(facts: Facts, { course }: StrategyOutcome): readonly RolloutEvent[] {
  const events = [pausedEvent, abortedEvent, resumedEvent].map((tell) => tell(facts, course));
  return events.filter((event) => event !== undefined);
}
