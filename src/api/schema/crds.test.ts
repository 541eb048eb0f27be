import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../lib/json.ts";
import { isJsonArray, isJsonObject } from "../../lib/json.ts";
import { customResourceDefinitions } from "./crds.ts";
import {
  asCrd,
  atomic,
  defaulted,
  int32,
  list,
  map,
  object,
  oneOf,
  quantity,
  text,
} from "./schema.ts";
import { structural } from "./structural.ts";

const definitions = customResourceDefinitions();

function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let here = value;
  for (const step of path) {
    if (typeof step === "number")
      here = isJsonArray(here ?? null) ? (here as Json[])[step] : undefined;
    else here = isJsonObject(here ?? null) ? (here as JsonObject)[step] : undefined;
  }
  return here;
}

const definitionOf = (kind: string): JsonObject =>
  definitions.find(({ type }) => type.kind === kind)!.definition;
const versionOf = (kind: string): Json | undefined => at(definitionOf(kind), "spec", "versions", 0);
const schemaOf = (kind: string): Json | undefined =>
  at(versionOf(kind), "schema", "openAPIV3Schema");

/** `spec.steps[].pause` → the schema there. */
function field(kind: string, path: string): Json | undefined {
  return path.split(".").reduce<Json | undefined>((here, word) => {
    const [name = "", ...lists] = word.split("[]");
    return lists.reduce<Json | undefined>(
      (found) => at(found, "items"),
      at(here, "properties", name),
    );
  }, schemaOf(kind));
}

describe("the definitions", () => {
  it("have the names, scopes and subresources of Argo's", () => {
    const told = definitions.map(({ definition }) => {
      const version = at(definition, "spec", "versions", 0);
      return [
        at(definition, "metadata", "name"),
        at(definition, "spec", "names", "shortNames", 0),
        at(definition, "spec", "scope"),
        at(version, "name"),
        at(version, "subresources") ?? null,
      ];
    });
    const scale = {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.HPAReplicas",
      labelSelectorPath: ".status.selector",
    };
    expect(told).toEqual([
      ["rollouts.argoproj.io", "ro", "Namespaced", "v1alpha1", { status: {}, scale }],
      ["analysisruns.argoproj.io", "ar", "Namespaced", "v1alpha1", null],
      ["analysistemplates.argoproj.io", "at", "Namespaced", "v1alpha1", null],
      ["clusteranalysistemplates.argoproj.io", "cat", "Cluster", "v1alpha1", null],
      ["experiments.argoproj.io", "exp", "Namespaced", "v1alpha1", null],
    ]);
  });

  it.each([
    ["Rollout", ["Desired", "Current", "Up-to-date", "Available", "Age"]],
    ["AnalysisRun", ["Status", "Age"]],
    ["Experiment", ["Status", "Age"]],
    ["AnalysisTemplate", ["Age"]],
    ["ClusterAnalysisTemplate", ["Age"]],
  ])("%s prints the columns of Argo's", (kind, names) => {
    const columns = at(versionOf(kind), "additionalPrinterColumns") as readonly JsonObject[];
    expect(columns.map(({ name }) => name)).toEqual(names);
  });

  it("require nothing at the top but a spec", () => {
    for (const { type } of definitions)
      expect(at(schemaOf(type.kind), "required")).toEqual(["spec"]);
  });

  it("are small enough for the annotation of a client-side apply, too", () => {
    for (const { definition } of definitions)
      expect(JSON.stringify(definition).length).toBeLessThan(262_144 / 2);
  });
});

describe("where Argo's are more generous than our readers, so are they", () => {
  it("amounts of resources may be anything: a Job of an analysis takes them from arguments", () => {
    const containers = "spec.metrics[].provider.job.spec.template.spec.containers[]";
    const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    expect(field("AnalysisTemplate", `${containers}.resources.limits`)).toMatchObject(open);
    expect(field("Rollout", "spec.template.spec.containers[].resources.requests")).toMatchObject(
      open,
    );
  });
  it("a template of a rollout with workloadRef may be empty", () => {
    expect(at(field("Rollout", "spec.template"), "required")).toBeUndefined();
    expect(at(field("Rollout", "spec.template.spec"), "required")).toEqual(["containers"]);
  });
  it("words we know are not enforced, but Datadog's", () => {
    expect(JSON.stringify(schemaOf("Rollout"))).not.toContain('"enum"');
    expect(field("AnalysisTemplate", "spec.metrics[].provider.datadog.apiVersion")).toMatchObject({
      enum: ["v1", "v2"],
      default: "v1",
    });
  });
  it("plugins are configured as they like", () => {
    for (const [kind, path] of [
      ["Rollout", "spec.strategy.canary.trafficRouting.plugins"],
      ["AnalysisTemplate", "spec.metrics[].provider.plugin"],
      ["Rollout", "spec.strategy.canary.steps[].plugin.config"],
    ] as const)
      expect(field(kind, path)).toMatchObject({ "x-kubernetes-preserve-unknown-fields": true });
  });
});

