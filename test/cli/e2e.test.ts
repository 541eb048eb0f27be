// One cluster of real processes, driven as people drive it: by command lines.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HTTPRoute } from "../../src/api/gateway/http-route.ts";
import type { Service } from "../../src/api/kubernetes/workloads.ts";
import { connect } from "../../src/cli/connect.ts";
import { CliWorld, eventually, releaseOf, type Running } from "./cli-world.ts";

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
    spec:
      containers:
        - {name: app, image: "shop:v1", command: [node, server.mjs], ports: [{containerPort: 8080}]}
  strategy:
    canary:
      stableService: shop-stable
      canaryService: shop-canary
      abortScaleDownDelaySeconds: 1
      trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: shop}}}
      steps: [{setWeight: 20}, {pause: {}}, {setWeight: 60}, {pause: {}}]
`;

const around = `
apiVersion: haldane.dev/v1alpha1
kind: LocalCluster
images: {"shop:*": "./releases/*"}
---
apiVersion: v1
kind: Service
metadata: {name: shop-stable}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop-canary}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: web}]
  rules: [{backendRefs: [{name: shop-stable, port: 80, weight: 100}, {name: shop-canary, port: 80, weight: 0}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, annotations: {haldane.dev/port: auto}}
spec: {gatewayClassName: haldane, listeners: [{name: http, port: 8080, protocol: HTTP}]}
`;

async function weights(): Promise<readonly number[]> {
  const route = JSON.parse(await world.ok("get httproute shop -o json")) as HTTPRoute;
  return (route.spec.rules?.at(-1)?.backendRefs ?? []).map(({ weight = 1 }) => weight);
}

async function phaseLine(): Promise<string> {
  return (await world.run("status shop --no-watch")).out.trim();
}

const pausedAt = async (step: string): Promise<string> =>
  eventually(
    async () => world.ok("list"),
    (table) => table.includes("Paused") && table.includes(` ${step} `),
  );

beforeAll(async () => {
  for (const version of ["v1", "v2", "v3"])
    world.file(`releases/${version}/server.mjs`, releaseOf(version));
  world.file("shop.yaml", rollout);
  world.file("around.yaml", around);
  up = world.start("up -f shop.yaml around.yaml");
  await up.until(/rollout\.argoproj\.io\/shop created/);
}, 60_000);

afterAll(async () => {
  const { code } = await up.stop();
  expect(code).toBe(0);
  await world.remove();
}, 60_000);

describe("a cluster of this machine", { timeout: 30_000 }, () => {
  it("applies what others need before the rollout", () => {
    const order = [...up.printed().matchAll(/(\S+) created/g)].map(([, name]) => name);
    expect(order).toEqual([
      "service/shop-stable",
      "service/shop-canary",
      "httproute.gateway.networking.k8s.io/shop",
      "gateway.gateway.networking.k8s.io/web",
      "rollout.argoproj.io/shop",
    ]);
  });

  it("waits for the first version and ends when it is healthy", async () => {
    expect(await world.ok("status shop --timeout 20s")).toMatch(/Healthy\n$/);
  });

  it("leaves everything as it is when the same is applied again", async () => {
    expect(await world.ok("apply -f around.yaml shop.yaml")).not.toMatch(/created|configured/);
  });

  it("goes to the first pause, and applying files there moves no traffic", async () => {
    expect(await world.ok("set image shop app=shop:v2")).toBe('rollout "shop" image updated\n');
    await pausedAt("1/4");
    expect(await weights()).toEqual([80, 20]);
    const selector = async (): Promise<object> => {
      const service = JSON.parse(await world.ok("get service shop-canary -o json")) as Service;
      return service.spec.selector ?? {};
    };
    const before = await selector();
    expect(Object.keys(before)).toContain("rollouts-pod-template-hash");
    await world.ok("apply -f around.yaml");
    expect(await weights()).toEqual([80, 20]);
    expect(await selector()).toEqual(before);
  });

  it("draws the tree, once and followed", async () => {
    const tree = await world.ok("get rollout shop");
    expect(tree).toMatch(/^Status: {10}॥ Paused$/m);
    expect(tree).toMatch(/^ {2}ActualWeight: {2}20$/m);
    expect(tree).toMatch(/^├──# revision:2/m);
    expect(tree).toMatch(/^Images: {10}shop:v1 \(stable\)\n {17}shop:v2 \(canary\)$/m);
    const watching = world.start("get rollout shop --watch");
    await watching.until(/CanaryPauseStep/);
    await world.ok("promote shop");
    await watching.until(/SetWeight: {5}60/);
    expect((await watching.stop()).code).toBe(0);
  });

  it("promotes to the end", async () => {
    await pausedAt("3/4");
    const waiting = world.start("status shop --timeout 20s");
    await waiting.until(/Paused - CanaryPauseStep/);
    await world.ok("promote shop");
    await waiting.until(/^Healthy$/m);
    expect((await waiting.stop()).code).toBe(0);
    expect(await weights()).toEqual([100, 0]);
  });

  it("takes a version back when it is aborted, and says so with exit code 1", async () => {
    await world.ok("set image shop app=shop:v3");
    await pausedAt("1/4");
    expect(await world.ok("abort shop")).toBe("rollout 'shop' aborted\n");
    const { code, out, err } = await world.run("status shop --timeout 20s");
    expect({ code, out: out.trim().split("\n").at(-1) }).toEqual({ code: 1, out: "Degraded" });
    expect(err).toContain("RolloutAborted");
    await eventually(weights, ([, canary]) => canary === 0);
  });

  it("retries, times out with exit code 2, and undoes", async () => {
    await world.ok("retry shop");
    await pausedAt("1/4");
    const { code, err } = await world.run("status shop --timeout 100ms");
    expect(code).toBe(2);
    expect(err).toMatch(
      /^Error: rollout shop: it did not become healthy within 100ms, it is still Paused, .*haldane promote shop.*\[TIMED_OUT\]/,
    );
    await world.ok("undo shop --to-revision 1");
    await world.ok("promote shop --full");
    await world.ok("status shop --timeout 20s");
    expect(await world.ok("get rollout shop")).toMatch(/shop:v1 \(stable\)/);
  });

  it("prints logs of a rollout, of a pod, and follows pods that come later", async () => {
    const following = world.start("logs shop -f");
    await following.until(/\[shop-\w+-\w+\] v1 starts/);
    await world.ok("set image shop app=shop:v2");
    await following.until(/\[shop-\w+-\w+\] v2 starts/);
    await following.stop();
    const { out } = await eventually(
      async () => {
        const [pod = ""] = (await world.ok("get pods -o name")).split("\n");
        return world.run(`logs ${pod.replace("pod/", "")} --tail 1`);
      },
      // A pod may be on its way out while it is being named.
      ({ code }) => code === 0,
    );
    expect(out).toMatch(/^v\d starts\n$/);
    await world.ok("promote shop --full");
    await world.ok("status shop --timeout 20s");
  });

  it("tells events of one rollout, oldest first, and goes on", async () => {
    const told = await world.ok("events shop");
    expect(told.indexOf("RolloutCompleted")).toBeLessThan(told.indexOf("RolloutAborted"));
    const watching = world.start("events shop --watch");
    await watching.until(/RolloutCompleted/);
    await world.ok("restart shop");
    await watching.until(/RolloutCompleted[\s\S]*Killing/);
    await watching.stop();
  });

  it("prints tables, several kinds, labels, names", async () => {
    expect(await world.ok("get svc,ro")).toMatch(
      /^NAME +TYPE[\s\S]*service\/shop-canary[\s\S]*\n\nNAME +DESIRED[\s\S]*rollout\.argoproj\.io\/shop /,
    );
    expect(await world.ok("get service/shop-stable ro/shop -o name")).toBe(
      "service/shop-stable\nrollout.argoproj.io/shop\n",
    );
    expect((await world.run("get pods -l app=other")).err).toBe(
      "No resources found in default namespace.\n",
    );
    expect(await world.ok("get pods -A -o wide")).toMatch(
      /^NAMESPACE +NAME.*NODE[\s\S]*127\.0\.0\.1 +local/,
    );
    expect(await world.ok("-n default get ro shop -o yaml")).toMatch(/^kind: Rollout$/m);
  });

  it("shows why a pod does not start: in the tree, in status, in events", async () => {
    await world.ok("set image shop app=nowhere:v1");
    const tree = await eventually(
      async () => world.ok("get rollout shop"),
      (text) => text.includes("is not mapped"),
    );
    expect(tree).toMatch(
      /⚠ pod\/shop-\S+: (?:ErrImagePull|ImagePullBackOff): .*the image "nowhere:v1" is not mapped to a directory/,
    );
    const { code, out } = await world.run("status shop --timeout 1s");
    expect(code).toBe(2);
    expect(out).toContain("is not mapped to a directory");
    expect(await world.ok("events shop")).toContain('the image "nowhere:v1" is not mapped');
    await world.ok("undo shop");
    await world.ok("promote shop --full");
    await world.ok("status shop --timeout 20s");
  });

  it("knows names near to a misspelt one", async () => {
    for (const line of [
      "get rollout shpo",
      "status shpo",
      "promote shpo",
      "undo shpo",
      "logs shpo",
      "events shpo",
      "set image shpo app=x:y",
      "delete rollout shpo",
    ]) {
      const { code, err } = await world.run(line);
      expect({
        line,
        code,
        isNamed: err.includes("did you mean shop? [OBJECT_NOT_FOUND]"),
      }).toEqual({ line, code: 1, isNamed: true });
    }
  });

  it("completes verbs and names", async () => {
    expect(await world.ok(["__complete", "--", "promote", ""])).toBe("shop\n:4\n");
    expect(await world.ok(["__complete", "--", "pro"])).toBe("promote\n:4\n");
    expect(await world.ok(["__complete", "--", "set", ""])).toBe("image\n:4\n");
  });

  it("gives way to another's fields only when told to", async () => {
    world.file(
      "scaled.yaml",
      rollout.replace("replicas: 2", "replicas: 3").replace("shop:v1", "shop:v2"),
    );
    const other = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "shop" },
      spec: { replicas: 1 },
    };
    const connection = await connect({}, {}, world.folder);
    await connection.store.patch(
      { ...other, namespace: "default", name: "shop" },
      { type: "apply", body: other, fieldManager: "autoscaler", force: true },
    );
    await connection.close();
    const refused = await world.run("apply -f scaled.yaml");
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(
      /scaled\.yaml:2:1: rollout\.argoproj\.io\/shop: others have set fields to other values: spec\.replicas \(autoscaler\)/,
    );
    await world.ok("apply -f scaled.yaml --force-conflicts");
    expect(JSON.parse(await world.ok("get ro shop -o json")).spec.replicas).toBe(3);
  });

  it("deletes by file, and what is gone is gone", async () => {
    expect(await world.ok("delete -f shop.yaml")).toBe("rollout.argoproj.io/shop deleted\n");
    await eventually(
      async () => (await world.run("get pods")).err,
      (text) => text.startsWith("No resources found"),
    );
    expect((await world.run("delete -f shop.yaml")).code).toBe(1);
    expect((await world.run("delete -f shop.yaml --ignore-not-found")).code).toBe(0);
    expect(await phaseLine()).toBe("");
  });
});
