// What `haldane controller` costs on a real Kubernetes control plane: N rollouts are created until all
// are healthy, get a new image until all are healthy again, and are then left alone. Time, the
// controller's own CPU time and memory, and its requests by verb and resource from its /metrics. Before that,
// in the same run, what the pods alone cost the control plane.
// HALDANE_TEST_KUBECONFIG=FILE npm run bench:controller [rollouts] [idle seconds]
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { argoApiVersion, instanceIdLabel } from "../src/api/argo/keys.ts";
import type { KubeObject } from "../src/api/meta/object.ts";
import { customResourceDefinitions } from "../src/api/schema/crds.ts";
import { ApiClient } from "../src/objects/kubernetes/api-client.ts";
import { readKubeconfig } from "../src/objects/kubernetes/kubeconfig.ts";
import { kubernetesStore } from "../src/objects/kubernetes/kubernetes.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { freePort } from "./free-port.ts";
import { inParallel, podsAlone } from "./pods-alone.ts";
import { report, type Row } from "./report.ts";

const [count = 1000, idleSeconds = 60] = process.argv.slice(2).map(Number);
const kubeconfig = process.env["HALDANE_TEST_KUBECONFIG"];
if (kubeconfig === undefined)
  throw new Error(
    "HALDANE_TEST_KUBECONFIG names no cluster: this needs one where it may make a namespace",
  );
const main = process.env["HALDANE_MAIN"] ?? path.resolve(import.meta.dirname, "../dist/main.js");
const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"]).toString());
const instanceId = `bench-${String(process.pid)}`;
const namespace = instanceId;
const writers = 16;

const client = new ApiClient({
  access: readKubeconfig({ files: [kubeconfig] }),
  clock: systemClock,
  userAgent: "haldane-bench",
  connections: writers,
  retries: 5,
});
const store = kubernetesStore({ client, clock: systemClock });

interface RolloutStatus extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly observedGeneration?: string;
    readonly currentPodHash?: string;
    readonly stableRS?: string;
  };
}

function rolloutOf(index: number): KubeObject {
  const name = `r${String(index).padStart(4, "0")}`;
  const labels = { app: name };
  const resources = { requests: { cpu: "1m", memory: "1Mi" } };
  const spec = {
    replicas: 1,
    selector: { matchLabels: labels },
    revisionHistoryLimit: 2,
    progressDeadlineSeconds: 3600,
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "main", image: "app:v0", resources }],
      },
    },
    strategy: { canary: { steps: [{ setWeight: 50 }] } },
  };
  const metadata = { name, namespace, labels: { ...labels, [instanceIdLabel]: instanceId } };
  return { apiVersion: argoApiVersion, kind: "Rollout", metadata, spec } as KubeObject;
}

/** Resolves once each of them is healthy, with nothing of another version left to promote. */
async function allHealthy(generation: number, signal: AbortSignal): Promise<void> {
  const scope = { apiVersion: argoApiVersion, kind: "Rollout", namespace };
  const { items, resourceVersion } = await store.list<RolloutStatus>(scope);
  const waiting = new Set(Array.from({ length: count }, (_, at) => rolloutOf(at).metadata.name));
  const look = ({ metadata, status }: RolloutStatus): void => {
    const isSeen = Number(status?.observedGeneration) >= generation;
    const isPromoted = status?.stableRS !== "" && status?.stableRS === status?.currentPodHash;
    if (isSeen && isPromoted && status?.phase === "Healthy") waiting.delete(metadata.name);
  };
  items.forEach(look);
  const watching = store.watch<RolloutStatus>(scope, { resourceVersion, signal });
  for await (const event of watching) {
    if (event.type !== "BOOKMARK") look(event.object);
    if (waiting.size === 0) return;
  }
}

function statOf(pid: number): { readonly cpuSeconds: number; readonly rssMb: number } {
  const text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  return { cpuSeconds, rssMb: (Number(fields[21]) * 4096) / 1_048_576 };
}

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly metricsUrl: string;
}

/** What the image gives Node. */
function nodeOptions(): string {
  const dockerfile = readFileSync(
    path.resolve(import.meta.dirname, "../deploy/Dockerfile"),
    "utf8",
  );
  return /NODE_OPTIONS=(\S+)/.exec(dockerfile)?.[1] ?? "";
}

async function startController(): Promise<Running> {
  const [metricsPort, healthzPort] = [await freePort(), await freePort()];
  const ports = ["--metricsPort", String(metricsPort), "--healthzPort", String(healthzPort)];
  const limits = ["--qps", "500", "--burst", "1000", "--instance-id", instanceId];
  const child = spawn(process.execPath, [main, "controller", ...ports, ...limits], {
    env: {
      ...process.env,
      KUBECONFIG: kubeconfig,
      POD_NAMESPACE: namespace,
      NODE_OPTIONS: nodeOptions(),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  while (!log.includes("the controllers run")) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`it ended:\n${log}`);
    await sleep(50);
  }
  return {
    child,
    pid: child.pid ?? 0,
    metricsUrl: `http://127.0.0.1:${String(metricsPort)}/metrics`,
  };
}

/** `verb resource` → how often, since it started. */
async function requestsOf({ metricsUrl }: Running): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(metricsUrl)).text();
  const sums = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, labels = "", value] =
      /^controller_clientset_k8s_request_total\{(.*)\} (\d+)/.exec(line) ?? [];
    if (value === undefined) continue;
    const label = (name: string): string =>
      new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const key = `${label("verb")} ${label("kind")}`;
    sums.set(key, (sums.get(key) ?? 0) + Number(value));
  }
  return sums;
}

