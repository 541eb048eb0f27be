// JSON merge patch (RFC 7386): how controllers and the CLI change objects on the API server.

import { deepEqual } from "./deep-equal.ts";
import { entriesOf, isJsonObject, ownProperty } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";

/** `target` with `patch` applied: null removes a key, objects merge, everything else replaces. Inputs are not changed. */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const base = isJsonObject(target) ? target : {};
  const changes = entriesOf(patch);
  const removed = new Set(changes.filter(([, value]) => value === null).map(([key]) => key));
  const merged = new Map<string, Json>(entriesOf(base).filter(([key]) => !removed.has(key)));
  for (const [key, value] of changes) {
    if (value !== null) merged.set(key, applyMergePatch(ownProperty(base, key), value));
  }
  return Object.fromEntries(merged);
}

/**
 * The smallest merge patch that turns `before` into `after`; `{}` when they are equal. Merge patches cannot store a
 * null inside an object: a null in `after` reads as absent, wherever it lies outside a list.
 */
export function diffMergePatch(before: JsonObject, after: JsonObject): JsonObject {
  const patch = new Map<string, Json>();
  for (const [key, value] of entriesOf(before)) {
    const now = ownProperty(after, key);
    if (now === undefined || (now === null && value !== null)) patch.set(key, null);
  }
  for (const [key, value] of entriesOf(after)) {
    const change = changeOf(ownProperty(before, key), value);
    if (change !== undefined) patch.set(key, change);
  }
  return Object.fromEntries(patch);
}

function changeOf(before: Json | undefined, after: Json): Json | undefined {
  if (after === null || deepEqual(before, after)) return undefined;
  if (!isJsonObject(after)) return after;
  if (!isJsonObject(before)) return withoutNulls(after);
  const inner = diffMergePatch(before, after);
  return entriesOf(inner).length === 0 ? undefined : inner;
}

/** A new object sent as a patch must not carry nulls: they would only say "remove". */
function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(
    entriesOf(value).flatMap(([key, inner]): [string, Json][] => {
      if (inner === null) return [];
      return [[key, isJsonObject(inner) ? withoutNulls(inner) : inner]];
    }),
  );
}
