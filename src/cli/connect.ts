// Which API server a command talks to: flags first, then the local cluster of this directory, then
// the kubeconfig kubectl would use.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { overrideAccess } from "../objects/kubernetes/access-overrides.ts";
import { ApiClient } from "../objects/kubernetes/api-client.ts";
import {
  inClusterAccess,
  KubeconfigError,
  readKubeconfig,
  type ClusterAccess,
} from "../objects/kubernetes/kubeconfig.ts";
import { fetchTable, kubernetesStore, podLogs } from "../objects/kubernetes/kubernetes.ts";
import { systemClock } from "../runtime/clock.ts";
import { haldaneError } from "../lib/errors.ts";
import type { Connection, GlobalOptions } from "./command.ts";
import { localKubeconfig } from "./local/data-dir.ts";

type Env = Readonly<Record<string, string | undefined>>;

function kubeconfigFiles(options: GlobalOptions, env: Env, cwd: string): readonly string[] {
  if (options.kubeconfig !== undefined) return [path.resolve(cwd, options.kubeconfig)];
  const local = localKubeconfig(options, cwd);
  if (options.access === undefined && existsSync(local)) return [local];
  const fromEnv = (env["KUBECONFIG"] ?? "").split(path.delimiter).filter((file) => file !== "");
  // kubectl, too, skips files of the list that are not there, unless none is.
  const present = fromEnv.filter((file) => existsSync(file));
  if (fromEnv.length > 0) return present.length > 0 ? present : fromEnv;
  const home = path.join(homedir(), ".kube", "config");
  return existsSync(home) ? [home] : [];
}

function foundAccess(
  { context, access }: GlobalOptions,
  files: readonly string[],
  env: Env,
): ClusterAccess | undefined {
  if (files.length === 0) return inClusterAccess(env);
  return readKubeconfig({ files, context, cluster: access?.cluster, user: access?.user });
}

/** Throws a HaldaneError that says what to do when there is no cluster to talk to. */
export function chooseAccess(options: GlobalOptions, env: Env, cwd: string): ClusterAccess {
  const files = kubeconfigFiles(options, env, cwd);
  try {
    const found = foundAccess(options, files, env);
    const access = options.access ? overrideAccess(found, options.access.overrides) : found;
    if (access) return access;
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error;
    throw haldaneError(
      "KUBECONFIG_UNREADABLE",
      { file: files.join(", "), problem: error.message },
      { cause: error },
    );
  }
  throw haldaneError("KUBECONFIG_MISSING", {
    tried: [
      ...(options.access === undefined ? [localKubeconfig(options, cwd)] : []),
      "KUBECONFIG",
      "~/.kube/config",
    ],
  });
}

export async function connect(options: GlobalOptions, env: Env, cwd: string): Promise<Connection> {
  const access = chooseAccess(options, env, cwd);
  const timeoutMs = options.access?.requestTimeoutMs;
  const client = new ApiClient({
    access,
    clock: systemClock,
    userAgent: "haldane-cli",
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return {
    store: kubernetesStore({ client, clock: systemClock, isStripping: false }),
    namespace: options.namespace ?? access.namespace,
    server: `${access.server} (${access.origin})`,
    podLogs: (namespace, pod, logOptions) => podLogs(client, { namespace, pod, ...logOptions }),
    table: async (scope, name) => fetchTable(client, scope, name),
    close: async () => client.close(),
  };
}
