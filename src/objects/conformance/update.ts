// Replacing objects: conflicts, generation, what may not change.
import { describe, expect } from "vitest";
import { refOf } from "../../api/meta/object.ts";
import { configMap, rollout, scope, status } from "./objects.ts";
import { expectRefusal, type Ask } from "./questions.ts";

export function askAboutUpdating(ask: Ask): void {
  describe("update", () => {
    ask("writes, gives a new version and keeps identity", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "one"));
      const changed = await store.update({ ...made, data: { a: "2" } });
      expect(changed.data).toEqual({ a: "2" });
      expect(changed.metadata.uid).toBe(made.metadata.uid);
      expect(changed.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
      expect(changed.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
      expect(await store.get(refOf(made))).toEqual(changed);
    });

    ask("refuses a version that is no longer current", async ({ store, ns, stored }) => {
      const made = await store.create(rollout(ns, "x"));
      await store.update({ ...made, spec: { ...made.spec, replicas: 1 } });
      const late = store.update({ ...made, spec: { ...made.spec, replicas: 2 } });
      await expectRefusal(
        late,
        "Conflict",
        /Operation cannot be fulfilled on rollouts\.argoproj\.io "x": the object has been modified; please apply your changes to the latest version and try again/,
      );
      expect((await stored(refOf(made))).spec?.["replicas"]).toBe(1);
    });

    ask("lets exactly one of many writers of one version through", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "race"));
      const writes = Array.from({ length: 8 }, async (_, index) =>
        store.update({ ...made, data: { a: `w${index}` } }),
      );
      const results = await Promise.allSettled(writes);
      expect(results.filter(({ status: how }) => how === "fulfilled")).toHaveLength(1);
    });

    ask("writes without a version whatever the present one is", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "one"));
      await store.update({ ...made, data: { a: "2" } });
      const { resourceVersion: _version, ...metadata } = made.metadata;
      expect((await store.update({ ...made, metadata, data: { a: "3" } })).data).toEqual({
        a: "3",
      });
    });

    ask(
      "refuses to write an object that is gone, or another of its name",
      async ({ store, ns }) => {
        const made = await store.create(configMap(ns, "one"));
        await store.delete(refOf(made));
        await expectRefusal(store.update(made), "NotFound", /configmaps "one" not found/);
        await store.create(configMap(ns, "one"));
        const { resourceVersion: _version, ...metadata } = made.metadata;
        await expectRefusal(
          store.update({ ...made, metadata }),
          "Conflict",
          /Precondition failed: UID in precondition/,
        );
      },
    );

    ask("counts generations by changes of the specification only", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      const labelled = await store.update({
        ...made,
        metadata: { ...made.metadata, labels: { app: "shop", x: "y" } },
      });
      expect(labelled.metadata.generation).toBe(1);
      const changed = await store.update({
        ...labelled,
        spec: { ...labelled.spec, replicas: 3 },
      });
      expect(changed.metadata.generation).toBe(2);
      const told = await store.update(status(changed, { phase: "Progressing" }), {
        subresource: "status",
      });
      expect(told.metadata.generation).toBe(2);
    });

    ask("does not let a writer set the generation", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      const bold = {
        ...made,
        metadata: { ...made.metadata, generation: 9 },
        spec: { ...made.spec, replicas: 1 },
      };
      expect((await store.update(bold)).metadata.generation).toBe(2);
    });

    ask("refuses changes of what never changes", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "one"));
      const at = "2001-01-01T00:00:00Z";
      await expectRefusal(
        store.update({ ...made, metadata: { ...made.metadata, deletionTimestamp: at } }),
        "Invalid",
        /^ConfigMap "one" is invalid: metadata\.deletionTimestamp: Invalid value: "2001-01-01T00:00:00Z": field is immutable$/,
      );
    });

    ask("puts the time of creation back", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "one"));
      const creationTimestamp = "2001-01-01T00:00:00Z";
      const { metadata } = await store.update({
        ...made,
        metadata: { ...made.metadata, creationTimestamp },
      });
      expect(metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
      const body = { metadata: { creationTimestamp } };
      const patched = await store.patch(refOf(made), { type: "merge", body });
      expect(patched.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
    });

    ask("a write that changes nothing is none", async ({ store, ns, watching }) => {
      const made = await store.create(configMap(ns, "one"));
      const watch = watching(scope("ConfigMap", ns), made.metadata.resourceVersion ?? "");
      const same = await store.update({ ...made, data: { a: "1" } });
      expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
      const patched = await store.patch(refOf(made), {
        type: "merge",
        body: { data: { a: "1" } },
      });
      expect(patched.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
      await store.create(configMap(ns, "two"));
      await watch.has("ADDED two");
    });
  });
}
