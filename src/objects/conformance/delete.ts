// Deletion: grace, finalizers, preconditions, collections.
import { describe, expect } from "vitest";
import type { ObjectMeta } from "../../api/meta/object.ts";
import { refOf } from "../../api/meta/object.ts";
import { configMap, rollout, pod, scope, status } from "./objects.ts";
import { expectRefusal, type Ask } from "./questions.ts";

export function askAboutDeleting(ask: Ask): void {
  describe("delete", () => {
    ask("removes, and refuses what is not there", async ({ store, ns, isGone }) => {
      const made = await store.create(configMap(ns, "one"));
      await store.delete(refOf(made));
      expect(await isGone(refOf(made))).toBe(true);
      await expectRefusal(store.delete(refOf(made)), "NotFound", /configmaps "one" not found/);
    });

    ask("checks preconditions", async ({ store, ns, isGone }) => {
      const made = await store.create(configMap(ns, "one"));
      const { uid = "", resourceVersion = "" } = made.metadata;
      const deleteWith = async (preconditions: object): Promise<void> =>
        store.delete(refOf(made), { preconditions });
      await expectRefusal(
        deleteWith({ uid: "11111111-2222-4333-8444-555555555555" }),
        "Conflict",
        /^Operation cannot be fulfilled on ConfigMap "one": the UID in the precondition \(1.*\) does not match the UID in record \(.+\)\. The object might have been deleted and then recreated$/,
      );
      await store.update({ ...made, data: { a: "2" } });
      await expectRefusal(
        deleteWith({ uid, resourceVersion }),
        "Conflict",
        /the ResourceVersion in the precondition \(\d+\) does not match the ResourceVersion in record \(\d+\)\. The object might have been modified$/,
      );
      await deleteWith({ uid });
      expect(await isGone(refOf(made))).toBe(true);
    });

    ask(
      "finalizers hold an object until the last is removed",
      async ({ store, ns, watching, isGone, stored }) => {
        const made = await store.create(rollout(ns, "one"));
        const held = await store.patch(refOf(made), {
          type: "merge",
          body: { metadata: { finalizers: ["a.example/x", "a.example/y"] } },
        });
        const watch = watching(scope("Rollout", ns), held.metadata.resourceVersion ?? "");
        await store.delete(refOf(made));
        const marked = await stored(refOf(made));
        expect(marked.metadata.deletionTimestamp).toMatch(/^\d{4}-.*Z$/);
        expect(marked.metadata.generation).toBe(2);
        await store.delete(refOf(made));
        expect((await stored(refOf(made))).metadata.resourceVersion).toBe(
          marked.metadata.resourceVersion,
        );
        await store.patch(refOf(made), {
          type: "merge",
          body: { metadata: { finalizers: ["a.example/y"] } },
        });
        await store.patch(refOf(made), { type: "merge", body: { metadata: { finalizers: null } } });
        expect(await isGone(refOf(made))).toBe(true);
        await watch.has("MODIFIED one", "MODIFIED one", "DELETED one");
      },
    );

    ask("no finalizer can be added to what is being deleted", async ({ store, ns, isGone }) => {
      const made = await store.create(configMap(ns, "one", { finalizers: ["a.example/x"] }));
      await store.delete(refOf(made));
      const body = { metadata: { finalizers: ["a.example/x", "a.example/new"] } };
      await expectRefusal(
        store.patch(refOf(made), { type: "merge", body }),
        "Invalid",
        /no new finalizers can be added if the object is being deleted/,
      );
      await store.patch(refOf(made), { type: "merge", body: { metadata: { finalizers: [] } } });
      expect(await isGone(refOf(made))).toBe(true);
    });

    ask("the deletion mark cannot be taken back", async ({ store, ns, stored }) => {
      const made = await store.create(configMap(ns, "one", { finalizers: ["a.example/x"] }));
      await store.delete(refOf(made));
      const ending: ObjectMeta = (await stored(refOf(made))).metadata;
      const metadata: Partial<ObjectMeta> & { readonly name: string } = { ...ending };
      Reflect.deleteProperty(metadata, "deletionTimestamp");
      Reflect.deleteProperty(metadata, "deletionGracePeriodSeconds");
      const kept = await store.update({ ...made, metadata, data: { a: "2" } });
      expect(kept.metadata.deletionTimestamp).toBeDefined();
      await store.patch(refOf(made), { type: "merge", body: { metadata: { finalizers: null } } });
    });

    ask(
      "a pod on a node gets its grace period, and waits for the kubelet",
      async ({ store, ns, isGone, stored }) => {
        const made = await store.create(pod(ns, "one", "node-1"));
        await store.delete(refOf(made));
        const ending = await stored(refOf(made));
        expect(ending.metadata.deletionGracePeriodSeconds).toBe(30);
        expect(ending.metadata.deletionTimestamp).toBeDefined();
        await store.delete(refOf(made), { gracePeriodSeconds: 5 });
        const shorter = await stored(refOf(made));
        expect(shorter.metadata.deletionGracePeriodSeconds).toBe(5);
        expect(
          Date.parse(ending.metadata.deletionTimestamp ?? "") -
            Date.parse(shorter.metadata.deletionTimestamp ?? ""),
        ).toBeGreaterThanOrEqual(24_000);
        await store.delete(refOf(made), { gracePeriodSeconds: 60 });
        expect((await stored(refOf(made))).metadata.deletionGracePeriodSeconds).toBe(5);
        await store.delete(refOf(made), {
          gracePeriodSeconds: 0,
          preconditions: { uid: made.metadata.uid ?? "" },
        });
        expect(await isGone(refOf(made))).toBe(true);
      },
    );

    ask("a pod on no node, or one that has ended, goes at once", async ({ store, ns, isGone }) => {
      const waiting = await store.create(pod(ns, "waiting"));
      await store.delete(refOf(waiting));
      expect(await isGone(refOf(waiting))).toBe(true);
      const ended = await store.create(pod(ns, "ended", "node-1"));
      await store.update(status(ended, { phase: "Succeeded" }), { subresource: "status" });
      await store.delete(refOf(ended));
      expect(await isGone(refOf(ended))).toBe(true);
    });
  });
}
