// Rollouts nobody thought of: strategies, steps, sizes, people and faults by chance. A failure prints
// its seed and the smallest story that still fails, as a call that plays it again.
//   HALDANE_SEED=…   another seed        HALDANE_RUNS=…   more stories (a long soak: 5000)
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  failureText,
  play,
  playUndisturbed,
  playWithFault,
  type Fault,
  type Played,
} from "../../src/simulator/faults.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import { quietWorld, type Scenario } from "../../src/simulator/scenario.ts";
import { answering, checkTemplate, value } from "./story.ts";

const seed = Number(process.env["HALDANE_SEED"] ?? 20260101);
const numRuns = Number(process.env["HALDANE_RUNS"] ?? 60);

interface Told {
  readonly line: string;
  readonly overrides: ScenarioOverrides;
}

const size = fc.integer({ min: 1, max: 6 });
const weight = fc.integer({ min: 0, max: 100 });
const step = fc.oneof(
  { weight: 4, arbitrary: weight.map((percent) => `w${percent}`) },
  { weight: 4, arbitrary: fc.constantFrom("p1m", "p90", "p2m") },
  { weight: 1, arbitrary: fc.constantFrom("p", "a") },
  { weight: 1, arbitrary: fc.constantFrom("s1", "s2", "s50%", "sm") },
);
const basicStep = fc.oneof(
  weight.map((percent) => `w${percent}`),
  fc.constantFrom("p1m", "p90", "p", "a"),
);
const steps = fc.array(step, { maxLength: 6 });
const basicSteps = fc.array(basicStep, { maxLength: 6 });

const strategy = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(size, steps).map(([n, words]) => `n${n} ${words.join(" ")}`) },
  {
    weight: 2,
    arbitrary: fc.tuple(size, basicSteps).map(([n, words]) => `basic n${n} ${words.join(" ")}`),
  },
  { weight: 2, arbitrary: size.map((n) => `bluegreen n${n}`) },
  { weight: 1, arbitrary: size.map((n) => `rolling n${n}`) },
  { weight: 1, arbitrary: size.map((n) => `recreate n${n}`) },
);

/** People act minutes apart, so that a fault's delay never changes what they find. */
const acts = fc
  .array(
    fc.constantFrom(
      "promote",
      "promoteFull",
      "abort",
      "retry",
      "undo",
      "set=shop:v3",
      "scale=3",
      "scale=5",
      "restart",
      "pause",
      "resume",
    ),
    { maxLength: 4 },
  )
  .map((verbs) => verbs.map((verb, index) => `${verb}@${3 + index * 4}m`).join(" "));

const extras = fc.record({
  isDynamic: fc.boolean(),
  podStartMs: fc.constantFrom(500, 2000, 15_000),
  acknowledgeMs: fc.constantFrom(0, 100, 3000, 40_000),
  scaleDownDelaySeconds: fc.constantFrom(undefined, 0, 1),
  check: fc.constantFrom(undefined, 1, 0, 0.92),
  pauses: fc.constantFrom({}, { autoPromotionEnabled: false }, { autoPromotionSeconds: 60 }),
  questions: fc.constantFrom("prePromotionAnalysis", "postPromotionAnalysis"),
});

type Extra = typeof extras extends fc.Arbitrary<infer T> ? T : never;

const byCheck = { templates: [{ templateName: "check" }] };

/** What the strategy has beside what the line says. */
function moreOf(strategyText: string, extra: Extra): NonNullable<ScenarioOverrides["strategy"]> {
  const isWatched = extra.check !== undefined;
  if (strategyText.startsWith("bluegreen"))
    return { ...extra.pauses, ...(isWatched ? { [extra.questions]: byCheck } : {}) };
  if (/^(?:rolling|recreate)/.test(strategyText)) return {};
  const isRouted = !strategyText.startsWith("basic");
  const { isDynamic, scaleDownDelaySeconds } = extra;
  const hasDelay = isRouted && !isDynamic && scaleDownDelaySeconds !== undefined;
  return {
    ...(isRouted && isDynamic ? { dynamicStableScale: true } : {}),
    ...(hasDelay ? { scaleDownDelaySeconds } : {}),
    ...(isWatched ? { analysis: byCheck } : {}),
  };
}

