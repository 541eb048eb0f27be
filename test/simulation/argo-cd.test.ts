// Argo CD's health of a Rollout, through whole lives of deliveries: never green too early, Suspended
// where a person is waited for, Degraded where it went wrong.
import { describe, expect, it } from "vitest";
import { asJson } from "../../src/api/meta/wire.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import { healthByConditions, healthByPhase, type Health } from "./argo-cd-health.ts";
import { answering, checkTemplate, secondVersion, value } from "./story.ts";
import type { KubeObject } from "../../src/api/meta/object.ts";

interface Healths {
  /** Each change, by the phase. */
  readonly byPhase: readonly Health[];
  /** Each change, by conditions and numbers. */
  readonly byConditions: readonly Health[];
  /** The rollout whenever one of them said Healthy. */
  readonly green: readonly JsonObject[];
}

function noteChange(healths: Health[], health: Health): void {
  if (healths.at(-1) !== health) healths.push(health);
}

/** What Argo CD would have shown, had it looked after every write. */
async function shown(line: string, overrides: ScenarioOverrides = {}): Promise<Healths> {
  const byPhase: Health[] = [];
  const byConditions: Health[] = [];
  const green: JsonObject[] = [];
  const changed = ({ object }: { readonly object: unknown }): void => {
    const rollout = asJson(object as KubeObject);
    if (rollout["kind"] !== "Rollout") return;
    const both = [healthByPhase(rollout), healthByConditions(rollout)] as const;
    noteChange(byPhase, both[0]);
    noteChange(byConditions, both[1]);
    if (both.includes("Healthy")) green.push(rollout);
  };
  const { ending } = await simulate(scenarioOf(line, overrides), { monitors: [{ changed }] });
  expect(ending).toBe("settled");
  return { byPhase, byConditions, green };
}

function versionsOf({ spec }: JsonObject): string {
  const { template } = spec as unknown as {
    template: { spec: { containers: readonly { image: string }[] } };
  };
  return template.spec.containers[0]?.image ?? "";
}

describe("Argo CD's health", () => {
  it("of a canary is suspended at its pauses, and green only when the new version is everywhere", async () => {
    const { byPhase, byConditions, green } = await shown("basic n4: w25 p w50 p1m | promote@3m");
    const expected = [
      "Progressing",
      "Healthy",
      "Progressing",
      "Suspended",
      "Progressing",
      "Suspended",
      "Progressing",
      "Healthy",
    ];
    expect(byPhase).toEqual(expected);
    expect(byConditions).toEqual(expected);
    for (const rollout of green) {
      const status = rollout["status"] as JsonObject;
      expect(status["updatedReplicas"]).toBe(4);
      expect(status["stableRS"]).toBe(status["currentPodHash"]);
    }
    expect(new Set(green.map(versionsOf))).toEqual(new Set(["shop:v1", "shop:v2"]));
  });

  it.each([
    {
      what: "a routed canary, whose old pods stay for a while after the last weight",
      line: "n4 w25 p1m",
      ends: ["Progressing", "Suspended", "Progressing", "Healthy"],
    },
    {
      what: "a canary that is aborted, and tried again",
      line: "basic n4: w25 p | abort@3m retry@5m promote@7m",
      ends: [
        "Progressing",
        "Suspended",
        "Degraded",
        "Progressing",
        "Suspended",
        "Progressing",
        "Healthy",
      ],
    },
    {
      what: "blue-green that waits for a promote",
      line: "bluegreen n3 | promote@5m",
      overrides: { strategy: { autoPromotionEnabled: false } },
      ends: ["Progressing", "Suspended", "Healthy"],
      // What promotes takes the pause away; the switch follows at once.
      endsByConditions: ["Progressing", "Suspended", "Progressing", "Healthy"],
    },
    {
      what: "a canary whose analysis fails",
      line: "basic n4: w25 p1m",
      overrides: {
        ...answering(value(0)),
        strategy: {
          steps: [{ setWeight: 25 }, { analysis: { templates: [{ templateName: "check" }] } }],
        },
        objects: checkTemplate({ count: 1 }),
      },
      ends: ["Progressing", "Degraded"],
    },
    {
      what: "a version whose pods never become ready",
      line: "basic n4: w25 p1m",
      overrides: { ...secondVersion({ neverReady: true }), spec: { progressDeadlineSeconds: 60 } },
      ends: ["Progressing", "Degraded"],
    },
  ] satisfies {
    what: string;
    line: string;
    overrides?: ScenarioOverrides;
    ends: readonly Health[];
    endsByConditions?: readonly Health[];
  }[])("follows $what", async ({ line, overrides = {}, ends, endsByConditions = ends }) => {
    const { byPhase, byConditions } = await shown(line, overrides);
    expect(byPhase).toEqual(["Progressing", "Healthy", ...ends]);
    expect(byConditions).toEqual(["Progressing", "Healthy", ...endsByConditions]);
  });

  it("of one that makes no sense is Degraded, and green again once it is put right", async () => {
    const wrong = { strategy: { canary: { steps: [{ setWeight: 101 }] } } };
    const right = { strategy: { canary: { steps: [{ setWeight: 50 }] } } };
    const patches = [wrong, right].map((spec, index) => ({
      atMs: 60_000 * (index + 1),
      rollout: undefined,
      action: { kind: "patch", patch: { spec } } as const,
    }));
    const { byPhase, byConditions } = await shown("basic n2:", { world: { operator: patches } });
    const expected = [
      "Progressing",
      "Healthy",
      "Progressing",
      "Degraded",
      "Progressing",
      "Healthy",
    ];
    expect(byPhase).toEqual(expected);
    expect(byConditions).toEqual(expected);
  });
});
