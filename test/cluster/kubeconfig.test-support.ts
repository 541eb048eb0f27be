// Which cluster the suites of this folder may use. It is never the one kubectl would take by itself:
// somebody has to name it, because tests create and delete objects there.
import { existsSync } from "node:fs";
import path from "node:path";
import { readKubeconfig, type ClusterAccess } from "../../src/objects/kubernetes/kubeconfig.ts";

const howTo =
  "npm run test:cluster needs a Kubernetes cluster that tests may create and delete objects in. " +
  "Name its kubeconfig with HALDANE_TEST_KUBECONFIG (or KUBECONFIG): kind, k3d or any real cluster " +
  "will do. The user needs to create namespaces, CustomResourceDefinitions and RBAC objects.";

/** Absolute paths. Throws with what to do when none is named, or one is not there. */
export function kubeconfigFiles(env = process.env): readonly string[] {
  const named = env["HALDANE_TEST_KUBECONFIG"] ?? env["KUBECONFIG"] ?? "";
  const files = named.split(path.delimiter).filter((file) => file !== "");
  if (files.length === 0) throw new Error(howTo);
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing} does not exist. ${howTo}`);
  return files.map((file) => path.resolve(file));
}

export function testAccess(): ClusterAccess {
  return readKubeconfig({ files: kubeconfigFiles() });
}

/**
 * The kubeconfig controllers under test are started with: HALDANE_TEST_CONTROLLER_KUBECONFIG where
 * they are to be a user of their own, else the tests'.
 */
export function controllerKubeconfig(): string {
  const own = process.env["HALDANE_TEST_CONTROLLER_KUBECONFIG"];
  return own === undefined || own === ""
    ? kubeconfigFiles().join(path.delimiter)
    : path.resolve(own);
}
