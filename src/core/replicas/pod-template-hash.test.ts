import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Json } from "../../lib/json.ts";
import { marshalPodTemplate, marshalSteps } from "./go-marshal.ts";
import { podTemplateHash, stepsHash } from "./pod-template-hash.ts";

interface Vector {
  readonly name: string;
  readonly template: Json;
  readonly hash: string;
  readonly hashAfterCollisions258: string;
  readonly legacyHash?: string;
}

// Computed by a Go program over the real Kubernetes types.
const file = readFileSync(new URL("./pod-template-hash.vectors.json", import.meta.url), "utf8");
const { vectors } = JSON.parse(file) as { readonly vectors: readonly Vector[] };

describe("the pod-template hash", () => {
  it("has enough vectors to mean something", () => {
    expect(vectors.length).toBeGreaterThanOrEqual(60);
  });

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    expect(podTemplateHash(vector.template)).toBe(vector.hash);
    expect(podTemplateHash(vector.template, 258)).toBe(vector.hashAfterCollisions258);
    if (vector.legacyHash === undefined) return;
    expect(podTemplateHash(vector.template, undefined, { legacyCreationTimestamp: true })).toBe(
      vector.legacyHash,
    );
  });

  it("tells no collision from zero collisions", () => {
    expect(podTemplateHash({}, 0)).not.toBe(podTemplateHash({}));
  });

  it("does not see key order, unknown fields and spellings of one quantity", () => {
    const one: Json = {
      spec: { containers: [{ name: "a", image: "b", resources: { limits: { cpu: "1000m" } } }] },
    };
    const same: Json = {
      status: {},
      spec: {
        containers: [{ resources: { limits: { cpu: 1 } }, image: "b", name: "a", nope: [] }],
      },
    };
    expect(podTemplateHash(same)).toBe(podTemplateHash(one));
  });

  it.each<[string, Json, string]>([
    ["nothing", {}, '{"metadata":{},"spec":{"containers":null}}'],
    [
      "required fields",
      { spec: { containers: [{}] } },
      '{"metadata":{},"spec":{"containers":[{"name":"","resources":{}}]}}',
    ],
    [
      "escapes",
      { metadata: { labels: { b: "<&>", a: "\u2028" } } },
      '{"metadata":{"labels":{"a":"\\u2028","b":"\\u003c\\u0026\\u003e"}},"spec":{"containers":null}}',
    ],
  ])("is taken over Go's JSON: %s", (_name, template, json) => {
    expect(marshalPodTemplate(template)).toBe(json);
  });

  it("begins with a creation timestamp in the form of old libraries", () => {
    expect(marshalPodTemplate({}, { legacyCreationTimestamp: true })).toBe(
      '{"metadata":{"creationTimestamp":null},"spec":{"containers":null}}',
    );
  });
});

describe("the step hash", () => {
  it.each<[string, Json | undefined, string]>([
    ["one pause", [{ pause: {} }], "6b9b86fbd5"],
    ["two pauses", [{ pause: {} }, { pause: {} }], "79c9b9f6bf"],
    ["no steps", undefined, "5ffbfbbd64"],
    ["null", null, "5ffbfbbd64"],
  ])("%s", (_name, steps, hash) => {
    expect(stepsHash(steps)).toBe(hash);
  });

  it("keeps fields in their order and weights of zero", () => {
    const steps: Json = [
      { setWeight: 0 },
      { pause: { duration: "5m" } },
      { analysis: { args: [{ value: "1", name: "a" }], templates: [{ templateName: "t" }] } },
    ];
    expect(marshalSteps(steps)).toBe(
      '[{"setWeight":0},{"pause":{"duration":"5m"}},' +
        '{"analysis":{"templates":[{"templateName":"t"}],"args":[{"name":"a","value":"1"}]}}]',
    );
  });

  it("changes with every change of a step", () => {
    const hashes = [5, 6, "5", "5m"].map((duration) =>
      stepsHash([{ setWeight: 20 }, { pause: { duration } }]),
    );
    expect(new Set(hashes).size).toBe(4);
  });
});
