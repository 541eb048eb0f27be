// The schema of every kind we know.
import { analysisRunSchema, analysisTemplateSchema } from "./analysis.ts";
import {
  configMapSchema,
  endpointSliceSchema,
  eventSchema,
  leaseSchema,
  namespaceSchema,
  secretSchema,
  serviceSchema,
} from "./core.ts";
import { experimentSchema } from "./experiment.ts";
import { gatewaySchema, httpRouteSchema } from "./gateway.ts";
import { podSchema, podTemplateObjectSchema } from "./pod.ts";
import { rolloutSchema } from "./rollout.ts";
import type { SchemaNode } from "./schema.ts";
import { deploymentSchema, jobSchema, replicaSetSchema } from "./workloads.ts";

/** By `apiVersion kind`, as resources.ts lists them. */
export const schemas: Readonly<Record<string, SchemaNode>> = {
  "v1 Namespace": namespaceSchema,
  "v1 Pod": podSchema,
  "v1 Service": serviceSchema,
  "v1 ConfigMap": configMapSchema,
  "v1 Secret": secretSchema,
  "v1 Event": eventSchema,
  "v1 PodTemplate": podTemplateObjectSchema,
  "apps/v1 ReplicaSet": replicaSetSchema,
  "apps/v1 Deployment": deploymentSchema,
  "batch/v1 Job": jobSchema,
  "discovery.k8s.io/v1 EndpointSlice": endpointSliceSchema,
  "coordination.k8s.io/v1 Lease": leaseSchema,
  "gateway.networking.k8s.io/v1 Gateway": gatewaySchema,
  "gateway.networking.k8s.io/v1 HTTPRoute": httpRouteSchema,
  "argoproj.io/v1alpha1 Rollout": rolloutSchema,
  "argoproj.io/v1alpha1 AnalysisRun": analysisRunSchema,
  "argoproj.io/v1alpha1 AnalysisTemplate": analysisTemplateSchema,
  "argoproj.io/v1alpha1 ClusterAnalysisTemplate": analysisTemplateSchema,
  "argoproj.io/v1alpha1 Experiment": experimentSchema,
};

export function schemaOf(apiVersion: string, kind: string): SchemaNode | undefined {
  const key = `${apiVersion} ${kind}`;
  return Object.hasOwn(schemas, key) ? schemas[key] : undefined;
}
