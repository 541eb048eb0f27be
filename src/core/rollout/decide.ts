import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { EpochMs } from "../../lib/time.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { asJson } from "../replicas/as-json.ts";
import { notCompletedEvent, refreshOfNew, rolloutEffects, turningEvents } from "./announce.ts";
import { conductBlueGreen } from "./blue-green.ts";
import { conductCanary } from "./canary.ts";
import { claimEffects } from "./claims.ts";
import { clearAway } from "./clear-away.ts";
import { isHealthy } from "./conditions/all-conditions.ts";
import { conditionOf, setCondition, type Conditions } from "./conditions/condition-list.ts";
import { withInvalidSpec } from "./conditions/invalid-spec.ts";
import { factsOf } from "./context.ts";
import type { Facts } from "./context.ts";
import { countersOf } from "./counters.ts";
import type { Counters } from "./counters.ts";
import type { Decision, Effect, LookAgain, RolloutEvent } from "./decision.ts";
import { ephemeralMetadata } from "./ephemeral-metadata.ts";
import type { ObservedRollout } from "./observed.ts";
import type { StrategyOutcome } from "./outcome.ts";
import { phaseOf } from "./phase.ts";
import { deadlineMs } from "./progress.ts";
import { conductRecreate } from "./recreate.ts";
import { creationEffects, replicaSetEffects } from "./replica-set-changes.ts";
import { restartPods } from "./restart.ts";
import { conductRollingUpdate } from "./rolling-update.ts";
import { statusAfter } from "./status.ts";
import { scaleWorkload } from "./workload-ref.ts";

/** A wrong spec is said, and nothing else is touched: what runs and how traffic flows stays as it is (§1.12). */
function decideInvalid(observed: ObservedRollout, error: string, now: EpochMs): Decision {
  const { rollout } = observed;
  const { status, metadata, spec } = rollout;
  const conditions = withInvalidSpec(status.conditions ?? [], metadata.name, error, now);
  const observedGeneration = String(metadata.generation ?? 0);
  const { message: _old, ...kept } = status;
  const next = { ...kept, conditions, observedGeneration };
  const view = phaseOf({
    n: spec.replicas ?? 1,
    isPaused: spec.paused,
    restartAt: undefined,
    strategy: spec.strategy.kind === "blueGreen" ? "blueGreen" : "canary",
    isRouted: false,
    hasPostPromotionAnalysis: false,
    held: undefined,
    status: next,
  });
  const isNews = conditions !== status.conditions;
  const effects = isNews ? invalidEvent(conditions, observedGeneration) : [];
  return { status: { ...next, ...view }, effects, next: undefined };
}

/** Told once for each error of a generation, to the one object that has it. */
function invalidEvent(conditions: Conditions, generation: string): readonly Effect[] {
  const message = conditionOf(conditions, "InvalidSpec")?.message;
  if (message === undefined) return [];
  const event = { type: "Warning", reason: "InvalidSpec", message, cause: generation } as const;
  return [{ kind: "event", event }];
}

function conduct(facts: Facts): StrategyOutcome {
  const { strategy } = facts.spec;
  switch (strategy.kind) {
    case "canary":
      return conductCanary(facts, strategy);
    case "blueGreen":
      return conductBlueGreen(facts, strategy);
    case "rollingUpdate":
      return conductRollingUpdate(facts, strategy);
    case "recreate":
      return conductRecreate(facts, strategy);
  }
}

function asEffects(events: readonly RolloutEvent[]): readonly Effect[] {
  return events.map((event) => ({ kind: "event", event }));
}

/** When the progress deadline is over, if anything is still to come and nobody is being waited for. */
function deadlineToWatch(
  facts: Facts,
  outcome: StrategyOutcome,
  counters: Counters,
): readonly LookAgain[] {
  const { course } = outcome;
  const isResting = course.isAborted || course.pauseConditions.length > 0 || facts.spec.paused;
  if (isResting || isHealthy(facts, outcome, counters)) return [];
  const endsAtMs = deadlineMs(facts, outcome.isInIndefiniteStep);
  const atMs = (endsAtMs ?? facts.now + facts.spec.progressDeadlineSeconds * 1000) + 1000;
  return atMs <= facts.now ? [] : [{ atMs, why: outcome.why ?? "the progress deadline is over" }];
}

function earliest(moments: readonly LookAgain[]): LookAgain | undefined {
  return [...moments].sort((a, b) => a.atMs - b.atMs)[0];
}

/** First it has to be clear what is ours: everything else is decided on that, in the next pass. */
function decideClaims({ before, now }: Facts, effects: readonly Effect[]): Decision {
  return { status: before, effects, next: { atMs: now, why: "ReplicaSets have changed hands" } };
}

