// Other people at the same object: a GitOps tool that applies the same manifest five times a second,
// and people who annotate and label, while a canary goes through its steps.
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sleep, systemClock } from "../../src/runtime/clock.ts";
import { openCluster, type TestCluster } from "./cluster.test-support.ts";
import {
  startController,
  stopControllers,
  type RunningController,
} from "./controller.test-support.ts";
import {
  isSettled,
  recordHistory,
  statusOf,
  type RecordedHistory,
} from "./history.test-support.ts";
import { kubeconfigFiles } from "./kubeconfig.test-support.ts";
import { kubectlJson } from "./kubectl.test-support.ts";
import { RolloutUnderTest, rolloutYaml } from "./rollouts.test-support.ts";

const run = promisify(execFile);
const applier = "gitops";

let cluster: TestCluster;
let namespace: string;
let controller: RunningController;
let history: RecordedHistory;

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  history = await recordHistory(cluster.store, namespace);
  controller = await startController({ namespace });
});

afterAll(async () => {
  await stopControllers();
  await history.close();
  await cluster.close();
});

async function kubectl(...args: readonly string[]): Promise<void> {
  const KUBECONFIG = kubeconfigFiles().join(path.delimiter);
  await run("kubectl", ["-n", namespace, ...args], { env: { ...process.env, KUBECONFIG } });
}

/** Does it about five times a second until stopped. Resolves with how often; rejects with the first refusal. */
function keepDoing(what: (turn: number) => Promise<void>): { stop(): Promise<number> } {
  const over = new AbortController();
  const doing = (async (): Promise<number> => {
    for (let turn = 0; ; turn += 1) {
      if (over.signal.aborted) return turn;
      await what(turn);
      await sleep(systemClock, 200);
    }
  })();
  return {
    async stop() {
      over.abort();
      return doing;
    },
  };
}

const strategy = `    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps:
        - setWeight: 25
        - pause: { duration: 2s }
        - setWeight: 50
        - pause: {}
        - setWeight: 75
        - pause: { duration: 2s }
`;

interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: Readonly<Record<string, unknown>>;
}

/** Who owns parts of the spec of the object itself. */
async function ownersOfSpec(): Promise<readonly string[]> {
  const object = kubectlJson("-n", namespace, "get", "rollout", "shop", "--show-managed-fields");
  const { metadata } = object as { metadata: { managedFields: readonly ManagedFields[] } };
  return metadata.managedFields
    .filter(({ fieldsV1 }) => "f:spec" in fieldsV1)
    .map(({ manager, operation }) => `${manager} ${operation}`);
}

function stepsSeen(): readonly number[] {
  const seen: number[] = [];
  for (const { kind, object } of history.moments()) {
    const { currentStepIndex, currentPodHash, stableRS } = statusOf(object);
    if (kind !== "Rollout" || typeof currentStepIndex !== "number") continue;
    const isInDelivery = currentPodHash !== stableRS || seen.length > 0;
    if (isInDelivery && seen.at(-1) !== currentStepIndex) seen.push(currentStepIndex);
  }
  return seen;
}

it("nobody fights, no step is lost, and everybody keeps what is theirs", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "haldane-editing-"));
  const write = (version: string): string => {
    const file = path.join(folder, `${version}.yaml`);
    writeFileSync(file, rolloutYaml({ name: "shop", replicas: 4, image: version, strategy }));
    return file;
  };
  const apply = async (file: string): Promise<void> =>
    kubectl("apply", "--server-side", `--field-manager=${applier}`, "-f", file);

  const shop = new RolloutUnderTest(cluster, namespace, "shop");
  await apply(write("v1"));
  await shop.reaches("Healthy");

  const file = write("v2");
  await apply(file);
  const applying = keepDoing(async () => apply(file));
  const editing = keepDoing(async (turn) => {
    await kubectl("annotate", "--overwrite", "rollout", "shop", `example.org/turn=${turn}`);
    await kubectl("label", "--overwrite", "rollout", "shop", `turn=${turn}`);
  });
  await history.becomes(
    "Rollout",
    "shop",
    (rollout) => isSettled(rollout, "Paused") && statusOf(rollout)["currentStepIndex"] === 3,
  );
  await shop.resume();
  await shop.reaches("Healthy", { currentStepIndex: 6 });
  // No --force-conflicts: a field we had taken would have been refused to its owner.
  expect(await applying.stop()).toBeGreaterThan(10);
  const turns = await editing.stop();
  expect(turns).toBeGreaterThan(5);

  await shop.hasSizes({ v2: 4 });
  expect(stepsSeen()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(await ownersOfSpec()).toEqual([`${applier} Apply`]);
  const { metadata } = await shop.get();
  expect(metadata.annotations).toMatchObject({ "example.org/turn": String(turns - 1) });
  expect(metadata.labels).toMatchObject({ turn: String(turns - 1) });

  // Nor does the controller answer edits that change nothing for it.
  expect(await controller.stop()).toBe(0);
  expect(controller.log()).not.toMatch(/level=(warn|error)/);
});
