// Rollouts that take their template from a Deployment, a ReplicaSet or a PodTemplate: brought to life by
// it, updated by changing it, and promoted; and what becomes of the pods it had itself.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { openCluster, refTo, until, type Loose, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import { ownerOf, recordHistory, statusOf, type RecordedHistory } from "./history.test-support.ts";
import { RolloutUnderTest } from "./rollouts.test-support.ts";

type WorkloadKind = "Deployment" | "ReplicaSet" | "PodTemplate";
type ScaleDown = "never" | "onsuccess" | "progressively";

/** Of the workload and of the rollout that takes over from it. */
const replicas = 2;
const generationAnnotation = "rollout.argoproj.io/workload-generation";

let cluster: TestCluster;
let namespace: string;
let history: RecordedHistory;

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  history = await recordHistory(cluster.store, namespace, ["Deployment"]);
  await startController({ namespace });
});

afterAll(async () => {
  await stopControllers();
  await history.close();
  await cluster.close();
});

function template(app: string, version: string): JsonObject {
  const env = [{ name: "VERSION", value: version }];
  const containers = [{ name: "web", image: "registry.k8s.io/pause:3.10", env }];
  return {
    metadata: { labels: { app } },
    spec: { terminationGracePeriodSeconds: 0, containers },
  };
}

function workload(kind: WorkloadKind, name: string, version: string): JsonObject {
  const { apiVersion } = refTo(kind, namespace, name);
  const metadata = { name, labels: { app: name } };
  if (kind === "PodTemplate")
    return { apiVersion, kind, metadata, template: template(name, version) };
  const selector = { matchLabels: { app: name } };
  const spec = { replicas, selector, template: template(name, version) };
  return { apiVersion, kind, metadata, spec };
}

/** Only a PodTemplate has no selector to take. */
function rollout(kind: WorkloadKind, name: string, scaleDown?: ScaleDown): JsonObject {
  const { apiVersion } = refTo(kind, namespace, name);
  const workloadRef = { apiVersion, kind, name, ...(scaleDown ? { scaleDown } : {}) };
  const selector = kind === "PodTemplate" ? { selector: { matchLabels: { app: name } } } : {};
  const canary = { maxSurge: 1, maxUnavailable: 0, steps: [{ setWeight: 50 }, { pause: {} }] };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name },
    spec: { replicas, ...selector, workloadRef, strategy: { canary } },
  };
}

/** As `kubectl set env` would: the number of pods stays whatever it is. */
async function setVersion(kind: WorkloadKind, name: string, version: string): Promise<void> {
  const changed = { template: template(name, version) };
  const body = kind === "PodTemplate" ? changed : { spec: changed };
  await cluster.patch(refTo(kind, namespace, name), body);
}

async function hasSeen(kind: WorkloadKind, shop: RolloutUnderTest): Promise<void> {
  const generations = async (): Promise<readonly unknown[]> => {
    const { metadata, status = {} } = await shop.get();
    const found = await cluster.get(kind, namespace, shop.name);
    const said = [
      metadata.annotations?.[generationAnnotation],
      status["workloadObservedGeneration"],
    ];
    return [String(found?.metadata.generation), ...said];
  };
  await until(
    `${shop.name} has seen the ${kind} as it is`,
    async () => new Set(await generations()).size === 1,
    { describe: generations },
  );
}

/** From nothing to the first version, to the second half way, and to its end. */
async function deliver(kind: WorkloadKind, name: string, scaleDown?: ScaleDown): Promise<void> {
  const shop = new RolloutUnderTest(cluster, namespace, name);
  const objects = [workload(kind, name, "v1"), rollout(kind, name, scaleDown)];
  await cluster.apply(objects.map((object) => JSON.stringify(object)).join("\n---\n"), namespace);
  await shop.reaches("Healthy", { replicas, availableReplicas: replicas });
  await shop.hasSizes({ v1: replicas });
  await hasSeen(kind, shop);

  await setVersion(kind, name, "v2");
  await shop.reaches("Paused", { currentStepIndex: 1 });
  await shop.hasSizes({ v1: 1, v2: 1 });
  await hasSeen(kind, shop);
  await shop.resume();
  await shop.reaches("Healthy", { currentStepIndex: 2 });
  await shop.hasSizes({ v2: replicas });
  const { currentPodHash, stableRS } = await shop.status();
  expect(stableRS).toBe(currentPodHash);
}

