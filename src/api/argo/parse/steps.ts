// canary.steps: objects with one key of eight become a union that says which. A step that cannot
// be read becomes an indefinite pause: it lets nothing pass, and it is reported.
import type { FieldPath } from "../../meta/field-path.ts";
import type { CanaryStepManifest, StringMatchManifest } from "../../schema/canary-steps.ts";
import { stringMatchKinds } from "../rollout.ts";
import type {
  CanaryStep,
  ExperimentStep,
  PauseStep,
  RouteMatch,
  RolloutExperimentTemplate,
  SetCanaryScaleStep,
  StringMatch,
} from "../rollout.ts";
import { pauseUntilSafePlugin } from "../keys.ts";
import { argumentsOf, rolloutAnalysisOf } from "./analysis.ts";
import { pauseSecondsOf } from "./duration.ts";
import { pauseUntilSafeOf } from "./pause-until-safe.ts";
import type { Problem } from "./problem.ts";

export const stepKinds = [
  "setWeight",
  "pause",
  "setCanaryScale",
  "analysis",
  "experiment",
  "setHeaderRoute",
  "setMirrorRoute",
  "plugin",
] as const;
export type StepKind = (typeof stepKinds)[number];

/** The keys of a step that say what it is, in our order. */
export function kindsOfStep(step: CanaryStepManifest): readonly StepKind[] {
  return stepKinds.filter((kind) => step[kind] !== undefined);
}

const unreadableStep: PauseStep = {
  kind: "pause",
  durationSeconds: undefined,
  durationText: undefined,
};

interface Read<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

function pauseOf(
  pause: NonNullable<CanaryStepManifest["pause"]>,
  path: FieldPath,
): Read<CanaryStep> {
  const { duration } = pause;
  if (duration === undefined) return { value: unreadableStep, problems: [] };
  const seconds = pauseSecondsOf(duration);
  if (seconds === undefined || seconds < 0) {
    const message = `"${duration}" is no duration; write seconds (30) or text such as 5m or 1h30m`;
    return { value: unreadableStep, problems: [{ path: [...path, "duration"], message }] };
  }
  return {
    value: { kind: "pause", durationSeconds: seconds, durationText: String(duration) },
    problems: [],
  };
}

function scaleOf(
  scale: NonNullable<CanaryStepManifest["setCanaryScale"]>,
  path: FieldPath,
): Read<CanaryStep> {
  const { matchTrafficWeight = false, replicas, weight } = scale;
  const read = (value: SetCanaryScaleStep) => ({ value, problems: [] });
  if (matchTrafficWeight) return read({ kind: "setCanaryScale", mode: "matchTrafficWeight" });
  if (replicas !== undefined) return read({ kind: "setCanaryScale", mode: "replicas", replicas });
  if (weight !== undefined) return read({ kind: "setCanaryScale", mode: "weight", weight });
  const message = "must have weight, replicas or matchTrafficWeight: true";
  return { value: unreadableStep, problems: [{ path, message }] };
}

/** Of several kinds in one match (which validation forbids) the first of exact, prefix, regex counts. */
export function stringMatchOf(match: StringMatchManifest): StringMatch | undefined {
  const kind = stringMatchKinds.find((candidate) => (match[candidate] ?? "") !== "");
  return kind === undefined ? undefined : { kind, value: match[kind] ?? "" };
}

const matchesNothing: StringMatch = { kind: "exact", value: "" };

function headerRouteOf(
  route: NonNullable<CanaryStepManifest["setHeaderRoute"]>,
  path: FieldPath,
): Read<CanaryStep> {
  const { name = "", match = [] } = route;
  const problems = match.flatMap(({ headerValue }, index) =>
    stringMatchOf(headerValue) === undefined
      ? [
          {
            path: [...path, "match", index, "headerValue"],
            message: "must have one of exact, prefix, regex",
          },
        ]
      : [],
  );
  const parsed = match.map(({ headerName, headerValue }) => ({
    headerName,
    headerValue: stringMatchOf(headerValue) ?? matchesNothing,
  }));
  return { value: { kind: "setHeaderRoute", name, match: parsed }, problems };
}

