// Test support: a rollout's steps as a line of text.
// w20 weight · p10 pause of 10 minutes · p pause until promoted · s3 / sw30 / sm setCanaryScale · a analysis · e experiment · h / m routes
import type { CanaryStep, RolloutAnalysis } from "../../../api/argo/rollout.ts";
import type { Json } from "../../../lib/json.ts";

export const analysisOf = (name: string): RolloutAnalysis => ({
  templates: [{ templateName: name, clusterScope: false }],
  args: [],
  dryRun: [],
  measurementRetention: [],
  analysisRunMetadata: undefined,
});

function pauseStep(minutes: string): CanaryStep {
  if (minutes === "") return { kind: "pause", durationSeconds: undefined, durationText: undefined };
  return { kind: "pause", durationSeconds: Number(minutes) * 60, durationText: `${minutes}m` };
}

function scaleStep(rest: string): CanaryStep {
  if (rest === "m") return { kind: "setCanaryScale", mode: "matchTrafficWeight" };
  if (rest.startsWith("w"))
    return { kind: "setCanaryScale", mode: "weight", weight: Number(rest.slice(1)) };
  return { kind: "setCanaryScale", mode: "replicas", replicas: Number(rest) };
}

const experimentStep: CanaryStep = {
  kind: "experiment",
  templates: [
    {
      name: "canary",
      specRef: "canary",
      replicas: 1,
      metadata: undefined,
      selector: undefined,
      weight: 5,
      service: undefined,
    },
  ],
  durationText: "5m",
  analyses: [],
  dryRun: [],
  analysisRunMetadata: undefined,
  scaleDownDelaySeconds: undefined,
};

function stepOf(word: string): CanaryStep {
  const rest = word.slice(1);
  switch (word.charAt(0)) {
    case "w":
      return { kind: "setWeight", weight: Number(rest) };
    case "p":
      return pauseStep(rest);
    case "s":
      return scaleStep(rest);
    case "a":
      return { kind: "analysis", analysis: analysisOf("check") };
    case "e":
      return experimentStep;
    case "h":
      return {
        kind: "setHeaderRoute",
        name: "header",
        match:
          rest === "0"
            ? []
            : [{ headerName: "x-canary", headerValue: { kind: "exact", value: "true" } }],
      };
    case "m":
      return {
        kind: "setMirrorRoute",
        name: "mirror",
        percentage: 35,
        match:
          rest === "0"
            ? []
            : [{ method: { kind: "exact", value: "GET" }, path: undefined, headers: {} }],
      };
    case "x":
      return { kind: "plugin", name: "example/plugin", config: undefined };
    default:
      throw new Error(`no such step: ${word}`);
  }
}

export function stepsOf(line: string): readonly CanaryStep[] {
  return line
    .split(/\s+/)
    .filter((word) => word !== "")
    .map(stepOf);
}

/** Stands for the steps as written: all that matters is that it differs when the steps do. */
export function asWritten(line: string): Json {
  const words = line.split(/\s+/).filter((word) => word !== "");
  return words.map((name) => ({ plugin: { name } }));
}