/** Another ReplicaSet has the name ours would get: another name is tried in the next pass (§2.1 step 6). */
function decideCollision(facts: Facts): Decision {
  const { before, newRs, now, collisionCount } = facts;
  const message = `Failed to create new replica set "${newRs.metadata.name}": a ReplicaSet of that name belongs to somebody else`;
  const reason = "ReplicaSetCreateError";
  const state = { type: "Progressing", status: "False", reason, message } as const;
  const conditions = setCondition(before.conditions ?? [], state, now);
  const cause = `${newRs.metadata.name}/collision`;
  const event: RolloutEvent = { type: "Warning", reason, message, cause };
  const status = {
    ...before,
    conditions,
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
  return {
    status,
    effects: [{ kind: "event", event }],
    next: { atMs: now, why: "another name is tried" },
  };
}

/** The status as it may be written before the actions: it claims no traffic they have yet to move. */
function recordedTurn(facts: Facts, outcome: StrategyOutcome, counters: Counters): Effect {
  const { weights, groundwork } = outcome;
  const before = facts.before.canary?.weights;
  // That they are served by now is no move of theirs.
  const moved = { ...before, verified: weights?.verified };
  const isMoving = !deepEqual(asJson({ weights }), asJson({ weights: before && moved }));
  const standing =
    isMoving && groundwork.length === 0 && before !== undefined
      ? { ...outcome, weights: { ...before, verified: false } }
      : outcome;
  return { kind: "recordTurn", status: statusAfter(facts, standing, counters) };
}

/**
 * A question is asked under the name the status gives it, written down before: whoever finds the run
 * or the experiment there, whatever its answer by then, knows whose it is.
 */
function namedBeforeAsked(actions: readonly Effect[], status: RolloutStatus): readonly Effect[] {
  const first = actions.findIndex(
    ({ kind }) => kind === "createAnalysisRun" || kind === "createExperiment",
  );
  if (first < 0) return actions;
  return [...actions.slice(0, first), { kind: "recordTurn", status }, ...actions.slice(first)];
}

/**
 * What should happen next to one Rollout. Level-triggered: the same observation and time give the
 * same decision, and once it has been carried out and nothing else has changed, no effects are left.
 *
 * Flow: facts (context.ts) → the strategy's outcome → one write per object → status. Effects are in
 * the order they have to be carried out; if one fails, the status must not be written. A turn (a step
 * done, a version called stable, a question to be asked) is recorded among them, before what follows from it.
 */
export function decide(observed: ObservedRollout, now: EpochMs): Decision {
  if (observed.invalid !== undefined) return decideInvalid(observed, observed.invalid, now);
  const facts = factsOf(observed, now);
  const claims = claimEffects(observed, facts.selector, facts.owner);
  if (claims.length > 0) return decideClaims(facts, claims);
  if (facts.hasCollision) return decideCollision(facts);
  const conducted = conduct(facts);
  const restart = restartPods(facts, conducted.course);
  const outcome: StrategyOutcome = { ...conducted, course: restart.course };
  const { course } = outcome;
  const counters = countersOf(facts, outcome.selectors?.active);
  const ephemeral = ephemeralMetadata(facts, course);
  const changes = [refreshOfNew(facts), ...ephemeral.changes, ...outcome.changes];
  const creation = creationEffects(facts, course, changes);
  const story: readonly Effect[] = [
    ...creation.announced,
    ...outcome.groundwork,
    ...asEffects(notCompletedEvent(facts, outcome)),
    ...creation.scaled,
    ...asEffects([...outcome.story, ...turningEvents(facts, outcome)]),
  ];
  const opening: readonly Effect[] = outcome.hasTurned
    ? [...story, recordedTurn(facts, outcome, counters), ...creation.writes]
    : [...creation.writes, ...story];
  const status = statusAfter(facts, outcome, counters);
  const effects: readonly Effect[] = [
    ...rolloutEffects(facts, course),
    ...opening,
    ...(outcome.hasTurned ? outcome.actions : namedBeforeAsked(outcome.actions, status)),
    ...replicaSetEffects(facts, course, changes),
    ...ephemeral.effects,
    ...restart.effects,
    ...scaleWorkload(facts, course, isHealthy(facts, outcome, counters), changes),
    ...clearAway(facts, course),
  ];
  const isSame = deepEqual(asJson(status), asJson(facts.before));
  const moments = [
    ...outcome.lookAgain,
    ...restart.lookAgain,
    ...deadlineToWatch(facts, outcome, counters),
  ];
  return { status: isSame ? facts.before : status, effects, next: earliest(moments) };
}
