// What each verb sends and says (argo-kubectl-plugin.md §1 and §2).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/meta/object.ts";
import { now, shopTree } from "../render/shop.test-support.ts";
import { plugin, type World } from "./plugin.test-support.ts";

const { manifest, replicaSets } = shopTree();

function shop(change: { spec?: object; status?: object } = {}): KubeObject {
  const { spec, status } = manifest as KubeObject & { spec: object; status: object };
  return {
    ...manifest,
    spec: { ...spec, ...change.spec },
    status: { ...status, ...change.status },
  } as KubeObject;
}

function world(...objects: readonly KubeObject[]): World {
  return { objects: [...objects, ...replicaSets], now };
}

const run: KubeObject = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name: "run", namespace: "web" },
};
const experiment: KubeObject = {
  ...run,
  kind: "Experiment",
  metadata: { ...run.metadata, name: "exp" },
};

describe("verbs that patch", () => {
  it.each([
    [
      "abort shop",
      "patch rollouts/shop/status",
      { status: { abort: true } },
      "rollout 'shop' aborted\n",
    ],
    [
      "retry rollout shop",
      "patch rollouts/shop/status",
      { status: { abort: false } },
      "rollout 'shop' retried\n",
    ],
    [
      "retry ro shop",
      "patch rollouts/shop/status",
      { status: { abort: false } },
      "rollout 'shop' retried\n",
    ],
    ["retry exp exp", "patch experiments/exp", { status: null }, "experiment 'exp' retried\n"],
    ["pause shop", "patch rollouts/shop", { spec: { paused: true } }, "rollout 'shop' paused\n"],
    [
      "restart shop",
      "patch rollouts/shop",
      { spec: { restartAt: "2026-01-01T12:00:00Z" } },
      "rollout 'shop' restarts in 0s\n",
    ],
    [
      "restart shop --in 10m",
      "patch rollouts/shop",
      { spec: { restartAt: "2026-01-01T12:10:00Z" } },
      "rollout 'shop' restarts in 10m\n",
    ],
    [
      "terminate ar run",
      "patch analysisruns/run",
      { spec: { terminate: true } },
      "analysisRun 'run' terminated\n",
    ],
    [
      "terminate experiment exp",
      "patch experiments/exp",
      { spec: { terminate: true } },
      "experiment 'exp' terminated\n",
    ],
    [
      "promote shop",
      "patch rollouts/shop/status",
      { status: { pauseConditions: null } },
      "rollout 'shop' promoted\n",
    ],
    [
      "promote shop --full",
      "patch rollouts/shop/status",
      { status: { promoteFull: true } },
      "rollout 'shop' fully promoted\n",
    ],
    [
      "promote -c shop",
      "patch rollouts/shop/status",
      { status: { currentStepIndex: 2 } },
      "rollout 'shop' promoted\n",
    ],
    [
      "promote shop -a",
      "patch rollouts/shop/status",
      { status: { currentStepIndex: 4 } },
      "rollout 'shop' promoted\n",
    ],
  ])("%s", async (line, what, body, said) => {
    const { code, out, err, asked } = await plugin(world(shop(), run, experiment), line);
    expect({ code, out, err, asked }).toEqual({
      code: 0,
      out: said,
      err: "",
      asked: [{ what, body }],
    });
  });

  it("send the status first, then the spec", async () => {
    const { asked } = await plugin(world(shop({ spec: { paused: true } })), "promote shop");
    expect(asked).toEqual([
      { what: "patch rollouts/shop/status", body: { status: { pauseConditions: null } } },
      { what: "patch rollouts/shop", body: { spec: { paused: false } } },
    ]);
  });

  const changed = (...patches: readonly Parameters<typeof shop>[0][]) => ({
    ...world(shop()),
    meanwhile: patches.map((patch) => shop(patch)),
  });

  it("promote again when only replicas have changed meanwhile", async () => {
    const counts = { status: { availableReplicas: 4 } };
    const { code, out, asked } = await plugin(changed(counts, counts), "promote shop");
    expect({ code, out }).toEqual({ code: 0, out: "rollout 'shop' promoted\n" });
    expect(asked).toEqual([
      { what: "patch rollouts/shop/status", body: { status: { pauseConditions: null } } },
    ]);
  });

  it.each([
    ["promote shop", { status: { currentStepIndex: 3 } }],
    ["promote shop --full", { status: { currentPodHash: "next" } }],
    ["promote shop -c", { spec: { template: { spec: { containers: [] } } } }],
  ])("%s promotes nothing but what was looked at", async (line, change) => {
    const { code, out, err, asked } = await plugin(changed(change), line);
    expect({ code, out, asked }).toEqual({ code: 1, out: "", asked: [] });
    expect(err).toMatch(/^Error: rollout 'shop' was not promoted: it has changed since it was/);
  });

  it("send one patch to the object where it has no status subresource", async () => {
    const paused = { ...world(shop({ spec: { paused: true } })), hasNoStatus: true };
    expect((await plugin(paused, "promote shop")).asked).toEqual([
      {
        what: "patch rollouts/shop",
        body: { spec: { paused: false }, status: { pauseConditions: null } },
      },
    ]);
    expect((await plugin(paused, "abort shop")).asked).toEqual([
      { what: "patch rollouts/shop", body: { status: { abort: true } } },
    ]);
  });

  it("go through several names in order, up to the first error", async () => {
    const { code, out, err } = await plugin(world(shop()), "abort shop nothing shop");
    expect({ code, out, err }).toEqual({
      code: 1,
      out: "rollout 'shop' aborted\n",
      err: 'Error: rollouts.argoproj.io "nothing" not found\n',
    });
  });

  it("say on stderr that there was nothing to promote", async () => {
    const blueGreen = shop({
      spec: { strategy: { blueGreen: { activeService: "a" } } },
      status: {
        pauseConditions: undefined,
        phase: "Progressing",
        message: "active service cutover pending",
      },
    });
    const { code, out, err, asked } = await plugin(world(blueGreen), "promote shop");
    expect({ code, out, asked }).toEqual({ code: 0, out: "rollout 'shop' promoted\n", asked: [] });
    expect(err).toBe(
      "Warning: rollout 'shop' had nothing to promote: it is Progressing - active service cutover pending\n",
    );
  });

  it.each([
    [
      "promote shop -c -a",
      shop(),
      "Cannot use skip-current-step and skip-all-steps flags at the same time",
    ],
    [
      "promote shop -c",
      shop({ spec: { strategy: { blueGreen: {} } } }),
      "Cannot skip steps of a bluegreen rollout. Run without a flags",
    ],
    [
      "promote shop -a",
      shop({ spec: { strategy: { canary: {} } } }),
      "Cannot skip steps of a rollout without steps",
    ],
    ["promote nothing", shop(), 'rollouts.argoproj.io "nothing" not found'],
    [
      "restart shop -i soon",
      shop(),
      'invalid argument "soon" for "-i, --in" flag: time: invalid duration "soon"',
    ],
  ])("%s: an error", async (line, rollout, message) => {
    const { code, out, err, asked } = await plugin(world(rollout), line);
    expect({ code, out, err, asked }).toEqual({
      code: 1,
      out: "",
      err: `Error: ${message}\n`,
      asked: [],
    });
  });
});

