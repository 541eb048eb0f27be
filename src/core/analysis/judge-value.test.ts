import { describe, expect, it } from "vitest";
import { floatInput, floatsInput, jsonInput, nilInput, stringInput } from "../../lib/expr/expr.ts";
import type { ExprInput } from "../../lib/expr/expr.ts";
import { judgeValue } from "./judge-value.ts";

const now = Date.UTC(2026, 10, 21);
const noData = "metric result is nil or empty: no data returned from the metric provider";

describe("judging a value", () => {
  it.each([
    [undefined, undefined, 5, "Successful"],
    ["", "", 5, "Successful"],
    ["result > 1", undefined, 5, "Successful"],
    ["result > 1", undefined, 0, "Failed"],
    [undefined, "result > 1", 5, "Failed"],
    [undefined, "result > 1", 0, "Successful"],
    ["result < 10", "result > 20", 5, "Successful"],
    ["result < 10", "result > 20", 15, "Inconclusive"],
    ["result < 10", "result > 20", 25, "Failed"],
    ["result > 0", "result > 1", 5, "Failed"],
    ["result >= 0.95", undefined, NaN, "Failed"],
    ["result >= 0.95", "result < 0.9", NaN, "Inconclusive"],
    [undefined, "!isNaN(result) && result < 0.95", NaN, "Successful"],
    ["isNaN(result) || result > 0.95", undefined, NaN, "Successful"],
    [undefined, undefined, NaN, "Successful"],
  ] as const)("S %s, F %s, result %d: %s", (successCondition, failureCondition, result, phase) => {
    expect(
      judgeValue({ successCondition, failureCondition, result: floatInput(result), now }),
    ).toEqual({ phase });
  });

  const errors: readonly [string | undefined, string | undefined, ExprInput, string][] = [
    [
      "result > ",
      undefined,
      floatInput(1),
      'could not evaluate successCondition "result > ": unexpected token EOF',
    ],
    [
      undefined,
      "foo",
      floatInput(1),
      'could not evaluate failureCondition "foo": unknown name foo',
    ],
    ["foo", "bar", floatInput(1), 'could not evaluate successCondition "foo": unknown name foo'],
    ["true", "bar", floatInput(1), 'could not evaluate failureCondition "bar": unknown name bar'],
    [
      "result",
      undefined,
      floatInput(1),
      'could not evaluate successCondition "result": expected bool, but got float64',
    ],
    [
      "result > 1",
      undefined,
      nilInput,
      `could not evaluate successCondition "result > 1": ${noData}`,
    ],
    [
      "result[0] > 1",
      undefined,
      floatsInput([]),
      `could not evaluate successCondition "result[0] > 1": ${noData}`,
    ],
    [
      undefined,
      "result[0] > 1",
      jsonInput([]),
      `could not evaluate failureCondition "result[0] > 1": ${noData}`,
    ],
    [
      "result > 1",
      undefined,
      jsonInput(null),
      `could not evaluate successCondition "result > 1": ${noData}`,
    ],
    [
      "result > 1",
      undefined,
      stringInput("x"),
      'could not evaluate successCondition "result > 1": invalid operation: > (mismatched types string and int)',
    ],
  ];
  it.each(errors)(
    "S %s, F %s is an error",
    (successCondition, failureCondition, result, message) => {
      expect(judgeValue({ successCondition, failureCondition, result, now })).toEqual({
        phase: "Error",
        message,
      });
    },
  );

  const nan = "metric result is NaN: no data returned from the metric provider";
  it.each([
    [undefined, "result < 0.95", floatInput(NaN), 'failureCondition "result < 0.95"'],
    [undefined, "result[0] < 0.95", floatsInput([NaN]), 'failureCondition "result[0] < 0.95"'],
    ["!(result > 5)", undefined, floatInput(NaN), 'successCondition "!(result > 5)"'],
    ["result != 0", "result > 1", floatInput(NaN), 'successCondition "result != 0"'],
  ] as const)("S %s, F %s do not pass NaN", (successCondition, failureCondition, result, which) => {
    const judged = judgeValue({ successCondition, failureCondition, result, now });
    expect(judged.phase).toBe("Error");
    expect(judged.message).toContain(`could not evaluate ${which}: ${nan}`);
  });

  it("looks at what numbers there are beside NaN", () => {
    const result = floatsInput([NaN, 3]);
    expect(judgeValue({ failureCondition: "any(result, # > 5)", result, now })).toEqual({
      phase: "Successful",
    });
  });

  it("can be guarded against missing data", () => {
    const guarded = { successCondition: "default(result, 0) < 1", result: nilInput, now };
    expect(judgeValue(guarded)).toEqual({ phase: "Successful" });
    const empty = {
      successCondition: "len(result) == 0 or result[0] > 1",
      result: floatsInput([]),
      now,
    };
    expect(judgeValue(empty)).toEqual({ phase: "Successful" });
  });
});
