import { describe, expect, it } from "vitest";
import { readDocuments } from "../api/yaml/documents.ts";
import { parseSimulation } from "./document.ts";

function parse(spec: string): ReturnType<typeof parseSimulation> {
  const text = `apiVersion: haldane.dev/v1alpha1\nkind: Simulation\nmetadata: { name: bad }\nspec:\n${spec}`;
  const [document] = readDocuments(text, "bad.yaml").documents;
  if (!document) throw new Error("no document");
  return parseSimulation(document);
}

describe("a Simulation document", () => {
  it("describes versions, traffic, answers and people", () => {
    const { name, forMs, world } = parse(`
  for: 2h
  requestsPerSecond: [{ value: 100 }, { at: 5m, value: 500 }]
  podStartSeconds: 3
  versions:
    shop:v2: { errorPercent: 7, neverReady: true }
  metrics:
    cpu: [{ value: [0.4] }, { at: 1m, outcome: Failed, seconds: 30 }, { at: 2m, error: gone }]
  operator:
    - { at: 1m, setImage: "shop:v2" }
    - { at: 90s, rollout: shop, do: promote }
    - { at: 120, undo: 0 }
`);
    expect({ name, forMs }).toEqual({ name: "bad", forMs: 7_200_000 });
    expect(world.requestsPerSecond).toEqual([
      { atMs: 0, value: 100 },
      { atMs: 300_000, value: 500 },
    ]);
    expect(world.versions["shop:v2"]).toMatchObject({
      startMs: 3000,
      neverReady: true,
      errorPercent: [{ atMs: 0, value: 7 }],
    });
    expect(world.answers["cpu"]?.map(({ answer }) => answer)).toEqual([
      { kind: "value", value: [0.4] },
      { kind: "outcome", outcome: "Failed", afterMs: 30_000 },
      { kind: "error", message: "gone" },
    ]);
    expect(world.operator).toEqual([
      { atMs: 60_000, rollout: undefined, action: { kind: "setImage", image: "shop:v2" } },
      { atMs: 90_000, rollout: "shop", action: { kind: "do", verb: "promote" } },
      { atMs: 120_000, rollout: undefined, action: { kind: "undo", toRevision: undefined } },
    ]);
  });

  it.each([
    [
      "  podStartSecond: 2",
      /^bad\.yaml:5:3: spec\.podStartSecond: unknown field; did you mean podStartSeconds\?$/,
    ],
    [
      "  podStartSeconds: soon",
      /^bad\.yaml:5:3: spec\.podStartSeconds: must be a number from 0 up, but is "soon"/,
    ],
    [
      "  versions:\n    shop:v2: { errorPercents: 7 }",
      /^bad\.yaml:6:16: .*errorPercents: unknown field; did you mean errorPercent\?$/,
    ],
    [
      "  operator:\n    - { at: 1m, do: promot }",
      /^bad\.yaml:6:17: .*there is no promot; did you mean promote\?/,
    ],
    ["  operator:\n    - { do: promote }", /spec\.operator\[0\]\.at: this field is required/],
    [
      "  operator:\n    - { at: 1m, do: promote, scale: 3 }",
      /exactly one of do, setImage, scale, undo, patch is needed, do and scale are given/,
    ],
    [
      "  operator:\n    - { at: soon, do: promote }",
      /"soon" is no duration; write it as 90s, 5m or 1h30m/,
    ],
    [
      "  metrics:\n    cpu: [{ at: 1m }]",
      /exactly one of value, error, outcome is needed, none is given/,
    ],
  ])("says where a mistake is and what would be right: %s", (spec, message) => {
    expect(() => parse(spec)).toThrow(message);
  });
});