describe("set image", () => {
  it("writes the whole object with the new image", async () => {
    const { code, out, asked } = await plugin(world(shop()), ["set", "image", "shop", "*=shop:3"]);
    expect({ code, out }).toEqual({ code: 0, out: 'rollout "shop" image updated\n' });
    expect(asked[0]).toMatchObject({
      what: "update rollouts/shop",
      body: { spec: { replicas: 5, template: { spec: { containers: [{ image: "shop:3" }] } } } },
    });
  });

  it("changes what a workloadRef names, always as a Deployment", async () => {
    const rollout = shop({
      spec: { workloadRef: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "d" } },
    });
    const deployment = {
      ...manifest,
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...manifest.metadata, name: "d" },
    };
    const { out, asked } = await plugin(world(rollout, deployment), "set image shop app=shop:3");
    expect(out).toBe('deployment "d" image updated\n');
    expect(asked.map(({ what }) => what)).toEqual(["update deployments/d"]);
  });

  it("says which container there is not", async () => {
    const { code, err } = await plugin(world(shop()), "set image shop web=shop:3");
    expect({ code, err }).toEqual({
      code: 1,
      err: 'Error: unable to find container named "web"\n',
    });
  });

  it.each(["set image shop", "set image shop app", "set image shop app=a=b"])(
    "%s: the usage",
    async (line) => {
      const { code, out, err } = await plugin(world(shop()), line);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(
        /^Usage:\n {2}kubectl argo rollouts set image ROLLOUT_NAME CONTAINER=IMAGE/,
      );
    },
  );
});

