// Owners: what goes with them, in which order.
import { describe, expect } from "vitest";
import { refOf } from "../../api/meta/object.ts";
import { configMap, replicaSet, rollout, ownedBy } from "./objects.ts";
import { eventually, type Ask, type Asked } from "./questions.ts";

/**
 * Kubernetes' collector watches objects like everybody else, and treats an owner as childless whose
 * children it has not seen yet. It takes note of ConfigMaps in their order: once one that came later,
 * and has no owner, is collected, it knows those before.
 */
async function untilCollectorHasSeen({ store, ns, isGone }: Asked): Promise<void> {
  const never = rollout(ns, "never");
  const uid = "22222222-2222-4333-8444-555555555555";
  const gone = { ...never, metadata: { ...never.metadata, uid } };
  const later = await store.create(configMap(ns, "later", ownedBy(gone)));
  await eventually(async () => isGone(refOf(later)), "one that came later is collected");
}

export function askAboutOwners(ask: Ask): void {
  describe("owners", () => {
    ask("dependants go with their owner, and theirs with them", async ({ store, ns, isGone }) => {
      const owner = await store.create(rollout(ns, "owner"));
      const child = await store.create(replicaSet(ns, "child", ownedBy(owner)));
      const grandchild = await store.create(configMap(ns, "grandchild", ownedBy(child)));
      const stranger = await store.create(configMap(ns, "stranger"));
      await store.delete(refOf(owner), { propagation: "Background" });
      expect(await isGone(refOf(owner))).toBe(true);
      await eventually(
        async () => (await isGone(refOf(child))) && (await isGone(refOf(grandchild))),
        "dependants gone",
      );
      expect(await isGone(refOf(stranger))).toBe(false);
    });

    ask(
      "a dependant stays while another owner does, and loses the reference",
      async ({ store, ns, isGone, stored }) => {
        const first = await store.create(rollout(ns, "first"));
        const second = await store.create(rollout(ns, "second"));
        const owners = [first, second].flatMap((owner) => ownedBy(owner).ownerReferences ?? []);
        const child = await store.create(configMap(ns, "child", { ownerReferences: owners }));
        await store.delete(refOf(first));
        await eventually(
          async () => (await stored(refOf(child))).metadata.ownerReferences?.length === 1,
          "one owner left",
        );
        await store.delete(refOf(second));
        await eventually(async () => isGone(refOf(child)), "gone with the last owner");
      },
    );

    ask("foreground: the owner waits for those that block it", async (world) => {
      const { store, ns, isGone, stored } = world;
      const owner = await store.create(rollout(ns, "owner"));
      const child = await store.create(
        configMap(ns, "child", {
          ...ownedBy(owner, { blockOwnerDeletion: true }),
          finalizers: ["a.example/slow"],
        }),
      );
      await untilCollectorHasSeen(world);
      await store.delete(refOf(owner), { propagation: "Foreground" });
      expect((await stored(refOf(owner))).metadata.finalizers).toContain("foregroundDeletion");
      await eventually(
        async () => (await stored(refOf(child))).metadata.deletionTimestamp !== undefined,
        "child being deleted",
      );
      expect(await isGone(refOf(owner))).toBe(false);
      await store.patch(refOf(child), {
        type: "merge",
        body: { metadata: { finalizers: null } },
      });
      await eventually(async () => isGone(refOf(owner)), "owner gone after its dependant");
      expect(await isGone(refOf(child))).toBe(true);
    });

    ask("orphan: dependants stay and forget their owner", async (world) => {
      const { store, ns, isGone, stored } = world;
      const owner = await store.create(rollout(ns, "owner"));
      const child = await store.create(configMap(ns, "child", ownedBy(owner)));
      await untilCollectorHasSeen(world);
      await store.delete(refOf(owner), { propagation: "Orphan" });
      await eventually(async () => isGone(refOf(owner)), "owner gone");
      expect((await stored(refOf(child))).metadata.ownerReferences ?? []).toEqual([]);
    });

    ask(
      "an object whose owner never was, or was another of that name, is collected",
      async ({ store, ns, isGone }) => {
        const owner = await store.create(rollout(ns, "owner"));
        const [reference] = ownedBy(owner).ownerReferences ?? [];
        const wrong = { ...reference!, uid: "11111111-2222-4333-8444-555555555555" };
        const child = await store.create(configMap(ns, "child", { ownerReferences: [wrong] }));
        await eventually(async () => isGone(refOf(child)), "collected");
        expect(await isGone(refOf(owner))).toBe(false);
      },
    );
  });
}
