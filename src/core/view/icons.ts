// The signs and colours of Argo's plugin (argo-kubectl-plugin.md §3), by what they stand for.

export const nodeIcons = {
  Rollout: "⟳",
  Revision: "#",
  ReplicaSet: "⧉",
  Pod: "□",
  Job: "⊞",
  Experiment: "Σ",
  AnalysisRun: "α",
} as const;

const iconOfStatus: Readonly<Record<string, string>> = {
  Progressing: "◌",
  Running: "◌",
  Healthy: "✔",
  Successful: "✔",
  Degraded: "✖",
  Failed: "✖",
  ReplicaFailure: "✖",
  Paused: "॥",
  ScaledDown: "•",
  Error: "⚠",
  Inconclusive: "?",
  Unknown: "?",
  Pending: "◷",
};

export function statusIcon(status: string): string {
  return iconOfStatus[status] ?? " ";
}

const exactPodIcons: Readonly<Record<string, string>> = {
  Pending: "◌",
  Terminating: "◌",
  ContainerCreating: "◌",
  PodInitializing: "◌",
  Running: "✔",
  Completed: "✔",
  Succeeded: "✔",
  Failed: "✖",
  InvalidImageName: "✖",
  CrashLoopBackOff: "✖",
  ImagePullBackOff: "⚠",
  RegistryUnavailable: "⚠",
  Unknown: "?",
};

export function podIcon(status: string): string {
  if (status.startsWith("Init:")) return "◌";
  if (status.startsWith("Signal:") || status.startsWith("ExitCode:")) return "✖";
  const exact = exactPodIcons[status];
  if (exact !== undefined) return exact;
  return status.endsWith("Error") || status.startsWith("Err") ? "⚠" : " ";
}

export type Tint = "none" | "yellow" | "lightBlue" | "red" | "green";

const tintOfIcon: Readonly<Record<string, Tint>> = {
  "◷": "yellow",
  "?": "yellow",
  "◌": "lightBlue",
  "⚠": "red",
  "✖": "red",
  "✔": "green",
};

export function iconTint(icon: string): Tint {
  return tintOfIcon[icon] ?? "none";
}
