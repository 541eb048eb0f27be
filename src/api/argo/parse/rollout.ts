// api/argo/parse: from the manifest people write to the Rollout the core reads. Defaults are those
// of argo-rollouts.md §1.1. Nothing here throws for what a manifest holds: what cannot be read is
// reported and replaced by what does least. status.ts reads and prunes the status; the other kinds
// are in analysis-objects.ts. Imports lib and api.
import { ownProperty, isJsonObject } from "../../../lib/json.ts";
import type { Json, JsonObject } from "../../../lib/json.ts";
import { parseTime } from "../../../lib/time.ts";
import { conform } from "../../schema/conform.ts";
import { rolloutSchema } from "../../schema/rollout.ts";
import type { RolloutManifest, RolloutSpecManifest } from "../../schema/rollout.ts";
import type { Capabilities } from "../capabilities.ts";
import { scaleDownPolicies } from "../rollout.ts";
import type { Rollout, RolloutSpec, WorkloadRef } from "../rollout.ts";
import { notCarriedOut, problemOf } from "./problem.ts";
import type { Notice, Problem } from "./problem.ts";
import { statusFrom } from "./status.ts";
import { strategyOf } from "./strategy.ts";
import { routersNotCarriedOut } from "./traffic-routing.ts";

export interface ParsedRollout {
  readonly rollout: Rollout;
  /** What is wrong with the manifest by itself. Rules across fields are validate/'s. */
  readonly problems: readonly Problem[];
  /** What is right but nothing in `capabilities` carries out. */
  readonly notCarriedOut: readonly Notice[];
}

/** `canary.steps` exactly as written, which is what its hash is computed over. */
function stepsAsWritten(manifest: JsonObject): Json | undefined {
  const keys = ["spec", "strategy", "canary", "steps"];
  return keys.reduce<Json | undefined>(
    (value, key) => (isJsonObject(value) ? ownProperty(value, key) : undefined),
    manifest,
  );
}

function workloadRefOf(ref: RolloutSpecManifest["workloadRef"]): {
  readonly value: WorkloadRef | undefined;
  readonly problems: readonly Problem[];
} {
  if (ref === undefined) return { value: undefined, problems: [] };
  const { apiVersion = "", kind = "", name = "", scaleDown: word = "" } = ref;
  const policy = scaleDownPolicies.find((known) => known === word);
  const message = `must be one of ${scaleDownPolicies.join(", ")}, but is "${word}"`;
  const problems =
    policy === undefined && word !== ""
      ? [{ path: ["spec", "workloadRef", "scaleDown"], message }]
      : [];
  return { value: { apiVersion, kind, name, scaleDown: policy ?? "never" }, problems };
}

function specOf(
  manifest: RolloutManifest,
  steps: Json | undefined,
): { readonly value: RolloutSpec; readonly problems: readonly Problem[] } {
  const { spec, metadata } = manifest;
  const strategy = strategyOf(spec.strategy ?? {}, metadata, steps);
  const workloadRef = workloadRefOf(spec.workloadRef);
  const value: RolloutSpec = {
    replicas: spec.replicas,
    selector: spec.selector,
    template: spec.template,
    workloadRef: workloadRef.value,
    minReadySeconds: spec.minReadySeconds ?? 0,
    revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
    paused: spec.paused ?? false,
    progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
    progressDeadlineAbort: spec.progressDeadlineAbort ?? false,
    restartAtMs: parseTime(spec.restartAt),
    rollbackWindowRevisions: spec.rollbackWindow?.revisions,
    successfulRunHistoryLimit: spec.analysis?.successfulRunHistoryLimit ?? 5,
    unsuccessfulRunHistoryLimit: spec.analysis?.unsuccessfulRunHistoryLimit ?? 5,
    strategy: strategy.value,
  };
  return { value, problems: [...workloadRef.problems, ...strategy.problems] };
}

function noticesOf({ strategy }: RolloutSpec, capabilities: Capabilities): readonly Notice[] {
  if (strategy.kind !== "canary") return [];
  const path = ["spec", "strategy", "canary"];
  const steps = strategy.steps.flatMap((step, index) =>
    step.kind === "plugin" && !capabilities.stepPlugins.includes(step.name)
      ? [notCarriedOut([...path, "steps", index, "plugin"])]
      : [],
  );
  if (strategy.trafficRouting === undefined) return steps;
  return [
    ...steps,
    ...routersNotCarriedOut(strategy.trafficRouting, capabilities, [...path, "trafficRouting"]),
  ];
}

/**
 * The manifest of a Rollout, read. Never throws. Where something is wrong the Rollout still has a
 * value of the right type in its place: the default, or for a step an indefinite pause.
 * Without `capabilities` nothing is reported as not carried out.
 */
export function parseRollout(manifest: JsonObject, capabilities?: Capabilities): ParsedRollout {
  const { value, problems } = conform(manifest, rolloutSchema);
  const spec = specOf(value, stepsAsWritten(manifest));
  const ownProblems = problems
    .filter(({ path }) => path[0] !== "status")
    .map((problem) => problemOf(problem));
  return {
    rollout: { metadata: value.metadata, spec: spec.value, status: statusFrom(value.status) },
    problems: [...ownProblems, ...spec.problems],
    notCarriedOut: capabilities === undefined ? [] : noticesOf(spec.value, capabilities),
  };
}
