// Namespaces: they go with everything in them.
import { describe, expect } from "vitest";
import type { ObjectRef } from "../../api/meta/object.ts";
import { refOf } from "../../api/meta/object.ts";
import { configMap, rollout, scope } from "./objects.ts";
import { expectRefusal, eventually, type Ask } from "./questions.ts";

export function askAboutNamespaces(ask: Ask): void {
  describe("namespaces", () => {
    const spaceRef = (ns: string): ObjectRef => ({
      apiVersion: "v1",
      kind: "Namespace",
      namespace: "",
      name: `${ns}-extra`,
    });

    ask("go with everything in them", async ({ store, ns, isGone, stored }) => {
      await store.create({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: `${ns}-extra` },
      });
      expect((await stored(spaceRef(ns))).status).toMatchObject({ phase: "Active" });
      const map = await store.create(configMap(`${ns}-extra`, "one"));
      await store.create(rollout(`${ns}-extra`, "two"));
      await store.delete(spaceRef(ns));
      await eventually(async () => isGone(spaceRef(ns)), "namespace gone");
      expect(await isGone(refOf(map))).toBe(true);
      expect((await store.list(scope("Rollout", `${ns}-extra`))).items).toEqual([]);
    });

    ask(
      "wait for what is held in them, and take nothing new",
      async ({ store, ns, isGone, stored }) => {
        await store.create({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: `${ns}-extra` },
        });
        const held = await store.create(
          configMap(`${ns}-extra`, "held", { finalizers: ["a.example/x"] }),
        );
        await store.delete(spaceRef(ns));
        await eventually(
          async () => (await stored(spaceRef(ns))).status?.["phase"] === "Terminating",
          "terminating",
        );
        await expectRefusal(
          store.create(configMap(`${ns}-extra`, "late")),
          "Forbidden",
          /configmaps "late" is forbidden: unable to create new content in namespace .* because it is being terminated/,
        );
        await eventually(
          async () => (await stored(refOf(held))).metadata.deletionTimestamp !== undefined,
          "content being deleted",
        );
        await store.patch(refOf(held), { type: "merge", body: { metadata: { finalizers: null } } });
        await eventually(async () => isGone(spaceRef(ns)), "namespace gone");
      },
    );
  });
}
