// A verdict that was given counts, also when nobody had recorded yet that it was asked for.
import { describe, expect, it } from "vitest";
import { allFaultsOf, play, playUndisturbed } from "../../src/simulator/faults.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import { isSoak } from "./fault-stories.ts";
import { checkTemplate, value } from "./story.ts";

/** Bad when it is asked first, good a moment later: asking again would let it pass. */
const bad: ScenarioOverrides = {
  world: {
    answers: {
      check: [
        { atMs: 0, answer: value(0) },
        { atMs: 62_900, answer: value(1) },
      ],
    },
  },
  objects: checkTemplate(),
};
const analysis = { templates: [{ templateName: "check" }] };

describe("a bad verdict", () => {
  it.each<[string, ScenarioOverrides]>([
    ["n2", { ...bad, strategy: { steps: [{ setWeight: 50 }, { analysis }, { setWeight: 100 }] } }],
    ["bluegreen n2", { ...bad, strategy: { prePromotionAnalysis: analysis } }],
    ["bluegreen n2", { ...bad, strategy: { postPromotionAnalysis: analysis } }],
  ])("is not overlooked (%s)", { timeout: 600_000 }, async (line, overrides) => {
    const scenario = scenarioOf(line, overrides);
    const undisturbed = await playUndisturbed(scenario);
    expect(undisturbed.endState.join("\n")).toContain("RolloutAborted");
    const kinds = isSoak ? /^(?!lost|late)/ : /^(?:crash@|aged@\d*[05]$)/;
    const overlooked: string[] = [];
    for (const fault of allFaultsOf(undisturbed).filter((one) => kinds.test(one))) {
      const { endState, violations } = await play(scenario, fault);
      const end = endState.join("\n");
      const isBad = /^AnalysisRun .*"phase":"Failed"/m.test(end);
      if (isBad && !end.includes("RolloutAborted")) overlooked.push(`${fault}: it went on`);
      if (!/^AnalysisRun /m.test(end)) overlooked.push(`${fault}: nobody was asked`);
      overlooked.push(...violations.map((violation) => `${fault}: ${violation}`));
    }
    expect(overlooked).toEqual([]);
  });
});
