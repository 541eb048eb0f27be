// api/argo/validate: what is wrong with a Rollout, in Argo's order and words (argo-rollouts.md
// §1.12): the first error is the one a controller shows. references.ts looks at what a Rollout
// names, capabilities.ts at what its router can do, experiment.ts at Experiments. Paths leave the
// strategy's name out, as Argo's do; `path` has it. Imports lib and api.
import type { JsonObject } from "../../../lib/json.ts";
import { formatPath } from "../../meta/field-path.ts";
import { isEmptySelector } from "../../meta/label-selector.ts";
import type { LabelSelector } from "../../meta/label-selector.ts";
import { formatFieldError, internal, invalid, required } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import type { PodTemplateSpec } from "../../kubernetes/pod.ts";
import { validateSelector } from "../../meta/validate-labels.ts";
import { asJson } from "../../meta/wire.ts";
import { conform } from "../../schema/conform.ts";
import { rolloutSchema } from "../../schema/rollout.ts";
import type { RolloutSpecManifest } from "../../schema/rollout.ts";
import { typeErrorOf } from "../../schema/type-errors.ts";
import { validateReplicaSetTemplate } from "../../kubernetes/validate-pod-template.ts";
import type { Capabilities } from "../capabilities.ts";
import { capabilityErrors } from "./capabilities.ts";
import { ownRules } from "./own-rules.ts";
import { inSpec } from "./places.ts";
import { validateStrategy } from "./strategy.ts";

export interface RolloutOptions {
  /**
   * The workload behind spec.workloadRef, once it has been found (the controller). Without it a
   * manifest with a workloadRef is checked by itself, and its template must be empty (lint).
   */
  readonly workload?: { readonly template: PodTemplateSpec; readonly selector?: LabelSelector };
  /** With them, steps that the router cannot carry out are errors. */
  readonly capabilities?: Capabilities;
}

const notNegative = "must be greater than or equal to 0";

/** An error if the number is given and below 0. */
function negativeError(
  spec: RolloutSpecManifest,
  name: "replicas" | "minReadySeconds" | "revisionHistoryLimit" | "progressDeadlineSeconds",
): readonly FieldError[] {
  const value = spec[name];
  return value !== undefined && value < 0 ? [invalid(inSpec(name), value, notNegative)] : [];
}

function selectorErrors(selector: LabelSelector | undefined): readonly FieldError[] {
  const place = inSpec("selector");
  if (selector === undefined)
    return [required(place, "Rollout has missing field '.spec.selector'")];
  const empty = isEmptySelector(selector)
    ? [invalid(place, asJson(selector), "empty selector is invalid for deployment")]
    : [];
  return [...validateSelector(selector, place), ...empty];
}

/** "Empty" as Argo understands it: no labels and no annotations, whatever containers there are. */
function isEmptyTemplate({ metadata = {} }: PodTemplateSpec): boolean {
  const { labels = {}, annotations = {} } = metadata;
  return Object.keys(labels).length === 0 && Object.keys(annotations).length === 0;
}

const noTemplate: PodTemplateSpec = { spec: { containers: [] } };

function templateErrors(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
): readonly FieldError[] {
  const used = selector ?? {};
  if (validateSelector(used, inSpec("selector")).length > 0) {
    return [invalid(inSpec("selector"), asJson(used), "invalid label selector")];
  }
  return validateReplicaSetTemplate(template, used, inSpec("template"));
}

function podErrors(spec: RolloutSpecManifest, { workload }: RolloutOptions): readonly FieldError[] {
  if (spec.workloadRef === undefined) {
    return [
      ...selectorErrors(spec.selector),
      ...templateErrors(spec.selector, spec.template ?? noTemplate),
    ];
  }
  if (workload) {
    const selector = spec.selector ?? workload.selector;
    // A PodTemplate brings none.
    const missing = selector === undefined ? selectorErrors(selector) : [];
    return [...missing, ...templateErrors(selector, workload.template)];
  }
  if (spec.template === undefined || isEmptyTemplate(spec.template)) return [];
  return [internal(inSpec("template"), templateNotEmpty)];
}

const templateNotEmpty = "template must be empty for workload reference rollout";

function deadlineErrors(spec: RolloutSpecManifest): readonly FieldError[] {
  const { progressDeadlineSeconds = 600, minReadySeconds = 0 } = spec;
  if (progressDeadlineSeconds > minReadySeconds) return [];
  const place = inSpec("progressDeadlineSeconds");
  return [invalid(place, progressDeadlineSeconds, "must be greater than minReadySeconds")];
}

/** Argo's own sentence about a missing field is better than the schema's. */
function isSaidBy(rules: readonly FieldError[], { kind, path }: FieldError): boolean {
  const at = formatPath(path);
  return kind === "required" && rules.some((rule) => formatPath(rule.path) === at);
}

/**
 * All errors of a Rollout by itself, the first one first: fields of a wrong type, then Argo's rules
 * in Argo's order, then our own. Never throws. Empty = valid.
 */
export function validateRollout(
  manifest: JsonObject,
  options: RolloutOptions = {},
): readonly FieldError[] {
  const { value, problems } = conform(manifest, rolloutSchema);
  const { spec } = value;
  const fromArgo = [
    ...negativeError(spec, "replicas"),
    ...podErrors(spec, options),
    ...negativeError(spec, "minReadySeconds"),
    ...negativeError(spec, "revisionHistoryLimit"),
    ...negativeError(spec, "progressDeadlineSeconds"),
    ...deadlineErrors(spec),
    ...validateStrategy(value),
  ];
  const types = problems
    .filter(({ path }) => path[0] !== "status")
    .map((problem) => typeErrorOf(problem));
  const soFar = [...types.filter((error) => !isSaidBy(fromArgo, error)), ...fromArgo];
  return [
    ...soFar,
    ...ownRules(manifest, soFar),
    ...(options.capabilities ? capabilityErrors(spec.strategy ?? {}, options.capabilities) : []),
  ];
}

/** What the condition InvalidSpec says: the first error as text. undefined = valid. */
export function firstErrorText(errors: readonly FieldError[]): string | undefined {
  const [first] = errors;
  return first && formatFieldError(first);
}

const supportedWorkloads: readonly string[] = [
  "apps/Deployment",
  "apps/ReplicaSet",
  "/PodTemplate",
];

/**
 * Why a controller cannot resolve spec.workloadRef, before it looks for the object: the whole text
 * of the error, which has no path. undefined = go and look.
 */
export function workloadReferenceProblem(manifest: JsonObject): string | undefined {
  const { spec } = conform(manifest, rolloutSchema).value;
  if (spec.workloadRef === undefined) return undefined;
  if (spec.template !== undefined && !isEmptyTemplate(spec.template)) return templateNotEmpty;
  const { apiVersion = "", kind = "" } = spec.workloadRef;
  const slash = apiVersion.indexOf("/");
  const type = `${slash < 0 ? "" : apiVersion.slice(0, slash)}/${kind}`;
  return supportedWorkloads.includes(type)
    ? undefined
    : `workload of type ${type} is not supported`;
}
