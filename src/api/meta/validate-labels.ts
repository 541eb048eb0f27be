// Label maps and selectors, checked by Kubernetes' rules.
import type { LabelSelector, LabelSelectorRequirement } from "./label-selector.ts";
import type { StringMap } from "./object.ts";
import { below, forbidden, invalid, required } from "./field-error.ts";
import type { FieldError, Place } from "./field-error.ts";
import { labelKeyProblems, labelValueProblems } from "./names.ts";

export function validateLabels(labels: StringMap, place: Place): readonly FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyProblems(key).map((problem) => invalid(place, key, problem)),
    ...labelValueProblems(value).map((problem) => invalid(place, value, problem)),
  ]);
}

export function validateAnnotations(annotations: StringMap, place: Place): readonly FieldError[] {
  return Object.keys(annotations).flatMap((key) =>
    labelKeyProblems(key.toLowerCase()).map((problem) => invalid(place, key, problem)),
  );
}

function valuesErrors(requirement: LabelSelectorRequirement, place: Place): readonly FieldError[] {
  const isGiven = (requirement.values ?? []).length > 0;
  switch (requirement.operator) {
    case "In":
    case "NotIn":
      if (isGiven) return [];
      return [
        required(below(place, "values"), "must be specified when `operator` is 'In' or 'NotIn'"),
      ];
    case "Exists":
    case "DoesNotExist":
      if (!isGiven) return [];
      return [
        forbidden(
          below(place, "values"),
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      ];
    default:
      // An operator nobody knows has been emptied when the object was read.
      return [
        invalid(below(place, "operator"), requirement.operator, "not a valid selector operator"),
      ];
  }
}

function requirementErrors(
  requirement: LabelSelectorRequirement,
  place: Place,
): readonly FieldError[] {
  const { key, values = [] } = requirement;
  return [
    ...valuesErrors(requirement, place),
    ...labelKeyProblems(key).map((problem) => invalid(below(place, "key"), key, problem)),
    ...values.flatMap((value, index) =>
      labelValueProblems(value).map((problem) =>
        invalid(below(place, "values", index), value, problem),
      ),
    ),
  ];
}

export function validateSelector(selector: LabelSelector, place: Place): readonly FieldError[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return [
    ...validateLabels(matchLabels, below(place, "matchLabels")),
    ...matchExpressions.flatMap((requirement, index) =>
      requirementErrors(requirement, below(place, "matchExpressions", index)),
    ),
  ];
}
