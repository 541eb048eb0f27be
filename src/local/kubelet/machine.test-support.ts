// For tests of this room and its neighbours: a cluster of one machine in a temporary folder, with
// real processes, and small programs to run in it.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod, PodSpec } from "../../api/kubernetes/pod.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { systemClock } from "../../runtime/clock.ts";
import { storeEventRecorder } from "../../runtime/events.ts";
import { silentLogger } from "../../runtime/log.ts";
import { Manager } from "../../runtime/manager.ts";
import type { ImageConfig } from "./launch/images.ts";
import { Kubelet } from "./kubelet.ts";
import { openDrainGate } from "./worker-tools.ts";
import type { DrainGate } from "./worker-tools.ts";

/** Serves `/` with its version; `/break` makes `/healthz` fail, `/exit?code=3` ends it, `/slow?ms=500` takes its time. */
export const serverSource = `
import { createServer } from "node:http";
let isHealthy = true;
let isStopping = false;
const version = process.env.VERSION ?? "none";
const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/break") isHealthy = false;
  if (url.pathname === "/exit") process.exit(Number(url.searchParams.get("code")));
  if (url.pathname === "/env") return response.end(JSON.stringify(process.env));
  if (url.pathname === "/healthz") return response.writeHead(isHealthy ? 200 : 503).end();
  if (url.searchParams.has("ms")) console.log("asked", request.url);
  setTimeout(() => {
    if (isStopping) response.setHeader("connection", "close");
    response.end(version + " " + process.env.POD_NAME);
  }, Number(url.searchParams.get("ms") ?? 0));
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening", process.pid));
process.on("SIGTERM", () => {
  console.log("SIGTERM");
  isStopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;

export interface Machine {
  readonly folder: string;
  readonly store: ObjectStore;
  /** Mappings; add to it while the machine runs. */
  readonly images: Record<string, string>;
  kubelet: Kubelet;
  /** Ends the controllers and begins new ones on the same data, as after a restart. */
  restart(): Promise<void>;
  /** Ends the controllers; processes run on. */
  halt(): Promise<void>;
  /** Deletes everything that runs and the folder. */
  dispose(): Promise<void>;
  /** Puts a release with these files where `dir:<name>` finds it. */
  release(name: string, files: Readonly<Record<string, string>>): void;
}

export interface MachineOptions {
  /** Adds controllers before the start; returns what is to be awaited at the end. */
  readonly extend?: (parts: {
    readonly manager: Manager;
    readonly store: ObjectStore;
    readonly folder: string;
  }) => {
    readonly drainGate?: DrainGate;
    readonly stop: () => Promise<void>;
  };
  readonly logLimitBytes?: number;
  /** What the kubelet takes for the store. */
  readonly seenBy?: (store: ObjectStore) => ObjectStore;
}

export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), "haldane-test-"));
  const store = memoryStore({ clock: systemClock, rng: createRng(1), newUid: () => randomUUID() });
  const images: Record<string, string> = {};
  const imageConfig = (): ImageConfig => ({ baseDir: folder, images, configFile: "haldane.yaml" });
  const begin = async (): Promise<{ kubelet: Kubelet; end: () => Promise<void> }> => {
    const log = silentLogger;
    const manager = new Manager({ store, clock: systemClock, log });
    const extra = options.extend?.({ manager, store, folder });
    const kubelet = new Kubelet({
      manager,
      store: options.seenBy?.(store) ?? store,
      clock: systemClock,
      log,
      dataDir: join(folder, "data"),
      images: imageConfig,
      events: storeEventRecorder({ store, clock: systemClock, component: "kubelet" }),
      drainGate: extra?.drainGate ?? openDrainGate,
      usageIntervalMs: 200,
      ...(options.logLimitBytes === undefined ? {} : { logLimitBytes: options.logLimitBytes }),
    });
    manager.add(kubelet);
    await manager.start();
    const end = async (): Promise<void> => {
      await manager.stop();
      await kubelet.stop();
      await extra?.stop();
    };
    return { kubelet, end };
  };
  let running = await begin();
  const machine: Machine = {
    folder,
    store,
    images,
    kubelet: running.kubelet,
    async restart() {
      await running.end();
      running = await begin();
      machine.kubelet = running.kubelet;
    },
    halt: async () => running.end(),
    async dispose() {
      const kinds = [
        ["apps/v1", "Deployment"],
        ["apps/v1", "ReplicaSet"],
        ["batch/v1", "Job"],
        ["v1", "Pod"],
      ] as const;
      for (const [apiVersion, kind] of kinds) await deleteAll(store, apiVersion, kind);
      await until(
        "all pods are gone",
        async () => (await store.list({ apiVersion: "v1", kind: "Pod" })).items.length === 0,
      );
      await running.end();
      rmSync(folder, { recursive: true, force: true });
    },
    release(name, files) {
      mkdirSync(join(folder, name), { recursive: true });
      for (const [file, text] of Object.entries(files))
        writeFileSync(join(folder, name, file), text);
    },
  };
  return machine;
}

async function deleteAll(store: ObjectStore, apiVersion: string, kind: string): Promise<void> {
  for (const { metadata } of (await store.list({ apiVersion, kind })).items) {
    const { name, namespace = "" } = metadata;
    await store.delete({ apiVersion, kind, namespace, name }, { gracePeriodSeconds: 1 });
  }
}

/** Waits for a state of the world; a failed condition is named in the error. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 15_000,
): Promise<T> {
  const giveUpAtMs = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > giveUpAtMs)
      throw new Error(`waited ${timeoutMs / 1000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function podObject(
  name: string,
  spec: PodSpec,
  labels: Readonly<Record<string, string>> = {},
): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default", labels }, spec };
}

export async function getPod(store: ObjectStore, name: string): Promise<Pod | undefined> {
  return store.get<Pod>({ apiVersion: "v1", kind: "Pod", namespace: "default", name });
}

/** The pod once the condition holds for it. */
export async function untilPod(
  store: ObjectStore,
  name: string,
  what: string,
  holds: (pod: Pod) => boolean,
): Promise<Pod> {
  return until(`pod ${name} ${what}`, async () => {
    const pod = await getPod(store, name);
    return pod !== undefined && holds(pod) ? pod : undefined;
  });
}

export function isGone(store: ObjectStore, object: KubeObject): () => Promise<boolean> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace = "" } = metadata;
  return async () => (await store.get({ apiVersion, kind, namespace, name })) === undefined;
}