describe("undo", () => {
  it("replaces the template by an older revision's", async () => {
    const { out, asked } = await plugin(world(shop()), "undo shop");
    expect(out).toBe("rollout 'shop' undo\n");
    expect(asked).toMatchObject([
      {
        what: "patch rollouts/shop",
        body: [
          {
            op: "replace",
            path: "/spec/template",
            value: { spec: { containers: [{ image: "registry.local/shop:1" }] } },
          },
        ],
      },
    ]);
  });

  it.each([
    ["apps/v1", "Deployment", "deployments", "/spec/template"],
    ["apps/v1", "ReplicaSet", "replicasets", "/spec/template"],
    ["v1", "PodTemplate", "podtemplates", "/template"],
  ])("goes to the %s %s that a workloadRef names", async (apiVersion, kind, resource, path_) => {
    const workloadRef = { apiVersion, kind, name: "shop-work" };
    const template = { spec: { containers: [{ name: "app", image: "registry.local/shop:9" }] } };
    const metadata = { name: "shop-work", namespace: "web" };
    const held = kind === "PodTemplate" ? { template } : { spec: { template } };
    const workload = { apiVersion, kind, metadata, ...held } as KubeObject;
    const rollout = shop({ spec: { workloadRef, template: undefined } });
    const { out, asked } = await plugin(world(rollout, workload), "undo shop");
    expect(out).toBe("rollout 'shop' undo\n");
    const value = { spec: { containers: [{ image: "registry.local/shop:1" }] } };
    expect(asked).toMatchObject([
      { what: `patch ${resource}/shop-work`, body: [{ op: "replace", path: path_, value }] },
    ]);
  });

  it("skips what is there already, without an end of line", async () => {
    const template = {
      metadata: { labels: {} },
      spec: { containers: [{ name: "app", image: "registry.local/shop:1" }] },
    };
    const { code, out, asked } = await plugin(
      world(shop({ spec: { template } })),
      "undo shop --to-revision=1",
    );
    expect({ code, out, asked }).toEqual({
      code: 0,
      out: "skipped rollback (current template already matches revision 1)",
      asked: [],
    });
  });

  it("says which revision there is not", async () => {
    expect((await plugin(world(shop()), "undo shop --to-revision 7")).err).toBe(
      "Error: unable to find specified revision 7 in history\n",
    );
    expect((await plugin({ objects: [shop()], now }, "undo shop")).err).toBe(
      'Error: no revision found for rollout "shop"\n',
    );
  });
});

describe("status", () => {
  const healthy = shop({ status: { phase: "Healthy", message: "" } });
  const degraded = shop({ status: { phase: "Degraded", message: "RolloutAborted: why" } });
  const inDegraded =
    "Error: The rollout is in a degraded state with message: RolloutAborted: why\n";
  it.each([
    ["status shop", healthy, 0, "Healthy\n", ""],
    ["status shop", degraded, 1, "Degraded\n", inDegraded],
    ["status shop --watch=false", degraded, 1, "Degraded\n", inDegraded],
    ["status shop -w=false", shop(), 0, "Paused - CanaryPauseStep\n", ""],
    ["status nothing", shop(), 1, "", 'Error: rollout.argoproj.io "nothing" not found\n'],
  ])("%s", async (line, rollout, code, out, err) => {
    expect(await plugin(world(rollout), line)).toMatchObject({ code, out, err });
  });
});

