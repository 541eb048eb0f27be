// What a store makes of an object it is given.
import { describe, expect } from "vitest";
import type { ObjectMeta } from "../../api/meta/object.ts";
import { refOf } from "../../api/meta/object.ts";
import { configMap, replicaSet, rollout, scope, status, type Loose } from "./objects.ts";
import { expectRefusal, type Ask } from "./questions.ts";

export function askAboutCreating(ask: Ask): void {
  describe("create and get", () => {
    ask("fills in what the store decides", async ({ store, ns }) => {
      const created = await store.create(replicaSet(ns, "one"));
      expect(created.metadata).toMatchObject({ name: "one", namespace: ns, generation: 1 });
      expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(created.metadata.resourceVersion).toMatch(/^\d+$/);
      expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(await store.get(refOf(created))).toEqual(created);
    });

    ask("keeps fields it does not know, and values JSON can say", async ({ store, ns, stored }) => {
      const object = configMap(ns, "odd", { annotations: { note: 'ü ✔ "quoted"\nline' } });
      const made = await store.create({ ...object, data: { empty: "", text: "π" } });
      expect((await stored(refOf(made))).data).toEqual({ empty: "", text: "π" });
      expect(made.metadata.annotations).toEqual(object.metadata.annotations);
    });

    ask("gives every object another uid", async ({ store, ns }) => {
      const first = await store.create(configMap(ns, "same"));
      await store.delete(refOf(first));
      const second = await store.create(configMap(ns, "same"));
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
    });

    ask("makes names from generateName", async ({ store, ns }) => {
      const base = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { namespace: ns, generateName: "job-" } as unknown as ObjectMeta,
      };
      const first = await store.create(base);
      const second = await store.create(base);
      expect(first.metadata.name).toMatch(/^job-[a-z0-9]{5}$/);
      expect(second.metadata.name).toMatch(/^job-[a-z0-9]{5}$/);
      expect(first.metadata.name).not.toBe(second.metadata.name);
    });

    ask("refuses a second object of one name", async ({ store, ns }) => {
      await store.create(configMap(ns, "one"));
      await expectRefusal(
        store.create(configMap(ns, "one")),
        "AlreadyExists",
        /configmaps "one" already exists/,
      );
    });

    ask("tells objects of one name apart by kind and namespace", async ({ store, ns, isGone }) => {
      await store.create(configMap(ns, "one"));
      await store.create(replicaSet(ns, "one"));
      expect((await store.list(scope("ConfigMap", ns))).items).toHaveLength(1);
      expect(
        await isGone({
          apiVersion: "v1",
          kind: "ConfigMap",
          namespace: "elsewhere",
          name: "one",
        }),
      ).toBe(true);
    });

    ask("answers undefined for what is not there", async ({ store, ns }) => {
      expect(
        await store.get({ apiVersion: "v1", kind: "Pod", namespace: ns, name: "none" }),
      ).toBeUndefined();
    });

    ask("refuses a namespace that does not exist", async ({ store }) => {
      await expectRefusal(
        store.create(configMap("no-such-namespace", "one")),
        "NotFound",
        /namespaces "no-such-namespace" not found/,
      );
    });

    ask("refuses names that are none", async ({ store, ns }) => {
      await expectRefusal(
        store.create(configMap(ns, "Not_A_Name")),
        "Invalid",
        /ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value/,
      );
      const nameless = {
        ...configMap(ns, ""),
        metadata: { namespace: ns } as unknown as ObjectMeta,
      };
      await expectRefusal(store.create(nameless), "Invalid", /name or generateName is required/);
    });

    ask("refuses two controllers of one object", async ({ store, ns }) => {
      const owner = {
        apiVersion: "v1",
        kind: "ConfigMap",
        name: "x",
        uid: "u",
        controller: true,
      };
      const both = { ownerReferences: [owner, { ...owner, uid: "v", name: "y" }] };
      await expectRefusal(
        store.create(configMap(ns, "one", both)),
        "Invalid",
        /Only one reference can have Controller set to true/,
      );
    });

    ask("does not let a writer choose uid, version or times", async ({ store, ns }) => {
      const bold = configMap(ns, "one", {
        uid: "mine",
        generation: 7,
        creationTimestamp: "2001-01-01T00:00:00Z",
        deletionTimestamp: "2001-01-01T00:00:00Z",
      });
      const made = await store.create(bold);
      expect(made.metadata.uid).not.toBe("mine");
      expect(made.metadata.creationTimestamp).not.toBe("2001-01-01T00:00:00Z");
      expect(made.metadata.deletionTimestamp).toBeUndefined();
    });

    ask(
      "drops the status of a new object whose kind has a status subresource",
      async ({ store, ns }) => {
        const made = await store.create(status(rollout(ns, "one"), { phase: "Healthy" }));
        expect(made.status?.["phase"]).toBeUndefined();
      },
    );

    ask(
      "dry runs answer as if, and change nothing",
      async ({ store, ns, watching, version, isGone, stored }) => {
        const before = await version();
        const made = await store.create(configMap(ns, "dry"), { dryRun: true });
        expect(made.metadata.name).toBe("dry");
        expect(await isGone(refOf(made))).toBe(true);
        const real = await store.create(configMap(ns, "real"));
        const changed = await store.patch<Loose>(
          refOf(real),
          { type: "merge", body: { data: { a: "2" } } },
          { dryRun: true },
        );
        expect(changed.data).toEqual({ a: "2" });
        expect((await stored(refOf(real))).data).toEqual({ a: "1" });
        await watching(scope("ConfigMap", ns), before).has("ADDED real");
      },
    );
  });
}