function sumOf(requests: readonly (readonly [string, number])[]): number {
  return requests.reduce((sum, [, times]) => sum + times, 0);
}

async function untilGone(name: string): Promise<void> {
  const ref = { apiVersion: "v1", kind: "Namespace", namespace: "", name };
  while ((await store.get(ref)) !== undefined) await sleep(500);
}

const quietMs = 4_000;

/** Resolves with the time at which the last event was stored: they may trail behind what they tell of. */
async function untilTold(controller: Running): Promise<number> {
  const storedNow = async () => (await requestsOf(controller)).get("Create events") ?? 0;
  let stored = await storedNow();
  let sinceMs = performance.now();
  while (performance.now() - sinceMs < quietMs) {
    // Asking costs the controller a millisecond or more: seldom, and never while the work is timed.
    await sleep(1_000);
    const now = await storedNow();
    if (now !== stored) sinceMs = performance.now();
    stored = now;
  }
  return sinceMs;
}

/** `isQuiet`: nothing is to be told afterwards, so it is not asked whether all is; asking is work, too. */
async function measure(
  name: string,
  controller: Running,
  work: (signal: AbortSignal) => Promise<void>,
  isQuiet = false,
): Promise<Row> {
  const stop = new AbortController();
  let peakMb = 0;
  const peak = setInterval(() => {
    peakMb = Math.max(peakMb, statOf(controller.pid).rssMb);
  }, 200);
  const requestsBefore = await requestsOf(controller);
  const before = statOf(controller.pid);
  const startedMs = performance.now();
  let seconds: number;
  let toldSeconds = 0;
  try {
    await work(stop.signal);
    seconds = (performance.now() - startedMs) / 1000;
    if (!isQuiet) toldSeconds = ((await untilTold(controller)) - startedMs) / 1000;
  } finally {
    clearInterval(peak);
    stop.abort();
  }
  const after = statOf(controller.pid);
  const requests = [...(await requestsOf(controller))]
    .map(([key, sum]) => [key, sum - (requestsBefore.get(key) ?? 0)] as const)
    .filter(([, sum]) => sum > 0)
    .toSorted(([, a], [, b]) => b - a);
  console.log(`${name}: ${requests.map(([key, sum]) => `${key} ${String(sum)}`).join(", ")}`);
  return {
    name,
    values: {
      "wall s": seconds,
      "all told s": Math.max(seconds, toldSeconds),
      "CPU s": after.cpuSeconds - before.cpuSeconds,
      requests: sumOf(requests),
      "without events": sumOf(requests.filter(([key]) => key !== "Create events")),
      "peak RSS MiB": Math.max(peakMb, after.rssMb),
    },
  };
}

for (const { definition } of customResourceDefinitions()) {
  const { name } = (definition as unknown as KubeObject).metadata;
  await client.json({
    method: "PATCH",
    path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}?fieldManager=haldane-bench&force=true`,
    contentType: "application/apply-patch+yaml",
    body: definition,
  });
}
await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
const floorNamespace = `${namespace}-pods`;
await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: floorNamespace } });
const floor = await podsAlone({ store, namespace: floorNamespace, count, writers });
await store.delete({ apiVersion: "v1", kind: "Namespace", namespace: "", name: floorNamespace });
await untilGone(floorNamespace);
const controller = await startController();
try {
  const rows = [
    await measure(`create ${String(count)}`, controller, async (signal) => {
      await inParallel({ count, writers }, async (index) => store.create(rolloutOf(index)));
      await allHealthy(1, signal);
    }),
    await measure(`update ${String(count)}`, controller, async (signal) => {
      const body = [
        { op: "replace", path: "/spec/template/spec/containers/0/image", value: "app:v1" },
      ];
      await inParallel({ count, writers }, async (index) => {
        const { name } = rolloutOf(index).metadata;
        const ref = { apiVersion: argoApiVersion, kind: "Rollout", namespace, name };
        await store.patch(ref, { type: "json", body });
      });
      await allHealthy(2, signal);
    }),
  ];
  // What the update left to do (old pods go) is not idleness.
  await sleep(10_000);
  rows.push(
    await measure(
      `idle ${String(idleSeconds)} s`,
      controller,
      async () => sleep(idleSeconds * 1000),
      true,
    ),
  );
  const { createSeconds, updateSeconds } = floor;
  rows.unshift(
    {
      name: `the pods alone: create ${String(count)}`,
      values: { "wall s": createSeconds, requests: count },
    },
    {
      name: `the pods alone: update ${String(count)}`,
      values: { "wall s": updateSeconds, requests: 2 * count },
    },
  );
  report("controller", `haldane controller, ${String(count)} rollouts of one replica`, rows);
} finally {
  controller.child.kill("SIGTERM");
  await store.delete({ apiVersion: "v1", kind: "Namespace", namespace: "", name: namespace });
  await client.close();
}
