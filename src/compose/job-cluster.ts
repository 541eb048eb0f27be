// Where the Jobs of analyses run, when it is not the cluster of their AnalysisRuns.
import { ApiClient } from "../objects/kubernetes/api-client.ts";
import {
  inClusterAccess,
  KubeconfigError,
  readKubeconfig,
  type ClusterAccess,
} from "../objects/kubernetes/kubeconfig.ts";
import { kubernetesStore } from "../objects/kubernetes/kubernetes.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { Clock } from "../runtime/clock.ts";

const variable = "ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG";

export interface JobClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly version: string;
}

function accessOf(written: string, env: JobClusterOptions["env"]): ClusterAccess {
  if (written !== "in-cluster") return readKubeconfig({ files: [written] });
  const access = inClusterAccess(env);
  if (access !== undefined) return access;
  throw new KubeconfigError(
    `${variable} is in-cluster, but this process runs in no cluster; give a kubeconfig file, or unset it`,
  );
}

/**
 * The cluster that ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG names: `in-cluster` or a kubeconfig file.
 * undefined when it is not set. Throws a KubeconfigError when it cannot be read.
 */
export function jobStoreOf({ env, clock, version }: JobClusterOptions): ObjectStore | undefined {
  const written = env[variable] ?? "";
  if (written === "") return undefined;
  const access = accessOf(written, env);
  const client = new ApiClient({ access, clock, userAgent: `haldane-jobs/${version}` });
  return kubernetesStore({ client, clock });
}
