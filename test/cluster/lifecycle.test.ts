// Whole deliveries by `haldane controller` in a real cluster: a canary in steps, blue-green, abort,
// retry, undo, and analyses whose Jobs say yes or no.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster, refTo, until, type TestCluster } from "./cluster.test-support.ts";
import {
  startController,
  stopControllers,
  type RunningController,
} from "./controller.test-support.ts";
import { RolloutUnderTest, rolloutYaml, serviceYaml } from "./rollouts.test-support.ts";

let cluster: TestCluster;
let namespace: string;
let controller: RunningController;

beforeAll(async () => {
  cluster = openCluster();
  namespace = await cluster.newNamespace();
  controller = await startController({ namespace });
});

afterAll(async () => {
  await stopControllers();
  await cluster.close();
});

function named(name: string): RolloutUnderTest {
  return new RolloutUnderTest(cluster, namespace, name);
}

async function deploy(name: string, strategy: string, replicas = 4): Promise<RolloutUnderTest> {
  await cluster.apply(rolloutYaml({ name, replicas, strategy }), namespace);
  const rollout = named(name);
  await rollout.reaches("Healthy");
  return rollout;
}

const inSteps = `    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps:
        - setWeight: 25
        - pause: {}
        - setWeight: 50
        - pause: { duration: 1s }
`;

function judged(template: string): string {
  return `    canary:
      maxSurge: 1
      steps:
        - setWeight: 25
        - analysis: { templates: [{ templateName: ${template} }] }
`;
}

function jobTemplate(name: string, command: string): string {
  return `
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: ${name} }
spec:
  metrics:
    - name: check
      provider:
        job:
          spec:
            backoffLimit: 0
            template:
              spec:
                restartPolicy: Never
                containers: [{ name: check, image: busybox, command: [sh, -c, "${command}"] }]
`;
}

describe("a canary in steps", () => {
  it("waits at its pause, goes on when resumed, and ends healthy", async () => {
    const rollout = await deploy("steps", inSteps);
    await rollout.hasSizes({ v1: 4 });
    await rollout.setVersion("v2");
    await rollout.reaches("Paused", { currentStepIndex: 1 });
    await rollout.hasSizes({ v1: 3, v2: 1 });
    await rollout.resume();
    await rollout.reaches("Healthy", { currentStepIndex: 4 });
    await rollout.hasSizes({ v2: 4 });
    const { currentPodHash, stableRS } = await rollout.status();
    expect(stableRS).toBe(currentPodHash);
    expect(await rollout.eventReasons()).toEqual(
      expect.arrayContaining([
        "RolloutUpdated",
        "RolloutPaused",
        "RolloutResumed",
        "RolloutCompleted",
      ]),
    );
  });

  it("aborted goes back to stable; retried it starts again; undone it is what it was", async () => {
    const rollout = await deploy("abort", inSteps);
    await rollout.setVersion("v2");
    await rollout.reaches("Paused", { currentStepIndex: 1 });
    await rollout.abort();
    await rollout.reaches("Degraded", { abort: true });
    await rollout.hasSizes({ v1: 4 });
    await rollout.retry();
    await rollout.reaches("Paused", { currentStepIndex: 1 });
    await rollout.hasSizes({ v1: 3, v2: 1 });
    await rollout.setVersion("v1");
    await rollout.reaches("Healthy");
    await rollout.hasSizes({ v1: 4 });
  });
});

describe("blue-green", () => {
  it("shows the preview, switches the active Service when promoted, and then takes the old pods away", async () => {
    const services = serviceYaml("active", "bluegreen") + serviceYaml("preview", "bluegreen");
    await cluster.apply(services, namespace);
    const rollout = await deploy(
      "bluegreen",
      `    blueGreen:
      activeService: active
      previewService: preview
      autoPromotionEnabled: false
      scaleDownDelaySeconds: 1
`,
      2,
    );
    const hashOf = async (service: string): Promise<unknown> => {
      const { spec = {} } = (await cluster.get("Service", namespace, service)) ?? {};
      return (spec["selector"] as Record<string, unknown>)["rollouts-pod-template-hash"];
    };
    const before = (await rollout.status())["stableRS"];
    expect(await hashOf("active")).toBe(before);
    await rollout.setVersion("v2");
    await rollout.reaches("Paused");
    expect(await hashOf("active")).toBe(before);
    expect(await hashOf("preview")).toBe((await rollout.status())["currentPodHash"]);
    await rollout.resume();
    await rollout.reaches("Healthy");
    expect(await hashOf("active")).toBe((await rollout.status())["currentPodHash"]);
    await rollout.hasSizes({ v2: 2 });
  });
});

describe("an analysis by a Job", () => {
  it("that succeeds lets the new version go on", async () => {
    await cluster.apply(jobTemplate("good", "exit 0"), namespace);
    const rollout = await deploy("judged-good", judged("good"));
    await rollout.setVersion("v2");
    await rollout.reaches("Healthy");
    await rollout.hasSizes({ v2: 4 });
    const runs = await cluster.list("AnalysisRun", namespace);
    const own = runs.filter(({ metadata }) => metadata.name.startsWith("judged-good-"));
    expect(own.map(({ status }) => status?.["phase"])).toEqual(["Successful"]);
  });

  it("that fails takes the new version back", async () => {
    await cluster.apply(jobTemplate("bad", "exit 1"), namespace);
    const rollout = await deploy("judged-bad", judged("bad"));
    await rollout.setVersion("v2");
    await rollout.reaches("Degraded", { abort: true });
    await rollout.hasSizes({ v1: 4 });
    expect(await rollout.eventReasons()).toEqual(
      expect.arrayContaining(["AnalysisRunFailed", "RolloutAborted"]),
    );
  });
});

describe("the process", () => {
  it("ends with SIGTERM in good order, and gives the lease back", async () => {
    expect(await controller.stop()).toBe(0);
    const lease = await cluster.store.get(
      refTo("Lease", namespace, "argo-rollouts-controller-lock"),
    );
    expect(lease).toMatchObject({ spec: { holderIdentity: "" } });
    expect(controller.log()).not.toMatch(/level=(warn|error)/);
  });

  it("started again finds everything as it should be, and writes nothing", async () => {
    const rollout = named("steps");
    const before = await rollout.get();
    const again = await startController({ namespace });
    await until("it has looked at all rollouts", async () => {
      const text = await (await fetch(again.metricsUrl)).text();
      return /haldane_controller_passes_total\{controller="rollout"[^}]*\} [5-9]/.test(text);
    });
    expect(await again.stop()).toBe(0);
    expect((await rollout.get()).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });
});
