// The program under its plugin's names, against the API server and controllers of a real local cluster.
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliWorld, eventually, releaseOf, type Finished, type Running } from "./cli-world.ts";

const world = new CliWorld();
let up: Running;

const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: app, image: "dir:./releases/v1", command: [node, server.mjs], ports: [{containerPort: 8080}]}]}
  strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
`;

async function plugin(
  line: string,
  as = "/usr/local/bin/kubectl-argo-rollouts",
): Promise<Finished> {
  const env = { KUBECONFIG: path.join(world.folder, ".haldane", "kubeconfig") };
  return world.run(line, { as, env });
}

beforeAll(async () => {
  for (const version of ["v1", "v2"])
    world.file(`releases/${version}/server.mjs`, releaseOf(version));
  world.file("shop.yaml", rollout);
  up = world.start("up");
  await up.until(/is up/);
}, 60_000);

afterAll(async () => {
  await up.stop();
  await world.remove();
}, 60_000);

describe("kubectl argo rollouts", { timeout: 30_000 }, () => {
  it("creates a rollout and waits until it is healthy", async () => {
    expect((await plugin("create -f shop.yaml")).out).toBe("rollout.argoproj.io/shop created\n");
    const { code, out } = await plugin("status shop --timeout 20s");
    expect({ code, last: out.trimEnd().split("\n").at(-1) }).toEqual({ code: 0, last: "Healthy" });
  });

  it("goes with an update to its pause, past it, and back", async () => {
    const said = await plugin("set image shop app=dir:./releases/v2");
    expect(said).toEqual({ code: 0, out: 'rollout "shop" image updated\n', err: "" });
    await eventually(
      async () => (await plugin("list rollouts")).out,
      (table) => /Paused +1\/2 +50 /.test(table),
    );
    expect((await plugin("promote shop")).out).toBe("rollout 'shop' promoted\n");
    expect(await plugin("status shop --timeout=20s")).toMatchObject({ code: 0 });
    expect((await plugin("get rollout shop --no-color")).out).toContain(
      "dir:./releases/v2 (stable)",
    );
    expect((await plugin("undo shop")).out).toBe("rollout 'shop' undo\n");
    await eventually(
      async () => (await plugin("status shop --watch=false")).out,
      (line) => line.startsWith("Paused"),
    );
    expect((await plugin("abort shop")).code).toBe(0);
    const { code, err } = await plugin("status shop --timeout 20s");
    expect(code).toBe(1);
    expect(err).toMatch(
      /^Error: The rollout is in a degraded state with message: RolloutAborted: /,
    );
  });

  it("ends waiting with an error when the time is up", async () => {
    await plugin("retry rollout shop");
    await eventually(
      async () => (await plugin("status shop --watch=false")).out,
      (line) => line.startsWith("Paused"),
    );
    const { code, err } = await plugin("status shop -t 100ms");
    expect({ code, err }).toEqual({
      code: 1,
      err: "Error: Rollout status watch exceeded timeout\n",
    });
  });

  it("is asked by kubectl for completions under a name of its own", async () => {
    const { out } = await plugin("promote sh", "/opt/kubectl_complete-haldane");
    expect(out).toBe("shop\n:4\n");
  });

  it("never takes the local cluster of the directory unasked, as kubectl would not", async () => {
    const { code, err } = await world.run("list rollouts", {
      as: "kubectl-haldane",
      env: { KUBECONFIG: "nothing" },
    });
    expect(code).toBe(1);
    expect(err).toContain("nothing");
  });
});
