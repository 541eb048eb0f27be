import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { formatPath } from "../meta/field-path.ts";
import { resourceTypes } from "../resources.ts";
import { conform } from "./conform.ts";
import { withDefaults } from "./defaults.ts";
import { schemaOf, schemas } from "./kinds.ts";
import {
  any,
  bool,
  dateTime,
  defaulted,
  int32,
  intOrString,
  list,
  map,
  object,
  oneOf,
  openObject,
  quantity,
  text,
} from "./schema.ts";
import type { SchemaNode } from "./schema.ts";
import { unknownFields } from "./unknown-fields.ts";

describe("the kinds", () => {
  it("are those of resources.ts, each with a schema", () => {
    const known = resourceTypes.map(
      ({ group, version, kind }) => `${group === "" ? "" : `${group}/`}${version} ${kind}`,
    );
    expect(Object.keys(schemas).toSorted()).toEqual(known.toSorted());
  });
  it.each(resourceTypes)(
    "$kind has a status in its schema exactly if the store splits one off",
    (type) => {
      const { group, version, kind, hasStatus } = type;
      const schema = schemaOf(group === "" ? version : `${group}/${version}`, kind);
      const properties = schema?.type === "object" ? Object.keys(schema.properties) : [];
      expect(properties).toEqual(expect.arrayContaining(["apiVersion", "kind", "metadata"]));
      if (hasStatus) expect(properties).toContain("status");
    },
  );
  it("nobody knows have none", () => {
    expect(schemaOf("v1", "constructor")).toBeUndefined();
    expect(schemaOf("v2", "Pod")).toBeUndefined();
  });
});

/** Every schema node below this one, with the path of its field. */
function nodesOf(node: SchemaNode, path = ""): readonly (readonly [string, SchemaNode])[] {
  const own = [[path, node] as const];
  switch (node.type) {
    case "object":
      return [
        ...own,
        ...Object.entries(node.properties).flatMap(([name, field]) =>
          nodesOf(field, `${path}.${name}`),
        ),
      ];
    case "array":
      return [...own, ...nodesOf(node.items, `${path}[]`)];
    case "map":
      return [...own, ...nodesOf(node.values, `${path}{}`)];
    default:
      return own;
  }
}

describe("every schema", () => {
  const nodes = Object.entries(schemas).flatMap(([kind, schema]) => nodesOf(schema, kind));

  it("requires only fields that it has", () => {
    const wrong = nodes.flatMap(([path, node]) =>
      node.type === "object"
        ? node.required
            .filter((name) => !(name in node.properties))
            .map((name) => `${path}.${name}`)
        : [],
    );
    expect(wrong).toEqual([]);
  });
  it("identifies list items by fields that they have", () => {
    const wrong = nodes.filter(([, node]) => {
      if (node.type !== "array" || node.items.type !== "object") return false;
      const { properties } = node.items;
      return (node.keys ?? []).some((key) => !(key in properties));
    });
    expect(wrong.map(([path]) => path)).toEqual([]);
  });
  it("is JSON, so that CRDs can be printed from it", () => {
    expect(JSON.parse(JSON.stringify(schemas))).toEqual(schemas);
  });

  it.each([
    ["spec.strategy.canary", ["maxSurge", "maxUnavailable"]],
    ["spec.strategy.blueGreen", ["maxUnavailable"]],
    ["spec.strategy.canary.steps[].pause", ["duration"]],
  ])("int-or-string stands where Argo has it: %s", (path, names) => {
    const rollout = nodes.filter(([at]) => at.startsWith(`argoproj.io/v1alpha1 Rollout.${path}.`));
    const found = rollout
      .filter(([, node]) => node.type === "intOrString")
      .map(([at]) => at.split(".").at(-1));
    for (const name of names) expect(found).toContain(name);
  });

  it("requires of a Rollout what Argo's CRD requires, and nothing else", () => {
    const required = nodes
      .filter(
        ([path]) =>
          path.startsWith("argoproj.io/v1alpha1 Rollout.spec") && !path.includes(".template."),
      )
      .flatMap(([path, node]) =>
        node.type === "object"
          ? node.required.map(
              (name) => `${path.slice("argoproj.io/v1alpha1 Rollout.spec.".length)}.${name}`,
            )
          : [],
      )
      .filter((path) => !path.includes("elector.") && !path.startsWith("template"));
    const argument = [
      "args[].name",
      "args[].valueFrom.secretKeyRef.name",
      "args[].valueFrom.secretKeyRef.key",
      "args[].valueFrom.fieldRef.fieldPath",
    ];
    const analysis = [
      ...argument,
      "dryRun[].metricName",
      "measurementRetention[].metricName",
      "measurementRetention[].limit",
    ];
    const canary = "strategy.canary";
    const routing = `${canary}.trafficRouting`;
    const step = `${canary}.steps[]`;
    const antiAffinity = "antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight";
    expect(required.toSorted()).toEqual(
      [
        `${canary}.${antiAffinity}`,
        `strategy.blueGreen.${antiAffinity}`,
        "strategy.blueGreen.activeService",
        ...analysis.map((path) => `strategy.blueGreen.prePromotionAnalysis.${path}`),
        ...analysis.map((path) => `strategy.blueGreen.postPromotionAnalysis.${path}`),
        ...analysis.map((path) => `${canary}.analysis.${path}`),
        ...analysis.map((path) => `${step}.analysis.${path}`),
        `${canary}.pingPong.pingService`,
        `${canary}.pingPong.pongService`,
        `${canary}.replicaProgressThreshold.type`,
        `${canary}.replicaProgressThreshold.value`,
        `${step}.plugin.name`,
        `${step}.setMirrorRoute.name`,
        `${step}.setHeaderRoute.match[].headerName`,
        `${step}.setHeaderRoute.match[].headerValue`,
        `${step}.experiment.templates`,
        `${step}.experiment.templates[].name`,
        `${step}.experiment.templates[].specRef`,
        `${step}.experiment.analyses[].name`,
        `${step}.experiment.analyses[].templateName`,
        ...argument.map((path) => `${step}.experiment.analyses[].${path}`),
        `${step}.experiment.dryRun[].metricName`,
        `${routing}.alb.servicePort`,
        `${routing}.alb.stickinessConfig.enabled`,
        `${routing}.alb.stickinessConfig.durationSeconds`,
        `${routing}.ambassador.mappings`,
        `${routing}.apisix.route.name`,
        `${routing}.traefik.weightedTraefikServiceName`,
        `${routing}.appMesh.virtualService.name`,
        `${routing}.appMesh.virtualNodeGroup.canaryVirtualNodeRef`,
        `${routing}.appMesh.virtualNodeGroup.stableVirtualNodeRef`,
        `${routing}.appMesh.virtualNodeGroup.canaryVirtualNodeRef.name`,
        `${routing}.appMesh.virtualNodeGroup.stableVirtualNodeRef.name`,
        `${routing}.istio.virtualService.name`,
        `${routing}.istio.virtualServices[].name`,
        `${routing}.istio.destinationRule.name`,
        `${routing}.istio.destinationRule.canarySubsetName`,
        `${routing}.istio.destinationRule.stableSubsetName`,
        `${routing}.managedRoutes[].name`,
      ].toSorted(),
    );
  });
});

