// Which columns each kind has. A kind that is not in this table shows its name and age.
import type { KubeObject } from "../../../api/meta/object.ts";
import { apiVersionOf } from "../../../api/meta/object.ts";
import type { ResourceType } from "../../../api/resources.ts";
import { rolloutColumns, runColumns } from "./argo.ts";
import { ageColumn, nameColumn } from "./cells.ts";
import {
  configMapColumns,
  eventColumns,
  leaseColumns,
  namespaceColumns,
  secretColumns,
} from "./core.ts";
import {
  endpointSliceColumns,
  gatewayColumns,
  httpRouteColumns,
  serviceColumns,
} from "./network.ts";
import { podColumns } from "./pod.ts";
import type { Column } from "./table.ts";
import {
  deploymentColumns,
  jobColumns,
  podTemplateColumns,
  replicaSetColumns,
} from "./workloads.ts";

/** The wire border: columns of a kind are only ever given objects of that kind. */
function columnsFor<T extends KubeObject>(columns: readonly Column<T>[]): readonly Column[] {
  return columns as unknown as readonly Column[];
}

const columnsByKind: Readonly<Record<string, readonly Column[]>> = {
  "v1 Namespace": columnsFor(namespaceColumns),
  "v1 Pod": columnsFor(podColumns),
  "v1 Service": columnsFor(serviceColumns),
  "v1 ConfigMap": columnsFor(configMapColumns),
  "v1 Secret": columnsFor(secretColumns),
  "v1 Event": columnsFor(eventColumns),
  "v1 PodTemplate": columnsFor(podTemplateColumns),
  "apps/v1 ReplicaSet": columnsFor(replicaSetColumns),
  "apps/v1 Deployment": columnsFor(deploymentColumns),
  "batch/v1 Job": columnsFor(jobColumns),
  "discovery.k8s.io/v1 EndpointSlice": columnsFor(endpointSliceColumns),
  "coordination.k8s.io/v1 Lease": columnsFor(leaseColumns),
  "gateway.networking.k8s.io/v1 Gateway": columnsFor(gatewayColumns),
  "gateway.networking.k8s.io/v1 HTTPRoute": columnsFor(httpRouteColumns),
  "argoproj.io/v1alpha1 Rollout": columnsFor(rolloutColumns),
  "argoproj.io/v1alpha1 AnalysisRun": columnsFor(runColumns),
  "argoproj.io/v1alpha1 Experiment": columnsFor(runColumns),
};

export function columnsOf(type: ResourceType): readonly Column[] {
  return columnsByKind[`${apiVersionOf(type)} ${type.kind}`] ?? [nameColumn, ageColumn];
}
