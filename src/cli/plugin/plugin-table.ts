// Every verb of the plugin: its place in the usage and the file that carries it out.
import type { PluginCommand } from "./plugin-command.ts";

export interface PluginEntry {
  /** "get rollout" for a command below a group. */
  readonly name: string;
  /** Other words for the last word of the name. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly isHidden?: true;
  readonly load: () => Promise<{ readonly command: PluginCommand }>;
}

const rollouts = ["ro", "rollouts"];
const experiments = ["exp", "experiments"];

/** Groups by themselves do nothing; `create` alone does. */
export const pluginGroups: Readonly<Record<string, string>> = {
  get: "Get details about rollouts and experiments",
  list: "List rollouts or experiments",
  retry: "Retry a rollout or experiment",
  set: "Update various values on resources",
  terminate: "Terminate an AnalysisRun or Experiment",
};

export const pluginTable: readonly PluginEntry[] = [
  {
    name: "abort",
    summary: "Abort a rollout",
    load: () => import("./commands/abort.ts"),
  },
  {
    name: "completion",
    summary: "Generate completion script",
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "create",
    summary:
      "Create a Rollout, Experiment, AnalysisTemplate, ClusterAnalysisTemplate, or AnalysisRun resource",
    load: () => import("./commands/create.ts"),
  },
  {
    name: "create analysisrun",
    aliases: ["ar", "analysisruns"],
    summary: "Create an AnalysisRun from an AnalysisTemplate or a ClusterAnalysisTemplate",
    load: () => import("./commands/create-analysisrun.ts"),
  },
  {
    name: "dashboard",
    summary: "Start UI dashboard",
    load: () => import("./commands/dashboard.ts"),
  },
  {
    name: "get rollout",
    aliases: rollouts,
    summary: "Get details about a rollout",
    load: () => import("./commands/get-rollout.ts"),
  },
  {
    name: "get experiment",
    aliases: experiments,
    summary: "Get details about an Experiment",
    load: () => import("./commands/get-experiment.ts"),
  },
  {
    name: "lint",
    summary: "Lint and validate a Rollout",
    load: () => import("./commands/lint.ts"),
  },
  {
    name: "list rollouts",
    aliases: ["ro", "rollout"],
    summary: "List rollouts",
    load: () => import("./commands/list-rollouts.ts"),
  },
  {
    name: "list experiments",
    aliases: ["exp", "experiment"],
    summary: "List experiments",
    load: () => import("./commands/list-experiments.ts"),
  },
  {
    name: "notifications",
    summary: "Set of CLI commands that helps manage notifications settings",
    load: () => import("./commands/notifications.ts"),
  },
  { name: "pause", summary: "Pause a rollout", load: () => import("./commands/pause.ts") },
  { name: "promote", summary: "Promote a rollout", load: () => import("./commands/promote.ts") },
  {
    name: "restart",
    summary: "Restart the pods of a rollout",
    load: () => import("./commands/restart.ts"),
  },
  {
    name: "retry rollout",
    aliases: rollouts,
    summary: "Retry an aborted rollout",
    load: () => import("./commands/retry-rollout.ts"),
  },
  {
    name: "retry experiment",
    aliases: experiments,
    summary: "Retry an experiment",
    load: () => import("./commands/retry-experiment.ts"),
  },
  {
    name: "set image",
    summary: "Update the image of a rollout",
    load: () => import("./commands/set-image.ts"),
  },
  {
    name: "status",
    summary: "Show the status of a rollout",
    load: () => import("./commands/status.ts"),
  },
  {
    name: "terminate analysisrun",
    aliases: ["ar", "analysisruns"],
    summary: "Terminate an AnalysisRun",
    load: () => import("./commands/terminate-analysisrun.ts"),
  },
  {
    name: "terminate experiment",
    aliases: experiments,
    summary: "Terminate an experiment",
    load: () => import("./commands/terminate-experiment.ts"),
  },
  { name: "undo", summary: "Undo a rollout", load: () => import("./commands/undo.ts") },
  { name: "version", summary: "Print version", load: () => import("./commands/version.ts") },
];
