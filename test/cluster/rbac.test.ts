// The rights in deploy/ are enough and none is too many: a controller that has just these goes through
// rollouts that use everything, is never refused, and uses every one of them.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { objectsOf, root } from "../deploy/helm.ts";
import { openCluster, refTo, until, type Loose, type TestCluster } from "./cluster.test-support.ts";
import { startController, stopControllers } from "./controller.test-support.ts";
import { kubectl } from "./kubectl.test-support.ts";
import { haldaneAs, startCounted } from "./judged-story.test-support.ts";
import {
  blueGreen,
  canary,
  canaryConfiguration,
  fromWorkload,
  judged,
  lost,
  services,
  templates,
} from "./rbac-story.test-support.ts";
import { startRecorder, type Recorder } from "./recorder.test-support.ts";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}
type Role = KubeObject & { readonly rules: readonly Rule[] };

const blocksDeletion =
  "owner references that block deletion need it where the admission plugin OwnerReferencesPermissionEnforcement is on (OpenShift)";
const afterKill = "asked for when a controller was killed after creating it and before it saw it";

/** What is granted although this suite does not use it, and why. */
const unusedButNeeded: Readonly<Record<string, string>> = {
  "update argoproj.io/rollouts/finalizers": blocksDeletion,
  "update argoproj.io/analysisruns/finalizers": blocksDeletion,
  "update argoproj.io/experiments/finalizers": blocksDeletion,
  "get apps/replicasets": afterKill,
};

/** Objects of routers other than the Ingress: test/deploy/manifests.test.ts holds them against the routers. */
const routerGroups = [
  "gateway.networking.k8s.io",
  "networking.istio.io",
  "split.smi-spec.io",
  "getambassador.io",
  "x.getambassador.io",
  "appmesh.k8s.aws",
  "traefik.io",
  "traefik.containo.us",
  "apisix.apache.org",
];

function rolesIn(file: string): { readonly own: Role; readonly lease: Role } {
  const objects = objectsOf(readFileSync(path.join(root, file), "utf8"));
  const role = (name: string): Role =>
    objects.find(({ kind, metadata }) => kind.endsWith("Role") && metadata.name === name) as Role;
  return { own: role("haldane"), lease: role("haldane-leader-election") };
}

const granted = (rules: readonly Rule[]): readonly string[] =>
  rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups
      .filter((group) => !routerGroups.includes(group))
      .flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
  );

/** Gives the service account `haldane` of the namespace these rights, everywhere or there; the role's name. */
function bind(
  namespace: string,
  scope: "Cluster" | "",
  { own, lease }: { readonly own: Role; readonly lease: Role },
  lock: string,
): string {
  const name = `haldane-test-${namespace}`;
  const rbac = "rbac.authorization.k8s.io/v1";
  const subjects = [{ kind: "ServiceAccount", name: "haldane", namespace }];
  const given = (kind: string, as: string, rules: readonly Rule[]): readonly object[] => {
    const metadata = kind.startsWith("Cluster") ? { name: as } : { name: as, namespace };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name: as };
    return [
      { apiVersion: rbac, kind, metadata, rules },
      { apiVersion: rbac, kind: `${kind}Binding`, metadata, subjects, roleRef },
    ];
  };
  const leaseRules = lease.rules.map((rule) =>
    rule.resourceNames === undefined ? rule : { ...rule, resourceNames: [lock] },
  );
  const items = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "haldane", namespace } },
    ...given(`${scope}Role`, name, own.rules),
    ...given("Role", `${name}-leader-election`, leaseRules),
  ];
  kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
  return name;
}

/** A service account `reader` of the namespace with what people with the role `view` get there. */
function bindReader(namespace: string): void {
  const objects = objectsOf(readFileSync(path.join(root, "deploy/manifests/install.yaml"), "utf8"));
  const view = objects.find(
    ({ metadata }) => metadata.name === "haldane-aggregate-to-view",
  ) as Role;
  const rbac = "rbac.authorization.k8s.io/v1";
  const metadata = { name: "reader", namespace };
  const subjects = [{ kind: "ServiceAccount", ...metadata }];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" };
  const items = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    { apiVersion: rbac, kind: "Role", metadata, rules: view.rules },
    { apiVersion: rbac, kind: "RoleBinding", metadata, subjects, roleRef },
  ];
  kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
}

function forget(scope: "Cluster" | "", name: string): void {
  if (scope === "Cluster")
    kubectl(["delete", "clusterrole,clusterrolebinding", name, "--ignore-not-found"]);
}

