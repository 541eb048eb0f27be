// `kind: Simulation` of haldane.dev/v1alpha1: a described world and what people do in it.
//   spec:
//     for: 24h                          # at most so long; default 24h
//     requestsPerSecond: 100            # a number, or [{ at: 0s, value: 100 }, { at: 5m, value: 500 }]
//     podStartSeconds: 2                # until a pod is ready
//     routeDelaySeconds: 0.1            # until the gateway serves a changed route
//     versions:                         # by image; a version not listed behaves like a good one
//       shop:v2: { errorPercent: 20, latencyMs: 300, podStartSeconds: 5, neverReady: false }
//     metrics:                          # answers by metric name, in order of time
//       cpu: [{ value: [0.4] }, { at: 5m, error: no answer }, { at: 9m, outcome: Failed, seconds: 30 }]
//     operator:
//       - { at: 1m, setImage: "shop:v2" }     # or do: promote …, scale: 5, undo: 0, patch: {…}
// Unknown fields and wrong types are errors with file, line and column.
import { FieldReader } from "./field-reader.ts";
import type { SourceDocument } from "../api/yaml/documents.ts";
import {
  operatorVerbs,
  quietWorld,
  type DescribedAnswer,
  type DescribedAnswers,
  type OperatorAction,
  type OperatorPlan,
  type OverTime,
  type VersionWorld,
  type World,
} from "./scenario.ts";

export interface SimulationDocument {
  readonly name: string;
  readonly world: World;
  readonly forMs: number;
}

const dayMs = 24 * 3_600_000;
const outcomes = ["Successful", "Failed", "Inconclusive"] as const;
const specFields = [
  "for",
  "requestsPerSecond",
  "podStartSeconds",
  "routeDelaySeconds",
  "versions",
  "metrics",
  "operator",
];
const versionFields = ["errorPercent", "latencyMs", "podStartSeconds", "neverReady"];
const actionFields = ["do", "setImage", "scale", "undo", "patch"];

/** A number, or a list of `{at, value}`. */
function overTime(field: FieldReader | undefined, usual: OverTime): OverTime {
  if (!field) return usual;
  if (!field.isList) return [{ atMs: 0, value: field.number() }];
  return field.items().map((item) => {
    item.knows(["at", "value"]);
    return { atMs: item.field("at")?.duration() ?? 0, value: item.required("value").number() };
  });
}

function seconds(field: FieldReader | undefined, usualMs: number): number {
  return field ? field.number() * 1000 : usualMs;
}

function versionOf(field: FieldReader, usual: VersionWorld): VersionWorld {
  field.knows(versionFields);
  return {
    startMs: seconds(field.field("podStartSeconds"), usual.startMs),
    neverReady: field.field("neverReady")?.boolean() ?? usual.neverReady,
    errorPercent: overTime(field.field("errorPercent"), usual.errorPercent),
    latencyMs: overTime(field.field("latencyMs"), usual.latencyMs),
  };
}

function answerOf(field: FieldReader): DescribedAnswer {
  field.knows(["at", "value", "error", "outcome", "seconds"]);
  const one = field.exactlyOne(["value", "error", "outcome"]);
  switch (one.name) {
    case "value":
      return { kind: "value", value: one.field.json() };
    case "error":
      return { kind: "error", message: one.field.text() };
    default:
      return {
        kind: "outcome",
        outcome: one.field.oneOf(outcomes),
        afterMs: seconds(field.field("seconds"), 0),
      };
  }
}

function answersOf(field: FieldReader | undefined): DescribedAnswers {
  const metrics = field?.entries() ?? [];
  return Object.fromEntries(
    metrics.map(([name, list]) => [
      name,
      list
        .items()
        .map((item) => ({ atMs: item.field("at")?.duration() ?? 0, answer: answerOf(item) })),
    ]),
  );
}

function actionOf(field: FieldReader): OperatorAction {
  const one = field.exactlyOne(actionFields);
  switch (one.name) {
    case "do":
      return { kind: "do", verb: one.field.oneOf(operatorVerbs) };
    case "setImage":
      return { kind: "setImage", image: one.field.text() };
    case "scale":
      return { kind: "scale", replicas: one.field.number() };
    case "undo": {
      const revision = one.field.number();
      return { kind: "undo", toRevision: revision === 0 ? undefined : revision };
    }
    default:
      return { kind: "patch", patch: one.field.object() };
  }
}

function planOf(field: FieldReader): OperatorPlan {
  field.knows(["at", "rollout", ...actionFields]);
  return {
    atMs: field.required("at").duration(),
    rollout: field.field("rollout")?.text(),
    action: actionOf(field),
  };
}

/** Throws a HaldaneError with the place for whatever is wrong. */
export function parseSimulation(document: SourceDocument): SimulationDocument {
  const root = new FieldReader(document, document.object, []);
  root.knows(["apiVersion", "kind", "metadata", "spec"]);
  const spec = root.field("spec") ?? new FieldReader(document, {}, ["spec"]);
  spec.knows(specFields);
  const usual = quietWorld.defaultVersion;
  const defaultVersion = {
    ...usual,
    startMs: seconds(spec.field("podStartSeconds"), usual.startMs),
  };
  const versions = spec.field("versions")?.entries() ?? [];
  return {
    name: root.field("metadata")?.field("name")?.text() ?? "simulation",
    forMs: spec.field("for")?.duration() ?? dayMs,
    world: {
      requestsPerSecond: overTime(spec.field("requestsPerSecond"), quietWorld.requestsPerSecond),
      defaultVersion,
      versions: Object.fromEntries(
        versions.map(([image, field]) => [image, versionOf(field, defaultVersion)]),
      ),
      answers: answersOf(spec.field("metrics")),
      acknowledgeMs: seconds(spec.field("routeDelaySeconds"), quietWorld.acknowledgeMs),
      operator: (spec.field("operator")?.items() ?? []).map(planOf),
    },
  };
}
