// Label selectors: the object form (spec.selector) and the text form (`a=b,c in (d,e)`).
import type { StringMap } from "./object.ts";

export const selectorOperators = ["In", "NotIn", "Exists", "DoesNotExist"] as const;
export type SelectorOperator = (typeof selectorOperators)[number];

export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values?: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: StringMap;
  readonly matchExpressions?: readonly LabelSelectorRequirement[];
}

/** All requirements of a selector in one list; an empty list matches everything. */
export function requirementsOf(selector: LabelSelector): readonly LabelSelectorRequirement[] {
  const fromLabels = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelSelectorRequirement => ({ key, operator: "In", values: [value] }),
  );
  return [...fromLabels, ...(selector.matchExpressions ?? [])];
}

function meets(labels: StringMap, requirement: LabelSelectorRequirement): boolean {
  const value = labels[requirement.key];
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

export function selectorMatches(selector: LabelSelector, labels: StringMap | undefined): boolean {
  return requirementsOf(selector).every((requirement) => meets(labels ?? {}, requirement));
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return requirementsOf(selector).length === 0;
}

function formatRequirement({ key, operator, values = [] }: LabelSelectorRequirement): string {
  const set = [...values].sort().join(",");
  switch (operator) {
    case "In":
      return values.length === 1 ? `${key}=${set}` : `${key} in (${set})`;
    case "NotIn":
      return values.length === 1 ? `${key}!=${set}` : `${key} notin (${set})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
  }
}

/** Kubernetes' text form, sorted by key: `a=b,c in (d,e)`. */
export function formatSelector(selector: LabelSelector): string {
  const sorted = [...requirementsOf(selector)].sort((a, b) => (a.key < b.key ? -1 : 1));
  return sorted.map((requirement) => formatRequirement(requirement)).join(",");
}

const setPattern = /^\s*([^\s!=,()]+)\s+(in|notin)\s*\(([^)]*)\)\s*$/;
const equalPattern = /^\s*([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)\s*$/;
const existsPattern = /^\s*(!?)\s*([^\s!=,()]+)\s*$/;

function parseRequirement(text: string): LabelSelectorRequirement | undefined {
  const set = setPattern.exec(text);
  if (set) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    return { key: set[1] ?? "", operator: set[2] === "in" ? "In" : "NotIn", values };
  }
  const equal = equalPattern.exec(text);
  if (equal) {
    const operator = equal[2] === "!=" ? "NotIn" : "In";
    return { key: equal[1] ?? "", operator, values: [equal[3] ?? ""] };
  }
  const exists = existsPattern.exec(text);
  if (!exists) return undefined;
  return { key: exists[2] ?? "", operator: exists[1] === "!" ? "DoesNotExist" : "Exists" };
}

/** Parses the text form; undefined if it is malformed. Blank text selects everything. */
export function parseSelector(text: string): LabelSelector | undefined {
  if (text.trim() === "") return {};
  const parts = text.split(/,(?![^(]*\))/).map((part) => parseRequirement(part));
  const requirements = parts.filter((part) => part !== undefined);
  return requirements.length === parts.length ? { matchExpressions: requirements } : undefined;
}