describe("as Argo's", () => {
  it("templates keep labels and annotations only", () => {
    for (const [kind, path] of [
      ["Rollout", "spec.template.metadata"],
      ["Experiment", "spec.templates[].template.metadata"],
      ["AnalysisRun", "spec.metrics[].provider.job.metadata"],
      ["AnalysisRun", "spec.metrics[].provider.job.spec.template.metadata"],
    ] as const)
      expect(Object.keys(at(field(kind, path), "properties") as JsonObject)).toEqual([
        "labels",
        "annotations",
      ]);
  });
  it("the selector never changes, and is one value under server-side apply", () => {
    expect(field("Rollout", "spec.selector")).toMatchObject({
      "x-kubernetes-map-type": "atomic",
      "x-kubernetes-validations": [
        { rule: "self == oldSelf", message: ".spec.selector is immutable" },
      ],
    });
    expect(JSON.stringify(field("Experiment", "spec.templates[].selector"))).not.toContain(
      "oldSelf",
    );
  });
  it("their own lists are written as a whole, those of pods merge by key", () => {
    expect(field("Rollout", "spec.strategy.canary.steps")).not.toHaveProperty(
      "x-kubernetes-list-type",
    );
    expect(field("Rollout", "spec.template.spec.containers[].ports")).toMatchObject({
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
    });
  });
  it.each([
    "spec.strategy.canary.maxSurge",
    "spec.strategy.blueGreen.maxUnavailable",
    "spec.strategy.canary.steps[].pause.duration",
    "spec.template.spec.containers[].readinessProbe.httpGet.port",
  ])("%s is a number or a text", (path) => {
    expect(field("Rollout", path)).toMatchObject({ "x-kubernetes-int-or-string": true });
  });
});

/** Every schema below this one that is somebody's field, with its path; not into pods and Jobs. */
function fieldsBelow(schema: JsonObject, path: string): readonly (readonly [string, JsonObject])[] {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, JsonObject>);
  const below = properties.flatMap(([name, node]) => {
    const own = [[`${path}.${name}`, node] as const];
    const isForeign = ["template", "spec"].includes(name) && "containers" in podFields(node);
    return isForeign || isJob(node) ? own : [...own, ...fieldsBelow(node, `${path}.${name}`)];
  });
  const inside = (schema["items"] ?? schema["additionalProperties"]) as JsonObject | undefined;
  return inside === undefined ? below : [...below, ...fieldsBelow(inside, `${path}[]`)];
}

function podFields(node: JsonObject): JsonObject {
  const { spec } = (node["properties"] ?? {}) as { spec?: JsonObject };
  return (spec?.["properties"] ?? node["properties"] ?? {}) as JsonObject;
}

const isJob = (node: JsonObject): boolean => "backoffLimit" in podFields(node);

describe("kubectl explain", () => {
  it.each(definitions.map(({ type }) => type.kind))("has words for every field of %s", (kind) => {
    const fields = fieldsBelow(schemaOf(kind) as JsonObject, kind);
    expect(fields.length).toBeGreaterThan(60);
    const silent = fields
      .filter(([path, { description }]) => description === undefined && path !== `${kind}.metadata`)
      .map(([path]) => path);
    expect(silent).toEqual([]);
    expect(at(schemaOf(kind), "description")).toEqual(expect.any(String));
  });
});

/** Kubernetes' rules for structural schemas, as far as ours could break them. */
function structuralFaults(schema: JsonObject, path: string): readonly string[] {
  const { type, properties, additionalProperties, items } = schema;
  const keys = (schema["x-kubernetes-list-map-keys"] ?? []) as readonly string[];
  const item = items as { required?: readonly string[]; properties?: Record<string, JsonObject> };
  const isTyped =
    type !== undefined ||
    schema["x-kubernetes-int-or-string"] === true ||
    schema["x-kubernetes-preserve-unknown-fields"] === true;
  return [
    ...(isTyped ? [] : [`${path}: no type`]),
    ...(properties && additionalProperties ? [`${path}: both properties and free keys`] : []),
    ...keys
      .filter(
        (key) =>
          item.required?.includes(key) !== true &&
          item.properties?.[key]?.["default"] === undefined,
      )
      .map((key) => `${path}: key ${key} is neither required nor has a default`),
    ...Object.entries((properties ?? {}) as Record<string, JsonObject>).flatMap(([name, node]) =>
      structuralFaults(node, `${path}.${name}`),
    ),
    ...[items, additionalProperties]
      .filter((below) => below !== undefined)
      .flatMap((below) => structuralFaults(below as JsonObject, `${path}[]`)),
  ];
}

describe("structural schemas", () => {
  it.each(definitions.map(({ type }) => type.kind))("%s keeps the rules", (kind) => {
    expect(structuralFaults(schemaOf(kind) as JsonObject, kind)).toEqual([]);
  });

  it("say what a node says", () => {
    const node = object(
      {
        word: oneOf(["a", "b"]),
        size: quantity,
        sizes: asCrd(map(quantity), { isOpen: true }),
        items: list(object({ id: defaulted(text, "") }), ["id"]),
        whole: atomic(map(int32)),
      },
      ["word"],
    );
    const intOrString = {
      anyOf: [{ type: "integer" }, { type: "string" }],
      "x-kubernetes-int-or-string": true,
    };
    expect(structural(node)).toEqual({
      type: "object",
      properties: {
        word: { type: "string" },
        size: intOrString,
        sizes: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        items: {
          type: "array",
          items: { type: "object", properties: { id: { type: "string", default: "" } } },
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["id"],
        },
        whole: {
          type: "object",
          additionalProperties: { type: "integer", format: "int32" },
          "x-kubernetes-map-type": "atomic",
        },
      },
      required: ["word"],
    });
  });
});