/** Drives the stories to their ends. */
class Story {
  readonly #cluster: TestCluster;
  readonly #namespace: string;

  constructor(cluster: TestCluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  async apply(yaml: string): Promise<void> {
    await this.#cluster.apply(yaml, this.#namespace);
  }

  async rollout(name: string): Promise<Loose | undefined> {
    return this.#cluster.get("Rollout", this.#namespace, name);
  }

  async phase(name: string, ...phases: readonly string[]): Promise<void> {
    await until(
      `${name} is ${phases.join(" or ")}`,
      async () => {
        const { metadata, status } = (await this.rollout(name)) ?? {};
        const isSeen = status?.["observedGeneration"] === String(metadata?.generation);
        return isSeen && phases.includes(status["phase"] as string);
      },
      { withinMs: 90_000, describe: async () => (await this.rollout(name))?.status },
    );
  }

  async patch(name: string, body: object, subresource?: "status"): Promise<void> {
    const ref = refTo("Rollout", this.#namespace, name);
    await this.#cluster.patch(ref, body as never, subresource);
  }

  async some(
    what: string,
    kind: string,
    isSo: (objects: readonly Loose[]) => boolean,
  ): Promise<void> {
    await until(what, async () => isSo(await this.#cluster.list(kind, this.#namespace)), {
      describe: async () =>
        (await this.#cluster.list(kind, this.#namespace)).map(({ metadata }) => metadata.name),
    });
  }
}

async function playAll(story: Story, instance: string): Promise<void> {
  // What a Rollout names may come after it, or never.
  await story.apply(canary(instance, "canary:1"));
  await story.apply(lost(instance));
  for (const name of ["canary", "lost"]) await story.phase(name, "Degraded");
  await story.apply(services);
  await story.apply(templates(instance));
  await story.apply(blueGreen(instance, "bg:1"));
  await story.apply(fromWorkload(instance));
  for (const name of ["canary", "blue-green", "from-workload", "from-template"])
    await story.phase(name, "Healthy");
  await story.some(
    "the Deployment gave its pods up",
    "Deployment",
    ([web]) => web?.spec?.["replicas"] === 0,
  );

  // An update through analysis, experiment and a pause; old versions and their runs are deleted.
  await story.apply(canary(instance, "canary:2"));
  await story.phase("canary", "Paused");
  await story.patch("canary", { status: { pauseConditions: null } }, "status");
  await story.phase("canary", "Healthy");
  await story.apply(canary(instance, "canary:3"));
  await story.some("the experiment's Service is gone", "Service", (found) => found.length === 4);
  await story.phase("canary", "Paused");
  await story.patch("canary", { status: { abort: true } }, "status");
  await story.phase("canary", "Degraded");
  await story.apply(canary(instance, "canary:4"));
  await story.phase("canary", "Paused");

  // An analysis that is stopped takes its Job along.
  await story.apply(blueGreen(instance, "bg:2"));
  await story.some("a Job runs", "Job", (jobs) =>
    jobs.some(({ metadata }) => metadata.name.includes(".job.")),
  );
  await story.patch("blue-green", { status: { abort: true } }, "status");
  await story.phase("blue-green", "Degraded");

  // New pods of the same version.
  await story.patch("from-template", {
    spec: { restartAt: new Date().toISOString().replace(/\.\d+/, "") },
  });
  await until(
    "all pods are new",
    async () => (await story.rollout("from-template"))?.status?.["restartedAt"] !== undefined,
  );
}

/** A worse version, taken back by the judge, and tried again with what was learned. */
async function playJudged(story: Story, instance: string): Promise<void> {
  const counted = await startCounted();
  try {
    await story.apply(canaryConfiguration(instance, counted.url));
    await story.apply(judged(instance, "judged:1", counted.url));
    await story.phase("judged", "Healthy");
    await story.apply(judged(instance, "judged:2", counted.url));
    await story.phase("judged", "Paused");
    await story.some("the configuration was read", "AnalysisRun", (runs) =>
      runs.some(
        ({ metadata: { name }, status }) =>
          /-2-1$/.test(name) && status?.["phase"] === "Successful",
      ),
    );
    const { status } = (await story.rollout("judged")) ?? {};
    counted.breakVersion(status?.["currentPodHash"] as string);
    await story.phase("judged", "Degraded");
    await story.patch("judged", { status: { abort: false } }, "status");
    await story.some("it goes on from what was learned", "AnalysisRun", (runs) =>
      runs.some(
        ({ metadata: { annotations = {} }, status: ended }) =>
          "haldane.dev/continues" in annotations && ended?.["phase"] === "Failed",
      ),
    );
    await story.phase("judged", "Degraded");
  } finally {
    await counted.close();
  }
}

describe.each([
  ["Cluster", "deploy/manifests/install.yaml"],
  ["", "deploy/manifests/namespace-install.yaml"],
] as const)("the %sRole of %s", (scope, file) => {
  let cluster: TestCluster;
  let recorder: Recorder | undefined;
  let name: string;
  const folder = mkdtempSync(path.join(tmpdir(), "haldane-rbac-"));
  const roles = rolesIn(file);

  beforeAll(async () => {
    cluster = openCluster();
    const namespace = await cluster.newNamespace();
    const instance = namespace;
    const lock = `argo-rollouts-controller-lock-${instance}`;
    name = bind(namespace, scope, roles, lock);
    recorder = await startRecorder(`system:serviceaccount:${namespace}:haldane`, folder);
    const controller = await startController({
      namespace,
      instanceId: instance,
      kubeconfig: recorder.kubeconfig,
      args: scope === "" ? ["--namespaced", "--namespace", namespace] : [],
    });
    try {
      const story = new Story(cluster, namespace);
      await playAll(story, instance);
      await playJudged(story, instance);
    } catch (error) {
      const statuses = (await cluster.list("Rollout", namespace)).map(
        ({ metadata: { name: of, generation }, status }) => ({ of, generation, status }),
      );
      const told = `${JSON.stringify(statuses)}\n${controller.log().slice(-6000)}`;
      throw new Error(`${String(error)}\n${told}`, { cause: error });
    }
    await controller.stop();
  }, 400_000);

  afterAll(async () => {
    await stopControllers();
    await recorder?.close();
    forget(scope, name);
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is enough: nothing was refused", () => {
    const refused = recorder!.requests().filter(({ status }) => status === 403 || status === 401);
    expect(refused.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual([]);
  });

  it("has nothing that is not used", () => {
    const used = new Set(recorder!.requests().map(({ verb, resource }) => `${verb} ${resource}`));
    const all = [...granted(roles.own.rules), ...granted(roles.lease.rules)];
    expect(all.filter((each) => !used.has(each) && !(each in unusedButNeeded))).toEqual([]);
    // What is asked for after a kill is sometimes asked for without one, too.
    const isNever = (each: string): boolean => unusedButNeeded[each] !== afterKill;
    const known = Object.keys(unusedButNeeded).filter(isNever);
    expect(known.filter((each) => used.has(each))).toEqual([]);
  });

  it("people who may view can explain, judge again and plan, and these read nothing else", async () => {
    const namespace = name.replace("haldane-test-", "");
    bindReader(namespace);
    const own = mkdtempSync(path.join(tmpdir(), "haldane-reader-"));
    const reader = await startRecorder(`system:serviceaccount:${namespace}:reader`, own);
    try {
      const said = async (verb: string): Promise<string> =>
        haldaneAs(reader.kubeconfig, verb, "judged", "-n", namespace);
      expect(await said("explain")).toContain("The canary is worse.");
      expect(await said("replay")).toContain("the same evidence, to the bit");
      expect(await said("plan")).toMatch(/^judged: \d+ requests\/s/);
      const all = reader.requests();
      expect(all.filter(({ status }) => status === 403 || status === 401)).toEqual([]);
      const kinds = new Set(all.map(({ resource }) => resource));
      expect(kinds).toEqual(new Set(["argoproj.io/rollouts", "argoproj.io/analysisruns"]));
    } finally {
      await reader.close();
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("reaches only what rules name: the rest is refused to the same account", () => {
    const as = `--as=system:serviceaccount:${name.replace("haldane-test-", "")}:haldane`;
    for (const wish of [
      ["create", "deployments"],
      ["delete", "pods"],
      ["list", "secrets"],
      ["create", "clusterroles"],
      ["delete", "rollouts"],
      ["update", "nodes"],
    ] as const) {
      const namespace = ["-n", name.replace("haldane-test-", "")];
      const said = kubectlCan([...wish, ...namespace, as]);
      expect(said, wish.join(" ")).toBe("no");
    }
  });
});

function kubectlCan(words: readonly string[]): string {
  try {
    return kubectl(["auth", "can-i", ...words]).trim();
  } catch (error) {
    // `no` ends with 1.
    return /: (?:Warning.*\n)*no\b|^no\b/m.test(String(error)) ? "no" : String(error);
  }
}
