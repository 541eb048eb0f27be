// Reads everything a decision about one Rollout may rest on.
import type { Rollout } from "../../api/argo/rollout.ts";
import type { Service } from "../../api/kubernetes/workloads.ts";
import { isControlledBy } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { ObservedRollout, ObservedRouter } from "../../core/rollout/observed.ts";
import { needsPods } from "../../core/rollout/needs-pods.ts";
import { podTemplateHash } from "../../core/replicas/pod-template-hash.ts";
import type { Cache } from "../../runtime/cache.ts";
import type { TrafficRouter } from "../../routers/router.ts";
import type { Orphans } from "./orphans.ts";
import { referencesOf } from "./references.ts";
import type { ResolvedRollout } from "./resolve.ts";
import type { RolloutViews } from "./views.ts";

/** Through what a rollout is looked at. */
export interface Sight {
  readonly views: RolloutViews;
  readonly orphans: Orphans;
  readonly instanceId: string;
}

export async function observeRouters(
  routers: readonly TrafficRouter[],
): Promise<readonly ObservedRouter[]> {
  return Promise.all(
    routers.map(async (router) => ({
      kind: router.kind,
      acknowledges: router.capabilities.acknowledges,
      abilities: router.capabilities,
      state: await router.read(),
    })),
  );
}

function namedServices(
  rollout: Rollout,
  services: Cache<Service>,
  namespace: string,
): Record<string, Service> {
  const found: Record<string, Service> = {};
  for (const name of referencesOf(rollout).services) {
    const service = services.get(namespace, name);
    if (service) found[name] = service;
  }
  return found;
}

/** The name a ReplicaSet of the present template has or would get. */
function newReplicaSetName({ metadata, spec, status }: Rollout): string {
  if (!spec.template) return "";
  return `${metadata.name}-${podTemplateHash(asJson(spec.template), status.collisionCount)}`;
}

/** Everything at one moment. Routers are asked last: their answer is the most perishable. */
export async function observe(
  resolved: ResolvedRollout,
  routers: readonly TrafficRouter[],
  { views, orphans, instanceId }: Sight,
): Promise<ObservedRollout> {
  const { rollout, manifest, workload, invalid } = resolved;
  const { uid, namespace = "" } = manifest.metadata;
  const replicaSets = views.replicaSets.ownedBy(uid);
  const named = views.replicaSets.get(namespace, newReplicaSetName(rollout));
  const isLookingAtPods = needsPods(rollout);
  if (isLookingAtPods) await views.pods.ready();
  const pods = isLookingAtPods
    ? replicaSets.flatMap((set) => views.pods.ownedBy(set.metadata.uid))
    : [];
  return {
    rollout,
    manifest: asJson(manifest),
    invalid,
    workload,
    replicaSets,
    orphans: orphans.in(namespace),
    foreignReplicaSet: named && !isControlledBy(named, manifest) ? named : undefined,
    services: namedServices(rollout, views.services, namespace),
    analysisRuns: views.analysisRuns.ownedBy(uid),
    experiments: views.experiments.ownedBy(uid),
    analysisTemplates: [
      ...views.analysisTemplates.list(namespace),
      ...views.clusterAnalysisTemplates.list(),
    ],
    pods,
    traffic: invalid === undefined ? await observeRouters(routers) : [],
    instanceId,
  };
}
