// The sequential judge through the real local cluster: the demo's service under 200 requests a second, a version that
// fails 20, 5 or 1 % of its requests at 10 % of the traffic, guarded by `haldane.dev/guard: errors,latency`. Measured
// is the time from its first failed request to weight 0, and how many requests failed until then.
// npx tsx bench/judge-end-to-end.ts [repetitions [percent…]]   (SOAK_BUILT=1: the built program)
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
import { median, report, type Row } from "./report.ts";

const [repetitionsText = "10", ...percentTexts] = process.argv.slice(2);
const repetitions = Number(repetitionsText);
const percents = percentTexts.length === 0 ? [20, 5, 1] : percentTexts.map(Number);
const requestsPerSecond = 200;

interface Detected {
  readonly seconds: number;
  readonly failed: number;
  readonly exposed: number;
}

/** The demo's objects, with the guard in place of its own analysis and a pause that nobody waits out. */
function guarded(object: KubeObject): KubeObject {
  if (object.kind !== "Rollout") return object;
  const { spec, metadata } = object as KubeObject & {
    readonly spec: { readonly strategy: { readonly canary: Readonly<Record<string, unknown>> } };
  };
  const { analysis: _own, ...canary } = spec.strategy.canary;
  const steps = [{ setWeight: 10 }, { pause: { duration: "30m" } }];
  const annotations = { "haldane.dev/guard": "errors,latency" };
  const judged = {
    ...object,
    metadata: { ...metadata, annotations },
    spec: { ...spec, strategy: { canary: { ...canary, steps } } },
  };
  return judged;
}

function writeManifests(folder: string, port: number, percent: number): void {
  const images = writeReleases(folder, { v1: 0, v2: 0, v3: percent });
  const kind = "LocalCluster";
  const metadata = { name: "bench" };
  const cluster = { apiVersion: "haldane.dev/v1alpha1", kind, metadata, images };
  mkdirSync(path.join(folder, "manifests"));
  const objects = demoObjects(port).map(guarded);
  const text = [cluster, ...objects].map((object) => stringify(object)).join("---\n");
  writeFileSync(path.join(folder, "manifests", "all.yaml"), text);
}

const isBackAtZero = (manifest: KubeObject): boolean => {
  const { canary, abort } = parsedRollout(manifest).status;
  return (
    abort === true && canary?.weights?.canary.weight === 0 && canary.weights.verified !== false
  );
};

function isSettledAt(manifest: KubeObject): boolean {
  const { status } = parsedRollout(manifest);
  const isObserved = status.observedGeneration === String(manifest.metadata.generation);
  return isObserved && status.currentPodHash === status.stableRS;
}

async function detect(story: StoryTeller, load: DemoLoad): Promise<Detected> {
  const failuresBefore = load.failures.length;
  const requestsBefore = load.counts().get("v3")?.requests ?? 0;
  await story.release("v3");
  const zeroAtMs = await story.until("Degraded", isBackAtZero);
  const exposed = (load.counts().get("v3")?.requests ?? 0) - requestsBefore;
  await story.release("v1");
  await story.until("Healthy", isSettledAt);
  const failures = load.failures.slice(failuresBefore).filter(({ atMs }) => atMs <= zeroAtMs);
  const seconds = (zeroAtMs - (failures[0]?.atMs ?? NaN)) / 1000;
  return { seconds, failed: failures.length, exposed };
}

async function measure(plane: ControlPlane, port: number): Promise<readonly Detected[]> {
  const { signal } = new AbortController();
  const story = new StoryTeller({ store: plane.store, clock, signal, onState: () => undefined });
  await story.until("Healthy");
  const address = `http://127.0.0.1:${String(port)}`;
  await until("the service to answer", async () =>
    fetch(address).then(
      async (response) => (await response.text()) !== "" && response.ok,
      () => false,
    ),
  );
  const load = new DemoLoad(address, requestsPerSecond);
  try {
    const detected: Detected[] = [];
    for (let turn = 0; turn < repetitions; turn += 1) detected.push(await detect(story, load));
    return detected;
  } finally {
    await load.stop();
  }
}

async function rowsOf(percent: number): Promise<readonly Row[]> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "bench-judge-")));
  const options = { folder, dataDir: path.join(folder, ".haldane") };
  const plane = new ControlPlane(programOf(process.env), options);
  try {
    const port = await freePort();
    writeManifests(folder, port, percent);
    await plane.start("-f", "manifests");
    const detected = await measure(plane, port);
    const row = (name: string, of: (each: Detected) => number): Row => {
      const all = detected.map(of);
      const values = { p50: median(all), least: Math.min(...all), most: Math.max(...all) };
      return { name: `${String(percent)} % fail: ${name}`, values };
    };
    return [
      row("seconds until weight 0", ({ seconds }) => seconds),
      row("failed requests until then", ({ failed }) => failed),
      row("requests it got until then", ({ exposed }) => exposed),
    ];
  } finally {
    await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const rows: Row[] = [];
for (const percent of percents) rows.push(...(await rowsOf(percent)));
report(
  "judge-live",
  `Judged each second at 10 % of ${String(requestsPerSecond)} requests/s, ${String(repetitions)} times each`,
  rows,
);
