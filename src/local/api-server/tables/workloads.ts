// Columns of ReplicaSet, Deployment, Job and PodTemplate.
import type {
  Deployment,
  Job,
  PodTemplate,
  ReplicaSet,
} from "../../../api/kubernetes/workloads.ts";
import { humanDuration } from "../../../lib/human-duration.ts";
import { parseTime, type EpochMs } from "../../../lib/time.ts";
import { ageColumn, containerColumns, labelsText, nameColumn, selectorText } from "./cells.ts";
import type { Column } from "./table.ts";

export const replicaSetColumns: readonly Column<ReplicaSet>[] = [
  nameColumn,
  {
    name: "Desired",
    type: "integer",
    description: "How many pods there should be.",
    cell: (set) => set.spec.replicas ?? 0,
  },
  {
    name: "Current",
    type: "integer",
    description: "How many pods there are.",
    cell: (set) => set.status?.replicas ?? 0,
  },
  {
    name: "Ready",
    type: "integer",
    description: "How many pods are ready.",
    cell: (set) => set.status?.readyReplicas ?? 0,
  },
  ageColumn,
  ...containerColumns<ReplicaSet>((set) => set.spec.template.spec),
  {
    name: "Selector",
    type: "string",
    description: "Which pods belong to the set.",
    wide: true,
    cell: (set) => selectorText(set.spec.selector),
  },
];

export const deploymentColumns: readonly Column<Deployment>[] = [
  nameColumn,
  {
    name: "Ready",
    type: "string",
    description: "How many pods are ready, of how many wanted.",
    cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
  },
  {
    name: "Up-to-date",
    type: "integer",
    description: "How many pods have the newest template.",
    cell: ({ status }) => status?.updatedReplicas ?? 0,
  },
  {
    name: "Available",
    type: "integer",
    description: "How many pods have been ready for minReadySeconds.",
    cell: ({ status }) => status?.availableReplicas ?? 0,
  },
  ageColumn,
  ...containerColumns<Deployment>((deployment) => deployment.spec.template.spec),
  {
    name: "Selector",
    type: "string",
    description: "Which pods belong to the deployment.",
    wide: true,
    cell: (deployment) => selectorText(deployment.spec.selector),
  },
];

function jobHas(job: Job, type: string): boolean {
  return (
    job.status?.conditions?.some(
      (condition) => condition.type === type && condition.status === "True",
    ) ?? false
  );
}

function jobStatus(job: Job): string {
  if (jobHas(job, "Complete")) return "Complete";
  if (jobHas(job, "Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  if (jobHas(job, "Suspended")) return "Suspended";
  if (jobHas(job, "FailureTarget")) return "FailureTarget";
  return jobHas(job, "SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText(job: Job, nowMs: EpochMs): string {
  const startedAtMs = parseTime(job.status?.startTime);
  if (startedAtMs === undefined) return "";
  const endedAtMs = parseTime(job.status?.completionTime) ?? nowMs;
  return humanDuration(endedAtMs - startedAtMs);
}

export const jobColumns: readonly Column<Job>[] = [
  nameColumn,
  { name: "Status", type: "string", description: "How far the job has come.", cell: jobStatus },
  {
    name: "Completions",
    type: "string",
    description: "How many pods succeeded, of how many needed.",
    cell: completionsText,
  },
  {
    name: "Duration",
    type: "string",
    description: "How long the job took, or runs already.",
    cell: durationText,
  },
  ageColumn,
  ...containerColumns<Job>((job) => job.spec.template.spec),
  {
    name: "Selector",
    type: "string",
    description: "Which pods belong to the job.",
    wide: true,
    cell: (job) => selectorText(job.spec.selector),
  },
];

export const podTemplateColumns: readonly Column<PodTemplate>[] = [
  nameColumn,
  ...containerColumns<PodTemplate>(({ template }) => template.spec).map(
    ({ wide: _wide, ...column }) => column,
  ),
  {
    name: "Pod Labels",
    type: "string",
    description: "The labels pods of this template get.",
    cell: ({ template }) => labelsText(template.metadata?.labels),
  },
];
