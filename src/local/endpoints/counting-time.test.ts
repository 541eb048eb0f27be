import { expect, it } from "vitest";
import { untilCountedMs } from "./counting-time.ts";

it.each([
  ["in the middle of a second", 5_300, 1000, 5_900],
  ["just after reading", 5_905, 1000, 6_900],
  ["at the very moment", 5_900, 1000, 6_900],
  ["at a whole second", 6_000, 1000, 6_900],
  ["with a shorter interval", 5_030, 200, 5_180],
])(
  "the counters are read a tenth of the interval before it is full: %s",
  (_when, now, interval, at) => {
    expect(now + untilCountedMs(now, interval)).toBe(at);
  },
);
