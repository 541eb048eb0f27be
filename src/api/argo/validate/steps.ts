// Rules of canary.steps, in Argo's order within each step.
import { below, invalid, required } from "../../meta/field-error.ts";
import type { FieldError, Place } from "../../meta/field-error.ts";
import { asJson } from "../../meta/wire.ts";
import type { CanaryStepManifest } from "../../schema/canary-steps.ts";
import type { TrafficRoutingManifest } from "../../schema/rollout.ts";
import type { CanaryManifest } from "../../schema/rollout-strategy.ts";
import type { AnalysisArgument } from "../analysis.ts";
import { pauseSecondsOf } from "../parse/duration.ts";
import { kindsOfStep, stepKinds } from "../parse/steps.ts";
import type { StepKind } from "../parse/steps.ts";
import { hasPlugins } from "../parse/traffic-routing.ts";
import { strategyPlace } from "./places.ts";
import { headerRouteErrors, managedRouteErrors, mirrorRouteErrors } from "./route-steps.ts";

const canaryPlace = strategyPlace("canary");

interface StepContext {
  readonly place: Place;
  readonly routing: TrafficRoutingManifest | undefined;
}

/** Only these four exclude each other in Argo; two of the others beside them pass. */
const exclusiveKinds: readonly StepKind[] = ["experiment", "pause", "setWeight", "analysis"];

function oneKindErrors(step: CanaryStepManifest, place: Place): readonly FieldError[] {
  const kinds = kindsOfStep(step);
  const exclusive = exclusiveKinds.filter((kind) => kinds.includes(kind));
  if (kinds.length > 0 && exclusive.length < 2) return [];
  const listed = kinds.length > 0 ? exclusiveKinds : stepKinds;
  const value = listed.map(
    (kind) => `step.${kind.charAt(0).toUpperCase()}${kind.slice(1)}: ${kinds.includes(kind)}`,
  );
  const message =
    "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
  return [invalid(place, value.join(" "), message)];
}

function weightErrors(
  { setWeight }: CanaryStepManifest,
  { place, routing }: StepContext,
): readonly FieldError[] {
  const max = routing?.maxTrafficWeight ?? 100;
  if (setWeight === undefined || (setWeight >= 0 && setWeight <= max)) return [];
  return [
    invalid(below(place, "setWeight"), setWeight, `SetWeight needs to be between 0 and ${max}`),
  ];
}

function pauseErrors({ pause }: CanaryStepManifest, { place }: StepContext): readonly FieldError[] {
  const duration = pause?.duration;
  if (duration === undefined || (pauseSecondsOf(duration) ?? -1) >= 0) return [];
  return [
    invalid(below(place, "pause", "duration"), duration, "Duration needs to be greater than 0"),
  ];
}

function scaleErrors(
  { setCanaryScale }: CanaryStepManifest,
  { routing }: StepContext,
): readonly FieldError[] {
  if (!setCanaryScale || routing) return [];
  return [
    required(
      below(canaryPlace, "trafficRouting"),
      "SetCanaryScale requires TrafficRouting to be set",
    ),
  ];
}

function splitsForExperiments({ smi, alb, istio }: TrafficRoutingManifest): boolean {
  return (smi ?? alb ?? istio) !== undefined;
}

function experimentErrors(
  { experiment }: CanaryStepManifest,
  { place, routing }: StepContext,
): readonly FieldError[] {
  if (!experiment || (routing && (splitsForExperiments(routing) || hasPlugins(routing)))) return [];
  const message = routing
    ? "Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time"
    : "Experiment template weight cannot be set unless TrafficRouting is enabled";
  return experiment.templates.flatMap(({ weight }, index) =>
    weight === undefined
      ? []
      : [invalid(below(place, "experiment", "templates", index, "weight"), weight, message)],
  );
}

const metadataField = /^metadata\.(?:name|namespace|uid|labels|annotations)$/;
const metadataEntry = /^metadata\.(?:labels|annotations)\['[^']+'\]$/;

/** Only paths that begin with `metadata` follow the downward API; others walk the Rollout itself. */
function isBadFieldPath({ valueFrom }: AnalysisArgument): boolean {
  const path = valueFrom?.fieldRef?.fieldPath;
  if (!path?.startsWith("metadata")) return false;
  return !metadataField.test(path) && !metadataEntry.test(path);
}

function argumentErrors(step: CanaryStepManifest, { place }: StepContext): readonly FieldError[] {
  const lists = [step.analysis?.args, ...(step.experiment?.analyses ?? []).map(({ args }) => args)];
  const field = below(place, "analyses").field;
  const path = [...place.path, step.analysis ? "analysis" : "experiment"];
  const message = "Analyses arguments must refer to valid object metadata supported by downwardAPI";
  return lists.flatMap((args = []) =>
    args.some((argument) => isBadFieldPath(argument))
      ? [
          invalid(
            { field, path },
            args.map((argument) => asJson(argument)),
            message,
          ),
        ]
      : [],
  );
}

function stepErrors(step: CanaryStepManifest, context: StepContext): readonly FieldError[] {
  return [
    ...oneKindErrors(step, context.place),
    ...weightErrors(step, context),
    ...pauseErrors(step, context),
    ...scaleErrors(step, context),
    ...headerRouteErrors(step, context),
    ...mirrorRouteErrors(step, context),
    ...managedRouteErrors(step, context),
    ...experimentErrors(step, context),
    ...argumentErrors(step, context),
  ];
}

export function validateSteps({
  steps = [],
  trafficRouting,
}: CanaryManifest): readonly FieldError[] {
  return steps.flatMap((step, index) =>
    stepErrors(step, { place: below(canaryPlace, "steps", index), routing: trafficRouting }),
  );
}
