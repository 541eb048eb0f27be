// `haldane crds` before a real API server: applied without a complaint, explained by kubectl, keeping
// every field the reference lists, refusing wrong types, warning of unknown fields.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { argoApiVersion, instanceIdLabel } from "../../src/api/argo/keys.ts";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { asJson } from "../../src/api/meta/wire.ts";
import { withDefaults } from "../../src/api/schema/defaults.ts";
import { schemaOf } from "../../src/api/schema/kinds.ts";
import { podSpecSchema } from "../../src/api/schema/pod.ts";
import { jobSpecSchema } from "../../src/api/schema/workloads.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { objectsOf, root } from "../deploy/helm.ts";
import {
  applyDefinitions,
  deleteNamespace,
  kubectl,
  kubectlJson,
  newNamespace,
  tryKubectl,
  type Ran,
} from "./kubectl.test-support.ts";
import { differences, type ServerSchemas } from "./server-schema.test-support.ts";

let applied: Ran;
let namespace: string;

beforeAll(async () => {
  applied = await applyDefinitions();
  namespace = newNamespace("crds");
});

afterAll(() => {
  deleteNamespace(namespace);
  kubectl(["delete", "clusteranalysistemplate", "haldane-every-field", "--ignore-not-found"]);
});

type Manifest = KubeObject & { readonly spec?: JsonObject; readonly status?: JsonObject };

/** No controller acts on it: it belongs to an instance that does not exist. */
function nobodys(object: KubeObject): Manifest {
  const labels = { ...object.metadata.labels, [instanceIdLabel]: "definitions-test" };
  return { ...object, metadata: { ...object.metadata, labels } };
}

function apply(object: KubeObject, ...flags: readonly string[]): Ran {
  return tryKubectl(
    ["apply", "-n", namespace, "--server-side", "--validate=strict", "-f", "-", ...flags],
    JSON.stringify(object),
  );
}

const readBack = ({ kind, metadata: { name } }: KubeObject): Manifest =>
  kubectlJson("get", "-n", namespace, `${kind.toLowerCase()}s.argoproj.io`, name) as Manifest;

const rollout = (name: string, spec: JsonObject): Manifest =>
  nobodys({ apiVersion: argoApiVersion, kind: "Rollout", metadata: { name }, spec } as KubeObject);

const template = (more: JsonObject = {}): JsonObject => ({
  metadata: { labels: { app: "x" } },
  spec: { containers: [{ name: "app", image: "x", ...more }] },
});

describe("the definitions", () => {
  it("are applied without a complaint", () => {
    expect(applied.stderr).toBe("");
    expect(applied.code).toBe(0);
  });

  it("are structural and established", () => {
    const { items } = kubectlJson("get", "crds") as { items: readonly Manifest[] };
    const ours = items.filter(({ metadata }) => metadata.name.endsWith(".argoproj.io"));
    expect(ours.length).toBeGreaterThanOrEqual(5);
    for (const { status } of ours) {
      const conditions = status?.["conditions"] as readonly { type: string; status: string }[];
      expect(conditions.filter((each) => each.status === "True").map(({ type }) => type)).toEqual([
        "NamesAccepted",
        "Established",
      ]);
      expect(conditions.map(({ type }) => type)).not.toContain("NonStructuralSchema");
    }
  });

  it.each([
    ["rollout.spec.strategy.canary.steps", "Share of the traffic for the canary"],
    ["ro.spec.strategy.blueGreen.activeService", "Name of the Service that users reach"],
    ["rollout.spec.template.spec.containers.readinessProbe.httpGet", "port\t<Object> -required-"],
    ["analysistemplate.spec.metrics.provider.prometheus", "The question, in PromQL"],
    ["at.spec.metrics.failureLimit", "More failures than this fail the run"],
    ["experiment.spec.templates", "How many pods; default 1"],
    ["analysisrun.status.metricResults", "The last measurements"],
    ["cat.spec", "What is measured"],
  ])("kubectl explain %s", (field, words) => {
    expect(kubectl(["explain", field])).toContain(words);
  });

  it("print the columns people know", () => {
    expect(apply(rollout("columns", { replicas: 4, template: template() })).stderr).toBe("");
    const [head = ""] = kubectl(["get", "rollouts", "columns", "-n", namespace]).split("\n");
    expect(head.split(/\s{2,}/)).toEqual([
      "NAME",
      "DESIRED",
      "CURRENT",
      "UP-TO-DATE",
      "AVAILABLE",
      "AGE",
    ]);
  });
});

