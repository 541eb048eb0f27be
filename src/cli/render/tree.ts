// The tree people know from Argo's plugin (argo-kubectl-plugin.md §3).
import { iconTint, nodeIcons, podIcon, statusIcon, type Tint } from "../../core/view/icons.ts";
import type { PodView } from "../../core/view/pod-view.ts";
import type {
  AnalysisRunView,
  ExperimentView,
  JobView,
  ReplicaSetView,
  RevisionView,
} from "../../core/view/rollout-view.ts";
import { humanDuration } from "../../lib/human-duration.ts";
import { parseTime, type EpochMs } from "../../lib/time.ts";
import type { Paint } from "./paint.ts";
import { fitTree } from "./fit-tree.ts";
import { formatTable } from "./table.ts";

interface Row {
  /** Without branches: icon and name. */
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly age: string;
  readonly info: string;
  readonly children: readonly Row[];
}

export interface TreeOptions {
  readonly paint: Paint;
  readonly now: EpochMs;
  /** What a line may take, where none may wrap. */
  readonly columns?: number | undefined;
}

const tagTints: Readonly<Record<string, Tint>> = {
  canary: "yellow",
  stable: "green",
  active: "green",
  preview: "lightBlue",
  ping: "lightBlue",
  pong: "lightBlue",
};

export function tagTint(tag: string): Tint {
  return tagTints[tag] ?? "none";
}

export function age(since: string | undefined, now: EpochMs): string {
  const sinceMs = parseTime(since);
  return sinceMs === undefined ? "" : humanDuration(now - sinceMs);
}

function withIcon(icon: string, text: string, paint: Paint): string {
  return `${paint(icon, iconTint(icon))} ${text}`;
}

function podRow(pod: PodView, { paint, now }: TreeOptions): Row {
  const restarts = pod.restarts > 0 ? [`restarts:${pod.restarts}`] : [];
  return {
    name: `${nodeIcons.Pod} ${pod.name}`,
    kind: "Pod",
    status: withIcon(podIcon(pod.status), pod.status, paint),
    age: age(pod.createdAt, now),
    info: [`ready:${pod.ready}`, ...restarts].join(","),
    children: [],
  };
}

function delayTag(deadline: string | undefined, now: EpochMs): readonly string[] {
  const deadlineMs = parseTime(deadline);
  if (deadlineMs === undefined) return [];
  return [deadlineMs > now ? `delay:${humanDuration(deadlineMs - now)}` : "delay:passed"];
}

function replicaSetRow(set: ReplicaSetView, options: TreeOptions): Row {
  const { paint, now } = options;
  const tags = [...set.tags, ...delayTag(set.scaleDownDeadline, now)];
  const lastRole = set.tags.at(-1);
  return {
    name: `${nodeIcons.ReplicaSet} ${paint(set.name, lastRole === undefined ? "none" : tagTint(lastRole))}`,
    kind: "ReplicaSet",
    status: withIcon(statusIcon(set.status), set.status, paint),
    age: age(set.createdAt, now),
    info: tags.map((tag) => paint(tag, tagTint(tag))).join(","),
    children: set.pods.map((pod) => podRow(pod, options)),
  };
}

function jobRow(job: JobView, { paint, now }: TreeOptions): Row {
  return {
    name: `${nodeIcons.Job} ${paint(job.name, "none")}`,
    kind: "Job",
    status: withIcon(statusIcon(job.status), job.status, paint),
    age: age(job.startedAt, now),
    info: "",
    children: [],
  };
}

function analysisRunRow(run: AnalysisRunView, options: TreeOptions): Row {
  const { paint, now } = options;
  const counts: readonly (readonly [string, number])[] = [
    ["✔", run.successful],
    ["✖", run.failed],
    ["?", run.inconclusive],
    ["⚠", run.error],
  ];
  const isLive = run.status === "Pending" || run.status === "Running";
  return {
    name: `${nodeIcons.AnalysisRun} ${paint(run.name, isLive ? "lightBlue" : "none")}`,
    kind: "AnalysisRun",
    status: withIcon(statusIcon(run.status), run.status, paint),
    age: age(run.createdAt, now),
    info: counts
      .filter(([, count]) => count > 0)
      .map(([icon, count]) => withIcon(icon, String(count), paint))
      .join(","),
    children: run.jobs.map((job) => jobRow(job, options)),
  };
}

function experimentRow(experiment: ExperimentView, options: TreeOptions): Row {
  return {
    name: `${nodeIcons.Experiment} ${options.paint(experiment.name, "none")}`,
    kind: "Experiment",
    status: withIcon(statusIcon(experiment.status), experiment.status, options.paint),
    age: age(experiment.createdAt, options.now),
    info: "",
    children: [
      ...experiment.replicaSets.map((set) => replicaSetRow(set, options)),
      ...experiment.analysisRuns.map((run) => analysisRunRow(run, options)),
    ],
  };
}

function revisionRow(revision: RevisionView, options: TreeOptions): Row {
  return {
    name: `${nodeIcons.Revision} revision:${revision.revision}`,
    kind: "",
    status: "",
    age: "",
    info: "",
    children: [
      ...revision.replicaSets.map((set) => replicaSetRow(set, options)),
      ...revision.experiments.map((experiment) => experimentRow(experiment, options)),
      ...revision.analysisRuns.map((run) => analysisRunRow(run, options)),
    ],
  };
}

function cellsOf(row: Row, branch: string): readonly string[] {
  return [`${branch}${row.name}`, row.kind, row.status, row.age, row.info];
}

function flatten(rows: readonly Row[], indent: string): readonly (readonly string[])[] {
  return rows.flatMap((row, position) => {
    const isLast = position === rows.length - 1;
    const children = flatten(row.children, `${indent}${isLast ? "   " : "│  "}`);
    return [cellsOf(row, `${indent}${isLast ? "└──" : "├──"}`), ...children];
  });
}

const header = ["NAME", "KIND", "STATUS", "AGE", "INFO"] as const;

function treeLines(root: Row, { columns }: TreeOptions): readonly string[] {
  const rows = [header, cellsOf(root, ""), ...flatten(root.children, "")];
  return columns === undefined ? formatTable(rows) : fitTree(rows, columns);
}

export interface TreeRoot {
  readonly name: string;
  readonly status: string;
  readonly createdAt: string | undefined;
}

/** The table below the header lines of `get rollout`. */
export function rolloutTree(
  root: TreeRoot,
  revisions: readonly RevisionView[],
  options: TreeOptions,
): readonly string[] {
  return treeLines(
    {
      name: `${nodeIcons.Rollout} ${root.name}`,
      kind: "Rollout",
      status: withIcon(statusIcon(root.status), root.status, options.paint),
      age: age(root.createdAt, options.now),
      info: "",
      children: revisions.map((revision) => revisionRow(revision, options)),
    },
    options,
  );
}

/** The table of `get experiment`. */
export function experimentTree(
  experiment: ExperimentView,
  options: TreeOptions,
): readonly string[] {
  return treeLines(experimentRow(experiment, options), options);
}
