import { expect, it } from "vitest";
import { rolloutOf } from "./events.ts";

it.each([
  ["shop", "shop"],
  ["shop-5d8f9c7b6-x2x4q", "shop"],
  ["shop-api", "shop-api"],
  ["shop-api-5d8f9c7b6", "shop-api"],
  ["shopping", undefined],
  ["other", undefined],
])("an event about %s belongs to rollout %s", (about, rollout) => {
  expect(rolloutOf(about, ["shop", "shop-api"])).toBe(rollout);
});