function statesOf(kind: string, name: string): readonly Loose[] {
  const own = history.moments().filter((moment) => moment.kind === kind);
  return own.map(({ object }) => object).filter(({ metadata }) => metadata.name === name);
}

/** Each size the workload was told to have, in order. */
function sizesOf(kind: WorkloadKind, name: string): readonly unknown[] {
  const sizes = statesOf(kind, name).map(({ spec }) => spec?.["replicas"]);
  return sizes.filter((size, index) => size !== sizes[index - 1]);
}

/** Template and selector are taken in memory only. */
function expectNothingCopied(name: string, written: JsonObject): void {
  const states = statesOf("Rollout", name);
  expect(states.length).toBeGreaterThan(3);
  const fields = new Set(states.flatMap(({ spec = {} }) => Object.keys(spec)));
  expect([...fields].sort()).toEqual(Object.keys(written["spec"] as JsonObject).sort());
}

/** The fewest there ever were of what the Deployment is to have and what the rollout has ready. */
function fewestOfBoth(name: string): number {
  const available = new Map<string, number>();
  let wanted = 0;
  let fewest = Infinity;
  for (const { kind, object } of history.moments()) {
    if (kind === "Deployment" && object.metadata.name === name)
      wanted = Number(object.spec?.["replicas"]);
    else if (kind === "ReplicaSet" && ownerOf(object) === name && isOfRollout(object))
      available.set(object.metadata.name, Number(statusOf(object)["availableReplicas"] ?? 0));
    else continue;
    const own = [...available.values()].reduce((sum, count) => sum + count, 0);
    fewest = Math.min(fewest, wanted + own);
  }
  return fewest;
}

function isOfRollout({ metadata }: Loose): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === "Rollout") === true;
}

describe("a rollout of a Deployment's template", () => {
  it.each<{ readonly scaleDown: ScaleDown; readonly last: number }>([
    { scaleDown: "never", last: replicas },
    { scaleDown: "onsuccess", last: 0 },
    { scaleDown: "progressively", last: 0 },
  ])("with scaleDown $scaleDown takes over, and users never have too few", async (row) => {
    const name = `deployment-${row.scaleDown}`;
    await deliver("Deployment", name, row.scaleDown);
    const sizes = sizesOf("Deployment", name);
    expect([sizes[0], sizes.at(-1)]).toEqual([replicas, row.last]);
    expect(sizes).toEqual([...sizes].sort().reverse());
    if (row.scaleDown === "onsuccess") expect(sizes).toEqual([replicas, 0]);
    expect(fewestOfBoth(name)).toBe(replicas);
    expectNothingCopied(name, rollout("Deployment", name));
  });
});

describe("a rollout of a ReplicaSet's template", () => {
  it.each<ScaleDown>(["never", "onsuccess", "progressively"])(
    "leaves the ReplicaSet alone, also with scaleDown %s, which is for Deployments",
    async (scaleDown) => {
      const name = `replicaset-${scaleDown}`;
      await deliver("ReplicaSet", name, scaleDown);
      expect(sizesOf("ReplicaSet", name)).toEqual([replicas]);
      const owners = statesOf("ReplicaSet", name).map(({ metadata }) => metadata.ownerReferences);
      expect(new Set(owners)).toEqual(new Set([undefined]));
      expectNothingCopied(name, rollout("ReplicaSet", name));
    },
  );
});

describe("a rollout of a PodTemplate", () => {
  it("follows it, stays as it is while it is gone, and goes on when it is back", async () => {
    const name = "podtemplate";
    await deliver("PodTemplate", name);
    expectNothingCopied(name, rollout("PodTemplate", name));

    const shop = new RolloutUnderTest(cluster, namespace, name);
    const { currentPodHash } = await shop.status();
    await cluster.store.delete(refTo("PodTemplate", namespace, name));
    await shop.reaches("Degraded");
    expect((await shop.status())["message"]).toContain(`podtemplates "${name}" not found`);
    await shop.hasSizes({ v2: replicas });
    await cluster.apply(JSON.stringify(workload("PodTemplate", name, "v2")), namespace);
    await shop.reaches("Healthy", { currentPodHash: currentPodHash ?? "" });
    await shop.hasSizes({ v2: replicas });
  });
});
