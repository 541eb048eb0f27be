// What `get` and `list` print (argo-kubectl-plugin.md §3 and §4), and how a command line is understood.
import { describe, expect, it } from "vitest";
import { now, shopTree } from "../render/shop.test-support.ts";
import { plugin } from "./plugin.test-support.ts";

const { manifest, replicaSets, pods, analysisRuns } = shopTree();
const world = { objects: [manifest, ...replicaSets, ...pods, ...analysisRuns], now };
const experiment = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Experiment",
  metadata: { name: "compare", namespace: "web", creationTimestamp: "2026-01-01T11:58:00Z" },
  spec: { duration: "5m" },
  status: { phase: "Running", availableAt: "2026-01-01T11:59:00Z" },
};

describe("get rollout", () => {
  it("draws the tree", async () => {
    const { code, out, err } = await plugin(world, "get rollout shop --no-color");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(`Name:            shop
Namespace:       web
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          1/4
  SetWeight:     20
  ActualWeight:  20
Images:          registry.local/shop:1 (stable)
                 registry.local/shop:2 (canary)
Replicas:
  Desired:       5
  Current:       5
  Updated:       1
  Ready:         5
  Available:     5

NAME                             KIND         STATUS        AGE    INFO
⟳ shop                           Rollout      ॥ Paused      3h5m   ${""}
├──# revision:2                                                    ${""}
│  ├──⧉ shop-5d8f9c7b6           ReplicaSet   ✔ Healthy     4m10s  canary
│  │  └──□ shop-5d8f9c7b6-x2x4q  Pod          ✔ Running     4m10s  ready:1/1
│  └──α shop-5d8f9c7b6-2-1       AnalysisRun  ✔ Successful  4m     ✔ 3,✖ 1
│     └──⊞ 8a4c.probe.1          Job          ✔ Successful  3m20s  ${""}
└──# revision:1                                                    ${""}
   └──⧉ shop-6c9b8d7f5           ReplicaSet   ✔ Healthy     3h5m   stable,delay:20s
      └──□ shop-6c9b8d7f5-7kq2p  Pod          ✔ Running     3h5m   ready:1/1,restarts:2
`);
  });

  it("is in colour in a pipe, too, unless told otherwise or where TERM=dumb", async () => {
    const { out } = await plugin(world, "get ro shop");
    expect(out).toContain("Status:          \u001b[0m॥\u001b[0m Paused\n");
    expect(out).toContain("⊞ \u001b[0m8a4c.probe.1\u001b[0m");
    expect(out).toContain("\u001b[32m✔\u001b[0m Healthy");
    const dumb = await plugin(world, "get ro shop", { env: { TERM: "dumb" } });
    expect(dumb.out).toBe((await plugin(world, "get ro shop --no-color")).out);
  });

  it("asks for the Deployment of a workloadRef", async () => {
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "d" };
    const referring = { ...manifest, spec: { ...shopTree().rollout.spec, workloadRef } };
    expect((await plugin({ objects: [referring], now }, "get rollout shop")).err).toBe(
      'Error: deployment.apps "d" not found\n',
    );
  });

  it.each([
    ["get rollout nothing", 'Error: rollout.argoproj.io "nothing" not found\n'],
    ["get exp nothing", 'Error: experiment.argoproj.io "nothing" not found\n'],
  ])("%s: an error", async (line, err) => {
    expect(await plugin(world, line)).toMatchObject({ code: 1, out: "", err });
  });
});

describe("list", () => {
  const row =
    "shop        Canary     Paused        1/4   20          5/5    5        1           5        \n";
  const header =
    "NAME        STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE\n";
  const some = { objects: [manifest, experiment], now };
  it.each([
    ["list rollouts", `${header}${row}`],
    ["list ro --name shop", `${header}${row}`],
    ["list rollouts -A", `NAMESPACE  ${header}web        ${row}`],
    ["list rollouts --timestamps", `TIMESTAMP             ${header}2026-01-01T12:00:00Z  ${row}`],
    [
      "list experiments",
      "NAME        STATUS   DURATION  REMAINING  AGE\ncompare     Running  5m        4m         2m \n",
    ],
  ])("%s", async (line, out) => {
    expect(await plugin(some, line)).toMatchObject({ code: 0, out, err: "" });
  });

  it("says on stderr that there is nothing", async () => {
    expect(await plugin({ objects: [] }, "list rollouts")).toMatchObject({
      code: 0,
      out: "",
      err: "No resources found.\n",
    });
  });
});

describe("a command line", () => {
  it.each([
    "",
    "get",
    "list",
    "retry",
    "set",
    "terminate",
    "get nothing",
    "get rollout",
    "get rollout a b",
    "abort",
    "lint",
    "create",
    "completion",
    "completion tcsh",
  ])("%j: the usage on stderr, without a word of error", async (line) => {
    const { code, out, err } = await plugin(world, line);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^Usage:\n {2}kubectl argo rollouts/);
    expect(err).not.toContain("Error:");
  });

  it("says which command or flag nobody knows", async () => {
    expect((await plugin(world, "promot shop")).err).toBe(
      'Error: unknown command "promot" for "kubectl-argo-rollouts"\n\nDid you mean this?\n\tpromote\n\nRun \'kubectl argo rollouts --help\' for usage.\n',
    );
    expect(await plugin(world, "list rollouts --nope")).toMatchObject({
      code: 1,
      err: "Error: unknown flag: --nope\n",
    });
  });

  it("has kubectl's flags before and after the command", async () => {
    const line =
      "-n web --context=c get --kubeconfig k rollout --as me --as-group=a --as-group b shop --token t -s https://h --insecure-skip-tls-verify --request-timeout 5s --no-color";
    const { code, options } = await plugin(world, line);
    expect(code).toBe(0);
    expect(options).toMatchObject({
      namespace: "web",
      context: "c",
      kubeconfig: "k",
      access: {
        requestTimeoutMs: 5000,
        overrides: {
          server: "https://h",
          token: "t",
          isVerified: false,
          impersonate: { user: "me", groups: ["a", "b"] },
        },
      },
    });
  });

  it("prints the version under the name it was called by", async () => {
    expect((await plugin(world, "version --short")).out).toBe("kubectl-argo-rollouts: v1.2.3\n");
    const { out } = await plugin(world, "version", { as: "kubectl-haldane" });
    expect(out).toMatch(/^kubectl-haldane: v1\.2\.3\n {2}BuildDate: .*\n {2}GitCommit: /);
  });

  it("says what is not there yet", async () => {
    expect(await plugin(world, "dashboard")).toMatchObject({ code: 1, out: "" });
    expect(await plugin(world, "notifications template get")).toMatchObject({ code: 1, out: "" });
    expect(await plugin(world, "notifications")).toMatchObject({ code: 0, err: "" });
  });

  it.each([
    [["__complete", "promote", ""], "shop\n:4\n"],
    [["__complete", "get", "ro", "sh"], "shop\n:4\n"],
    [["__complete", "abort", "shop", ""], ":4\n"],
    [["__complete", "get", ""], "rollout\nexperiment\n:4\n"],
    [["__complete", "undo", "--to"], "--to-revision\n--token\n:4\n"],
    [["__complete", "lint", "-f", ""], ":0\n"],
  ])("%j", async (words, out) => {
    expect(await plugin(world, words)).toMatchObject({ code: 0, out });
  });
});