type MirrorMatch = NonNullable<NonNullable<CanaryStepManifest["setMirrorRoute"]>["match"]>[number];

function routeMatchOf({ method, path, headers = {} }: MirrorMatch): RouteMatch {
  return {
    method: method && stringMatchOf(method),
    path: path && stringMatchOf(path),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, match]) => [
        name,
        stringMatchOf(match) ?? matchesNothing,
      ]),
    ),
  };
}

function mirrorRouteOf(route: NonNullable<CanaryStepManifest["setMirrorRoute"]>): Read<CanaryStep> {
  const { name, match = [], percentage = 100 } = route;
  const parsed = match.map((one) => routeMatchOf(one));
  return { value: { kind: "setMirrorRoute", name, percentage, match: parsed }, problems: [] };
}

type ExperimentManifest = NonNullable<CanaryStepManifest["experiment"]>;

function experimentTemplateOf(
  template: ExperimentManifest["templates"][number],
): RolloutExperimentTemplate {
  const { name, specRef, replicas, metadata, selector, weight, service } = template;
  return {
    name,
    specRef: specRef === "canary" ? "canary" : "stable",
    replicas,
    metadata,
    selector,
    weight,
    service: service && { name: service.name },
  };
}

function experimentOf(experiment: ExperimentManifest, path: FieldPath): Read<ExperimentStep> {
  const { templates, duration, analyses = [], dryRun = [], analysisRunMetadata } = experiment;
  const problems = templates.flatMap(({ specRef }, index) =>
    specRef === "canary" || specRef === "stable"
      ? []
      : [{ path: [...path, "templates", index, "specRef"], message: "must be canary or stable" }],
  );
  const value: ExperimentStep = {
    kind: "experiment",
    templates: templates.map((template) => experimentTemplateOf(template)),
    durationText: duration,
    analyses: analyses.map(
      ({ name, templateName, clusterScope = false, args, requiredForCompletion = false }) => ({
        name,
        templateName,
        clusterScope,
        args: argumentsOf(args),
        requiredForCompletion,
      }),
    ),
    dryRun,
    analysisRunMetadata,
    scaleDownDelaySeconds: experiment.scaleDownDelaySeconds,
  };
  return { value, problems };
}

function stepOf(step: CanaryStepManifest, path: FieldPath): Read<CanaryStep> {
  const {
    setWeight,
    pause,
    setCanaryScale,
    analysis,
    experiment,
    setHeaderRoute,
    setMirrorRoute,
    plugin,
  } = step;
  if (setWeight !== undefined)
    return { value: { kind: "setWeight", weight: setWeight }, problems: [] };
  if (pause) return pauseOf(pause, [...path, "pause"]);
  if (setCanaryScale) return scaleOf(setCanaryScale, [...path, "setCanaryScale"]);
  if (analysis)
    return { value: { kind: "analysis", analysis: rolloutAnalysisOf(analysis) }, problems: [] };
  if (experiment) return experimentOf(experiment, [...path, "experiment"]);
  if (setHeaderRoute) return headerRouteOf(setHeaderRoute, [...path, "setHeaderRoute"]);
  if (setMirrorRoute) return mirrorRouteOf(setMirrorRoute);
  if (plugin?.name === pauseUntilSafePlugin)
    return pauseUntilSafeOf(plugin.config, [...path, "plugin", "config"]);
  if (plugin)
    return { value: { kind: "plugin", name: plugin.name, config: plugin.config }, problems: [] };
  return {
    value: unreadableStep,
    problems: [{ path, message: `must have one of ${stepKinds.join(", ")}` }],
  };
}

export function stepsOf(
  steps: readonly CanaryStepManifest[],
  path: FieldPath,
): { readonly steps: readonly CanaryStep[]; readonly problems: readonly Problem[] } {
  const read = steps.map((step, index) => stepOf(step, [...path, index]));
  return {
    steps: read.map(({ value }) => value),
    problems: read.flatMap(({ problems }) => problems),
  };
}
