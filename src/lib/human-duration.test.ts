import { expect, it } from "vitest";
import { humanDuration } from "./human-duration.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const YEAR = 365 * DAY;

it.each([
  [-2, "<invalid>"],
  [-1, "0s"],
  [-0.5, "0s"],
  [0, "0s"],
  [1.999, "1s"],
  [119, "119s"],
  [2 * MINUTE, "2m"],
  [2 * MINUTE + 1, "2m1s"],
  [10 * MINUTE - 1, "9m59s"],
  [10 * MINUTE, "10m"],
  [3 * HOUR - 1, "179m"],
  [3 * HOUR, "3h"],
  [8 * HOUR - 1, "7h59m"],
  [8 * HOUR, "8h"],
  [48 * HOUR - 1, "47h"],
  [48 * HOUR, "2d"],
  [8 * DAY - 1, "7d23h"],
  [8 * DAY, "8d"],
  [2 * YEAR - 1, "729d"],
  [2 * YEAR, "2y"],
  [8 * YEAR - 1, "7y364d"],
  [8 * YEAR, "8y"],
  [30 * YEAR, "30y"],
])("%d s → %s", (seconds, text) => {
  expect(humanDuration(seconds * 1000)).toBe(text);
});
