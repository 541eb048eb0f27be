// A pass that is cut short in the middle of a turn — a step done, a version called stable — is
// finished from what was written: no pods are given up and taken back, no question is asked twice.
import { describe, expect, it } from "vitest";
import {
  allFaultsOf,
  playUndisturbed,
  playWithFault,
  type Fault,
} from "../../src/simulator/faults.ts";
import { scenarioOf } from "../../src/simulator/language.ts";
import { answering, checkTemplate, value } from "./story.ts";
import { isSoak, type Story } from "./fault-stories.ts";

const watched = {
  strategy: { analysis: { templates: [{ templateName: "check" }] } },
  objects: checkTemplate({ interval: "30s", failureLimit: 1 }),
  ...answering(value(1)),
};

const stories: readonly Story[] = [
  ["basic n1 w0 w1", watched],
  ["basic n2 w0 w50 p1m w100", watched],
  ["rolling n3"],
  ["n2 w0 w50 p1m w100", watched],
];

/** The others resemble these two. */
const cuts = isSoak ? /^(?:crash|dead|conflict|error|timeout)@/ : /^(?:crash|error)@/;

describe("a turn that is cut short", () => {
  it.each(stories.map(([line, overrides]) => ({ line, overrides })))(
    "$line",
    { timeout: 600_000 },
    async ({ line, overrides }) => {
      const scenario = scenarioOf(line, overrides);
      const undisturbed = await playUndisturbed(scenario);
      const faults = allFaultsOf(undisturbed).filter((fault: Fault) => cuts.test(fault));
      expect(faults.length).toBeGreaterThan(60);
      const problems: string[] = [];
      for (const fault of faults)
        for (const problem of await playWithFault(scenario, fault, undisturbed))
          problems.push(`${fault}: ${problem}`);
      expect(problems).toEqual([]);
    },
  );
});
