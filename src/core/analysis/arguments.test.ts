import { describe, expect, it } from "vitest";
import type { RolloutAnalysisArgument } from "../../api/argo/rollout.ts";
import { resolveRolloutArgs } from "./arguments.ts";

const facts = {
  manifest: {
    metadata: {
      name: "shop",
      namespace: "prod",
      uid: "u-1",
      labels: { team: "a", app: "shop" },
      annotations: { "example.com/note": 'say "hi"' },
    },
    spec: {
      replicas: 5,
      paused: false,
      template: { spec: { containers: [{ name: "web", image: "shop:2" }] } },
    },
    status: { stableRS: "abc" },
  },
  stableHash: "old",
  latestHash: "new",
};

const field = (fieldPath: string): RolloutAnalysisArgument => ({
  name: "x",
  kind: "field",
  fieldPath,
});

describe("resolveRolloutArgs", () => {
  it.each([
    ["literal", { name: "x", kind: "value", value: "7" }, "7"],
    ["stable hash", { name: "x", kind: "podTemplateHash", of: "Stable" }, "old"],
    ["latest hash", { name: "x", kind: "podTemplateHash", of: "Latest" }, "new"],
    ["name", field("metadata.name"), "shop"],
    ["namespace", field("metadata.namespace"), "prod"],
    ["uid", field("metadata.uid"), "u-1"],
    ["one label", field("metadata.labels['team']"), "a"],
    ["an absent label", field("metadata.labels['nope']"), ""],
    ["an annotation", field("metadata.annotations['example.com/note']"), 'say "hi"'],
    ["all labels, sorted", field("metadata.labels"), 'app="shop"\nteam="a"'],
    ["all annotations", field("metadata.annotations"), 'example.com/note="say \\"hi\\""'],
    ["a number", field("spec.replicas"), "5"],
    ["a boolean", field("spec.paused"), "false"],
    ["inside a list", field("spec.template.spec.containers[0].image"), "shop:2"],
    ["status", field("status.stableRS"), "abc"],
  ] as const)("takes %s", (_name, argument, value) => {
    expect(resolveRolloutArgs([argument], facts)).toEqual({
      ok: true,
      args: [{ name: "x", value }],
    });
  });

  it.each([
    ["metadata.generation", "unsupported fieldPath: metadata.generation"],
    ["spec.nope", "invalid path spec.nope in rollout"],
    ["spec.template", "path spec.template in rollout must terminate in a primitive value"],
    ["spec.template.spec.containers[x].image", "invalid index 'x'"],
    ["spec.template.spec.containers[3].image", "index 3 out of range"],
  ])("refuses %s", (path, message) => {
    expect(resolveRolloutArgs([field(path), field("metadata.name")], facts)).toEqual({
      ok: false,
      message,
    });
  });
});
