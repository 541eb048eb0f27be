// The step plugin haldane.dev/pause-until-safe on a real API server, judged by counts of a stand-in: it
// ends when the canary is shown to be safe; where it cannot be shown, it says so and waits for a person.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnalysisRun } from "../../src/api/argo/analysis.ts";
import { isShownSafe } from "../../src/core/rollout/shown-safe.ts";
import {
  loopback,
  type Heard,
  type Loopback,
  type Reply,
} from "../../src/metrics/loopback.test-support.ts";
import { openCluster, until, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import { ownerOf } from "./history.test-support.ts";
import { RolloutUnderTest, rolloutYaml } from "./rollouts.test-support.ts";

let cluster: TestCluster;
let namespace: string;
let counts: Loopback;

/** Requests of each version in a second, by path; one in a hundred fails, whichever version it meets. */
const requestsPerSecond: Readonly<Record<string, number>> = { "/busy": 2000, "/quiet": 1 };

/** Ticks of a second each, as long as they are asked for. */
function countsFor({ path, query }: Heard): Reply {
  const total = requestsPerSecond[path] ?? 0;
  const first = Math.ceil(Date.parse(query.get("since") ?? "") / 1000);
  const last = Math.floor(Date.parse(query.get("until") ?? "") / 1000);
  const sample = { total, count: Math.floor(total / 100) };
  const ticks = Array.from({ length: Math.max(0, last - first) }, (_, index) => ({
    from: (first + index) * 1000,
    to: (first + index + 1) * 1000,
    requests: { canary: total, stable: total },
    samples: { errors: { canary: sample, stable: sample } },
  }));
  return { headers: { "content-type": "application/json" }, body: JSON.stringify({ ticks }) };
}

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  counts = await loopback(countsFor);
  await startController({ namespace });
});

afterAll(async () => {
  await stopControllers();
  await counts.close();
  await cluster.close();
});

/** The first version is healthy, and the second has begun. */
async function update(name: string, path: string, config: string): Promise<RolloutUnderTest> {
  const strategy = `    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps:
        - setWeight: 50
        - plugin: { name: haldane.dev/pause-until-safe, config: ${config} }
        - pause: {}
`;
  await cluster.apply(rolloutYaml({ name, replicas: 2, strategy }), namespace);
  const url = `${counts.url}${path}?since=\${since}&until=\${until}`;
  const annotations = {
    "haldane.dev/guard": "errors",
    "haldane.dev/guard-source": JSON.stringify({ web: { url } }),
  };
  const shop = new RolloutUnderTest(cluster, namespace, name);
  await shop.patch({ metadata: { annotations } });
  await shop.reaches("Healthy");
  await shop.setVersion("v2");
  return shop;
}

async function says(shop: RolloutUnderTest, text: string): Promise<void> {
  const message = async (): Promise<string> => JSON.stringify((await shop.status())["message"]);
  const isSaid = async (): Promise<boolean> => (await message()).includes(text);
  await until(`it says: ${text}`, isSaid, { describe: message });
}

/** Whether the judge has shown it, as the run keeps it. */
async function isRecordedAsSafe(name: string): Promise<boolean> {
  const runs = await cluster.list("AnalysisRun", namespace);
  const own = runs.filter((run) => ownerOf(run) === name);
  return own.length === 1 && own.every((run) => isShownSafe(run as unknown as AnalysisRun));
}

describe("a pause until the canary is safe", () => {
  it("waits, and ends by itself once it is shown to be", async () => {
    const shop = await update("busy", "/busy", "{ max: 10m }");
    await says(shop, "until the canary is shown to be safe, for 10m at most");
    await shop.hasSizes({ v1: 1, v2: 1 });
    await shop.reaches("Paused", { currentStepIndex: 2 });
    expect(await isRecordedAsSafe("busy")).toBe(true);
    await shop.resume();
    await shop.reaches("Healthy", { currentStepIndex: 3 });
    await shop.hasSizes({ v2: 2 });
  });

  it("without enough to show it waits for a person when its time is over, and a promote goes on", async () => {
    const shop = await update("quiet", "/quiet", "{ max: 2s }");
    await says(shop, "was not shown to be safe within 2s");
    expect(await isRecordedAsSafe("quiet")).toBe(false);
    await shop.reaches("Paused", { currentStepIndex: 1 });
    await shop.hasSizes({ v1: 1, v2: 1 });
    await shop.resume();
    await shop.reaches("Paused", { currentStepIndex: 2 });
    await shop.resume();
    await shop.reaches("Healthy", { currentStepIndex: 3 });
    await shop.hasSizes({ v2: 2 });
  });

  it("without an end waits until a person promotes it", async () => {
    const shop = await update("endless", "/quiet", "{}");
    await says(shop, "until the canary is shown to be safe");
    await shop.reaches("Paused", { currentStepIndex: 1 });
    await shop.resume();
    await shop.reaches("Paused", { currentStepIndex: 2 });
    await shop.abort();
    await shop.reaches("Degraded", { abort: true });
    await shop.hasSizes({ v1: 2 });
  });
});
