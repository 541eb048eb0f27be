// Support for fault tests: which stories are played with which faults.
// HALDANE_SOAK=1 plays every kind of fault at every place; without it, crashes and lost
// events come at every place, and the kinds that resemble them at some.
import { describe, expect, it } from "vitest";
import { failureText, playAllFaults, type Fault } from "../../src/simulator/faults.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";

export const isSoak = process.env["HALDANE_SOAK"] === "1";

/** At every how manieth place a kind of fault is played; those that resemble others are played at fewer. */
const everyNth: Readonly<Record<string, number>> = {
  conflict: 2,
  timeout: 2,
  dead: 5,
  error: 5,
  late: 5,
  stale: 5,
  lag: 7,
  aged: 7,
  second: 7,
};

function sample(all: readonly Fault[]): readonly Fault[] {
  if (isSoak) return all;
  const kinds = Object.keys(everyNth);
  return all.filter((fault) => {
    const [kind = "", at = "0"] = fault.split("@");
    const nth = everyNth[kind] ?? 1;
    return Number(at) % nth === kinds.indexOf(kind) % nth || nth === 1;
  });
}

export type Story = readonly [line: string, overrides?: ScenarioOverrides];

/** Plays each story with one fault at a time: it must end as it would have ended, and no invariant be broken. */
export function describeFaults(title: string, stories: readonly Story[]): void {
  describe(title, () => {
    it.each(stories.map(([line, overrides]) => ({ line, overrides })))(
      "$line",
      { timeout: 1_200_000 },
      async ({ line, overrides }) => {
        const { plays, failures } = await playAllFaults(scenarioOf(line, overrides), sample);
        expect(failures.map(failureText).join("\n")).toBe("");
        expect(plays).toBeGreaterThan(50);
      },
    );
  });
}
