import { describe, expect, it } from "vitest";
import { resourceTypeOf } from "../../api/resources.ts";
import type { JsonObject } from "../../lib/json.ts";
import { shapeOf } from "./list-schema.ts";
import { applyStrategicMerge } from "./strategic-merge.ts";

const podShape = shapeOf(resourceTypeOf("v1", "Pod")!);

const web = { name: "web", image: "shop:1", args: ["-v"], env: [{ name: "A", value: "1" }] };
const side = { name: "side", image: "proxy:1" };

function podWith(spec: JsonObject): JsonObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "p", finalizers: ["a/x"] }, spec };
}

const cases: readonly { name: string; base?: JsonObject; patch: JsonObject; spec: JsonObject }[] = [
  {
    name: "merges items of one key, leaves others, appends new ones",
    patch: { containers: [{ name: "web", image: "shop:2" }, { name: "new" }] },
    spec: { containers: [{ ...web, image: "shop:2" }, side, { name: "new" }] },
  },
  {
    name: "merges lists within items",
    patch: {
      containers: [
        {
          name: "web",
          env: [
            { name: "A", value: "2" },
            { name: "B", value: "3" },
          ],
        },
      ],
    },
    spec: {
      containers: [
        {
          ...web,
          env: [
            { name: "A", value: "2" },
            { name: "B", value: "3" },
          ],
        },
        side,
      ],
    },
  },
  {
    name: "replaces lists without a key",
    patch: { containers: [{ name: "web", args: ["-q"] }] },
    spec: { containers: [{ ...web, args: ["-q"] }, side] },
  },
  {
    name: "removes fields with null",
    patch: { containers: [{ name: "web", args: null }] },
    spec: { containers: [{ name: "web", image: "shop:1", env: web.env }, side] },
  },
  {
    name: "$patch: delete removes an item",
    patch: { containers: [{ name: "web", $patch: "delete" }] },
    spec: { containers: [side] },
  },
  {
    name: "deleting what is not there changes nothing",
    patch: { containers: [{ name: "none", $patch: "delete" }] },
    spec: { containers: [web, side] },
  },
  {
    name: "$patch: replace in a list replaces all of it",
    patch: { containers: [{ name: "only" }, { $patch: "replace" }] },
    spec: { containers: [{ name: "only" }] },
  },
  {
    name: "$patch: replace in a map replaces the map",
    patch: { $patch: "replace", nodeName: "n" },
    spec: { nodeName: "n" },
  },
  { name: "$patch: delete in a map empties it", patch: { $patch: "delete" }, spec: {} },
  {
    name: "$setElementOrder orders listed items",
    patch: { "$setElementOrder/containers": [{ name: "side" }, { name: "web" }] },
    spec: { containers: [side, web] },
  },
  {
    name: "$setElementOrder leaves unlisted items where they are",
    base: { containers: [web, side, { name: "c" }] },
    patch: { "$setElementOrder/containers": [{ name: "c" }, { name: "web" }] },
    spec: { containers: [{ name: "c" }, side, web] },
  },
  {
    name: "$retainKeys drops the fields it does not name",
    base: { volumes: [{ name: "v", emptyDir: {}, other: 1 }] },
    patch: {
      volumes: [{ name: "v", hostPath: { path: "/x" }, $retainKeys: ["name", "hostPath"] }],
    },
    spec: { volumes: [{ name: "v", hostPath: { path: "/x" } }] },
  },
  {
    name: "a list where there was none is taken as it is, without its directives",
    base: {},
    patch: {
      containers: [
        { name: "web", args: null },
        { name: "gone", $patch: "delete" },
      ],
    },
    spec: { containers: [{ name: "web" }] },
  },
];

describe("strategic merge patch", () => {
  it.each(cases)("$name", ({ base = { containers: [web, side] }, patch, spec }) => {
    expect(applyStrategicMerge(podWith(base), { spec: patch }, podShape)).toEqual(podWith(spec));
  });

  it("merges lists of plain values, and removes from them", () => {
    const added = applyStrategicMerge(
      podWith({}),
      { metadata: { finalizers: ["a/y", "a/x"] } },
      podShape,
    );
    expect(added["metadata"]).toMatchObject({ finalizers: ["a/x", "a/y"] });
    const removed = applyStrategicMerge(
      added,
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["a/x"] } },
      podShape,
    );
    expect(removed["metadata"]).toMatchObject({ finalizers: ["a/y"] });
  });

  it("does not change its inputs", () => {
    const base = Object.freeze(podWith({ containers: Object.freeze([Object.freeze(web)]) }));
    applyStrategicMerge(base, { spec: { containers: [{ name: "web", image: "x" }] } }, podShape);
    expect(base["spec"]).toEqual({ containers: [web] });
  });

  it.each([
    {
      name: "an unknown directive",
      patch: { spec: { $patch: "explode" } },
      words: /unknown \$patch "explode"/,
    },
    {
      name: "an item without its key",
      patch: { spec: { containers: [{ image: "x" }] } },
      words: /no name/,
    },
    {
      name: "an item that is no object",
      patch: { spec: { containers: ["x"] } },
      words: /must be an object/,
    },
    {
      name: "$retainKeys that forget a field",
      patch: { spec: { containers: [{ name: "web", image: "y", $retainKeys: ["name"] }] } },
      words: /does not name image/,
    },
    {
      name: "an order that is no list",
      patch: { spec: { "$setElementOrder/containers": "x" } },
      words: /must be a list/,
    },
  ])("refuses $name", ({ patch, words }) => {
    expect(() =>
      applyStrategicMerge(podWith({ containers: [web] }), patch as JsonObject, podShape),
    ).toThrow(words);
  });
});
