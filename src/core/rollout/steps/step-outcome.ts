import type { CanaryStep } from "../../../api/argo/rollout.ts";
import type { PauseReason } from "../../../api/argo/rollout-status.ts";
import type { LookAgain } from "../decision.ts";
import type { Canary } from "../canary-view.ts";
import type { TrafficDecision } from "../canary-traffic.ts";
import type { Course } from "../course.ts";

/** What a step says about itself, given what is observed now. */
export type StepOutcome =
  | { readonly kind: "complete" }
  | {
      readonly kind: "waiting";
      readonly why: string;
      readonly lookAgain?: LookAgain;
      /** Something unusual holds it: the message says so. */
      readonly isHeld?: boolean;
    }
  /** Nobody here can do it: only a person gets it on, and has to be told so. */
  | { readonly kind: "stuck"; readonly why: string }
  | {
      readonly kind: "pause";
      readonly reason: PauseReason;
      readonly lookAgain?: LookAgain;
      /** What the pause waits for, shown with its reason. */
      readonly text?: string;
      /** It waits longer than it was meant to: said once, as a warning. */
      readonly isOverdue?: boolean;
    }
  | { readonly kind: "abort"; readonly message: string };

export interface AtStep {
  readonly canary: Canary;
  readonly course: Course;
  readonly stepIndex: number;
  readonly traffic: TrafficDecision;
}

/** One answer per kind of step; a new kind is a compile error until it has one. */
export type StepHandlers = {
  readonly [K in CanaryStep["kind"]]: (
    step: Extract<CanaryStep, { readonly kind: K }>,
    at: AtStep,
  ) => StepOutcome;
};

export const complete: StepOutcome = { kind: "complete" };