describe("pod templates", () => {
  const documents = (group: string): ServerSchemas =>
    JSON.parse(kubectl(["get", "--raw", `/openapi/v3/${group}`])) as ServerSchemas;

  it("have every field of the server's pods", () => {
    expect(differences(podSpecSchema, "io.k8s.api.core.v1.PodSpec", documents("api/v1"))).toEqual(
      [],
    );
  });

  it("of Jobs, too", () => {
    const pods = differences(
      jobSpecSchema,
      "io.k8s.api.batch.v1.JobSpec",
      documents("apis/batch/v1"),
    );
    // Of a template's metadata a definition keeps labels and annotations: nothing to compare.
    expect(pods.filter((each) => !each.includes(".template.metadata."))).toEqual([]);
  });
});

function examples(): readonly (readonly [string, KubeObject])[] {
  const folder = path.join(root, "examples");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml") && !name.includes("simulations"))
    .flatMap((name) =>
      objectsOf(readFileSync(path.join(folder, name), "utf8"))
        .filter(({ apiVersion }) => apiVersion === argoApiVersion)
        .map((object) => [`examples/${name}: ${object.kind}`, object] as const),
    );
}

function everyField(): readonly (readonly [string, KubeObject])[] {
  const text = readFileSync(path.join(import.meta.dirname, "every-field.yaml"), "utf8");
  return objectsOf(text).map((object) => [`${object.kind} ${object.metadata.name}`, object]);
}

describe.each([...examples(), ...everyField()])("%s", (_, object) => {
  it("is applied with strict validation and reads back as it was written", () => {
    const written = nobodys(object);
    expect(apply(written).stderr).toBe("");
    const { spec, status } = readBack(written);
    const schema = schemaOf(written.apiVersion, written.kind)!;
    const expected = withDefaults(asJson(written), schema) as JsonObject;
    expect(spec).toEqual(expected["spec"]);
    if (written.kind !== "Rollout") expect(status).toEqual(expected["status"]);
  });
});

describe("wrong types are refused", () => {
  it.each<readonly [string, JsonObject, string]>([
    ["a text for a number", { replicas: "two" }, 'spec.replicas: Invalid value: "string"'],
    ["a fraction", { replicas: 1.5 }, "spec.replicas"],
    ["a number beyond 32 bits", { replicas: 2 ** 32 }, "spec.replicas"],
    ["an object for a list", { strategy: { canary: { steps: {} } } }, "spec.strategy.canary.steps"],
    [
      "a list for a number or text",
      { strategy: { canary: { maxSurge: [1] } } },
      "spec.strategy.canary.maxSurge",
    ],
    [
      "a step's weight as text",
      { strategy: { canary: { steps: [{ setWeight: "5" }] } } },
      "spec.strategy.canary.steps[0].setWeight",
    ],
    ["a time that is none", { restartAt: "tomorrow" }, "spec.restartAt"],
    [
      "a missing service",
      { strategy: { blueGreen: {} } },
      "spec.strategy.blueGreen.activeService: Required value",
    ],
    [
      "a pod without containers",
      { template: { spec: {} } },
      "spec.template.spec.containers: Required",
    ],
    [
      "two containers of one name",
      { template: { spec: { containers: [{ name: "a" }, { name: "a" }] } } },
      'spec.template.spec.containers[1]: Duplicate value: {"name":"a"}',
    ],
  ])("%s", (_, spec, words) => {
    const { code, stderr } = tryKubectl(
      ["create", "-n", namespace, "-f", "-"],
      JSON.stringify(rollout("wrong", spec)),
    );
    expect(code).toBe(1);
    expect(stderr).toContain(words);
  });
});

