// What people type with kubectl, against a cluster started by `haldane up -d`: pods are processes,
// the gateway routes, the controllers deliver. What the API server alone must answer is asked in
// src/local/api-server/kubectl.test.ts.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../src/api/kubernetes/pod.ts";
import { CliWorld, eventually, releaseOf } from "../cli/cli-world.ts";

const version = spawnSync("kubectl", ["version", "--client"], { encoding: "utf8" });
const missing =
  version.status === 0
    ? undefined
    : "skipped: kubectl is not on the PATH; install it to run this suite";
console.warn(missing ?? version.stdout.trim());

const world = new CliWorld();
const env = {
  ...process.env,
  KUBECONFIG: path.join(world.folder, ".haldane/kubeconfig"),
  KUBECACHEDIR: path.join(world.folder, "cache"),
};

interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function kubectl(line: string, stdin = "", more: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const child = spawn("kubectl", line.split(" "), { env: { ...env, ...more }, cwd: world.folder });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(stdin);
  const code = await new Promise<number | null>((resolve) => void child.once("close", resolve));
  return { code, out, err };
}

async function ok(line: string, stdin?: string): Promise<string> {
  const { code, out, err } = await kubectl(line, stdin);
  expect(code, `kubectl ${line}: ${err}`).toBe(0);
  return out;
}

/** In the background; what it prints is waited for. */
function following(line: string): {
  readonly child: ChildProcess;
  readonly until: (pattern: RegExp) => Promise<string>;
} {
  const child = spawn("kubectl", line.split(" "), { env, cwd: world.folder });
  let printed = "";
  const checks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      for (const check of checks) check();
    });
  }
  return {
    child,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (pattern.test(printed)) resolve(printed);
        };
        checks.add(check);
        check();
        child.once("close", () =>
          reject(
            new Error(`kubectl ${line} ended before it printed ${String(pattern)}: ${printed}`),
          ),
        );
      }),
  };
}

