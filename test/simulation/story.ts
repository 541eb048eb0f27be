// Support for transcript tests: a line of text is played and comes back as the story it tells.
import { expect } from "vitest";
import type { Json } from "../../src/lib/json.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import {
  quietWorld,
  type DescribedAnswer,
  type VersionWorld,
} from "../../src/simulator/scenario.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { InvariantMonitor } from "../../src/simulator/invariants/monitor.ts";
import { formatTranscript } from "../../src/simulator/transcript.ts";

const hourMs = 3_600_000;

/** The transcript. Fails if an invariant was broken, if it did not settle, or if it wrote afterwards. */
export async function story(line: string, overrides: ScenarioOverrides = {}): Promise<string> {
  const scenario = scenarioOf(line, overrides);
  const monitor = new InvariantMonitor();
  const { ending, lines, lateWrites } = await simulate(scenario, {
    monitors: [monitor],
    faults: {},
    resyncMs: 600_000,
    quietMs: hourMs,
  });
  expect({ ending, lateWrites, violations: monitor.violations }).toEqual({
    ending: "settled",
    lateWrites: [],
    violations: [],
  });
  return `\n${formatTranscript(lines).join("\n")}\n`;
}

/** An AnalysisTemplate `check` with one metric: at least 0.95 is good, under 0.9 bad, between them undecided. */
export function checkTemplate(
  metric: Readonly<Record<string, Json>> = {},
): NonNullable<ScenarioOverrides["objects"]> {
  const provider = { prometheus: { address: "http://prometheus.example", query: "success_rate" } };
  const check = {
    name: "check",
    successCondition: "result >= 0.95",
    failureCondition: "result < 0.9",
    provider,
    ...metric,
  };
  return [
    {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisTemplate",
      metadata: { name: "check" },
      spec: { metrics: [check] },
    } as ReturnType<typeof scenarioOf>["objects"][number],
  ];
}

/** What the metric `check` is answered all the time. */
export function answering(answer: DescribedAnswer): ScenarioOverrides {
  return { world: { answers: { check: [{ atMs: 0, answer }] } } };
}

export function value(number: number): DescribedAnswer {
  return { kind: "value", value: number };
}

export const inBackground: ScenarioOverrides = {
  strategy: { analysis: { templates: [{ templateName: "check" }], startingStep: 1 } },
};

/** The second version, with something unusual about it. */
export function secondVersion(unusual: Partial<VersionWorld>): ScenarioOverrides {
  return { world: { versions: { "shop:v2": { ...quietWorld.defaultVersion, ...unusual } } } };
}
