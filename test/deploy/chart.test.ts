// The chart as Helm renders it, and the plain manifests made from it.
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { chart, helm, objectsOf, rendered, withoutHelm } from "./helm.ts";

const sets: readonly (readonly [string, readonly string[]])[] = [
  ["nothing", []],
  ["namespace scope", ["--set", "namespaced=true"]],
  ["an instance id", ["--set", "instanceId=team-a"]],
  ["two replicas", ["--set", "replicas=2"]],
  ["no leader election", ["--set", "leaderElection.enabled=false"]],
  ["no rights of its own", ["--set", "rbac.create=false,serviceAccount.create=false"]],
  ["a digest", ["--set", `image.digest=sha256:${"0".repeat(64)}`]],
  ["a service monitor", ["--set", "metrics.serviceMonitor.enabled=true"]],
  [
    "everything around the pod",
    [
      "--set-json",
      'extraEnv=[{"name":"A","value":"b"}]',
      "--set-json",
      'nodeSelector={"kubernetes.io/os":"linux"}',
      "--set-json",
      'tolerations=[{"operator":"Exists"}]',
      "--set-json",
      'podAnnotations={"a":"b"}',
      "--set-json",
      'podLabels={"team":"a"}',
      "--set-json",
      'imagePullSecrets=[{"name":"registry"}]',
      "--set",
      "priorityClassName=system-cluster-critical,extraArgs={--rollout-threads=20}",
    ],
  ],
];

type Rules = KubeObject & {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
};
type Bound = KubeObject & { readonly subjects: readonly { readonly namespace?: string }[] };
interface Controller extends KubeObject {
  readonly spec: {
    readonly strategy: { readonly type: string };
    readonly template: { readonly spec: { readonly containers: readonly { args: string[] }[] } };
  };
}

const ofKind = (objects: readonly KubeObject[], kind: string): readonly KubeObject[] =>
  objects.filter((object) => object.kind === kind);

const controllerOf = (objects: readonly KubeObject[]): Controller =>
  ofKind(objects, "Deployment")[0] as Controller;

describe.skipIf(withoutHelm !== undefined)(`the chart (${withoutHelm ?? "with helm"})`, () => {
  it.each(sets)("passes helm lint with %s", (_, values) => {
    const { code, stdout, stderr } = helm("lint", "--strict", chart, ...values);
    expect(code, stdout + stderr).toBe(0);
  });

  it("is what deploy/manifests/install.yaml was made from", async () => {
    await expect(rendered("argo-rollouts")).toMatchFileSnapshot(
      "../../deploy/manifests/install.yaml",
    );
  });

  it("is what deploy/manifests/namespace-install.yaml was made from", async () => {
    await expect(rendered("argo-rollouts", "--set", "namespaced=true")).toMatchFileSnapshot(
      "../../deploy/manifests/namespace-install.yaml",
    );
  });

  it("with namespace scope has no right beyond the namespace, and names none", () => {
    const objects = objectsOf(rendered("web", "--set", "namespaced=true"));
    const kinds = objects.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.startsWith("Cluster"))).toEqual([]);
    expect(objects.filter(({ metadata }) => metadata.namespace !== undefined)).toEqual([]);
    const subjects = ofKind(objects, "RoleBinding").flatMap((bound) => (bound as Bound).subjects);
    expect(subjects).toHaveLength(2);
    expect(subjects.filter(({ namespace }) => namespace !== undefined)).toEqual([]);
    expect(controllerOf(objects).spec.template.spec.containers[0]!.args).toContain("--namespaced");
    const rules = ofKind(objects, "Role").flatMap((role) => (role as Rules).rules);
    expect(rules.flatMap(({ resources }) => resources)).not.toContain("clusteranalysistemplates");
  });

  it("gives a second instance a Lease of its own", () => {
    const objects = objectsOf(rendered("web", "--set", "instanceId=team-a"));
    expect(JSON.stringify(ofKind(objects, "Role"))).toContain(
      '"argo-rollouts-controller-lock-team-a"',
    );
    expect(controllerOf(objects).spec.template.spec.containers[0]!.args).toContain(
      "--instance-id=team-a",
    );
  });

  it("without leader election never lets two controllers meet", () => {
    const alone = controllerOf(objectsOf(rendered("web", "--set", "leaderElection.enabled=false")));
    expect(alone.spec.strategy.type).toBe("Recreate");
    expect(() =>
      rendered("web", "--set", "leaderElection.enabled=false", "--set", "replicas=2"),
    ).toThrow(/more than one controller without leaderElection.enabled/);
  });

  it.each([
    ["istio=false", "networking.istio.io"],
    ["nginx=false,rbac.routers.alb=false", "networking.k8s.io"],
    ["gatewayApi=false", "gateway.networking.k8s.io"],
    ["smi=false", "split.smi-spec.io"],
    ["ambassador=false", "getambassador.io"],
    ["appMesh=false", "appmesh.k8s.aws"],
    ["traefik=false", "traefik.io"],
    ["apisix=false", "apisix.apache.org"],
  ])("gives no right to the objects of a router that is switched off: %s", (value, group) => {
    const groups = (text: string): readonly string[] =>
      ofKind(objectsOf(text), "ClusterRole").flatMap((role) =>
        (role as Rules).rules.flatMap(({ apiGroups }) => apiGroups),
      );
    expect(groups(rendered("web"))).toContain(group);
    expect(groups(rendered("web", "--set", `rbac.routers.${value}`))).not.toContain(group);
  });

  it("creates Ingresses only for nginx", () => {
    const text = rendered("web", "--set", "rbac.routers.nginx=false");
    const [role] = ofKind(objectsOf(text), "ClusterRole").filter(
      ({ metadata }) => metadata.name === "haldane",
    );
    const ingresses = (role as Rules).rules.find(({ resources }) =>
      resources.includes("ingresses"),
    );
    expect(ingresses?.verbs).toEqual(["get", "list", "watch", "patch"]);
  });

  it.each([
    ["a misspelt value", "replica=2", /additional properties|Additional property/],
    ["a wrong type", "replicas=two", /replicas/],
    ["an unknown log level", "log.level=loud", /log\.level|\/log\/level/],
    ["an instance id that is no label value", "instanceId=-x", /instanceId/],
  ])("refuses %s", (_, value, words) => {
    expect(() => rendered("web", "--set", value)).toThrow(words);
  });
});
