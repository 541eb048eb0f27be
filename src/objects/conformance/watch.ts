// Watches: from which version, what they tell, when they expire.
import { describe, expect } from "vitest";
import { refOf } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { StoreError } from "../object-store.ts";
import { configMap, replicaSet, scope, labels, select } from "./objects.ts";
import { eventually, Collected, type Ask } from "./questions.ts";

export function askAboutWatching(ask: Ask): void {
  describe("watch", () => {
    ask("tells every change after a list, in order", async ({ store, ns, watching }) => {
      const before = await store.create(configMap(ns, "before"));
      const { resourceVersion } = await store.list(scope("ConfigMap", ns));
      const made = await store.create(configMap(ns, "one"));
      const watch = watching(scope("ConfigMap", ns), resourceVersion);
      const changed = await store.update({ ...made, data: { a: "2" } });
      await store.delete(refOf(before));
      await watch.has("ADDED one", "MODIFIED one", "DELETED before");
      const [added, modified, deleted] = watch.events;
      expect(added).toEqual({ type: "ADDED", object: made });
      expect(modified).toEqual({ type: "MODIFIED", object: changed });
      const last = deleted?.type === "DELETED" ? deleted.object : undefined;
      expect(last?.metadata.uid).toBe(before.metadata.uid);
      expect(Number(last?.metadata.resourceVersion)).toBeGreaterThan(
        Number(changed.metadata.resourceVersion),
      );
    });

    ask(
      "begins with everything there is when no version is given",
      async ({ store, ns, watching }) => {
        await store.create(configMap(ns, "a"));
        await store.create(configMap(ns, "b"));
        const watch = watching(scope("ConfigMap", ns), "");
        await eventually(async () => watch.events.length >= 2, "the present objects");
        await store.create(configMap(ns, "c"));
        await eventually(async () => watch.events.length >= 3, "the new object");
        expect([...watch.lines].sort()).toEqual(["ADDED a", "ADDED b", "ADDED c"]);
      },
    );

    ask("sees its namespace and kind only", async ({ store, ns, watching, version }) => {
      const watch = watching(scope("ConfigMap", ns), await version());
      await store.create({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: `${ns}-other` },
      });
      await store.create(configMap(`${ns}-other`, "elsewhere"));
      await store.create(replicaSet(ns, "another-kind"));
      await store.create(configMap(ns, "mine"));
      await watch.has("ADDED mine");
      await store.delete({
        apiVersion: "v1",
        kind: "Namespace",
        namespace: "",
        name: `${ns}-other`,
      });
    });

    ask(
      "an object that starts or stops to match is added or deleted",
      async ({ store, ns, watching, version }) => {
        const made = await store.create(configMap(ns, "one", { labels: { app: "other" } }));
        const watch = watching({ ...scope("ConfigMap", ns), ...select("shop") }, await version());
        const body = (app: string): JsonObject => ({ metadata: { labels: { app } } });
        await store.patch(refOf(made), { type: "merge", body: body("shop") });
        await store.patch(refOf(made), { type: "merge", body: { data: { a: "2" } } });
        const left = await store.patch(refOf(made), { type: "merge", body: body("gone") });
        await store.patch(refOf(made), { type: "merge", body: { data: { a: "3" } } });
        await store.create(configMap(ns, "end", { labels }));
        await watch.has("ADDED one", "MODIFIED one", "DELETED one", "ADDED end");
        const departure = watch.events[2];
        expect(departure?.type === "DELETED" ? departure.object.metadata : {}).toMatchObject({
          labels: { app: "shop" },
          resourceVersion: left.metadata.resourceVersion,
        });
      },
    );

    ask("watches by field", async ({ store, ns, watching, version }) => {
      const watch = watching(
        { ...scope("ConfigMap", ns), fieldSelector: { "metadata.name": "one" } },
        await version(),
      );
      await store.create(configMap(ns, "two"));
      await store.create(configMap(ns, "one"));
      await watch.has("ADDED one");
    });

    ask("resumes from any version it has told", async ({ store, ns, watching, version }) => {
      const first = watching(scope("ConfigMap", ns), await version());
      const a = await store.create(configMap(ns, "a"));
      await store.create(configMap(ns, "b"));
      await first.has("ADDED a", "ADDED b");
      await first.stop();
      await store.create(configMap(ns, "c"));
      await watching(scope("ConfigMap", ns), a.metadata.resourceVersion ?? "").has(
        "ADDED b",
        "ADDED c",
      );
    });

    ask("ends quietly when its signal is aborted", async ({ store, ns, watching, version }) => {
      const watch = watching(scope("ConfigMap", ns), await version());
      await store.create(configMap(ns, "a"));
      await watch.has("ADDED a");
      expect(await watch.stop()).toBeUndefined();
      await store.create(configMap(ns, "b"));
      expect(watch.lines).toEqual(["ADDED a"]);
    });

    ask("refuses versions it has forgotten", async ({ makeStore }) => {
      const small = await makeStore({ historyLimit: 4 });
      try {
        const made = await small.store.create(configMap(small.namespace, "a"));
        for (let index = 0; index < 9; index += 1)
          await small.store.create(configMap(small.namespace, `x${index}`));
        const watch = new Collected(
          small.store,
          scope("ConfigMap", small.namespace),
          made.metadata.resourceVersion ?? "",
        );
        const error = await watch.ended;
        expect(error).toBeInstanceOf(StoreError);
        expect((error as StoreError).reason).toBe("Expired");
      } finally {
        await small.stop();
      }
    });

    ask("bookmarks keep a quiet watch resumable", async ({ makeStore }) => {
      const small = await makeStore({ historyLimit: 64 });
      try {
        const from = (await small.store.list(scope("ReplicaSet", small.namespace))).resourceVersion;
        const watch = new Collected(small.store, scope("ReplicaSet", small.namespace), from);
        for (let index = 0; index < 200; index += 1)
          await small.store.create(configMap(small.namespace, `x${index}`));
        await eventually(async () => watch.bookmarks.length > 0, "a bookmark");
        await watch.stop();
        const resumed = new Collected(
          small.store,
          scope("ReplicaSet", small.namespace),
          watch.bookmarks.at(-1) ?? "",
        );
        await small.store.create(replicaSet(small.namespace, "new"));
        await resumed.has("ADDED new");
        await resumed.stop();
      } finally {
        await small.stop();
      }
    });
  });
}
