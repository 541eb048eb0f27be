// The same deliveries on the memory store, on SQLite and on a real API server decide the same: the
// same weights, the same sizes of each version, the same phases, in the same order.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { createRng } from "../../src/lib/rng.ts";
import { memoryStore } from "../../src/objects/memory/memory.ts";
import { isStoreError } from "../../src/objects/object-store.ts";
import { openSqliteStore } from "../../src/objects/sqlite/sqlite.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { openCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import {
  deliveries,
  meshApiVersion,
  play,
  startPlayed,
  type Delivery,
  type Sequences,
} from "./sequences.test-support.ts";

const cluster = openCluster();
const isServed = async (apiVersion: string, kind: string): Promise<boolean> => {
  try {
    await cluster.store.list({ apiVersion, kind, namespace: "default" });
    return true;
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
    console.warn(`without ${kind} of ${apiVersion}: the cluster does not serve it`);
    return false;
  }
};
const served: Readonly<Record<string, boolean>> = {
  VirtualService: await isServed(meshApiVersion, "VirtualService"),
  HTTPRoute: await isServed("gateway.networking.k8s.io/v1", "HTTPRoute"),
  GRPCRoute: await isServed("gateway.networking.k8s.io/v1", "GRPCRoute"),
};
const possible = deliveries.filter(({ objects }) =>
  Object.entries(served).every(([kind, isThere]) => isThere || !objects.includes(`kind: ${kind}`)),
);

afterAll(async () => {
  await stopControllers();
  await cluster.close();
});

async function inMemory(delivery: Delivery): Promise<Sequences> {
  const store = memoryStore({ clock: systemClock });
  const manager = await startPlayed(store);
  const sequences = await play(delivery, store, "default");
  await manager.stop();
  store.close();
  return sequences;
}

async function inSqlite(delivery: Delivery): Promise<Sequences> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), "haldane-sequences-"));
  const rng = createRng(1);
  const database = openSqliteStore({ dataDir, clock: systemClock, rng, newUid: randomUUID });
  const manager = await startPlayed(database.store);
  const sequences = await play(delivery, database.store, "default");
  await manager.stop();
  database.close();
  rmSync(dataDir, { recursive: true });
  return sequences;
}

async function inKubernetes(delivery: Delivery): Promise<Sequences> {
  const namespace = await cluster.newNamespace();
  const controller = await startController({ namespace });
  const sequences = await play(delivery, cluster.store, namespace);
  expect(await controller.stop()).toBe(0);
  return sequences;
}

it.each(possible)("$what", async (delivery) => {
  const memory = await inMemory(delivery);
  const sqlite = await inSqlite(delivery);
  const kubernetes = await inKubernetes(delivery);
  expect(memory.second.at(-1)).toBe(4);
  expect(sqlite).toEqual(memory);
  expect(kubernetes).toEqual(memory);
});
