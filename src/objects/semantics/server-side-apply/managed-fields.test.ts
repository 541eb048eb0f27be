import { describe, expect, it } from "vitest";
import { resourceTypeOf } from "../../../api/resources.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { isStoreError } from "../../object-store.ts";
import type { Stored } from "../stored.ts";
import { pathsOf, decodeFields } from "./field-set.ts";
import { applied, tracked } from "./managed-fields.ts";

const deployment = resourceTypeOf("apps/v1", "Deployment")!;
const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };
let clock = 0;

function config(spec: JsonObject, metadata: JsonObject = {}): JsonObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", ...metadata },
    spec,
  };
}

function apply(
  existing: Stored | undefined,
  manager: string,
  body: JsonObject,
  force = false,
): Stored {
  clock += 1;
  const by = { manager, subresource: undefined, time: `t${clock}`, force };
  return applied(deployment, ref, existing, body, by) as unknown as Stored;
}

function update(
  existing: Stored,
  manager: string | undefined,
  change: (spec: JsonObject) => JsonObject,
  subresource?: "status",
): Stored {
  clock += 1;
  const spec = existing["spec"];
  const after = { ...existing, spec: change(isJsonObject(spec) ? spec : {}) } as Stored;
  return tracked(deployment, existing, after, {
    manager,
    subresource,
    time: `t${clock}`,
    isApply: false,
  });
}

/** `manager/operation: paths`, one line per account. */
function accounts(object: Stored): readonly string[] {
  return (object.metadata.managedFields ?? []).map(
    ({ manager, operation, fieldsV1 }) =>
      `${manager ?? ""}/${operation ?? ""}: ${pathsOf(decodeFields(fieldsV1 as Json)).join(" ")}`,
  );
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isStoreError(error)) return error.message;
    throw error;
  }
  return "none";
}

const container = (more: JsonObject): JsonObject => ({
  template: { spec: { containers: [{ name: "web", ...more }] } },
});

