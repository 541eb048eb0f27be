import { formatTime } from "../../lib/time.ts";
import type { Facts } from "./context.ts";
import { withoutAnyPause } from "./course.ts";
import type { Course } from "./course.ts";

/** Back to stable, whoever decided it. Pauses end, steps start over if it is retried (§2.10). */
export function abortWith(course: Course, message: string | undefined, facts: Facts): Course {
  return {
    ...withoutAnyPause(course),
    isAborted: true,
    abortMessage: message,
    abortedAt: course.abortedAt ?? formatTime(facts.now),
    stepIndex: course.stepIndex === undefined ? undefined : 0,
    stepRun: undefined,
    backgroundRun: undefined,
    experiment: undefined,
  };
}

/** What a user's (or an earlier) abort means for this pass. */
export function settleAbort(course: Course, facts: Facts): Course {
  const isStable = course.stableHash !== "" && course.stableHash === facts.newHash;
  if (course.isAborted && !isStable) return abortWith(course, undefined, facts);
  if (course.isAborted) return { ...course, isAborted: false, abortedAt: undefined };
  return course.abortedAt === undefined ? course : retried(course);
}

/** A new attempt is judged anew: the verdicts that ended the last one are history. */
function retried(course: Course): Course {
  return {
    ...course,
    abortedAt: undefined,
    isNewAttempt: true,
    stepRun: undefined,
    backgroundRun: undefined,
    prePromotionRun: undefined,
    postPromotionRun: undefined,
    experiment: undefined,
  };
}
