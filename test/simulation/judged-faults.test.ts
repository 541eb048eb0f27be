// Whatever goes wrong once, a judged canary ends as it would have ended, and no request is counted
// twice: what is kept is to the bit what its own ticks give.
import { describe, expect, it } from "vitest";
import type { AnalysisRun } from "../../src/api/argo/analysis.ts";
import { recordedTicks, recordOf } from "../../src/core/judge/recorded/record.ts";
import { advance } from "../../src/core/judge/sequential/sequential.ts";
import { restore } from "../../src/core/judge/sequential/state.ts";
import { sequentialSettingsOf } from "../../src/metrics/sequential/config.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import { allFaultsOf, play, playUndisturbed, type Fault } from "../../src/simulator/faults.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import { quietWorld } from "../../src/simulator/scenario.ts";
import { isSoak } from "./fault-stories.ts";

function judged(errorPercent: number): ScenarioOverrides {
  const version = (percent: number) => ({
    ...quietWorld.defaultVersion,
    errorPercent: [{ atMs: 0, value: percent }],
  });
  return {
    annotations: { "haldane.dev/guard": "errors" },
    // It is over long before, the last look at the progress deadline included, or it never ends.
    forMs: 900_000,
    world: {
      requestsPerSecond: [{ atMs: 0, value: 2000 }],
      versions: { "shop:v1": version(2), "shop:v2": version(errorPercent) },
    },
  };
}

/** When a verdict comes may shift with a fault, and with it the figures it rests on. */
function withoutFigures(lines: readonly string[]): readonly string[] {
  return [
    ...new Set(lines.map((line) => line.replaceAll(/The canary is worse.*?chance[^"]*/g, ""))),
  ];
}

async function miscounted(store: ObjectStore): Promise<readonly string[]> {
  const list = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" };
  const { items } = await store.list<AnalysisRun>(list);
  return items.flatMap(({ metadata, spec, status }): readonly string[] => {
    const [metric] = spec.metrics;
    const record = recordOf(status?.metricResults?.[0]?.metadata);
    if (metric === undefined || record === undefined) return [`${metadata.name}: no record`];
    const { judge } = sequentialSettingsOf(metric);
    const ticks = recordedTicks(judge, record)?.exact ?? [];
    const restored = restore(judge, record.base);
    const again = "state" in restored ? advance(judge, restored.state, ticks).state : undefined;
    const overlaps = ticks.some(({ fromMs }, index) => fromMs < (ticks[index - 1]?.toMs ?? 0));
    const isSame = JSON.stringify(again) === record.state && !overlaps && ticks.length > 0;
    return isSame ? [] : [`${metadata.name}: ${String(ticks.length)} ticks do not give its state`];
  });
}

function chosen(fault: Fault): boolean {
  if (isSoak) return true;
  const [, kind = "", at = "0"] = /^(\w+)@(\d+)$/.exec(fault) ?? [];
  const nth = { crash: 11, dead: 23, conflict: 23, timeout: 23, aged: 29, second: 31, lost: 47 }[
    kind
  ];
  return nth !== undefined && Number(at) % nth === 0;
}

describe("a judged canary, one fault at a time", () => {
  it.each([
    ["that is worse", "n2 w50 p5m", judged(20), "RolloutAborted"],
    ["that is safe", "n2 w50 u30m", judged(2), '"phase":"Healthy"'],
  ])("%s", { timeout: 1_200_000 }, async (_what, line, overrides, ending) => {
    const scenario = scenarioOf(line, overrides);
    const undisturbed = await playUndisturbed(scenario);
    expect(undisturbed.endState.join("\n")).toContain(ending);
    const problems: string[] = [];
    for (const fault of allFaultsOf(undisturbed).filter(chosen)) {
      const { simulated, endState, violations } = await play(scenario, fault);
      const wrong = [
        ...violations,
        ...(simulated.ending === "settled" ? [] : [simulated.ending]),
        ...simulated.lateWrites,
        ...(await miscounted(simulated.store)),
        ...withoutFigures(endState).filter(
          (text) => !withoutFigures(undisturbed.endState).includes(text),
        ),
      ];
      problems.push(...wrong.map((text) => `${fault}: ${text}`));
    }
    expect(problems).toEqual([]);
  });
});