describe("server-side apply", () => {
  it("owns leaves, and items of lists with their keys", () => {
    const made = apply(undefined, "alice", config(container({ image: "a", args: ["x"], env: [] })));
    expect(accounts(made)).toEqual([
      'alice/Apply: .spec.template.spec.containers[name="web"] .spec.template.spec.containers[name="web"].args .spec.template.spec.containers[name="web"].env .spec.template.spec.containers[name="web"].image .spec.template.spec.containers[name="web"].name',
    ]);
  });

  it("keeps the time of an account that did not change", () => {
    const made = apply(undefined, "alice", config({ replicas: 1 }));
    expect(apply(made, "alice", config({ replicas: 1 })).metadata.managedFields).toEqual(
      made.metadata.managedFields,
    );
  });

  it("an item goes with the last manager who applied it", () => {
    const first = apply(undefined, "alice", config(container({ image: "a" })));
    const both = apply(
      first,
      "bob",
      config({
        template: {
          spec: {
            containers: [
              { name: "web", image: "a" },
              { name: "side", image: "b" },
            ],
          },
        },
      }),
    );
    const aliceLeft = apply(both, "alice", config({}));
    expect(aliceLeft["spec"]).toEqual({
      template: {
        spec: {
          containers: [
            { name: "web", image: "a" },
            { name: "side", image: "b" },
          ],
        },
      },
    });
    expect(apply(aliceLeft, "bob", config(container({ image: "a" })))["spec"]).toEqual(
      container({ image: "a" }),
    );
  });

  it("an item others own a part of keeps that part", () => {
    const made = apply(undefined, "alice", config(container({ image: "a" })));
    const touched = apply(made, "bob", config(container({ imagePullPolicy: "Always" })));
    const left = apply(touched, "alice", config({}));
    expect(left["spec"]).toEqual(container({ imagePullPolicy: "Always" }));
  });

  it("label selectors change as a whole", () => {
    const made = apply(undefined, "alice", config({ selector: { matchLabels: { app: "a" } } }));
    expect(
      refusal(() =>
        apply(made, "bob", config({ selector: { matchLabels: { app: "a", x: "y" } } })),
      ),
    ).toBe('Apply failed with 1 conflict: conflict with "alice": .spec.selector');
  });

  it("objects nobody accounted for belong to before-first-apply", () => {
    const bare = {
      ...config({ replicas: 3 }),
      metadata: {
        name: "web",
        namespace: "default",
        uid: "u",
        resourceVersion: "1",
        generation: 1,
        creationTimestamp: "t",
      },
    } as Stored;
    expect(refusal(() => apply(bare, "alice", config({ replicas: 5 })))).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    );
    const forced = apply(bare, "alice", config({ replicas: 5 }), true);
    expect(forced["spec"]).toEqual({ replicas: 5 });
  });

  it("lists conflicts of several managers by name", () => {
    const first = apply(undefined, "alice", config({ replicas: 1 }));
    const second = apply(first, "bob", config({ paused: true, minReadySeconds: 3 }));
    expect(
      refusal(() =>
        apply(second, "carol", config({ replicas: 2, paused: false, minReadySeconds: 4 })),
      ),
    ).toBe(
      [
        'Apply failed with 3 conflicts: conflicts with "alice":',
        "- .spec.replicas",
        'conflicts with "bob":',
        "- .spec.minReadySeconds",
        "- .spec.paused",
      ].join("\n"),
    );
  });

  it("merges in the order applied, and keeps foreign items before their neighbour", () => {
    const items = (...names: string[]): JsonObject => ({
      template: { spec: { containers: names.map((name) => ({ name })) } },
    });
    const live = apply(undefined, "alice", config(items("a", "b", "c")));
    expect(apply(live, "bob", config(items("x", "c", "b")))["spec"]).toEqual(
      items("x", "a", "c", "b"),
    );
  });

  it("counts ports by number and protocol, TCP if none is given", () => {
    const ports = (...each: JsonObject[]): JsonObject => config(container({ ports: each }));
    const live = apply(undefined, "alice", ports({ containerPort: 80, name: "http" }));
    const merged = apply(
      live,
      "bob",
      ports({ containerPort: 80, protocol: "TCP" }, { containerPort: 80, protocol: "UDP" }),
    );
    expect(merged["spec"]).toEqual(
      container({
        ports: [
          { containerPort: 80, name: "http", protocol: "TCP" },
          { containerPort: 80, protocol: "UDP" },
        ],
      }),
    );
    expect(
      refusal(() =>
        apply(live, "bob", ports({ containerPort: 80 }, { containerPort: 80, protocol: "TCP" })),
      ),
    ).toMatch(/duplicate entries for key/);
  });

  it("null in a configuration says nothing", () => {
    expect(apply(undefined, "alice", config({ replicas: null, paused: true }))["spec"]).toEqual({
      paused: true,
    });
  });
});

describe("accounts of updates", () => {
  it("move what an update changed to its manager, and off the others", () => {
    const made = apply(undefined, "alice", config({ replicas: 1, paused: true }));
    const changed = update(made, "bob", (spec) => ({ ...spec, replicas: 2 }));
    expect(accounts(changed)).toEqual(["alice/Apply: .spec.paused", "bob/Update: .spec.replicas"]);
    const back = update(changed, "carol", ({ replicas: _replicas, ...spec }) => spec);
    expect(accounts(back)).toEqual(["alice/Apply: .spec.paused"]);
  });

  it("name a writer who gave no name, and keep objects without accounts free of them", () => {
    const made = apply(undefined, "alice", config({ replicas: 1 }));
    expect(accounts(update(made, undefined, () => ({ replicas: 2 })))).toEqual([
      "unknown/Update: .spec.replicas",
    ]);
    const { managedFields: _fields, ...metadata } = made.metadata;
    const bare = { ...made, metadata } as Stored;
    expect(update(bare, undefined, () => ({ replicas: 2 })).metadata.managedFields).toBeUndefined();
  });

  it("do not count what the store writes", () => {
    const made = apply(undefined, "alice", config({ replicas: 1 }));
    const touched = {
      ...made,
      metadata: { ...made.metadata, generation: 7, resourceVersion: "9" },
    } as Stored;
    const after = tracked(deployment, made, touched, {
      manager: "bob",
      subresource: undefined,
      time: "t",
      isApply: false,
    });
    expect(accounts(after)).toEqual(["alice/Apply: .spec.replicas"]);
  });
});
