// A thousand rollouts under one set of delivery controllers, on each store: how long until all are
// healthy, until all have taken an update, and what they cost when nothing happens. Each store has a
// process of its own; they load one after the other and idle at the same time.
// npx tsx bench/fleet.ts [rollouts] [idle seconds]
import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../src/api/kubernetes/pod.ts";
import type { ReplicaSet } from "../src/api/kubernetes/workloads.ts";
import type { KubeObject } from "../src/api/meta/object.ts";
import { asJson } from "../src/api/meta/wire.ts";
import { addDeliveryControllers } from "../src/controllers/delivery.ts";
import { clientPhase } from "../src/core/rollout/phase.ts";
import { createRng } from "../src/lib/rng.ts";
import { createProvider, providerKinds } from "../src/metrics/registry.ts";
import { memoryStore } from "../src/objects/memory/memory.ts";
import type { Engine } from "../src/objects/semantics/engine-options.ts";
import { openSqliteStore } from "../src/objects/sqlite/sqlite.ts";
import { systemClock as clock } from "../src/runtime/clock.ts";
import { storeEventRecorder } from "../src/runtime/events.ts";
import { silentLogger as log } from "../src/runtime/log.ts";
import { Manager } from "../src/runtime/manager.ts";
import { simulatedPodsController } from "../src/simulator/pods.ts";
import { quietWorld } from "../src/simulator/scenario.ts";
import { report } from "./report.ts";

const [countText = "1000", idleText = "120", ownStore] = process.argv.slice(2);
const count = Number(countText);
const idleSeconds = Number(idleText);
const stores = ["memory", "sqlite"] as const;
type StoreName = (typeof stores)[number];
const scope = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace: "default" };

function rolloutOf(index: number): KubeObject {
  const name = `shop-${String(index).padStart(4, "0")}`;
  const labels = { app: name };
  const rollout = {
    ...scope,
    metadata: { name, namespace: "default" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "shop:v1" }] } },
      strategy: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: "1s" } }] } },
    },
  };
  return rollout;
}

async function untilAll(store: Engine, image: string): Promise<void> {
  for (;;) {
    const { items } = await store.list(scope);
    const done = items.filter((item) => {
      const isCurrent = JSON.stringify(item).includes(`"image":"${image}"`);
      return isCurrent && clientPhase(asJson(item)).phase === "Healthy";
    });
    if (done.length === count) return;
    await sleep(100);
  }
}

function open(name: StoreName): { readonly store: Engine; readonly close: () => void } {
  const rng = createRng(1);
  if (name === "memory") {
    const store = memoryStore({ clock, rng });
    return { store, close: () => undefined };
  }
  const dataDir = mkdtempSync(path.join(os.tmpdir(), "bench-fleet-"));
  const opened = openSqliteStore({ dataDir, clock, rng, newUid: randomUUID });
  return {
    store: opened.store,
    close: () => {
      opened.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function startManager(store: Engine): { readonly manager: Manager; readonly passes: () => number } {
  let passes = 0;
  const observer = {
    passed: (): void => {
      passes += 1;
    },
  };
  const manager = new Manager({ store, clock, log, observer });
  const world = { ...quietWorld, defaultVersion: { ...quietWorld.defaultVersion, startMs: 200 } };
  const sets = manager.cache<ReplicaSet>("apps/v1", "ReplicaSet");
  const pods = manager.cache<Pod>("v1", "Pod");
  manager.add(simulatedPodsController({ store, sets, pods, clock, world }));
  addDeliveryControllers({
    manager,
    store,
    clock,
    log,
    events: storeEventRecorder({ store, clock, component: "rollouts-controller" }),
    evictPod: async (pod, uid) => {
      await store.delete(pod, { preconditions: { uid } });
      return true;
    },
    providerOf: (metric) => createProvider(metric, { store, env: {}, traffic: undefined }),
    providerKinds,
    instanceId: "",
  });
  return { manager, passes: () => passes };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function timed(work: () => Promise<void>): Promise<{ seconds: number; cpu: number }> {
  const startedMs = performance.now();
  const before = cpuSeconds();
  await work();
  return { seconds: (performance.now() - startedMs) / 1000, cpu: cpuSeconds() - before };
}

/** In a process of its own: loads, says so, and idles when told to. */
async function measure(name: StoreName): Promise<void> {
  const { store, close } = open(name);
  const { manager, passes } = startManager(store);
  await manager.start();
  const created = await timed(async () => {
    for (let index = 0; index < count; index += 1) await store.create(rolloutOf(index));
    await untilAll(store, "shop:v1");
  });
  const body = [
    { op: "replace", path: "/spec/template/spec/containers/0/image", value: "shop:v2" },
  ];
  const updated = await timed(async () => {
    for (let index = 0; index < count; index += 1) {
      const { name: rollout } = rolloutOf(index).metadata;
      await store.patch({ ...scope, name: rollout }, { type: "json", body });
    }
    await untilAll(store, "shop:v2");
  });
  // What is still to be scaled down or told belongs to the update.
  for (let version = ""; version !== store.version();) {
    version = store.version();
    await sleep(5_000);
  }
  const before = { version: Number(store.version()), passes: passes(), cpu: cpuSeconds() };
  process.send?.("loaded");
  await once(process, "message");
  const idleFrom = { ...before, cpu: cpuSeconds() };
  await sleep(idleSeconds * 1000);
  const values = {
    "healthy s": created.seconds,
    "CPU s": created.cpu,
    "update s": updated.seconds,
    "update CPU s": updated.cpu,
    "idle writes": Number(store.version()) - idleFrom.version,
    "idle passes": passes() - idleFrom.passes,
    "idle CPU %": ((cpuSeconds() - idleFrom.cpu) / idleSeconds) * 100,
    "RSS MB": process.memoryUsage().rss / 1_048_576,
  };
  await manager.stop();
  close();
  process.send?.(values);
}

async function compare(): Promise<void> {
  const children: ChildProcess[] = [];
  for (const store of stores) {
    const child = fork(process.argv[1] ?? "", [String(count), String(idleSeconds), store]);
    child.once("exit", (code) => {
      if (code !== 0) throw new Error(`${store}: ended with ${String(code)}`);
    });
    children.push(child);
    await once(child, "message");
  }
  const answers = children.map(async (child) => {
    const answer = once(child, "message") as Promise<[Record<string, number>]>;
    child.send("idle");
    const [values] = await answer;
    child.disconnect();
    return values;
  });
  const measured = await Promise.all(answers);
  const rows = stores.flatMap((name, index) => {
    const values = measured[index] ?? {};
    const idle = { "idle CPU %": values["idle CPU %"] ?? NaN };
    return [
      { name, values, bound: { value: "idle writes", most: 0 } },
      { name: `${name}, idle`, values: idle, bound: { value: "idle CPU %", most: 1 } },
    ];
  });
  report("fleet", `${String(count)} rollouts of two pods, ${String(idleSeconds)} s idle`, rows);
}

const own = stores.find((name) => name === ownStore);
await (own === undefined ? compare() : measure(own));
