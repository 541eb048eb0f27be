import { describe, expect, it } from "vitest";
import { signals, troubles, wrongAction } from "./attribution.test-support.ts";

// bench/judge-false-alarms.ts plays 1,000 seeds of each.
const seeds = 8;

describe.each(troubles)("%s", (trouble) => {
  it.each(signals)("seen by %s", (signal) => {
    const wrong = Array.from({ length: seeds }, (_, seed) => wrongAction(trouble, signal, seed));
    expect(wrong.filter((action) => action !== undefined)).toEqual([]);
  });
});
