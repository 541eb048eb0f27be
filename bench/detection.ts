// From a bad version's first failed request to weight 0, through the real local cluster: the demo's
// service under the demo's load, its third version failing 20 % of its requests, over and over.
// npx tsx bench/detection.ts [repetitions]   (SOAK_BUILT=1: the built program)
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
import { median, report } from "./report.ts";

const repetitions = Number(process.argv[2] ?? 7);
const requestsPerSecond = 200;

interface Detected {
  readonly seconds: number;
  readonly failed: number;
  /** Requests the bad version got in that time. */
  readonly exposed: number;
  readonly afterZero: number;
}

function writeManifests(folder: string, port: number): void {
  const images = writeReleases(folder);
  const cluster = {
    apiVersion: "haldane.dev/v1alpha1",
    kind: "LocalCluster",
    metadata: { name: "bench" },
    images,
  };
  mkdirSync(path.join(folder, "manifests"));
  const text = [cluster, ...demoObjects(port)].map((object) => stringify(object)).join("---\n");
  writeFileSync(path.join(folder, "manifests", "all.yaml"), text);
}

const isBackAtZero = (manifest: KubeObject): boolean => {
  const weights = parsedRollout(manifest).status.canary?.weights;
  return weights?.canary.weight === 0 && weights.verified !== false;
};

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
  await story.release("v2");
  await story.until("Healthy", isSettledAt);
  const failures = load.failures.slice(failuresBefore);
  const first = failures[0]?.atMs ?? NaN;
  return {
    seconds: (zeroAtMs - first) / 1000,
    failed: failures.filter(({ atMs }) => atMs <= zeroAtMs).length,
    exposed,
    afterZero: failures.filter(({ atMs }) => atMs > zeroAtMs).length,
  };
}

async function measure(plane: ControlPlane, port: number): Promise<readonly Detected[]> {
  const signal = new AbortController().signal;
  const story = new StoryTeller({ store: plane.store, clock, signal, onState: () => undefined });
  await story.until("Healthy");
  await until("the service to answer", async () =>
    fetch(`http://127.0.0.1:${String(port)}/`).then(
      async (response) => (await response.text()) !== "" && response.ok,
      () => false,
    ),
  );
  const load = new DemoLoad(`http://127.0.0.1:${String(port)}`, requestsPerSecond);
  try {
    await story.release("v2");
    await story.until("Healthy", isSettledAt);
    const detected: Detected[] = [];
    for (let turn = 0; turn < repetitions; turn += 1) detected.push(await detect(story, load));
    return detected;
  } finally {
    await load.stop();
  }
}

const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "bench-detection-")));
const plane = new ControlPlane(programOf(process.env), {
  folder,
  dataDir: path.join(folder, ".haldane"),
});
try {
  const port = await freePort();
  writeManifests(folder, port);
  await plane.start("-f", "manifests");
  const detected = await measure(plane, port);
  const row = (
    name: string,
    of: (each: Detected) => number,
  ): { name: string; values: Record<string, number> } => {
    const all = detected.map(of);
    return { name, values: { p50: median(all), least: Math.min(...all), most: Math.max(...all) } };
  };
  report(
    "detection",
    `A version failing 20 % of its requests, at 10 % of ${String(requestsPerSecond)} requests/s, judged each second, ${String(repetitions)} times`,
    [
      {
        ...row("seconds from its first failed request to weight 0", ({ seconds }) => seconds),
        bound: { value: "most", most: 10 },
      },
      row("failed requests until then", ({ failed }) => failed),
      row("requests it got until then", ({ exposed }) => exposed),
      row("failed requests after weight 0", ({ afterZero }) => afterZero),
    ],
  );
} finally {
  await plane.stop();
  rmSync(folder, { recursive: true, force: true });
}
