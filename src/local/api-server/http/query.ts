// Query parameters as Kubernetes reads them, wrong ones refused with their name.
import { parseSelector, type LabelSelector } from "../../../api/meta/label-selector.ts";
import { StoreError } from "../../../objects/object-store.ts";
import type { FieldExclusion, ListScope } from "../../../objects/object-store.ts";

/** `true`, `1` and a bare name are true; anything else but `false`, `0` and "" is a mistake. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === "false" || value === "0") return false;
  if (value === "true" || value === "1" || value === "") return true;
  throw new StoreError(
    "BadRequest",
    `the query parameter ${name} must be true or false, not "${value}"`,
  );
}

/** A whole number, or undefined if the parameter is absent or empty. */
export function wholeNumber(query: URLSearchParams, name: string, least = 0): number | undefined {
  const value = query.get(name);
  if (value === null || value === "") return undefined;
  const number = Number(value);
  if (/^-?\d+$/.test(value) && Number.isSafeInteger(number) && number >= least) return number;
  throw new StoreError(
    "BadRequest",
    `the query parameter ${name} must be a whole number from ${least}, not "${value}"`,
  );
}

/** A text, or undefined if absent or empty. */
export function word(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name);
  return value === null || value === "" ? undefined : value;
}

export function labelSelectorOf(query: URLSearchParams): LabelSelector | undefined {
  const text = word(query, "labelSelector");
  if (text === undefined) return undefined;
  const selector = parseSelector(text);
  if (selector) return selector;
  throw new StoreError(
    "BadRequest",
    `unable to parse requirement: the label selector "${text}" is malformed`,
  );
}

const fieldTerm = /^([^=!]+?)(==|!=|=)(.*)$/;

function unescaped(value: string): string {
  return value.replace(/\\([\\,=])/g, "$1");
}

type FieldsOfScope = Pick<ListScope, "fieldSelector" | "fieldExclusions">;

/** `metadata.name=shop,status.phase!=Running`; commas and equals signs in values are escaped by `\`. */
export function fieldSelectorOf(query: URLSearchParams): FieldsOfScope {
  const text = word(query, "fieldSelector") ?? "";
  const wanted: Record<string, string> = {};
  const exclusions: FieldExclusion[] = [];
  for (const term of text.split(/(?<!\\),/).filter((each) => each.trim() !== "")) {
    const [, name = "", operator, value = ""] = fieldTerm.exec(term) ?? [];
    const path = name.trim();
    if (path === "")
      throw new StoreError(
        "BadRequest",
        `invalid field selector "${text}": can't understand "${term}"`,
      );
    if (operator === "!=") exclusions.push({ path, value: unescaped(value) });
    else wanted[path] = unescaped(value);
  }
  return {
    ...(Object.keys(wanted).length === 0 ? {} : { fieldSelector: wanted }),
    ...(exclusions.length === 0 ? {} : { fieldExclusions: exclusions }),
  };
}
