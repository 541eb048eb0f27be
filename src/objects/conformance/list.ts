// Lists: selectors, pages, versions.
import { describe, expect } from "vitest";
import { configMap, pod, scope, select, type Loose } from "./objects.ts";
import { expectRefusal, type Ask } from "./questions.ts";

export function askAboutListing(ask: Ask): void {
  describe("list", () => {
    ask("lists by namespace, in order of names", async ({ store, ns }) => {
      for (const each of ["c", "a", "b"]) await store.create(configMap(ns, each));
      const { items } = await store.list(scope("ConfigMap", ns));
      expect(items.map(({ metadata }) => metadata.name)).toEqual(["a", "b", "c"]);
      const everywhere = await store.list({ apiVersion: "v1", kind: "ConfigMap" });
      expect(everywhere.items.length).toBeGreaterThanOrEqual(3);
    });

    ask("selects by labels and fields", async ({ store, ns }) => {
      await store.create(configMap(ns, "a", { labels: { app: "shop", tier: "web" } }));
      await store.create(configMap(ns, "b", { labels: { app: "shop" } }));
      await store.create(configMap(ns, "c", { labels: { app: "other" } }));
      const names = async (more: object): Promise<readonly string[]> =>
        (await store.list({ ...scope("ConfigMap", ns), ...more })).items.map(
          ({ metadata }) => metadata.name,
        );
      expect(await names(select("shop"))).toEqual(["a", "b"]);
      const expression = {
        matchLabels: { app: "shop" },
        matchExpressions: [{ key: "tier", operator: "DoesNotExist" }],
      };
      expect(await names({ labelSelector: expression })).toEqual(["b"]);
      expect(await names({ fieldSelector: { "metadata.name": "c" } })).toEqual(["c"]);
      const exclusion = (value: string) => ({ path: "metadata.name", value });
      expect(await names({ fieldExclusions: [exclusion("a")], ...select("shop") })).toEqual(["b"]);
      expect(await names({ fieldExclusions: [exclusion("a"), exclusion("b")] })).not.toContain("b");
      expect(await names({ fieldSelector: { "metadata.name": "c" }, ...select("shop") })).toEqual(
        [],
      );
    });

    ask("selects pods by node", async ({ store, ns }) => {
      await store.create(pod(ns, "here", "node-1"));
      await store.create(pod(ns, "there"));
      const on = await store.list({
        ...scope("Pod", ns),
        fieldSelector: { "spec.nodeName": "node-1" },
      });
      expect(on.items.map(({ metadata }) => metadata.name)).toEqual(["here"]);
    });

    ask("pages of one list show one version", async ({ store, ns }) => {
      for (const each of ["a", "b", "c", "d", "e"]) await store.create(configMap(ns, each));
      const first = await store.list(scope("ConfigMap", ns), { limit: 2 });
      expect(first.items.map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
      await store.delete({ apiVersion: "v1", kind: "ConfigMap", namespace: ns, name: "d" });
      await store.create(configMap(ns, "cc"));
      await store.patch(
        { apiVersion: "v1", kind: "ConfigMap", namespace: ns, name: "e" },
        { type: "merge", body: { data: { a: "2" } } },
      );
      const second = await store.list<Loose>(scope("ConfigMap", ns), {
        limit: 2,
        continueToken: first.continueToken ?? "",
      });
      const third = await store.list<Loose>(scope("ConfigMap", ns), {
        limit: 2,
        continueToken: second.continueToken ?? "",
      });
      expect([...second.items, ...third.items].map(({ metadata }) => metadata.name)).toEqual([
        "c",
        "d",
        "e",
      ]);
      expect(third.items[0]?.data).toEqual({ a: "1" });
      expect(third.continueToken).toBeUndefined();
      expect([second.resourceVersion, third.resourceVersion]).toEqual([
        first.resourceVersion,
        first.resourceVersion,
      ]);
    });

    ask("refuses a continue token that is none", async ({ store, ns }) => {
      await expectRefusal(
        store.list(scope("ConfigMap", ns), { limit: 1, continueToken: "nonsense" }),
        "BadRequest",
      );
    });

    ask("lists an older version on request", async ({ store, ns }) => {
      const made = await store.create(configMap(ns, "a"));
      await store.create(configMap(ns, "b"));
      const then = await store.list(scope("ConfigMap", ns), {
        atVersion: made.metadata.resourceVersion ?? "",
      });
      expect(then.items.map(({ metadata }) => metadata.name)).toEqual(["a"]);
      expect(then.resourceVersion).toBe(made.metadata.resourceVersion);
    });

    ask("refuses pages of a version it has forgotten", async ({ makeStore }) => {
      const small = await makeStore({ historyLimit: 4 });
      try {
        for (const each of ["a", "b", "c"])
          await small.store.create(configMap(small.namespace, each));
        const { continueToken = "" } = await small.store.list(scope("ConfigMap", small.namespace), {
          limit: 1,
        });
        for (let index = 0; index < 8; index += 1)
          await small.store.create(configMap(small.namespace, `x${index}`));
        await expectRefusal(
          small.store.list(scope("ConfigMap", small.namespace), { limit: 1, continueToken }),
          "Expired",
        );
      } finally {
        await small.stop();
      }
    });
  });
}
