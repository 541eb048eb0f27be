// Status and scale: written apart from the rest.
import { describe, expect } from "vitest";
import { refOf } from "../../api/meta/object.ts";
import { configMap, replicaSet, rollout, labels, status, type Loose } from "./objects.ts";
import { expectRefusal, type Ask } from "./questions.ts";

export function askAboutSubresources(ask: Ask): void {
  describe("subresources", () => {
    ask("a plain write leaves the status alone", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      const told = await store.update(status(made, { phase: "Healthy" }), {
        subresource: "status",
      });
      expect(told.status).toMatchObject({ phase: "Healthy" });
      const changed = await store.update({
        ...told,
        spec: { ...told.spec, replicas: 2 },
        status: { phase: "Lies" },
      });
      expect(changed.spec["replicas"]).toBe(2);
      expect(changed.status).toMatchObject({ phase: "Healthy" });
      const patched = await store.patch<Loose>(refOf(made), {
        type: "merge",
        body: { status: { phase: "Lies" } },
      });
      expect(patched.status).toMatchObject({ phase: "Healthy" });
      expect(patched.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
    });

    ask("a status write leaves everything else alone", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      const mixed = {
        ...made,
        metadata: { ...made.metadata, labels: { app: "other" } },
        spec: { ...made.spec, replicas: 9 },
        status: { phase: "Paused" },
      };
      const told = await store.update(mixed, { subresource: "status" });
      expect(told.status).toMatchObject({ phase: "Paused" });
      expect(told.spec["replicas"]).toBe(0);
      expect(told.metadata.labels).toEqual(labels);
      const body = { spec: { replicas: 9 }, status: { phase: "Healthy" } };
      const patched = await store.patch<Loose>(
        refOf(made),
        { type: "merge", body },
        { subresource: "status" },
      );
      expect(patched.status).toMatchObject({ phase: "Healthy" });
      expect(patched.spec?.["replicas"]).toBe(0);
    });

    ask("a status write checks the version too", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      await store.update({ ...made, spec: { ...made.spec, replicas: 1 } });
      await expectRefusal(
        store.update(status(made, { phase: "Paused" }), { subresource: "status" }),
        "Conflict",
      );
    });

    ask("kinds without a status subresource have none", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "one"));
      await expectRefusal(store.update(made, { subresource: "status" }), "NotFound");
    });

    ask("scales a workload through a Scale", async ({ store, ns, stored }) => {
      const made = await store.create(rollout(ns, "one"));
      await store.update(status(made, { HPAReplicas: 4, selector: "app=shop" }), {
        subresource: "status",
      });
      const scale = await store.patch<Loose>(
        refOf(made),
        { type: "merge", body: { spec: { replicas: 5 } } },
        { subresource: "scale" },
      );
      expect(scale).toMatchObject({
        apiVersion: "autoscaling/v1",
        kind: "Scale",
        metadata: { name: "one", namespace: ns, uid: made.metadata.uid },
        spec: { replicas: 5 },
        status: { replicas: 4, selector: "app=shop" },
      });
      const after = await stored(refOf(made));
      expect(after.spec?.["replicas"]).toBe(5);
      expect(after.metadata.generation).toBe(2);
      expect(scale.metadata.resourceVersion).toBe(after.metadata.resourceVersion);
    });

    ask(
      "writes the selector of a built-in workload into its Scale as text",
      async ({ store, ns }) => {
        const made = await store.create(replicaSet(ns, "one"));
        // Whatever its version is by now: where workloads are alive, their controller writes, too.
        const { resourceVersion: _version, ...metadata } = made.metadata;
        const scale = await store.update(
          { ...made, metadata, spec: { replicas: 2 } },
          { subresource: "scale" },
        );
        expect(scale).toMatchObject({
          kind: "Scale",
          spec: { replicas: 2 },
          status: { selector: "app=shop" },
        });
        await expectRefusal(
          store.update({ ...made, spec: { replicas: 3 } }, { subresource: "scale" }),
          "Conflict",
        );
      },
    );

    ask("refuses a negative scale, and kinds that have none", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      const body = { spec: { replicas: -1 } };
      await expectRefusal(
        store.patch(refOf(made), { type: "merge", body }, { subresource: "scale" }),
        "Invalid",
        /spec\.replicas: Invalid value: -1/,
      );
      const map = await store.create(configMap(ns, "one"));
      await expectRefusal(
        store.patch(refOf(map), { type: "merge", body }, { subresource: "scale" }),
        "NotFound",
      );
    });
  });
}
