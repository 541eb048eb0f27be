// What people type, against a real kubectl.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/meta/object.ts";
import {
  startTestServer,
  whyNoKubectl,
  type KubectlResult,
  type TestServer,
} from "./api-server.test-support.ts";

const missing = whyNoKubectl();
if (missing !== undefined) console.warn(`skipped: ${missing}`);

let api: TestServer;
let directory: string;

const measuredAtMs = Date.UTC(2026, 0, 1);

beforeAll(async () => {
  if (missing !== undefined) return;
  directory = await mkdtemp(join(tmpdir(), "haldane-kubectl-"));
  api = await startTestServer({
    readLogs: async ({ container, tailLines = 3, follow, signal }) =>
      (async function* () {
        for (let line = 3 - tailLines; line < 3; line += 1) yield `${container} ${line}\n`;
        if (!follow) return;
        yield "following\n";
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
      })(),
    podUsage: async () => [
      {
        namespace: "default",
        name: "web",
        measuredAtMs,
        windowMs: 15_000,
        containers: [{ name: "main", cpuMillicores: 12.5, memoryBytes: 30 * 1_048_576 }],
      },
    ],
  });
});

afterAll(async () => {
  if (missing !== undefined) return;
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

function kubectl(line: string, stdin?: string): Promise<KubectlResult> {
  return api.kubectl(line.split(" "), stdin);
}

/** Runs a command that must succeed; what it printed. */
async function ok(line: string, stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await kubectl(line, stdin);
  expect(code, `kubectl ${line}: ${stderr}`).toBe(0);
  return stdout;
}

/** Lines of cells, ages aside. */
function cells(text: string): readonly (readonly string[])[] {
  const lines = text.trimEnd().split("\n");
  return lines.map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
}

const template = `{metadata: {labels: {app: shop}}, spec: {containers: [{name: main, image: "dir:./v1"}, {name: side, image: "dir:./s"}]}}`;

const rollout = (name: string, more = ""): string => `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: ${name}, labels: {team: a}}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template: ${template}
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}
${more}`;

const deployment = (name: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template: ${template}
`;

const pod = (name: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec: {nodeName: here, containers: [{name: main, image: "dir:./v1"}]}
`;

const configMap = (name: string, data: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
data: ${data}
`;

describe.skipIf(missing !== undefined)("kubectl", () => {
  describe("get", () => {
    beforeAll(async () => {
      await ok("apply -f -", `${pod("web")}---${rollout("shop")}---${deployment("shop")}`);
    });

    it("prints tables, wider ones on request", async () => {
      expect(cells(await ok("get pods web --no-headers"))[0]?.slice(0, 4)).toEqual([
        "web",
        "0/1",
        "Pending",
        "0",
      ]);
      expect(cells(await ok("get ro shop"))[0]).toEqual([
        "NAME",
        "DESIRED",
        "CURRENT",
        "UP-TO-DATE",
        "AVAILABLE",
        "AGE",
      ]);
      const wide = await ok("get deploy shop -o wide");
      expect(wide).toContain("main,side");
      expect(wide).toContain("app=shop");
    });

    it("knows short names, groups, several kinds, all, names and label columns", async () => {
      expect(await ok("get ro,deploy -o name")).toBe(
        "rollout.argoproj.io/shop\ndeployment.apps/shop\n",
      );
      expect(await ok("get rollouts.v1alpha1.argoproj.io shop -o name")).toBe(
        "rollout.argoproj.io/shop\n",
      );
      const all = await ok("get all");
      for (const name of ["pod/web", "deployment.apps/shop", "rollout.argoproj.io/shop"])
        expect(all).toContain(name);
      expect(await ok("get ro -L team -l team=a")).toMatch(/TEAM\s+shop .* a\n/);
      expect(await ok("get pods -A --field-selector metadata.name=web -o name")).toBe("pod/web\n");
    });

    it("prints YAML, JSON, paths and columns", async () => {
      expect(await ok("get ro shop -o yaml")).toContain("setWeight: 20");
      expect(JSON.parse(await ok("get ro shop -o json"))).toMatchObject({
        kind: "Rollout",
        spec: { replicas: 3 },
      });
      expect(await ok("get ro shop -o jsonpath={.spec.replicas}")).toBe("3");
      expect(await ok("get ro -o custom-columns=N:.metadata.name,R:.spec.replicas")).toMatch(
        /^N\s+R\nshop\s+3\n$/,
      );
      expect(await ok("get ro --sort-by=.metadata.name -o name")).toBe(
        "rollout.argoproj.io/shop\n",
      );
    });

    it("reads long lists in pages", async () => {
      for (const name of ["p1", "p2", "p3", "p4", "p5"]) {
        const object = {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name, namespace: "default" },
        };
        await api.store.create(object);
      }
      expect((await ok("get secrets --chunk-size=2 -o name")).trim().split("\n")).toHaveLength(5);
    });

    it("watches", async () => {
      await ok("apply -f -", configMap("watched", "{a: x}"));
      const watching = api.startKubectl(["get", "cm", "watched", "-w"]);
      try {
        await watching.until("watched   1");
        await ok("apply -f -", configMap("watched", "{a: x, b: y}"));
        const printed = await watching.until("watched   2");
        expect(printed.match(/NAME/g)).toHaveLength(1);
      } finally {
        await watching.stop();
      }
    });

    it("says what is not there", async () => {
      const absent = await kubectl("get ro none");
      expect([absent.code, absent.stderr]).toEqual([
        1,
        'Error from server (NotFound): rollouts.argoproj.io "none" not found\n',
      ]);
      expect((await kubectl("get gadgets")).stderr).toContain(
        `the server doesn't have a resource type "gadgets"`,
      );
      expect((await kubectl("get ro -n empty")).stderr).toContain(
        "No resources found in empty namespace.",
      );
    });
  });

  describe("apply", () => {
    it("creates, changes, and takes away what is no longer written", async () => {
      expect(await ok("apply -f -", configMap("applied", "{a: x, b: y}"))).toBe(
        "configmap/applied created\n",
      );
      await ok('patch cm applied --type=merge -p {"data":{"other":"z"}}');
      expect(await ok("apply -f -", configMap("applied", "{a: w}"))).toBe(
        "configmap/applied configured\n",
      );
      expect(JSON.parse(await ok("get cm applied -o jsonpath={.data}"))).toEqual({
        a: "w",
        other: "z",
      });
      expect(await ok("apply -f -", configMap("applied", "{a: w}"))).toBe(
        "configmap/applied unchanged\n",
      );
    });

    it("merges the lists of kinds that have merge keys", async () => {
      await ok("apply -f -", deployment("merged"));
      await ok("apply -f -", deployment("merged").replace("dir:./v1", "dir:./v2"));
      const images = "get deploy merged -o jsonpath={.spec.template.spec.containers[*].image}";
      expect(await ok(images)).toBe("dir:./v2 dir:./s");
      await ok("set image deploy/merged side=dir:./t");
      expect(await ok(images)).toBe("dir:./v2 dir:./t");
    });

    it("changes rollouts, whose lists it replaces", async () => {
      await ok("apply -f -", rollout("replaced"));
      await ok("apply -f -", rollout("replaced").replace("setWeight: 20", "setWeight: 30"));
      expect(await ok("get ro replaced -o jsonpath={.spec.strategy.canary.steps}")).toBe(
        '[{"setWeight":30},{"pause":{}}]',
      );
    });

    it("prunes by label", async () => {
      const labelled = (name: string): string =>
        configMap(name, "{}").replace("{name:", "{labels: {set: prune}, name:");
      await ok("apply -f -", `${labelled("keep")}---${labelled("drop")}`);
      const line = "apply --prune -l set=prune --prune-allowlist=core/v1/ConfigMap -f -";
      expect(await ok(line, labelled("keep"))).toContain("configmap/drop pruned");
      expect(await ok("get cm -l set=prune -o name")).toBe("configmap/keep\n");
    });

    it("refuses misspelt fields, warns about them or lets them pass, as told", async () => {
      const misspelt = rollout("typo", "  stratgy: {}\n");
      const strict = await kubectl("apply -f -", misspelt);
      expect([strict.code, strict.stderr]).toEqual([
        1,
        expect.stringContaining('strict decoding error: unknown field "spec.stratgy"'),
      ]);
      const warned = await kubectl("apply --validate=warn -f -", misspelt);
      expect([warned.code, warned.stderr]).toEqual([
        0,
        expect.stringContaining('Warning: unknown field "spec.stratgy"'),
      ]);
      const ignored = await kubectl("apply --validate=ignore -f -", misspelt);
      expect([ignored.code, ignored.stderr]).toEqual([0, ""]);
    });

    it("applies on the server's side, and reports who else owns a field", async () => {
      const line = "apply --server-side -f -";
      expect(await ok(line, configMap("owned", "{a: x, b: y}"))).toBe(
        "configmap/owned serverside-applied\n",
      );
      await ok(line, configMap("owned", "{a: x}"));
      expect(JSON.parse(await ok("get cm owned -o jsonpath={.data}"))).toEqual({ a: "x" });
      const other = `${line} --field-manager=other`;
      const conflict = await kubectl(other, configMap("owned", "{a: z}"));
      expect(conflict.code).toBe(1);
      expect(conflict.stderr).toMatch(/conflict with "kubectl": \.data\.a/);
      await ok(`${other} --force-conflicts`, configMap("owned", "{a: z}"));
      expect(await ok("get cm owned -o jsonpath={.data.a}")).toBe("z");
    });

    it("plays dry: on the server's side, and as a difference", async () => {
      expect(await ok("apply --dry-run=server -f -", configMap("dry", "{a: x}"))).toBe(
        "configmap/dry created (server dry run)\n",
      );
      expect((await kubectl("get cm dry")).code).toBe(1);
      await ok("apply -f -", configMap("different", "{a: x}"));
      const difference = await kubectl("diff -f -", configMap("different", "{a: z}"));
      expect(difference.code).toBe(1);
      expect(difference.stdout).toMatch(/-\s+a: x\n\+\s+a: z\n/);
      expect((await kubectl("diff -f -", configMap("different", "{a: x}"))).code).toBe(0);
    });

    it("applies whole directories and creates from files once", async () => {
      await writeFile(join(directory, "a.yaml"), configMap("from-a", "{}"));
      await writeFile(join(directory, "b.yaml"), configMap("from-b", "{}"));
      expect(await ok(`apply -f ${directory}`)).toBe(
        "configmap/from-a created\nconfigmap/from-b created\n",
      );
      expect((await kubectl(`create -f ${join(directory, "a.yaml")}`)).stderr).toContain(
        "(AlreadyExists): error when creating",
      );
    });
  });

  describe("create", () => {
    it("makes the kinds it writes itself (and sends as protobuf)", async () => {
      expect(await ok("create namespace made")).toBe("namespace/made created\n");
      await ok("create configmap made --from-literal=a=x --from-literal=b=");
      expect(JSON.parse(await ok("get cm made -o jsonpath={.data}"))).toEqual({ a: "x", b: "" });
      await ok("create secret generic made --from-literal=p=q");
      expect(await ok("get secret made -o jsonpath={.data.p}")).toBe("cQ==");
      await ok("create service clusterip made --tcp=80:8080");
      expect(
        await ok("get svc made -o jsonpath={.spec.ports[0].targetPort}{.spec.selector.app}"),
      ).toBe("8080made");
      await ok("create deployment made --image=shop:1 --replicas=0 --port=80");
      const spec = JSON.parse(await ok("get deploy made -o jsonpath={.spec}")) as unknown;
      expect(spec).toMatchObject({
        replicas: 0,
        selector: { matchLabels: { app: "made" } },
        template: {
          spec: { containers: [{ name: "shop", image: "shop:1", ports: [{ containerPort: 80 }] }] },
        },
      });
      await ok("create job made --image=shop:1 -- sleep 1");
      expect(await ok("get job made -o jsonpath={.spec.template.spec.containers[0].command}")).toBe(
        '["sleep","1"]',
      );
    });

    it("asks what it may do", async () => {
      expect(await ok("auth can-i create rollouts")).toBe("yes\n");
      expect(await ok("auth whoami")).toContain("haldane");
    });
  });

  describe("changes", () => {
    beforeAll(() =>
      ok(
        "apply -f -",
        `${rollout("changed")}---${deployment("changed")}---${configMap("changed", "{a: x}")}`,
      ),
    );

    it("patches in every way", async () => {
      await ok('patch ro changed --type=merge -p {"spec":{"replicas":4}}');
      await ok('patch ro changed --type=json -p [{"op":"add","path":"/spec/paused","value":true}]');
      expect(await ok("get ro changed -o jsonpath={.spec.replicas}{.spec.paused}")).toBe("4true");
      await ok(
        'patch deploy changed -p {"spec":{"template":{"spec":{"containers":[{"name":"side","image":"x"}]}}}}',
      );
      expect(
        await ok("get deploy changed -o jsonpath={.spec.template.spec.containers[*].image}"),
      ).toBe("dir:./v1 x");
      await ok(
        'patch ro changed --subresource=status --type=merge -p {"status":{"phase":"Paused"}}',
      );
      expect(await ok("get ro changed -o jsonpath={.status.phase}")).toBe("Paused");
    });

    it("replaces, and edits as an editor would", async () => {
      const yaml = await ok("get cm changed -o yaml");
      await ok("replace -f -", yaml.replace("a: x", "a: w"));
      expect(await ok("get cm changed -o jsonpath={.data.a}")).toBe("w");
      const stale = await kubectl("replace -f -", yaml.replace("a: x", "a: z"));
      expect(stale.stderr).toContain("the object has been modified");
      const { stdout } = await api.kubectl(["edit", "cm", "changed"], undefined, {
        KUBE_EDITOR: "sed -i s/w$/edited/",
      });
      expect(stdout).toBe("configmap/changed edited\n");
      expect(await ok("get cm changed -o jsonpath={.data.a}")).toBe("edited");
    });

    it("labels, annotates, scales, restarts", async () => {
      expect(await ok("label ro changed tier=web")).toBe("rollout.argoproj.io/changed labeled\n");
      expect(await ok("annotate ro changed note=x")).toBe(
        "rollout.argoproj.io/changed annotated\n",
      );
      await ok("scale rollout changed --replicas=5");
      await ok("scale deploy changed --replicas=6 --current-replicas=3");
      expect(
        await ok(
          "get ro changed -o jsonpath={.spec.replicas}{.metadata.labels.tier}{.metadata.annotations.note}",
        ),
      ).toBe("5webx");
      expect(await ok("get deploy changed -o jsonpath={.spec.replicas}")).toBe("6");
      await ok("rollout restart deploy/changed");
      expect(
        await ok("get deploy changed -o jsonpath={.spec.template.metadata.annotations}"),
      ).toContain("restartedAt");
    });

    it("waits for paths and conditions", async () => {
      const waiting = api.startKubectl([
        "wait",
        "ro/changed",
        "--for=jsonpath={.status.phase}=Healthy",
        "--timeout=10s",
      ]);
      await ok(
        'patch ro changed --subresource=status --type=merge -p {"status":{"phase":"Healthy"}}',
      );
      expect(await waiting.until("condition met")).toContain(
        "rollout.argoproj.io/changed condition met",
      );
      const available = '{"status":{"conditions":[{"type":"Available","status":"True"}]}}';
      await ok(`patch deploy changed --subresource=status --type=merge -p ${available}`);
      await ok("wait deploy/changed --for=condition=Available --timeout=10s");
    });

    it("deletes, and waits until it is gone", async () => {
      await ok("apply -f -", configMap("deleted", "{}"));
      expect(await ok("delete cm deleted")).toBe('configmap "deleted" deleted\n');
      const held = configMap("held", "{}").replace(
        "{name:",
        "{finalizers: [example.com/hold], name:",
      );
      await ok("apply -f -", held);
      const deleting = api.startKubectl(["delete", "cm", "held"]);
      await deleting.until('"held" deleted');
      expect(await ok("get cm held -o jsonpath={.metadata.deletionTimestamp}")).not.toBe("");
      await ok('patch cm held --type=merge -p {"metadata":{"finalizers":null}}');
      await deleting.stop();
      expect((await kubectl("get cm held")).code).toBe(1);
      await ok("apply -f -", `${pod("d1")}---${pod("d2")}`);
      expect(await ok("delete pods -l app=d1 --force --grace-period=0")).toContain(
        '"d1" force deleted',
      );
      expect(await ok("delete pod d2 --now --wait=false")).toContain('"d2" deleted');
      expect(await ok("delete cm none --ignore-not-found")).toBe("");
    });
  });

  describe("describe", () => {
    it("shows an object with its events", async () => {
      await ok("apply -f -", rollout("described"));
      const uid = await ok("get ro described -o jsonpath={.metadata.uid}");
      const event = (name: string, object: object): KubeObject =>
        ({
          apiVersion: "v1",
          kind: "Event",
          metadata: { name, namespace: "default" },
          involvedObject: object,
          reason: "RolloutPaused",
          message: `told by ${name}`,
          type: "Normal",
          count: 1,
          firstTimestamp: new Date().toISOString(),
          lastTimestamp: new Date().toISOString(),
          source: { component: "rollouts-controller" },
        }) as KubeObject;
      const involved = {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        namespace: "default",
        name: "described",
        uid,
      };
      await api.store.create(event("mine", involved));
      await api.store.create(event("other", { ...involved, name: "someone", uid: "else" }));
      const text = await ok("describe rollout described");
      expect(text).toContain("Set Weight:  20");
      expect(text).toMatch(/Normal\s+RolloutPaused\s+\S+\s+rollouts-controller\s+told by mine/);
      expect(text).not.toContain("told by other");
      expect(await ok("events --for rollout/described")).toMatch(
        /RolloutPaused\s+Rollout\/described\s+told by mine/,
      );
      expect(
        await ok("get events --field-selector involvedObject.name=described --no-headers"),
      ).toContain("rollout/described");
    });

    it("shows the kinds it has a form of its own for", async () => {
      await ok("apply -f -", `${pod("seen")}---${deployment("seen")}`);
      expect(await ok("describe pod seen")).toMatch(/Status:\s+Pending/);
      expect(await ok("describe deploy seen")).toMatch(/Replicas:\s+3 desired/);
      expect(await ok("describe ns default")).toMatch(/Status:\s+Active/);
    });
  });

  describe("pods", () => {
    beforeAll(() => ok("apply -f -", pod("web")));

    it("prints logs, follows them", async () => {
      expect(await ok("logs web")).toBe("main 0\nmain 1\nmain 2\n");
      expect(await ok("logs web -c main --tail=1")).toBe("main 2\n");
      const following = api.startKubectl(["logs", "-f", "web"]);
      await following.until("following");
      await following.stop();
      expect((await kubectl("logs web -c none")).stderr).toContain(
        "container none is not valid for pod web",
      );
    });

    it("prints what they use", async () => {
      expect(cells(await ok("top pods --no-headers"))[0]).toEqual(["web", "13m", "30Mi"]);
      expect(cells(await ok("top pod web --containers --no-headers"))[0]).toEqual([
        "web",
        "main",
        "13m",
        "30Mi",
      ]);
    });
  });

  describe("about the server", () => {
    it("lists what there is and explains it", async () => {
      const resources = await ok("api-resources --api-group=argoproj.io --no-headers -o wide");
      expect(resources).toMatch(/rollouts\s+ro\s+argoproj.io\/v1alpha1\s+true\s+Rollout/);
      expect(await ok("api-versions")).toContain("argoproj.io/v1alpha1\n");
      expect(await ok("explain rollout")).toMatch(/GROUP:\s+argoproj.io\nKIND:\s+Rollout/);
      expect(await ok("explain rollout.spec.minReadySeconds")).toContain("<integer>");
      expect(await ok("explain rollout.spec.strategy.canary")).toMatch(/maxSurge\s+<IntOrString>/);
      expect(await ok("explain deployment.spec.template.spec.containers")).toContain("image");
      expect(await ok("version")).toContain("Server Version: v1.34.0+haldane");
    });
  });
});
