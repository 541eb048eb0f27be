// What a controller of a whole Kubernetes cluster keeps in memory: of the kinds that everybody uses
// only what belongs to rollouts, and of kinds that few rollouts name nothing before one does.
import {
  analysisRunUidLabel,
  argoApiVersion,
  instanceIdLabel,
  podTemplateHashLabel,
} from "../api/argo/keys.ts";
import type { LabelSelector } from "../api/meta/label-selector.ts";
import { workloadUse } from "../controllers/delivery.ts";
import type { CachePolicy } from "../runtime/manager.ts";

function withLabel(key: string): LabelSelector {
  return { matchExpressions: [{ key, operator: "Exists" }] };
}

function ofInstance(instanceId: string): LabelSelector {
  return instanceId === ""
    ? { matchExpressions: [{ key: instanceIdLabel, operator: "DoesNotExist" }] }
    : { matchLabels: { [instanceIdLabel]: instanceId } };
}

const always: CachePolicy = {};
const onDemand: CachePolicy = { isOnDemand: true };

/**
 * Rollouts are all kept, whoever's they are: a Service that a Rollout of another instance drives is not
 * free. Kinds that are not named here (routers' objects) are kept once somebody asks for one.
 */
export function cachePolicies(
  instanceId: string,
): (apiVersion: string, kind: string, use: string) => CachePolicy {
  const own: CachePolicy = { labelSelector: ofInstance(instanceId) };
  const policies: Readonly<Record<string, CachePolicy>> = {
    [`${argoApiVersion} Rollout`]: always,
    [`${argoApiVersion} AnalysisRun`]: own,
    [`${argoApiVersion} Experiment`]: own,
    [`${argoApiVersion} AnalysisTemplate`]: own,
    [`${argoApiVersion} ClusterAnalysisTemplate`]: own,
    "v1 Service": always,
    "apps/v1 ReplicaSet": { labelSelector: withLabel(podTemplateHashLabel) },
    "batch/v1 Job": { labelSelector: withLabel(analysisRunUidLabel) },
    "v1 Pod": { labelSelector: withLabel(podTemplateHashLabel), isOnDemand: true },
  };
  return (apiVersion, kind, use) =>
    use === workloadUse ? onDemand : (policies[`${apiVersion} ${kind}`] ?? onDemand);
}
