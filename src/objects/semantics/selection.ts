// Which objects a scope covers: kind and namespace by index, labels and fields by a predicate.
import { requirementsOf, selectorMatches } from "../../api/meta/label-selector.ts";
import { isJsonObject, ownProperty, type Json } from "../../lib/json.ts";
import type { ListScope } from "../object-store.ts";
import type { Stored } from "./stored.ts";

export type Predicate = (object: Stored) => boolean;

/** The value at a dotted path such as `spec.nodeName`; undefined if any step is missing. */
export function valueAt(object: Json | undefined, path: string): Json | undefined {
  let value = object;
  for (const key of path.split(".")) {
    if (!isJsonObject(value)) return undefined;
    value = ownProperty(value, key);
  }
  return value;
}

/** Absent fields compare as the empty text, as in Kubernetes; a list or an object equals no text. */
function fieldText(object: Stored, path: string): string | undefined {
  const value = valueAt(object, path) ?? "";
  return typeof value === "object" ? undefined : String(value);
}

/** The one namespace a scope covers; undefined for all of them, which may also be written "". */
export function namespaceOf(scope: ListScope): string | undefined {
  return scope.namespace === "" ? undefined : scope.namespace;
}

/** A predicate for the labels, fields and namespace of a scope; undefined when every object passes. */
export function predicateOf(scope: ListScope): Predicate | undefined {
  const tests: Predicate[] = [];
  const { labelSelector } = scope;
  const namespace = namespaceOf(scope);
  if (namespace !== undefined)
    tests.push((object) => (object.metadata.namespace ?? "") === namespace);
  if (labelSelector !== undefined && requirementsOf(labelSelector).length > 0) {
    tests.push((object) => selectorMatches(labelSelector, object.metadata.labels));
  }
  for (const [path, wanted] of Object.entries(scope.fieldSelector ?? {})) {
    tests.push((object) => fieldText(object, path) === wanted);
  }
  for (const { path, value } of scope.fieldExclusions ?? [])
    tests.push((object) => fieldText(object, path) !== value);
  if (tests.length === 0) return undefined;
  return (object) => tests.every((test) => test(object));
}
