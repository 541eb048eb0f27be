// objects/semantics/server-side-apply: who wrote which field. field-set.ts is the arithmetic of
// field sets, compare.ts finds what a write changed, merge.ts lays an applied configuration over an
// object, managed-fields.ts keeps the accounts in metadata.managedFields. All pure.
import { entriesOf, isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";

/**
 * A tree of paths. Steps are written as in FieldsV1: `f:name` a field, `k:{"name":"web"}` the item
 * of a list with these keys, `v:"x"` a value of a set.
 */
export interface FieldSet {
  /** Whether the path that ends here belongs to the set. */
  readonly isMember: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const noFields: FieldSet = { isMember: false, children: new Map() };
export const thisField: FieldSet = { isMember: true, children: new Map() };

export function isEmptySet(set: FieldSet): boolean {
  return !set.isMember && set.children.size === 0;
}

/** Drops branches without members, so that equal sets are equal trees. */
export function fieldSet(
  isMember: boolean,
  children: Iterable<readonly [string, FieldSet]>,
): FieldSet {
  const kept = new Map([...children].filter(([, child]) => !isEmptySet(child)));
  if (kept.size === 0) return isMember ? thisField : noFields;
  return { isMember, children: kept };
}

function childOf(set: FieldSet, step: string): FieldSet {
  return set.children.get(step) ?? noFields;
}

export function unionOf(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  const steps = new Set([...left.children.keys(), ...right.children.keys()]);
  const children = [...steps].map(
    (step) => [step, unionOf(childOf(left, step), childOf(right, step))] as const,
  );
  return fieldSet(left.isMember || right.isMember, children);
}

/** Paths of `left` that are not in `right`. */
export function differenceOf(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left) || isEmptySet(right)) return left;
  const children = [...left.children].map(
    ([step, child]) => [step, differenceOf(child, childOf(right, step))] as const,
  );
  return fieldSet(left.isMember && !right.isMember, children);
}

export function intersectionOf(left: FieldSet, right: FieldSet): FieldSet {
  const children = [...left.children].map(
    ([step, child]) => [step, intersectionOf(child, childOf(right, step))] as const,
  );
  return fieldSet(left.isMember && right.isMember, children);
}

/** Compares ordered keys by UTF-16 code unit, so that encodings are stable. */
function byStep(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : Number(left[0] > right[0]);
}

export function encodeFields(set: FieldSet): JsonObject {
  const children = [...set.children]
    .sort(byStep)
    .map(([step, child]): [string, Json] => [step, encodeFields(child)]);
  // A leaf says by being there that it is a member; only inner nodes need to say so.
  const self: [string, Json][] = set.isMember && children.length > 0 ? [[".", {}]] : [];
  return Object.fromEntries([...self, ...children]);
}

export function decodeFields(fields: Json | undefined, isRoot = true): FieldSet {
  if (!isJsonObject(fields)) return noFields;
  const entries = entriesOf(fields);
  const children = entries.filter(([step]) => step !== ".");
  const isMember = !isRoot && (children.length === 0 || entries.length > children.length);
  return fieldSet(
    isMember,
    children.map(([step, child]) => [step, decodeFields(child, false)] as const),
  );
}

function stepText(step: string): string {
  const rest = step.slice(2);
  if (step.startsWith("f:")) return `.${rest}`;
  if (step.startsWith("v:")) return `[=${rest}]`;
  const keys: unknown = JSON.parse(rest);
  if (!isJsonObject(keys)) return `[${rest}]`;
  return `[${entriesOf(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(",")}]`;
}

/** The members as people read them: `.spec.containers[name="web"].image`. */
export function pathsOf(set: FieldSet, prefix = ""): readonly string[] {
  const below = [...set.children]
    .sort(byStep)
    .flatMap(([step, child]) => pathsOf(child, `${prefix}${stepText(step)}`));
  return set.isMember ? [prefix, ...below] : below;
}