const shape = object(
  {
    name: text,
    count: int32,
    on: bool,
    at: dateTime,
    size: quantity,
    port: intOrString,
    word: oneOf(["a", "b"]),
    items: list(object({ id: text }, ["id"])),
    labels: map(text),
    free: any,
  },
  ["name"],
);

describe("conform", () => {
  it.each<readonly [string, Json, JsonObject, readonly string[]]>([
    [
      "keeps what it does not know",
      { name: "x", other: { a: [1] } },
      { name: "x", other: { a: [1] } },
      [],
    ],
    ["drops null", { name: "x", count: null, free: null }, { name: "x", free: null }, []],
    ["fills in what is required", {}, { name: "" }, ["missing name"]],
    [
      "leaves out a wrong type",
      { name: "x", count: "3", on: 1 },
      { name: "x" },
      ["wrongType count", "wrongType on"],
    ],
    ["wants whole numbers", { name: "x", count: 1.5 }, { name: "x" }, ["wrongType count"]],
    ["wants 32 bits", { name: "x", count: 2 ** 31 }, { name: "x" }, ["wrongType count"]],
    ["takes 1.0 for 1", { name: "x", count: 1.0 }, { name: "x", count: 1 }, []],
    ["wants times", { name: "x", at: "noon" }, { name: "x" }, ["wrongType at"]],
    [
      "takes amounts as text and number",
      { name: "x", size: 1.5, port: "http" },
      { name: "x", size: 1.5, port: "http" },
      [],
    ],
    [
      "wants amounts",
      { name: "x", size: "big", port: 1.5 },
      { name: "x" },
      ["wrongType size", "wrongType port"],
    ],
    ["wants known words", { name: "x", word: "c" }, { name: "x" }, ["unknownValue word"]],
    [
      "keeps the index of list items",
      { name: "x", items: [3, { id: "b" }] },
      { name: "x", items: [{ id: "" }, { id: "b" }] },
      ["wrongType items[0]"],
    ],
    [
      "looks into maps",
      { name: "x", labels: { a: "b", c: 1 } },
      { name: "x", labels: { a: "b" } },
      ["wrongType labels.c"],
    ],
    ["replaces what is no object at all", [], { name: "" }, ["wrongType "]],
  ])("%s", (_, given, value, problems) => {
    const read = conform(given, shape);
    expect(read.value).toEqual(value);
    expect(read.problems.map(({ kind, path }) => `${kind} ${formatPath(path)}`)).toEqual(problems);
  });
  it("treats __proto__ as a key like any other", () => {
    const given = JSON.parse('{"name":"x","__proto__":{"polluted":1}}') as JsonObject;
    const { value } = conform(given, shape);
    expect(JSON.stringify(value)).toBe('{"name":"x","__proto__":{"polluted":1}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe("unknownFields", () => {
  const node = object({
    steps: list(object({ setWeight: int32 })),
    open: openObject({ known: int32 }),
    free: any,
  });
  it("are named with their path and the nearest known name", () => {
    const value = {
      steps: [{ setWeigth: 1 }],
      stepz: [],
      open: { other: 1 },
      free: { x: 1 },
      zzz: 0,
    };
    expect(
      unknownFields(value, node).map(({ path, suggestion }) => [formatPath(path), suggestion]),
    ).toEqual([
      ["steps[0].setWeigth", "setWeight"],
      ["stepz", "steps"],
      ["zzz", undefined],
    ]);
  });
});

describe("withDefaults", () => {
  const node = object({
    a: defaulted(int32, 1),
    b: object({ c: defaulted(text, "x") }),
    d: list(object({ e: defaulted(bool, true) })),
  });
  it("fills in only what nobody wrote, at every depth that exists", () => {
    expect(withDefaults({ d: [{}, { e: false }] }, node)).toEqual({
      a: 1,
      d: [{ e: true }, { e: false }],
    });
    expect(withDefaults({ a: 0, b: {} }, node)).toEqual({ a: 0, b: { c: "x" } });
  });
});