describe("unknown fields", () => {
  const misspelt = (name: string): Manifest =>
    rollout(name, {
      replica: 3,
      template: template({ imagePulPolicy: "Always" }),
      strategy: { canary: { steps: [{ setWeigth: 5 }] } },
    });

  it("are told under strict validation", () => {
    const { code, stderr } = tryKubectl(
      ["create", "-n", namespace, "--validate=strict", "-f", "-"],
      JSON.stringify(misspelt("strict")),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('unknown field "spec.replica"');
    expect(stderr).toContain('unknown field "spec.strategy.canary.steps[0].setWeigth"');
    expect(stderr).toContain('unknown field "spec.template.spec.containers[0].imagePulPolicy"');
  });

  it("are refused by server-side apply", () => {
    const { code, stderr } = apply(misspelt("applied"));
    expect(code).toBe(1);
    expect(stderr).toContain(".spec.replica: field not declared in schema");
  });

  it("are dropped with a warning without it", () => {
    const object = misspelt("warned");
    const { code, stderr } = tryKubectl(
      ["create", "-n", namespace, "--validate=warn", "-f", "-"],
      JSON.stringify(object),
    );
    expect(code).toBe(0);
    expect(stderr).toContain('Warning: unknown field "spec.replica"');
    const { spec } = readBack(object);
    expect(spec).toEqual({ template: template(), strategy: { canary: { steps: [{}] } } });
  });

  it("of a template's metadata are dropped as by Argo's", () => {
    const metadata = { labels: { app: "x" }, annotations: { a: "b" } };
    const spec = { template: { ...template(), metadata: { ...metadata, name: "n", uid: "u" } } };
    const object = rollout("metadata", spec);
    const ran = tryKubectl(
      ["create", "-n", namespace, "--validate=ignore", "-f", "-"],
      JSON.stringify(object),
    );
    expect(ran.code, ran.stderr).toBe(0);
    expect((readBack(object).spec?.["template"] as JsonObject)["metadata"]).toEqual(metadata);
  });
});

describe("what an API server keeps", () => {
  it("the selector never changes, but may come and go", () => {
    const selector = (app: string): JsonObject => ({ selector: { matchLabels: { app } } });
    const spec = { template: template() };
    expect(apply(rollout("selector", { ...spec, ...selector("x") })).stderr).toBe("");
    expect(apply(rollout("selector", { ...spec, ...selector("y") })).stderr).toContain(
      ".spec.selector is immutable",
    );
    expect(apply(rollout("selector", spec)).stderr).toBe("");
    expect(readBack(rollout("selector", {})).spec).not.toHaveProperty("selector");
  });

  it("a rollout's status is written by itself; runs and experiments as a whole", () => {
    const status = { phase: "Healthy", HPAReplicas: 2, selector: "app=x" };
    const object = { ...rollout("status", { replicas: 1, template: template() }), status };
    expect(apply(object).stderr).toBe("");
    expect(readBack(object).status).toBeUndefined();
    const patch = ["--type=merge", "-p", JSON.stringify({ status })];
    kubectl(["patch", "rollout", "status", "-n", namespace, "--subresource=status", ...patch]);
    expect(readBack(object)).toMatchObject({ status, metadata: { generation: 1 } });
  });

  it("kubectl scale works, and an autoscaler finds its numbers", () => {
    kubectl(["scale", "rollout", "status", "-n", namespace, "--replicas=5"]);
    const scale = JSON.parse(
      kubectl([
        "get",
        "--raw",
        `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts/status/scale`,
      ]),
    ) as JsonObject;
    expect(scale).toMatchObject({
      spec: { replicas: 5 },
      status: { replicas: 2, selector: "app=x" },
    });
  });

  it("two appliers share a pod template: containers, ports and variables merge by key", () => {
    const first = rollout("shared", {
      template: template({ env: [{ name: "A", value: "1" }], ports: [{ containerPort: 80 }] }),
    });
    expect(apply(first, "--field-manager=people").stderr).toBe("");
    const second = {
      ...first,
      spec: {
        template: {
          spec: {
            containers: [
              { name: "app", env: [{ name: "B", value: "2" }] },
              { name: "sidecar", image: "s" },
            ],
          },
        },
      },
    };
    expect(apply(second, "--field-manager=injector").stderr).toBe("");
    expect(readBack(first).spec).toMatchObject({
      template: {
        metadata: { labels: { app: "x" } },
        spec: {
          containers: [
            {
              name: "app",
              image: "x",
              env: [
                { name: "A", value: "1" },
                { name: "B", value: "2" },
              ],
              ports: [{ containerPort: 80, protocol: "TCP" }],
            },
            { name: "sidecar", image: "s" },
          ],
        },
      },
    });
  });

  it("two appliers do not share steps: the second is told who has them", () => {
    const steps = (weight: number): Manifest =>
      rollout("steps", { strategy: { canary: { steps: [{ setWeight: weight }] } } });
    expect(apply(steps(5), "--field-manager=people").stderr).toBe("");
    const { code, stderr } = apply(steps(6), "--field-manager=others");
    expect(code).toBe(1);
    expect(stderr).toContain(".spec.strategy.canary.steps");
  });
});
