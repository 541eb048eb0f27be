// Server-side apply: who manages which field, and who may take it over.
import { describe, expect } from "vitest";
import type { ObjectRef } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { ObjectStore } from "../object-store.ts";
import { replicaSet, rollout, status, type Loose } from "./objects.ts";
import { refusal, expectRefusal, type Ask } from "./questions.ts";

export function askAboutApplying(ask: Ask): void {
  describe("server-side apply", () => {
    function applied(
      data: JsonObject,
      fieldManager: string,
      force = false,
    ): Parameters<ObjectStore["patch"]>[1] {
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one" }, data };
      return { type: "apply", body, fieldManager, force };
    }
    const ref = (ns: string): ObjectRef => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      namespace: ns,
      name: "one",
    });

    ask("creates what is not there, and accounts for its fields", async ({ store, ns }) => {
      const made = await store.patch<Loose>(ref(ns), applied({ a: "1" }, "alice"));
      expect(made.data).toEqual({ a: "1" });
      expect(made.metadata.managedFields).toEqual([
        expect.objectContaining({
          manager: "alice",
          operation: "Apply",
          apiVersion: "v1",
          fieldsType: "FieldsV1",
          fieldsV1: { "f:data": { "f:a": {} } },
        }),
      ]);
    });

    ask("applying the same again changes nothing", async ({ store, ns }) => {
      const made = await store.patch(ref(ns), applied({ a: "1" }, "alice"));
      const again = await store.patch(ref(ns), applied({ a: "1" }, "alice"));
      expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    });

    ask("removes what is no longer applied, and only that", async ({ store, ns }) => {
      await store.patch(ref(ns), applied({ a: "1", b: "1" }, "alice"));
      await store.patch(
        ref(ns),
        { type: "merge", body: { data: { c: "3" } } },
        { fieldManager: "bob" },
      );
      const after = await store.patch<Loose>(ref(ns), applied({ a: "1" }, "alice"));
      expect(after.data).toEqual({ a: "1", c: "3" });
    });

    ask("managers who apply the same value share it", async ({ store, ns }) => {
      await store.patch(ref(ns), applied({ a: "1" }, "alice"));
      await store.patch(ref(ns), applied({ a: "1", b: "2" }, "bob"));
      const after = await store.patch<Loose>(ref(ns), applied({ b: "2" }, "bob"));
      expect(after.data).toEqual({ a: "1", b: "2" });
      const last = await store.patch<Loose>(ref(ns), applied({}, "alice"));
      expect(last.data ?? {}).toEqual({ b: "2" });
    });

    ask(
      "another value is a conflict that names manager and field",
      async ({ store, ns, stored }) => {
        await store.patch(ref(ns), applied({ a: "1" }, "alice"));
        await expectRefusal(
          store.patch(ref(ns), applied({ a: "2" }, "bob")),
          "Conflict",
          /^Apply failed with 1 conflict: conflict with "alice"( using v1)?: \.data\.a$/,
        );
        expect((await stored(ref(ns))).data).toEqual({ a: "1" });
      },
    );

    ask("several conflicts are listed", async ({ store, ns }) => {
      await store.patch(ref(ns), applied({ a: "1", b: "1" }, "alice"));
      const error = await refusal(store.patch(ref(ns), applied({ a: "2", b: "2" }, "bob")));
      expect(error.message).toMatch(
        /^Apply failed with 2 conflicts: conflicts with "alice"( using v1)?:\n- \.data\.a\n- \.data\.b$/,
      );
      expect(error.details).toMatchObject({
        causes: [{ field: ".data.a" }, { field: ".data.b" }],
      });
    });

    ask("force takes the field over", async ({ store, ns }) => {
      await store.patch(ref(ns), applied({ a: "1" }, "alice"));
      const taken = await store.patch<Loose>(ref(ns), applied({ a: "2" }, "bob", true));
      expect(taken.data).toEqual({ a: "2" });
      expect(taken.metadata.managedFields?.map(({ manager }) => manager)).toEqual(["bob"]);
      await expectRefusal(
        store.patch(ref(ns), applied({ a: "1" }, "alice")),
        "Conflict",
        /conflict with "bob"/,
      );
    });

    ask("an ordinary update takes over what it changes", async ({ store, ns }) => {
      const made = await store.patch<Loose>(ref(ns), applied({ a: "1", b: "1" }, "alice"));
      await store.update({ ...made, data: { a: "2", b: "1" } }, { fieldManager: "bob" });
      await expectRefusal(
        store.patch(ref(ns), applied({ a: "1", b: "1" }, "alice")),
        "Conflict",
        /conflict with "bob" using v1( at .*)?: \.data\.a$/,
      );
      const fine = await store.patch<Loose>(ref(ns), applied({ b: "1" }, "alice"));
      expect(fine.data).toEqual({ a: "2", b: "1" });
    });

    ask(
      "lists of containers are merged by name, ports by number and protocol",
      async ({ store, ns }) => {
        const name = "web";
        const setRef = { apiVersion: "apps/v1", kind: "ReplicaSet", namespace: ns, name };
        await store.create(replicaSet(ns, name), { fieldManager: "creator" });
        const body = {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          metadata: { name },
          spec: {
            template: {
              spec: {
                containers: [
                  { name: "web", ports: [{ containerPort: 9090, name: "admin", protocol: "TCP" }] },
                ],
              },
            },
          },
        };
        const after = await store.patch<Loose>(setRef, {
          type: "apply",
          body,
          fieldManager: "alice",
          force: false,
        });
        expect(after.spec?.["template"]).toMatchObject({
          spec: {
            containers: [
              {
                name: "web",
                image: "shop:1",
                ports: expect.arrayContaining([
                  expect.objectContaining({ containerPort: 8080 }),
                  expect.objectContaining({ containerPort: 9090, name: "admin" }),
                ]) as unknown,
              },
            ],
          },
        });
        const nothing = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name } };
        const less = await store.patch<Loose>(setRef, {
          type: "apply",
          body: nothing,
          fieldManager: "alice",
          force: false,
        });
        const [container] = (
          less.spec?.["template"] as { spec: { containers: { ports: unknown[] }[] } }
        ).spec.containers;
        expect(container?.ports).toHaveLength(1);
      },
    );

    ask("Argo's own lists change as a whole", async ({ store, ns }) => {
      const name = "one";
      const rolloutRef = {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        namespace: ns,
        name,
      };
      const { apiVersion, kind, spec = {} } = rollout(ns, name);
      const body = { apiVersion, kind, metadata: { name }, spec };
      await store.patch(rolloutRef, { type: "apply", body, fieldManager: "alice", force: false });
      const steps = {
        apiVersion,
        kind,
        metadata: { name },
        spec: { strategy: { canary: { steps: [{ setWeight: 50 }] } } },
      };
      await expectRefusal(
        store.patch(rolloutRef, {
          type: "apply",
          body: steps,
          fieldManager: "bob",
          force: false,
        }),
        "Conflict",
        /conflict with "alice".*: \.spec\.strategy\.canary\.steps$/,
      );
    });

    ask("refuses managedFields, another name and no manager", async ({ store, ns }) => {
      const base = { apiVersion: "v1", kind: "ConfigMap" };
      const with_ = (metadata: JsonObject): Parameters<ObjectStore["patch"]>[1] => ({
        type: "apply",
        body: { ...base, metadata },
        fieldManager: "a",
        force: false,
      });
      await expectRefusal(
        store.patch(ref(ns), with_({ name: "one", managedFields: [] })),
        "BadRequest",
        /managedFields must be nil/,
      );
      await expectRefusal(store.patch(ref(ns), with_({ name: "two" })), "BadRequest");
      await expectRefusal(store.patch(ref(ns), applied({ a: "1" }, "")), "Invalid", /fieldManager/);
    });

    ask("the status has accounts of its own", async ({ store, ns, stored }) => {
      const rolloutRef = {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        namespace: ns,
        name: "one",
      };
      await store.create(rollout(ns, "one"), { fieldManager: "creator" });
      const made = await stored(rolloutRef);
      const told = await store.update(status(made, { phase: "Healthy" }), {
        subresource: "status",
        fieldManager: "controller",
      });
      const entry = told.metadata.managedFields?.find(({ manager }) => manager === "controller");
      expect(entry).toMatchObject({
        operation: "Update",
        subresource: "status",
        fieldsV1: { "f:status": { "f:phase": {} } },
      });
    });
  });
}
