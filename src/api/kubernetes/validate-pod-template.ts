// What is wrong with a pod template: the rules people trip over, in the API server's words. A real
// cluster checks the rest when the ReplicaSet's pods are created.
import { isEmptySelector, selectorMatches } from "../meta/label-selector.ts";
import type { LabelSelector } from "../meta/label-selector.ts";
import {
  below,
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../meta/field-error.ts";
import type { FieldError, Place } from "../meta/field-error.ts";
import { dnsLabelProblems } from "../meta/names.ts";
import { validateAnnotations, validateLabels } from "../meta/validate-labels.ts";
import { isJsonObject } from "../../lib/json.ts";
import { asJson } from "../meta/wire.ts";
import type { PodSpec, PodTemplateSpec } from "./pod.ts";
import { validateContainer } from "./validate-container.ts";

/** Volumes are not in our types: their names are all that is looked at. */
function volumeErrors(spec: PodSpec, place: Place): readonly FieldError[] {
  const { volumes } = asJson(spec);
  if (!Array.isArray(volumes)) return [];
  const names = (volumes as readonly unknown[]).map((volume) =>
    isJsonObject(volume) && typeof volume["name"] === "string" ? volume["name"] : "",
  );
  return names.flatMap((name, index) => {
    const at = below(place, "volumes", index, "name");
    if (name === "") return [required(at, "")];
    if (names.indexOf(name) < index) return [duplicate(at, name)];
    return dnsLabelProblems(name).map((problem) => invalid(at, name, problem));
  });
}

function containerErrors(spec: PodSpec, place: Place): readonly FieldError[] {
  const { containers, initContainers = [] } = spec;
  const none = containers.length === 0 ? [required(below(place, "containers"), "")] : [];
  const seen = new Set<string>();
  const check = (list: "containers" | "initContainers") =>
    (spec[list] ?? []).flatMap((container, index) => {
      const at = below(place, list, index);
      const isTwice = seen.has(container.name);
      seen.add(container.name);
      return [
        ...(isTwice && container.name !== "" ? [duplicate(below(at, "name"), container.name)] : []),
        ...validateContainer(container, at),
      ];
    });
  return [
    ...none,
    ...check("containers"),
    ...(initContainers.length > 0 ? check("initContainers") : []),
  ];
}

const restartPolicies = ["Always", "OnFailure", "Never"] as const;

export function validatePodSpec(spec: PodSpec, place: Place): readonly FieldError[] {
  const {
    restartPolicy = "Always",
    terminationGracePeriodSeconds: grace = 0,
    activeDeadlineSeconds,
  } = spec;
  const errors: FieldError[] = [...volumeErrors(spec, place), ...containerErrors(spec, place)];
  if (!restartPolicies.some((known) => known === restartPolicy)) {
    errors.push(notSupported(below(place, "restartPolicy"), restartPolicy, restartPolicies));
  }
  if (grace < 0) {
    const at = below(place, "terminationGracePeriodSeconds");
    errors.push(invalid(at, grace, "must be greater than or equal to 0"));
  }
  if (activeDeadlineSeconds !== undefined && activeDeadlineSeconds < 1) {
    const at = below(place, "activeDeadlineSeconds");
    errors.push(invalid(at, activeDeadlineSeconds, "must be between 1 and 2147483647, inclusive"));
  }
  return errors;
}

export function validatePodTemplate(
  { metadata = {}, spec }: PodTemplateSpec,
  place: Place,
): readonly FieldError[] {
  return [
    ...validateLabels(metadata.labels ?? {}, below(place, "metadata", "labels")),
    ...validateAnnotations(metadata.annotations ?? {}, below(place, "metadata", "annotations")),
    ...validatePodSpec(spec, below(place, "spec")),
  ];
}

function mismatchErrors(
  template: PodTemplateSpec,
  selector: LabelSelector,
  place: Place,
): readonly FieldError[] {
  const { labels } = template.metadata ?? {};
  if (isEmptySelector(selector) || selectorMatches(selector, labels)) return [];
  const at = below(place, "metadata", "labels");
  return [
    invalid(at, labels ? { ...labels } : null, "`selector` does not match template `labels`"),
  ];
}

/** A template whose pods a ReplicaSet keeps up: its labels match, and it restarts always. */
export function validateReplicaSetTemplate(
  template: PodTemplateSpec,
  selector: LabelSelector,
  place: Place,
): readonly FieldError[] {
  const { restartPolicy = "Always", activeDeadlineSeconds } = template.spec;
  const errors: FieldError[] = [
    ...mismatchErrors(template, selector, place),
    ...validatePodTemplate(template, place),
  ];
  if (restartPolicy !== "Always") {
    errors.push(notSupported(below(place, "spec", "restartPolicy"), restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const at = below(place, "spec", "activeDeadlineSeconds");
    errors.push(forbidden(at, "activeDeadlineSeconds in ReplicaSet is not Supported"));
  }
  return errors;
}

/** A template whose pods a Job runs to an end. */
export function validateJobTemplate(
  template: PodTemplateSpec,
  place: Place,
): readonly FieldError[] {
  const { restartPolicy = "" } = template.spec;
  const errors: FieldError[] = [...validatePodTemplate(template, place)];
  if (restartPolicy !== "OnFailure" && restartPolicy !== "Never") {
    const at = below(place, "spec", "restartPolicy");
    errors.push(
      restartPolicy === ""
        ? required(at, 'valid values: "OnFailure", "Never"')
        : notSupported(at, restartPolicy, ["OnFailure", "Never"]),
    );
  }
  return errors;
}
