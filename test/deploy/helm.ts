// Helm for tests: the program HELM names, else the one on the PATH. `scripts/helm.sh` builds one with Go.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import type { KubeObject } from "../../src/api/meta/object.ts";

export const root = path.resolve(import.meta.dirname, "../..");
export const chart = path.join(root, "deploy/chart");

const program = process.env["HELM"] ?? "helm";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function helm(...args: readonly string[]): Ran {
  const ran = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  return { code: ran.status ?? 127, stdout: ran.stdout, stderr: ran.stderr };
}

/** Why tests with Helm are skipped here; undefined = they are not. */
export const withoutHelm =
  spawnSync(program, ["version"]).status === 0
    ? undefined
    : "helm is neither on the PATH nor named by HELM; scripts/helm.sh builds one";

export function objectsOf(text: string): readonly KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

/** What the chart makes of these values, as text; throws with Helm's words where it refuses. */
export function rendered(namespace: string, ...args: readonly string[]): string {
  // A helm built from its module takes itself for Kubernetes 1.20.
  const ran = helm(
    "template",
    "haldane",
    chart,
    "-n",
    namespace,
    "--kube-version",
    "1.34.0",
    ...args,
  );
  if (ran.code !== 0) throw new Error(ran.stderr);
  return ran.stdout;
}
