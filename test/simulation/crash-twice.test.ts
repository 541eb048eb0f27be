// A process that dies, and whose successor dies a few writes later: at every place of the first and
// for some distances of the second, the rollout ends as it would have ended, and nothing is asked twice.
import { describe, expect, it } from "vitest";
import { playUndisturbed, playWithFault, type Fault } from "../../src/simulator/faults.ts";
import { scenarioOf } from "../../src/simulator/language.ts";
import type { ScenarioOverrides } from "../../src/simulator/language.ts";
import { quietWorld } from "../../src/simulator/scenario.ts";
import { isSoak, type Story } from "./fault-stories.ts";
import { answering, checkTemplate, value } from "./story.ts";

const check = { templates: [{ templateName: "check" }] };
/** Pods and verdicts are there sooner than a process begins anew. */
const quick = { ...quietWorld.defaultVersion, startMs: 100 };
const objects = checkTemplate({ count: 1 });

function judged(share: number, strategy: ScenarioOverrides["strategy"] = {}): ScenarioOverrides {
  const { world } = answering(value(share));
  return { strategy, objects, world: { ...world, defaultVersion: quick } };
}

const stories: readonly Story[] = [
  ["bluegreen n1", judged(1, { prePromotionAnalysis: check, postPromotionAnalysis: check })],
  ["bluegreen n1", judged(0, { prePromotionAnalysis: check })],
  ["basic n1 w50 a w100", judged(1)],
  ["n1 w50 p10s", judged(1, { analysis: check })],
];

const distances = isSoak ? 12 : 2;

describe("a process that dies, and its successor", () => {
  it.each(stories.map(([line, overrides]) => ({ line, overrides })))(
    "$line",
    { timeout: 600_000 },
    async ({ line, overrides }) => {
      const scenario = scenarioOf(line, overrides);
      const undisturbed = await playUndisturbed(scenario);
      const problems: string[] = [];
      for (let first = 1; first <= undisturbed.simulated.counts.writes; first += 1)
        for (let later = 1; later <= distances; later += 1) {
          const fault: Fault = `crash@${first}+${later}`;
          for (const problem of await playWithFault(scenario, fault, undisturbed))
            problems.push(`${fault}: ${problem}`);
        }
      expect(problems).toEqual([]);
    },
  );
});