/** A question that is asked once is asked so that it ends; one in the background goes on. */
function checkOf(strategyText: string): ReturnType<typeof checkTemplate> {
  const limits = { failureLimit: 1, inconclusiveLimit: 1 };
  const isOnce = / a\b/.test(strategyText) || strategyText.startsWith("bluegreen");
  return checkTemplate({ interval: "30s", ...limits, ...(isOnce ? { count: 4 } : {}) });
}

const told: fc.Arbitrary<Told> = fc
  .tuple(strategy, acts, extras)
  .map(([strategyText, actsText, extra]) => {
    const update = actsText.includes("set=") ? "set=shop:v2@1m " : "";
    const world = {
      acknowledgeMs: extra.acknowledgeMs,
      defaultVersion: { ...quietWorld.defaultVersion, startMs: extra.podStartMs },
    };
    return {
      line: `${strategyText} | ${update}${actsText}`.replace(/ \| $/, ""),
      overrides: {
        forMs: 3 * 3_600_000,
        world: { ...world, ...answering(value(extra.check ?? 1)).world },
        objects: checkOf(strategyText),
        strategy: moreOf(strategyText, extra),
      },
    };
  });

/** A rollout that waits for people may be measured for ever; anything else comes to an end. */
function endingProblems({ simulated: { ending }, endState }: Played): readonly string[] {
  const isMeasured = endState.some((line) => /^AnalysisRun .*"phase":"Running"/.test(line));
  return ending === "settled" || (ending === "timeOver" && isMeasured)
    ? []
    : [`it did not settle: ${ending}`];
}

async function mustHold(
  scenario: Scenario,
  fault: Fault | "none",
  problems: readonly string[],
): Promise<void> {
  if (problems.length > 0)
    throw new Error(failureText({ scenario: scenario.source, fault, problems }));
}

describe("generated rollouts", () => {
  it(
    "keep every invariant, settle, and then write nothing more",
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(told, async ({ line, overrides }) => {
          const scenario = scenarioOf(line, overrides);
          const played = await playUndisturbed(scenario);
          const late = played.simulated.lateWrites.map(
            (write) => `wrote after it had settled: ${write}`,
          );
          await mustHold(scenario, "none", [
            ...played.violations,
            ...late,
            ...endingProblems(played),
          ]);
        }),
        { seed, numRuns },
      );
    },
  );

  it(
    "keep every invariant and come to rest whatever goes wrong",
    { timeout: 3_600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          told,
          fc.integer({ min: 1, max: 100_000 }),
          async ({ line, overrides }, chaosSeed) => {
            const scenario = scenarioOf(line, overrides);
            const fault: Fault = `chaos@${chaosSeed}`;
            const played = await play(scenario, fault);
            await mustHold(scenario, fault, [...played.violations, ...endingProblems(played)]);
          },
        ),
        { seed, numRuns },
      );
    },
  );

  it(
    "end as undisturbed after a crash at any place, where nobody interferes",
    { timeout: 3_600_000 },
    async () => {
      const alone = fc.tuple(
        strategy,
        fc.constantFrom("crash", "timeout", "conflict"),
        fc.integer({ min: 1, max: 60 }),
      );
      await fc.assert(
        fc.asyncProperty(alone, async ([line, kind, at]) => {
          const scenario = scenarioOf(line, { objects: checkOf(line), ...answering(value(1)) });
          const fault: Fault = `${kind as "crash"}@${at}`;
          await mustHold(scenario, fault, await playWithFault(scenario, fault));
        }),
        { seed, numRuns },
      );
      expect(numRuns).toBeGreaterThan(0);
    },
  );
});
