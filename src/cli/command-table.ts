// Every command: its place in the help and the file that carries it out.
import type { CliCommand } from "./command.ts";

export interface CommandEntry {
  /** "set image" for a command below a group. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly isHidden?: true;
  readonly load: () => Promise<{ readonly command: CliCommand }>;
}

export const commandTable: readonly CommandEntry[] = [
  {
    name: "up",
    summary: "start the cluster of this machine",
    load: () => import("./commands/up.ts"),
  },
  {
    name: "down",
    summary: "stop it, its pods and its gateway",
    load: () => import("./commands/down.ts"),
  },
  {
    name: "apply",
    summary: "create or change objects from files",
    load: () => import("./commands/apply.ts"),
  },
  { name: "delete", summary: "delete objects", load: () => import("./commands/delete.ts") },
  {
    name: "get",
    summary: "show a rollout as a tree, or any objects",
    load: () => import("./commands/get.ts"),
  },
  {
    name: "list",
    summary: "list rollouts or experiments",
    load: () => import("./commands/list.ts"),
  },
  {
    name: "status",
    summary: "wait for a rollout and say how it ended",
    load: () => import("./commands/status.ts"),
  },
  {
    name: "promote",
    summary: "go on: past a pause, or to the end",
    load: () => import("./commands/promote.ts"),
  },
  {
    name: "abort",
    summary: "take the new version back",
    load: () => import("./commands/abort.ts"),
  },
  {
    name: "retry",
    summary: "try an aborted rollout or experiment again",
    load: () => import("./commands/retry.ts"),
  },
  {
    name: "undo",
    summary: "go back to an older revision",
    load: () => import("./commands/undo.ts"),
  },
  {
    name: "pause",
    summary: "hold a rollout where it is",
    load: () => import("./commands/pause.ts"),
  },
  {
    name: "restart",
    summary: "replace a rollout's pods, a few at a time",
    load: () => import("./commands/restart.ts"),
  },
  {
    name: "set image",
    summary: "give a rollout a new image",
    load: () => import("./commands/set-image.ts"),
  },
  {
    name: "terminate",
    summary: "end an analysis run or experiment",
    load: () => import("./commands/terminate.ts"),
  },
  {
    name: "lint",
    summary: "check manifests without a cluster",
    load: () => import("./commands/lint.ts"),
  },
  {
    name: "simulate",
    summary: "play a rollout in virtual time",
    load: () => import("./commands/simulate.ts"),
  },
  {
    name: "plan",
    summary: "what the steps of a rollout will be able to see",
    load: () => import("./commands/plan.ts"),
  },
  {
    name: "explain",
    summary: "why an analysis run says what it says",
    load: () => import("./commands/explain.ts"),
  },
  {
    name: "replay",
    summary: "judge what was recorded again, by other settings",
    load: () => import("./commands/replay.ts"),
  },
  { name: "logs", summary: "print what a pod wrote", load: () => import("./commands/logs.ts") },
  {
    name: "events",
    summary: "what happened to a rollout, in order",
    load: () => import("./commands/events.ts"),
  },
  {
    name: "demo",
    summary: "see a good and a bad version delivered",
    load: () => import("./commands/demo.ts"),
  },
  {
    name: "crds",
    summary: "print the definitions a Kubernetes cluster needs",
    load: () => import("./commands/crds.ts"),
  },
  {
    name: "completion",
    summary: "print a shell completion script",
    load: () => import("./commands/completion.ts"),
  },
  { name: "version", summary: "print the version", load: () => import("./commands/version.ts") },
  {
    name: "controller",
    summary: "run the controller of a Kubernetes cluster",
    load: () => import("./commands/controller.ts"),
  },
  {
    name: "gateway",
    summary: "run the gateway process",
    isHidden: true,
    load: () => import("./commands/gateway.ts"),
  },
  {
    name: "__complete",
    summary: "answer a shell's completion request",
    isHidden: true,
    load: () => import("./commands/complete.ts"),
  },
];
