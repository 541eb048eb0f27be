// What the measurements of a rollback share: the demo's service on a real local cluster under the demo's
// load, on which a bad version is released over and over, each time on top of a good one.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import type { KubeObject } from "../src/api/meta/object.ts";
import { DemoLoad } from "../src/cli/demo/demo-load.ts";
import { StoryTeller } from "../src/cli/demo/demo-story.ts";
import { demoObjects, writeReleases } from "../src/cli/demo/demo-world.ts";
import { parsedRollout } from "../src/cli/fetch-tree.ts";
import { systemClock as clock } from "../src/runtime/clock.ts";
import { ControlPlane, programOf } from "../test/soak/control-plane.ts";
import { until } from "../test/soak/waiting.ts";
import { freePort } from "./free-port.ts";
import { median, type Row } from "./report.ts";

export const requestsPerSecond = 200;

export interface Detected {
  /** From its first failed request to weight 0. */
  readonly seconds: number;
  readonly failed: number;
  /** Requests the bad version got in that time. */
  readonly exposed: number;
  readonly afterZero: number;
}

export interface BadReleases {
  readonly repetitions: number;
  /** Of its requests that v3 fails. */
  readonly failPercent: number;
  /** How long one of them may stay before the measurement is given up. */
  readonly patienceMs: number;
  /** Each of the demo's objects as it is to be here. */
  readonly changed: (object: KubeObject) => KubeObject;
}

type Change = Pick<BadReleases, "failPercent" | "changed">;

function writeManifests(folder: string, port: number, { failPercent, changed }: Change): void {
  const images = writeReleases(folder, { v1: 0, v2: 0, v3: failPercent });
  const kind = "LocalCluster";
  const metadata = { name: "bench" };
  const cluster = { apiVersion: "haldane.dev/v1alpha1", kind, metadata, images };
  mkdirSync(path.join(folder, "manifests"));
  const objects = [cluster, ...demoObjects(port).map(changed)];
  const text = objects.map((object) => stringify(object)).join("---\n");
  writeFileSync(path.join(folder, "manifests", "all.yaml"), text);
}

function isBackAtZero(manifest: KubeObject): boolean {
  const { canary, abort } = parsedRollout(manifest).status;
  const weights = canary?.weights;
  return abort === true && weights?.canary.weight === 0 && weights.verified !== false;
}

function isSettledAt(manifest: KubeObject): boolean {
  const { status } = parsedRollout(manifest);
  const isObserved = status.observedGeneration === String(manifest.metadata.generation);
  return isObserved && status.currentPodHash === status.stableRS;
}

/** One bad release on top of a healthy one. */
async function detect(story: StoryTeller, load: DemoLoad): Promise<Detected> {
  const failuresBefore = load.failures.length;
  const requestsBefore = load.counts().get("v3")?.requests ?? 0;
  await story.release("v3");
  const zeroAtMs = await story.until("Degraded", isBackAtZero);
  const exposed = (load.counts().get("v3")?.requests ?? 0) - requestsBefore;
  await story.release("v1");
  await story.until("Healthy", isSettledAt);
  const failures = load.failures.slice(failuresBefore);
  return {
    seconds: (zeroAtMs - (failures[0]?.atMs ?? NaN)) / 1000,
    failed: failures.filter(({ atMs }) => atMs <= zeroAtMs).length,
    exposed,
    afterZero: failures.filter(({ atMs }) => atMs > zeroAtMs).length,
  };
}

function tell({ failPercent, repetitions }: BadReleases, turn: number, detected: Detected): void {
  const { seconds, failed, exposed } = detected;
  console.error(
    `${String(failPercent)} % fail, ${String(turn)} of ${String(repetitions)}: ${seconds.toFixed(1)} s, ${String(failed)} of ${String(exposed)} requests failed`,
  );
}

async function releaseAll(
  plane: ControlPlane,
  port: number,
  options: BadReleases,
): Promise<readonly Detected[]> {
  const { signal } = new AbortController();
  const { patienceMs, repetitions } = options;
  const story = new StoryTeller({
    store: plane.store,
    clock,
    signal,
    patienceMs,
    onState: () => undefined,
  });
  await story.until("Healthy");
  const address = `http://127.0.0.1:${String(port)}/`;
  await until("the service to answer", async () =>
    fetch(address).then(
      async (response) => (await response.text()) !== "" && response.ok,
      () => false,
    ),
  );
  const load = new DemoLoad(address, requestsPerSecond);
  try {
    const all: Detected[] = [];
    while (all.length < repetitions) {
      const detected = await detect(story, load);
      all.push(detected);
      tell(options, all.length, detected);
    }
    return all;
  } finally {
    await load.stop();
  }
}

/** Releases it that often on a cluster of its own. Says on standard error how each went. */
export async function badReleases(options: BadReleases): Promise<readonly Detected[]> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "bench-bad-release-")));
  const place = { folder, dataDir: path.join(folder, ".haldane") };
  const plane = new ControlPlane(programOf(process.env), place);
  try {
    const port = await freePort();
    writeManifests(folder, port, options);
    await plane.start("-f", "manifests");
    return await releaseAll(plane, port, options);
  } finally {
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Its middle, least and most over all of them. */
export function rowOf(name: string, all: readonly Detected[], of: (each: Detected) => number): Row {
  const values = all.map(of);
  return {
    name,
    values: { p50: median(values), least: Math.min(...values), most: Math.max(...values) },
  };
}