const manifests = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: app
          image: dir:./releases/v1
          command: [node, server.mjs]
          # As in Argo's CRD the protocol has a default: a file without it would never read the same.
          ports: [{containerPort: 8080, protocol: TCP}]
          readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
  strategy:
    canary: {steps: [{setWeight: 50}, {pause: {}}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  replicas: 1
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec: {containers: [{name: app, image: dir:./releases/v1, command: [node, server.mjs], ports: [{containerPort: 8080}]}]}
`;

async function firstPod(app: string): Promise<string> {
  return (await ok(`get pods -l app=${app} -o name`)).split("\n")[0]?.replace("pod/", "") ?? "";
}

beforeAll(async () => {
  if (missing !== undefined) return;
  for (const release of ["v1", "v2"])
    world.file(`releases/${release}/server.mjs`, releaseOf(release));
  world.file("all.yaml", manifests);
  await world.ok("up --detach");
});

afterAll(async () => {
  if (missing === undefined) await world.remove();
});

describe.skipIf(missing !== undefined)("kubectl with a cluster of this machine", () => {
  it("apply creates, wait sees it ready, get prints tables", async () => {
    expect(await ok("apply -f all.yaml")).toBe(
      "rollout.argoproj.io/shop created\nservice/shop created\ndeployment.apps/worker created\n",
    );
    expect(await ok("apply -f all.yaml")).toBe(
      "rollout.argoproj.io/shop unchanged\nservice/shop unchanged\ndeployment.apps/worker unchanged\n",
    );
    await ok("wait rollout/shop --for=jsonpath={.status.phase}=Healthy --timeout=30s");
    await ok("wait deployment/worker --for=condition=Available --timeout=30s");
    await ok("wait pod -l app=shop --for=condition=Ready --timeout=30s");
    expect(await ok("get rollouts")).toMatch(
      /^NAME +DESIRED +CURRENT +UP-TO-DATE +AVAILABLE +AGE\nshop +2 +2 +2 +2 +/,
    );
    const pods = await ok("get pods -l app=shop");
    expect(pods).toMatch(/^NAME +READY +STATUS +RESTARTS +AGE\n/);
    expect(pods.match(/1\/1 +Running +0/g)).toHaveLength(2);
    expect(await ok("get pods,svc,rs,deploy,ro,endpointslices,ns,events -A")).toContain(
      "endpointslice.discovery.k8s.io/shop",
    );
  });

  it("get -o yaml and json give the object; what is applied back is unchanged", async () => {
    const yaml = await ok("get rollout shop -o yaml");
    expect(yaml).toMatch(/^kind: Rollout$/m);
    expect(yaml).toMatch(/phase: Healthy/);
    const pod = JSON.parse(await ok(`get pod ${await firstPod("shop")} -o json`)) as Pod;
    expect(pod.status?.phase).toBe("Running");
  });

  it("patch starts an update, get -w tells it, the haldane command promotes it", async () => {
    const watching = following('get rollout shop -w -o jsonpath={.status.phase}{"\\n"}');
    await watching.until(/Healthy/);
    const patch =
      '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"dir:./releases/v2"}]';
    expect(await ok(`patch rollout shop --type=json -p ${patch}`)).toBe(
      "rollout.argoproj.io/shop patched\n",
    );
    await watching.until(/Paused/);
    await world.ok("promote shop");
    await watching.until(/Paused[\s\S]*Healthy/);
    watching.child.kill();
  });

  it("logs, logs -f and describe tell what happened", async () => {
    const pod = await firstPod("shop");
    expect(await ok(`logs ${pod}`)).toBe("v2 starts\n");
    const logs = following(`logs -f ${pod}`);
    await logs.until(/v2 starts/);
    logs.child.kill();
    const described = await ok(`describe pod ${pod}`);
    expect(described).toMatch(/^Status: +Running$/m);
    expect(described).toMatch(/Normal +Started/);
    expect(await ok("describe rollout shop")).toMatch(/RolloutCompleted/);
    expect(await ok("describe svc shop")).toMatch(/^Endpoints: +127\.0\.0\.1:\d+/m);
  });

  it("logs know times, since, and the process before a restart", async () => {
    const pod = await firstPod("shop");
    const stamped = await ok(`logs ${pod} --timestamps`);
    expect(stamped).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z v2 starts\n$/);
    const at = Date.parse(stamped.split(" ")[0] ?? "");
    const time = (ms: number): string => new Date(ms).toISOString();
    expect(await ok(`logs ${pod} --since-time=${time(at)}`)).toBe("v2 starts\n");
    expect(await ok(`logs ${pod} --since-time=${time(at + 1_000)}`)).toBe("");
    expect(await ok(`logs ${pod} --since=1h --tail=1 -c app`)).toBe("v2 starts\n");
    expect((await kubectl(`logs ${pod} --previous`)).err).toContain("no process ran before");
    expect(await world.ok(`logs ${pod} --timestamps --since 1h`)).toBe(stamped);
  });

  it("fields select and leave out", async () => {
    const names = await ok("get pods -o name");
    expect(await ok("get pods -o name --field-selector status.phase=Running")).toBe(names);
    expect(await ok("get pods -o name --field-selector status.phase!=Running")).toBe("");
    const pod = await firstPod("shop");
    expect(
      await ok(`get pods -o name --field-selector metadata.name!=${pod},spec.nodeName=local`),
    ).toBe(names.replace(`pod/${pod}\n`, ""));
  });

  it("edit, label, annotate, diff and prune change and compare as on any cluster", async () => {
    const map = (name: string, value: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, labels: {set: one}}\ndata: {a: ${value}}\n`;
    world.file("maps.yaml", `${map("first", "one")}---\n${map("second", "one")}`);
    expect(await ok("create -f maps.yaml")).toContain("configmap/second created");
    await ok("apply -f maps.yaml");
    world.file("edit.sh", '#!/bin/sh\nsed -i.bak "s/a: one/a: edited/" "$1"\n');
    chmodSync(path.join(world.folder, "edit.sh"), 0o755);
    const edited = await kubectl("edit configmap first", "", { EDITOR: "./edit.sh" });
    expect(edited.out).toBe("configmap/first edited\n");
    expect(await ok("get configmap first -o jsonpath={.data.a}")).toBe("edited");
    const differs = await kubectl("diff -f maps.yaml");
    expect(differs.code).toBe(1);
    expect(differs.out).toMatch(/- {2}a: edited\n\+ {2}a: one/);
    await ok("label configmap first tier=web");
    await ok("annotate configmap first note=x");
    expect(await ok("get configmaps -l tier=web -o name")).toBe("configmap/first\n");
    world.file("maps.yaml", map("first", "one"));
    const pruned = await ok(
      "apply -f maps.yaml --prune -l set=one --prune-allowlist=core/v1/ConfigMap",
    );
    expect(pruned).toContain("configmap/second pruned");
    await ok("delete -f maps.yaml");
  });

  it("explain and api-resources name the kinds and their fields", async () => {
    const kinds = await ok("api-resources -o name");
    for (const kind of ["rollouts.argoproj.io", "pods", "httproutes.gateway.networking.k8s.io"])
      expect(kinds.split("\n")).toContain(kind);
    expect(await ok("explain rollout.spec.strategy.canary.steps")).toContain("setWeight");
    expect(await ok("explain pod.spec.containers.readinessProbe")).toContain("httpGet");
  });

  it("exec is refused with the way there is", async () => {
    const { code, err } = await kubectl(`exec ${await firstPod("shop")} -- ls`);
    expect(code).not.toBe(0);
    expect(err).toContain("there is no exec on one machine");
  });

  it("scale changes replicas of rollouts and deployments", async () => {
    expect(await ok("scale rollout shop --replicas=3")).toBe("rollout.argoproj.io/shop scaled\n");
    await ok("scale deployment worker --replicas=2");
    await ok("wait rollout/shop --for=jsonpath={.status.availableReplicas}=3 --timeout=30s");
    await ok("wait deployment/worker --for=jsonpath={.status.availableReplicas}=2 --timeout=30s");
    expect(await ok("get rollout shop -o jsonpath={.spec.replicas}")).toBe("3");
  });

  it("top shows what the processes use", async () => {
    const top = await eventually(
      async () => kubectl("top pods"),
      ({ code, out }) => code === 0 && out.includes("shop-"),
    );
    expect(top.out).toMatch(/^NAME +CPU\(cores\) +MEMORY\(bytes\) *\n/);
    expect(top.out).toMatch(/shop-\S+ +\d+m +[1-9]\d*Mi/);
  });

  it("rollout status and restart work on deployments", async () => {
    expect(await ok("rollout status deployment/worker --timeout=30s")).toContain(
      "successfully rolled out",
    );
    const before = await firstPod("worker");
    await ok("rollout restart deployment/worker");
    expect(await ok("rollout status deployment/worker --timeout=30s")).toContain(
      "successfully rolled out",
    );
    expect(await ok("get pods -l app=worker -o name")).not.toContain(before);
    expect(await ok("rollout history deployment/worker")).toMatch(/^1 [\s\S]*^2 /m);
    await ok("rollout undo deployment/worker");
    expect(await ok("rollout status deployment/worker --timeout=30s")).toContain("rolled out");
  });

  it("server-side apply and edits by other hands conflict as on any cluster", async () => {
    const scaled = manifests.split("---")[0]?.replace("replicas: 2", "replicas: 1") ?? "";
    const refused = await kubectl("apply --server-side --field-manager=other -f -", scaled);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(/conflict/);
  });

  it("delete takes the object, its pods, and its process", async () => {
    expect(await ok("delete deployment worker")).toMatch(/deployment\.apps "worker" deleted/);
    await ok("wait pod -l app=worker --for=delete --timeout=30s");
    expect(await ok("delete -f all.yaml --ignore-not-found")).toMatch(
      /rollout\.argoproj\.io "shop" deleted/,
    );
    await eventually(
      async () => kubectl("get pods -o name"),
      ({ out }) => out === "",
    );
    const gone = await kubectl("get rollout shop");
    expect(gone.code).toBe(1);
    expect(gone.err).toContain('rollouts.argoproj.io "shop" not found');
  });
});
