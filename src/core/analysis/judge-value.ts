import { evaluateCondition } from "../../lib/expr/expr.ts";
import type { ExprInput } from "../../lib/expr/expr.ts";
import type { EpochMs } from "../../lib/time.ts";

export type ValuePhase = "Successful" | "Failed" | "Inconclusive" | "Error";

export interface ValueToJudge {
  /** Absent and empty both mean: no such condition. Arguments have been substituted already. */
  readonly successCondition?: string | undefined;
  readonly failureCondition?: string | undefined;
  readonly result: ExprInput;
  readonly now: EpochMs;
}
export interface ValueJudgement {
  readonly phase: ValuePhase;
  /** Set for Error only. */
  readonly message?: string;
}

type Named = "successCondition" | "failureCondition";
type Verdict = { readonly holds: boolean | undefined } | { readonly message: string };

const NO_NUMBER =
  "metric result is NaN: no data returned from the metric provider; accept it with isNaN() if that is meant";
const NO_DATA = "metric result is nil or empty: no data returned from the metric provider";

function isNilOrEmpty(result: ExprInput): boolean {
  if (result.kind === "nil") return true;
  if (result.kind === "floats") return result.values.length === 0;
  if (result.kind === "list") return result.items.length === 0;
  if (result.kind !== "json") return false;
  return result.value === null || (Array.isArray(result.value) && result.value.length === 0);
}

/** 0/0: what a rate is when there was nothing to count. */
function isNoNumber(result: ExprInput): boolean {
  if (result.kind === "float") return Number.isNaN(result.value);
  return result.kind === "floats" && result.values.length > 0 && result.values.every(Number.isNaN);
}

/**
 * Every comparison with NaN is false, so a failureCondition never holds, and a negation always does. Nobody
 * has said then that the value is good, unless a condition speaks of NaN itself.
 */
function passesUnmeasured(value: ValueToJudge): Named | undefined {
  if (!isNoNumber(value.result)) return undefined;
  const asked = (["successCondition", "failureCondition"] as const).filter(
    (name) => (value[name] ?? "") !== "",
  );
  return asked.some((name) => value[name]?.includes("isNaN")) ? undefined : asked[0];
}

/** Whether a condition holds; undefined where there is none. */
function ask(value: ValueToJudge, name: Named): Verdict {
  const condition = value[name] ?? "";
  if (condition === "") return { holds: undefined };
  const answer = evaluateCondition(condition, value.result, { now: value.now });
  if (answer.ok) return { holds: answer.value };
  const cause = isNilOrEmpty(value.result) ? NO_DATA : answer.message;
  return { message: `could not evaluate ${name} "${condition}": ${cause}` };
}

function phaseOf(succeeded: boolean | undefined, failed: boolean | undefined): ValuePhase {
  if (failed === true) return "Failed";
  if (succeeded === true) return "Successful";
  if (succeeded === undefined) return "Successful";
  return failed === undefined ? "Failed" : "Inconclusive";
}

/**
 * Judges one measured value by its conditions (argo-metric-providers §2): failure wins over success, neither of two
 * is Inconclusive, one that cannot be evaluated is Error. Both are evaluated even when the first one decides, so that
 * a broken condition never goes unnoticed. A pass without a number is an Error (docs/argo-compatibility-analysis.md).
 */
export function judgeValue(value: ValueToJudge): ValueJudgement {
  const success = ask(value, "successCondition");
  if ("message" in success) return { phase: "Error", message: success.message };
  const failure = ask(value, "failureCondition");
  if ("message" in failure) return { phase: "Error", message: failure.message };
  const phase = phaseOf(success.holds, failure.holds);
  const name = phase === "Successful" ? passesUnmeasured(value) : undefined;
  if (name === undefined) return { phase };
  return {
    phase: "Error",
    message: `could not evaluate ${name} "${value[name]}": ${NO_NUMBER}`,
  };
}
