// Columns of argoproj.io kinds, as Argo's CRDs declare them (argo-rollouts.md §1).
import type { AnalysisRun } from "../../../api/argo/analysis.ts";
import type { Experiment } from "../../../api/argo/experiment.ts";
import type { RolloutStatus } from "../../../api/argo/rollout-status.ts";
import type { KubeObject } from "../../../api/meta/object.ts";
import { ageColumn, nameColumn } from "./cells.ts";
import type { Column } from "./table.ts";

interface RolloutObject extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: RolloutStatus;
}

export const rolloutColumns: readonly Column<RolloutObject>[] = [
  nameColumn,
  {
    name: "Desired",
    type: "integer",
    description: "How many pods there should be.",
    cell: ({ spec }) => spec?.replicas ?? null,
  },
  {
    name: "Current",
    type: "integer",
    description: "How many pods there are.",
    cell: ({ status }) => status?.replicas ?? null,
  },
  {
    name: "Up-to-date",
    type: "integer",
    description: "How many pods have the newest template.",
    cell: ({ status }) => status?.updatedReplicas ?? null,
  },
  {
    name: "Available",
    type: "integer",
    description: "How many pods have been ready for minReadySeconds.",
    cell: ({ status }) => status?.availableReplicas ?? null,
  },
  ageColumn,
];

export const runColumns: readonly Column<AnalysisRun | Experiment>[] = [
  nameColumn,
  {
    name: "Status",
    type: "string",
    description: "The phase it is in.",
    cell: ({ status }) => status?.phase ?? null,
  },
  ageColumn,
];
