// Experiments as steps: what they find out decides, whatever goes wrong on the way.
import { describe, expect, it } from "vitest";
import { allFaultsOf, playUndisturbed, playWithFault } from "../../src/simulator/faults.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import { isSoak } from "./fault-stories.ts";
import { answering, checkTemplate, story, value } from "./story.ts";

function experimenting(answer: number): ScenarioOverrides {
  const experiment = {
    duration: "2m",
    templates: [{ name: "candidate", specRef: "canary" }],
    analyses: [{ name: "check", templateName: "check", requiredForCompletion: true }],
  };
  return {
    strategy: { steps: [{ setWeight: 20 }, { experiment }, { pause: { duration: "1m" } }] },
    objects: checkTemplate({ interval: "30s", count: 3, failureLimit: 1 }),
    ...answering(value(answer)),
  };
}

describe("an experiment step", () => {
  it("goes on when the experiment was successful", async () => {
    expect(await story("n2", experimenting(1))).toMatchInlineSnapshot(`
      "
            0m  100%  2+0    Progressing - updated replicas are still becoming available
         0m02s  100%  2+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+2    Progressing - more replicas need to be updated
         1m02s   20%  1+2    Progressing - more replicas need to be updated
         2m04s   20%  1+2    Paused - CanaryPauseStep
         3m04s   20%  2+2    Progressing - waiting for all steps to complete
         3m06s  100%  2+2    Progressing - waiting for all steps to complete
         3m06s  100%  2+2    Progressing - waiting for traffic weights to be verified
         3m06s  100%  2+2    Healthy
         3m37s  100%  2+0    Healthy
      "
    `);
  });

  it("goes back when it failed", async () => {
    expect(await story("n2", experimenting(0))).toMatchInlineSnapshot(`
      "
            0m  100%  2+0    Progressing - updated replicas are still becoming available
         0m02s  100%  2+0    Healthy
            1m  > set image shop:v2
            1m    0%  1+2    Progressing - more replicas need to be updated
         1m02s   20%  1+2    Progressing - more replicas need to be updated
         1m34s    0%  1+2    Degraded - RolloutAborted: Rollout aborted update to revision 2: Experiment analysis phase is error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
         2m05s    0%  0+2    Degraded - RolloutAborted: Rollout aborted update to revision 2: Experiment analysis phase is error/failed: Metric "check" assessed Failed due to failed (2) > failureLimit (1)
      "
    `);
  });

  it.each([1, 0])(
    "finds the same on an old view of things (answer %d)",
    { timeout: 600_000 },
    async (answer) => {
      const scenario = scenarioOf("n2", experimenting(answer));
      const undisturbed = await playUndisturbed(scenario);
      const kinds = isSoak ? /^(?:stale|crash|late|error|lost|dead)@/ : /^stale@/;
      const faults = allFaultsOf(undisturbed).filter((fault) => kinds.test(fault));
      const problems: string[] = [];
      for (const fault of faults)
        for (const problem of await playWithFault(scenario, fault, undisturbed))
          problems.push(`${fault}: ${problem}`);
      expect(problems).toEqual([]);
    },
  );
});
