// kubectl against the cluster under test, and namespaces that go away again.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { runHaldane } from "../deploy/run-haldane.ts";
import { kubeconfigFiles } from "./kubeconfig.test-support.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never throws; `input` goes to standard input. */
export function tryKubectl(args: readonly string[], input = ""): Ran {
  const KUBECONFIG = kubeconfigFiles().join(path.delimiter);
  const ran = spawnSync("kubectl", args, {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 27,
    env: { ...process.env, KUBECONFIG },
  });
  if (ran.error) throw new Error(`kubectl cannot be run: ${ran.error.message}`);
  // Old clients warn that the server is newer; no test is about that.
  const stderr = ran.stderr.replace(/^WARNING: version difference.*\n/gm, "");
  return { code: ran.status ?? 1, stdout: ran.stdout, stderr };
}

/** stdout; throws with kubectl's own words. */
export function kubectl(args: readonly string[], input = ""): string {
  const { code, stdout, stderr } = tryKubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

export function kubectlJson(...args: readonly string[]): unknown {
  return JSON.parse(kubectl([...args, "-o", "json"]));
}

/** A new namespace of a name nobody else has. */
export function newNamespace(purpose: string): string {
  const name = `haldane-${purpose}-${randomBytes(3).toString("hex")}`;
  kubectl(["create", "namespace", name]);
  return name;
}

export function deleteNamespace(name: string): void {
  kubectl(["delete", "namespace", name, "--wait=false", "--ignore-not-found"]);
}

/** Brings the cluster's definitions to ours; resolves once the server serves them. */
export async function applyDefinitions(): Promise<Ran> {
  const ran = tryKubectl(
    ["apply", "--server-side", "--force-conflicts", "-f", "-"],
    await runHaldane("crds"),
  );
  kubectl([
    "wait",
    "--for=condition=Established",
    "--timeout=30s",
    "crd/rollouts.argoproj.io",
    "crd/experiments.argoproj.io",
    "crd/analysisruns.argoproj.io",
    "crd/analysistemplates.argoproj.io",
    "crd/clusteranalysistemplates.argoproj.io",
  ]);
  return ran;
}
