// One sheet of questions that every source of counts answers.
import { describe, expect, it } from "vitest";
import type { CountsAnswer, CountsSource } from "./counts.ts";

export interface CountsWorld {
  /** A source that has several ticks between `sinceMs` and `now`. */
  readonly source: CountsSource;
  /** The same, asked in a world where nothing was measured. */
  readonly empty: CountsSource;
  /** A source nobody answers for. */
  readonly unreachable: CountsSource;
  readonly sinceMs: number;
  readonly now: number;
  readonly close: () => Promise<void>;
}

const versions = { canary: "v2", stable: "v1" };

export function describeCountsSource(name: string, makeWorld: () => Promise<CountsWorld>): void {
  const question = (title: string, answer: (world: CountsWorld) => Promise<void>): void => {
    it(title, async () => {
      const world = await makeWorld();
      try {
        await answer(world);
      } finally {
        await world.close();
      }
    });
  };
  const ask = async (
    source: CountsSource,
    { sinceMs, now }: Pick<CountsWorld, "sinceMs" | "now">,
    signal = new AbortController().signal,
  ): Promise<CountsAnswer> => source.count({ versions, sinceMs, now, signal });

  describe(`${name} answers the sheet of counts`, () => {
    question("tells ticks of both versions, in order and without overlap", async (world) => {
      const { ticks, problem } = await ask(world.source, world);
      expect(problem).toBeUndefined();
      expect(ticks.length).toBeGreaterThan(2);
      ticks.forEach(({ fromMs, toMs, samples }, index) => {
        expect(fromMs).toBeGreaterThanOrEqual(ticks[index - 1]?.toMs ?? world.sinceMs);
        expect(toMs).toBeGreaterThan(fromMs);
        expect(toMs).toBeLessThanOrEqual(world.now);
        expect(Object.keys(samples).length).toBeGreaterThan(0);
      });
    });

    question("asked the same twice, tells the same", async (world) => {
      expect(await ask(world.source, world)).toEqual(await ask(world.source, world));
    });

    question(
      "gone on from the end of a tick, tells what follows and nothing twice",
      async (world) => {
        const { ticks } = await ask(world.source, world);
        const [first, ...rest] = ticks;
        const after = await ask(world.source, { sinceMs: first!.toMs, now: world.now });
        expect(after.ticks).toEqual(rest);
      },
    );

    question("asked for nothing yet, tells nothing", async (world) => {
      const { ticks } = await ask(world.source, { sinceMs: world.now, now: world.now });
      expect(ticks).toEqual([]);
    });

    question("where nothing was measured there is nothing, and no zero", async (world) => {
      expect((await ask(world.empty, world)).ticks).toEqual([]);
    });

    question(
      "a source nobody answers for is a problem in words, not a rejection",
      async (world) => {
        const { ticks, problem } = await ask(world.unreachable, world);
        expect(ticks).toEqual([]);
        expect(problem).toMatch(/\w/);
      },
    );

    question("ends when nobody waits any more", async (world) => {
      const { ticks, problem } = await ask(
        world.source,
        world,
        AbortSignal.abort(new Error("stopped")),
      );
      expect(ticks).toEqual([]);
      expect(problem).toMatch(/\w/);
    });
  });
}
