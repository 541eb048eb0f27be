// Whatever goes wrong once, a rollout ends as it would have ended, and no invariant is broken on the
// way: every write and every watch event of these stories is made to fail, one at a time.
import { describe, expect, it } from "vitest";
import { allFaultsOf, playUndisturbed, playWithFault } from "../../src/simulator/faults.ts";
import { scenarioOf } from "../../src/simulator/language.ts";
import { describeFaults } from "./fault-stories.ts";
import { answering, checkTemplate, inBackground, value } from "./story.ts";

describeFaults("strategies without a router, one fault at a time", [
  ["basic n3 w50 p1m"],
  ["bluegreen n2 | promote@4m", { strategy: { autoPromotionEnabled: false } }],
  [
    "bluegreen n2",
    {
      strategy: { prePromotionAnalysis: { templates: [{ templateName: "check" }] } },
      objects: checkTemplate({ count: 2, interval: "20s" }),
      ...answering(value(1)),
    },
  ],
  ["rolling n3"],
  ["recreate n2"],
]);

describe("faults", () => {
  it("knows every write and every event of the undisturbed play", async () => {
    const undisturbed = await playUndisturbed(scenarioOf("n2 w50 p2m"));
    const { writes, events } = undisturbed.simulated.counts;
    const all = allFaultsOf(undisturbed);
    expect(writes).toBeGreaterThan(30);
    expect(all.filter((fault) => fault.startsWith("crash@"))).toHaveLength(writes);
    expect(all.filter((fault) => fault.startsWith("lost@"))).toHaveLength(events);
  });

  it("can be played again by one call", async () => {
    expect(await playWithFault(scenarioOf("n2 w50 p2m"), "crash@7")).toEqual([]);
  });

  it("never lets a run that was ended on an old view count as a pass", async () => {
    const bad = {
      ...inBackground,
      objects: checkTemplate({ interval: "30s", failureLimit: 1 }),
      ...answering(value(0)),
    };
    const scenario = scenarioOf("n2 w50 p2m", bad);
    const undisturbed = await playUndisturbed(scenario);
    for (let at = 30; at <= 38; at += 1)
      expect(await playWithFault(scenario, `stale@${at}`, undisturbed)).toEqual([]);
  });
});