describe("files", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "haldane-plugin-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
  write(
    "template.yaml",
    `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: rate, labels: {a: b}}
spec:
  args: [{name: host}, {name: path, value: /}]
  metrics: [{name: m, provider: {web: {url: u}}}]
`,
  );
  const rollout = (spec: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec:
  ${spec}
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: app, image: i}]}}
  strategy: {canary: {stableService: stable, canaryService: canary, steps: [{setWeight: 150}]}}
`;
  write("bad.yaml", rollout("replicas: 3"));
  write("misspelt.yaml", rollout("replicsa: 3"));
  write("good.yaml", rollout("replicas: 3").replace("150", "15"));
  write(
    "with-service.yaml",
    `${rollout("replicas: 3").replace("150", "15")}---
apiVersion: v1
kind: Service
metadata: {name: stable}
spec: {selector: {app: other}}
`,
  );
  write("pod.json", '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}');
  const unknown =
    'Error: error unmarshaling JSON: while decoding JSON: json: unknown field "replicsa"\n';
  const weight = "Invalid value: 150: SetWeight needs to be between 0 and 100";
  const label = 'Invalid value: "stable": Service "stable" has unmatch label "app" in rollout';

  it.each([
    ["lint -f good.yaml", 0, "", ""],
    ["lint -f template.yaml", 0, "", ""],
    ["lint -f bad.yaml", 1, `${weight}\n`, `Error: spec.strategy.steps[0].setWeight: ${weight}\n`],
    ["lint -f misspelt.yaml", 1, "", unknown],
    [
      "lint --filename=with-service.yaml",
      1,
      `${label}\n`,
      `Error: spec.strategy.canary.stableService: ${label}\n`,
    ],
    ["lint -f nothing.yaml", 1, "", "Error: open nothing.yaml: no such file or directory\n"],
    ["create -f good.yaml", 0, "rollout.argoproj.io/shop created\n", ""],
    [
      "create -f template.yaml,good.yaml",
      0,
      "analysistemplate.argoproj.io/rate created\nrollout.argoproj.io/shop created\n",
      "",
    ],
    ["create -f misspelt.yaml", 1, "", unknown],
    ["create -f pod.json", 1, "", "Error: creates of /Pod unsupported\n"],
    ["create -w -f good.yaml -f bad.yaml", 1, "", "Error: Cannot watch multiple resources\n"],
    ["create analysisrun", 1, "", "Error: one of --from or --from-file must be specified\n"],
    ["create ar --from-file template.yaml", 1, "", "Error: args.host was not resolved\n"],
    [
      "create ar --from-file template.yaml -a host",
      1,
      "",
      "Error: arguments must be in the form NAME=VALUE\n",
    ],
    [
      "create ar --from nothing -a host=h",
      1,
      "",
      'Error: analysistemplates.argoproj.io "nothing" not found\n',
    ],
  ])("%s", async (line, code, out, err) => {
    expect(await plugin(world(), line, { cwd: folder })).toMatchObject({ code, out, err });
  });

  it("makes a run of a template", async () => {
    const line =
      "create analysisrun --from-file template.yaml -a host=h -a other=1 --instance-id i";
    const { out, asked } = await plugin(world(), line, { cwd: folder });
    expect(out).toBe("analysisrun.argoproj.io/rate-x7k2p created\n");
    expect(asked[0]?.body).toEqual({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: {
        generateName: "rate-",
        namespace: "web",
        labels: { "argo-rollouts.argoproj.io/controller-instance-id": "i" },
      },
      spec: {
        args: [
          { name: "host", value: "h" },
          { name: "path", value: "/" },
        ],
        metrics: [{ name: "m", provider: { web: { url: "u" } } }],
      },
    });
  });
});
