import { describe, expect, it } from "vitest";
import { didYouMean, editDistance } from "./did-you-mean.ts";

describe("edit distance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["setWieght", "setWeight", 1],
    ["ab", "ba", 1],
    ["ca", "abc", 3],
    ["same", "same", 0],
  ])("%j to %j is %d", (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
    expect(editDistance(right, left)).toBe(distance);
  });
});

describe("did you mean", () => {
  const known = [
    "setWeight",
    "pause",
    "setCanaryScale",
    "analysis",
    "experiment",
    "setHeaderRoute",
  ];
  it.each([
    ["setWieght", "setWeight"],
    ["setweight", "setWeight"],
    ["puase", "pause"],
    ["Pause", "pause"],
    ["analisys", "analysis"],
    ["setHeaderRoutes", "setHeaderRoute"],
    ["banana", undefined],
    ["x", undefined],
    ["pause", undefined],
  ])("%s → %s", (word, meant) => {
    expect(didYouMean(word, known)).toBe(meant);
  });
});
