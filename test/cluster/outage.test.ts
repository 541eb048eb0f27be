// The API server goes away in the middle of a delivery and comes back: nothing is lost, nothing is done
// twice. By default a proxy plays that; HALDANE_TEST_API_RESTART may name a command that really
// restarts the API server (only for a cluster that is nobody else's).
import { spawnSync } from "node:child_process";
import { writeFileSync, mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { readKubeconfig, type ClusterAccess } from "../../src/objects/kubernetes/kubeconfig.ts";
import { sleep, systemClock } from "../../src/runtime/clock.ts";
import { openCluster, until, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import { controllerKubeconfig } from "./kubeconfig.test-support.ts";
import { tcpProxy } from "./proxy.test-support.ts";
import { RolloutUnderTest, rolloutYaml } from "./rollouts.test-support.ts";

const restart = process.env["HALDANE_TEST_API_RESTART"] ?? "";
const outageMs = 6_000;
/** With the usual 10 s a leader may give up in so long an outage, and would have to be started again. */
const patient = ["--leader-election-lease-duration=70s", "--leader-election-renew-deadline=60s"];

let cluster: TestCluster;

beforeAll(() => {
  cluster = openCluster();
});

afterAll(async () => {
  await stopControllers();
  await cluster.close();
});

function base64(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString("base64");
}

/** A kubeconfig file that says what `access` says; for tokens and certificates. */
function kubeconfigFor({ server, tls, credentials, namespace }: ClusterAccess): string {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), "haldane-outage-")), "kubeconfig");
  const cluster = {
    server,
    "certificate-authority-data": base64(tls.ca),
    "tls-server-name": tls.serverName,
    "insecure-skip-tls-verify": tls.isVerified ? undefined : true,
  };
  const user = {
    token: credentials.kind === "token" ? credentials.token : undefined,
    tokenFile: credentials.kind === "tokenFile" ? credentials.file : undefined,
    "client-certificate-data": base64(tls.cert),
    "client-key-data": base64(tls.key),
  };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "x",
    clusters: [{ name: "x", cluster }],
    users: [{ name: "x", user }],
    contexts: [{ name: "x", context: { cluster: "x", user: "x", namespace } }],
  };
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

const strategy = `    canary:
      maxSurge: 1
      steps:
        - setWeight: 25
        - pause: { duration: 4s }
        - setWeight: 50
        - pause: { duration: 4s }
`;

it("a delivery goes on where it was, each step once", async () => {
  const namespace = await cluster.newNamespace();
  const proxy = await tcpProxy(readKubeconfig({ files: [controllerKubeconfig()] }));
  const kubeconfig = kubeconfigFor(proxy.access);
  try {
    const controller = await startController({ namespace, kubeconfig, args: patient });
    await cluster.apply(rolloutYaml({ name: "shop", replicas: 4, strategy }), namespace);
    const rollout = new RolloutUnderTest(cluster, namespace, "shop");
    await rollout.reaches("Healthy");
    await rollout.setVersion("v2");
    await rollout.reaches("Paused", { currentStepIndex: 1 });
    if (restart === "") {
      proxy.cut();
      await sleep(systemClock, outageMs);
      proxy.restore();
    } else {
      const done = spawnSync("bash", ["-c", restart], { encoding: "utf8" });
      expect(done.status, done.stderr).toBe(0);
    }
    await rollout.reaches("Healthy", { currentStepIndex: 4 });
    await rollout.hasSizes({ v2: 4 });
    await until("all events are told", async () =>
      (await rollout.eventReasons()).includes("RolloutCompleted"),
    );
    const events = await cluster.list("Event", namespace);
    const steps = events
      .map((event) => String((event as { readonly message?: string }).message))
      .filter((message) => message.includes("step"));
    expect(new Set(steps).size).toBe(steps.length);
    expect(await controller.stop()).toBe(0);
  } finally {
    await proxy.close();
  }
});
