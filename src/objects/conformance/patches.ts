// JSON, merge and strategic-merge patches.
import { describe, expect } from "vitest";
import { refOf } from "../../api/meta/object.ts";
import { configMap, replicaSet, rollout, labels, type Loose } from "./objects.ts";
import { expectRefusal, type Ask } from "./questions.ts";

export function askAboutPatching(ask: Ask): void {
  describe("patches", () => {
    ask("merge: sets, removes with null, replaces lists", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      const body = {
        metadata: { labels: { app: null, tier: "web" } },
        spec: { strategy: { canary: { steps: [{ setWeight: 5 }, { pause: {} }] } } },
      };
      const patched = await store.patch<Loose>(refOf(made), { type: "merge", body });
      expect(patched.metadata.labels).toEqual({ tier: "web" });
      expect(patched.spec?.["strategy"]).toMatchObject({
        canary: { steps: [{ setWeight: 5 }, { pause: {} }] },
      });
      expect(patched.metadata.generation).toBe(2);
    });

    ask("merge: a version in the patch must be the current one", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "one"));
      await store.update({ ...made, data: { a: "2" } });
      const body = {
        metadata: { resourceVersion: made.metadata.resourceVersion ?? "" },
        data: { a: "3" },
      };
      await expectRefusal(store.patch(refOf(made), { type: "merge", body }), "Conflict");
      await expectRefusal(
        store.patch({ ...refOf(made), name: "none" }, { type: "merge", body: {} }),
        "NotFound",
      );
    });

    ask("merge: cannot rename", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "one"));
      await expectRefusal(
        store.patch(refOf(made), { type: "merge", body: { metadata: { name: "two" } } }),
        "BadRequest",
      );
    });

    ask("json: adds, replaces, removes, all or nothing", async ({ store, ns, stored }) => {
      const made = await store.create(configMap(ns, "one", { labels }));
      const patched = await store.patch<Loose>(refOf(made), {
        type: "json",
        body: [
          { op: "test", path: "/data/a", value: "1" },
          { op: "add", path: "/data/b", value: "2" },
          { op: "remove", path: "/metadata/labels/app" },
        ],
      });
      expect(patched.data).toEqual({ a: "1", b: "2" });
      const failing = [
        { op: "replace", path: "/data/a", value: "9" },
        { op: "test", path: "/data/b", value: "nope" },
      ];
      await expectRefusal(
        store.patch(refOf(made), { type: "json", body: failing }),
        "Invalid",
        /the server rejected our request/,
      );
      expect((await stored(refOf(made))).data).toEqual({ a: "1", b: "2" });
    });

    ask("strategic: merges containers by name", async ({ store, ns }) => {
      const made = await store.create(replicaSet(ns, "one"));
      const containers = [
        { name: "web", image: "shop:2" },
        { name: "side", image: "proxy:1" },
      ];
      const patched = await store.patch<Loose>(refOf(made), {
        type: "strategic",
        body: { spec: { template: { spec: { containers } } } },
      });
      expect(patched.spec?.["template"]).toMatchObject({
        spec: {
          containers: expect.arrayContaining([
            expect.objectContaining({
              name: "web",
              image: "shop:2",
              ports: [{ containerPort: 8080, protocol: "TCP" }],
            }),
            expect.objectContaining({ name: "side", image: "proxy:1" }),
          ]) as unknown,
        },
      });
      const removal = {
        spec: { template: { spec: { containers: [{ name: "side", $patch: "delete" }] } } },
      };
      const less = await store.patch<Loose>(refOf(made), { type: "strategic", body: removal });
      expect(
        (less.spec?.["template"] as { spec: { containers: unknown[] } }).spec.containers,
      ).toHaveLength(1);
    });

    ask("strategic: not for custom resources", async ({ store, ns }) => {
      const made = await store.create(rollout(ns, "one"));
      await expectRefusal(
        store.patch(refOf(made), { type: "strategic", body: { spec: { replicas: 1 } } }),
        "UnsupportedMediaType",
        /application\/merge-patch\+json/,
      );
    });
  });
}
