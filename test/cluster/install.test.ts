// `helm install` into a real cluster: everything the chart makes is accepted, and goes away again.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { chart, helm, withoutHelm } from "../deploy/helm.ts";
import { until } from "./cluster.test-support.ts";
import { kubeconfigFiles } from "./kubeconfig.test-support.ts";
import { deleteNamespace, kubectl, kubectlJson, newNamespace } from "./kubectl.test-support.ts";

interface Listed {
  readonly items: readonly KubeObject[];
}
type Deployment = KubeObject & { readonly status?: { readonly updatedReplicas?: number } };

describe.skipIf(withoutHelm !== undefined)(`helm install (${withoutHelm ?? "with helm"})`, () => {
  let namespace: string;
  let release: string;

  beforeAll(() => {
    namespace = newNamespace("install");
    // Cluster roles have no namespace: the release's name keeps installations apart.
    release = namespace;
  });

  afterAll(() => {
    helmHere("uninstall", release, "--ignore-not-found");
    deleteNamespace(namespace);
  });

  function helmHere(...args: readonly string[]): string {
    const [kubeconfig = ""] = kubeconfigFiles();
    const ran = helm("--kubeconfig", kubeconfig, "-n", namespace, ...args);
    if (ran.code !== 0) throw new Error(`helm ${args.join(" ")}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout;
  }

  const values = (namespaced: boolean): readonly string[] => [
    "--set",
    `instanceId=${release},namespaced=${namespaced},replicas=2`,
  ];

  it.each([true, false])("is accepted by the server, namespaced %s", (namespaced) => {
    const told = helmHere("install", release, chart, "--dry-run=server", ...values(namespaced));
    expect(told).toContain("haldane crds | kubectl apply --server-side");
  });

  it.each([true, false])(
    "makes two controllers and leaves nothing behind, namespaced %s",
    async (namespaced) => {
      helmHere("install", release, chart, ...values(namespaced));
      // Whether they become available is a matter of the image: a cluster under test need not have it.
      await until(
        "both controllers' pods are admitted",
        async () => {
          const deployment = kubectlJson(
            "get",
            "-n",
            namespace,
            "deployment",
            release,
          ) as Deployment;
          return deployment.status?.updatedReplicas === 2;
        },
        { describe: async () => kubectl(["get", "pods,events", "-n", namespace]) },
      );
      const labelled = ["-l", `app.kubernetes.io/instance=${release}`];
      const clusterWide = kubectlJson("get", "clusterroles", ...labelled) as Listed;
      expect(clusterWide.items.length).toBe(namespaced ? 0 : 4);
      helmHere("upgrade", release, chart, ...values(namespaced), "--set", "replicas=1");
      helmHere("uninstall", release, "--wait");
      const left = kubectlJson(
        "get",
        "clusterroles,clusterrolebindings,roles,rolebindings,deployments,services,serviceaccounts",
        "-n",
        namespace,
        ...labelled,
      ) as Listed;
      expect(left.items).toEqual([]);
      // The definitions, and with them everybody's rollouts, stay.
      expect(kubectl(["get", "crd", "rollouts.argoproj.io", "-o", "name"])).toContain("rollouts");
    },
  );
});
