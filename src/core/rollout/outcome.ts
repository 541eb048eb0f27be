import type { TrafficWeights } from "../../api/argo/rollout-status.ts";
import type { Course } from "./course.ts";
import type { Effect, LookAgain, RolloutEvent } from "./decision.ts";
import type { ReplicaSetChange } from "./replica-set-changes.ts";

/** What a strategy has come to; decide.ts turns it into a status and a list of effects. */
export interface StrategyOutcome {
  readonly course: Course;
  /** Effects the story rests on: carried out before it is told. */
  readonly groundwork: readonly Effect[];
  /** Steps were completed, or the version was called stable: recorded before the actions. */
  readonly hasTurned: boolean;
  /** What happened, in the order people expect it. */
  readonly story: readonly RolloutEvent[];
  /** What follows from it. */
  readonly actions: readonly Effect[];
  readonly changes: readonly ReplicaSetChange[];
  readonly lookAgain: readonly LookAgain[];
  readonly weights: TrafficWeights | undefined;
  /** Only of blue-green: the hashes its Services select after this pass. */
  readonly selectors: { readonly active: string; readonly preview: string } | undefined;
  /** The version was not complete when this pass began, whatever it is at its end. */
  readonly wasIncomplete: boolean;
  /** What is being waited for, for people. */
  readonly why: string | undefined;
  /** Everything the strategy wants done is done. */
  readonly isStrategyDone: boolean;
  readonly isAvailable: boolean;
  /** Waiting for a person or a verdict: the progress deadline does not run (§2.11). */
  readonly isInIndefiniteStep: boolean;
}
