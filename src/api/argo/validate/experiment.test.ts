import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../lib/json.ts";
import { validateExperiment } from "./experiment.ts";

const template = { spec: { containers: [] } };
const good = { name: "a", selector: { matchLabels: { app: "a" } }, template };

function experiment(templates: Json, more: JsonObject = {}): JsonObject {
  return { metadata: { name: "exp" }, spec: { templates, ...more } };
}

describe("validateExperiment (argo-rollouts.md §1.6)", () => {
  it.each<readonly [string, JsonObject, string | undefined]>([
    ["valid", experiment([good, { ...good, name: "b" }]), undefined],
    ["no templates", experiment([]), undefined],
    [
      "no selector",
      experiment([good, { name: "b", template }]),
      "Rollout has missing field '.Spec.Templates[1].Selector'",
    ],
    [
      "an empty selector",
      experiment([{ ...good, selector: {} }]),
      "This experiment is selecting all pods at index 0. A non-empty selector is required.",
    ],
    [
      "ready later than the deadline",
      experiment([{ ...good, minReadySeconds: 11 }], { progressDeadlineSeconds: 10 }),
      "MinReadySeconds cannot be longer than ProgressDeadlineSeconds. Check template index 0",
    ],
    ["ready at the default deadline", experiment([{ ...good, minReadySeconds: 600 }]), undefined],
    [
      "an empty name",
      experiment([{ ...good, name: "" }]),
      "Experiment exp has empty template name at index 0",
    ],
    [
      "a duration that cannot be read",
      experiment([good], { duration: "soon" }),
      'invalid duration string: time: invalid duration "soon"',
    ],
    [
      "a name twice",
      experiment([good, good]),
      "Experiment exp has repeated template name 'a' in templates",
    ],
    [
      "an analysis' name twice",
      experiment([good], {
        analyses: [
          { name: "q", templateName: "good" },
          { name: "q", templateName: "bad" },
        ],
      }),
      "Experiment exp has repeated analysis name 'q' in analyses",
    ],
  ])("%s", (_, given, problem) => {
    expect(validateExperiment(given)).toBe(problem);
  });
});
