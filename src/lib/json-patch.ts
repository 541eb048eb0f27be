// JSON patch (RFC 6902): the API server accepts it, and `undo` and pod-template edits are sent with it.

import { deepEqual } from "./deep-equal.ts";
import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";

export type JsonPatchResult =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly message: string };

/** Thrown inside this file only; applyJsonPatch turns it into a result. */
class PatchError extends Error {}

type Path = readonly string[];
type Change = (container: Json, key: string, path: string) => Json;
type Operation =
  | { readonly op: "add" | "replace" | "test"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string }
  | { readonly op: "move" | "copy"; readonly path: string; readonly from: string };

function fail(message: string): never {
  throw new PatchError(message);
}

function parsePointer(pointer: string): Path {
  if (pointer === "") return [];
  if (!pointer.startsWith("/"))
    fail(`path ${JSON.stringify(pointer)} must be empty or begin with "/"`);
  if (/~(?![01])/.test(pointer))
    fail(`path ${JSON.stringify(pointer)} has a "~" that is not "~0" or "~1"`);
  return pointer
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function indexIn(list: readonly Json[], key: string, path: string, limit: number): number {
  if (!/^(?:0|[1-9]\d*)$/.test(key)) fail(`${path}: ${JSON.stringify(key)} is no list index`);
  const index = Number(key);
  if (index >= limit)
    fail(`${path}: index ${key} is out of range, the list has ${list.length} items`);
  return index;
}

function childOf(container: Json, key: string, path: string): Json {
  if (isJsonArray(container))
    return container[indexIn(container, key, path, container.length)] ?? null;
  if (!isJsonObject(container)) return fail(`${path}: ${kindOf(container)} has no members`);
  const value = ownProperty(container, key);
  return value === undefined ? fail(`${path}: does not exist`) : value;
}

function kindOf(value: Json): string {
  return value === null ? "null" : `a ${typeof value}`;
}

function getAt(document: Json, pointer: string): Json {
  return parsePointer(pointer).reduce((value: Json, key) => childOf(value, key, pointer), document);
}

function withMember(object: JsonObject, key: string, value: Json): JsonObject {
  return Object.fromEntries(new Map([...entriesOf(object), [key, value]]));
}

/** Rebuilds the containers along the path and lets `change` decide the innermost one. */
function changeAt(document: Json, path: Path, pointer: string, change: Change): Json {
  const [key, ...rest] = path;
  if (key === undefined) return document;
  if (rest.length === 0) return change(document, key, pointer);
  const changed = changeAt(childOf(document, key, pointer), rest, pointer, change);
  if (isJsonArray(document)) return document.with(Number(key), changed);
  return isJsonObject(document) ? withMember(document, key, changed) : document;
}

function addTo(value: Json): Change {
  return (container, key, path) => {
    if (isJsonArray(container)) {
      const end = container.length;
      const index = key === "-" ? end : indexIn(container, key, path, end + 1);
      return container.toSpliced(index, 0, value);
    }
    if (isJsonObject(container)) return withMember(container, key, value);
    return fail(`${path}: ${kindOf(container)} has no members`);
  };
}

function replaceWith(value: Json): Change {
  return (container, key, path) => {
    childOf(container, key, path);
    if (isJsonArray(container)) return container.with(Number(key), value);
    return isJsonObject(container) ? withMember(container, key, value) : container;
  };
}

function removeFrom(container: Json, key: string, path: string): Json {
  childOf(container, key, path);
  if (isJsonArray(container)) return container.toSpliced(Number(key), 1);
  if (!isJsonObject(container)) return container;
  return Object.fromEntries(entriesOf(container).filter(([name]) => name !== key));
}

function put(document: Json, pointer: string, value: Json, change: (value: Json) => Change): Json {
  const path = parsePointer(pointer);
  return path.length === 0 ? value : changeAt(document, path, pointer, change(value));
}

function remove(document: Json, pointer: string): Json {
  const path = parsePointer(pointer);
  if (path.length === 0) return fail("the whole document cannot be removed");
  return changeAt(document, path, pointer, removeFrom);
}

function move(document: Json, from: string, path: string): Json {
  if (path.startsWith(`${from}/`)) fail(`${path}: cannot move ${from} into itself`);
  const value = getAt(document, from);
  return from === path ? document : put(remove(document, from), path, value, addTo);
}

function test(document: Json, pointer: string, value: Json): Json {
  const actual = getAt(document, pointer);
  if (deepEqual(actual, value)) return document;
  const texts = `it is ${JSON.stringify(actual)}, not ${JSON.stringify(value)}`;
  return fail(`${pointer === "" ? "the document" : pointer}: test failed, ${texts}`);
}

function applyOperation(document: Json, operation: Operation): Json {
  switch (operation.op) {
    case "add":
      return put(document, operation.path, operation.value, addTo);
    case "replace":
      return put(document, operation.path, operation.value, replaceWith);
    case "test":
      return test(document, operation.path, operation.value);
    case "remove":
      return remove(document, operation.path);
    case "move":
      return move(document, operation.from, operation.path);
    case "copy":
      return put(document, operation.path, getAt(document, operation.from), addTo);
  }
}

function textMember(operation: JsonObject, name: string): string {
  const value = ownProperty(operation, name);
  return typeof value === "string" ? value : fail(`"${name}" must be a text`);
}

function parseOperation(operation: Json): Operation {
  if (!isJsonObject(operation)) return fail("must be an object with op and path");
  const op = textMember(operation, "op");
  const path = textMember(operation, "path");
  switch (op) {
    case "add":
    case "replace":
    case "test": {
      const value = ownProperty(operation, "value");
      return value === undefined ? fail(`"value" is missing`) : { op, path, value };
    }
    case "remove":
      return { op, path };
    case "move":
    case "copy":
      return { op, path, from: textMember(operation, "from") };
    default:
      return fail(
        `unknown op ${JSON.stringify(op)}; known: add, copy, move, remove, replace, test`,
      );
  }
}

/**
 * Applies a list of RFC 6902 operations, all or none; the inputs are not changed. The message of a failure names the
 * operation by number (from 0) and op, then the path and what is wrong with it.
 */
export function applyJsonPatch(document: Json, patch: Json): JsonPatchResult {
  if (!isJsonArray(patch))
    return { ok: false, message: "a JSON patch must be a list of operations" };
  let value = document;
  for (const [index, operation] of patch.entries()) {
    try {
      value = applyOperation(value, parseOperation(operation));
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      const op = isJsonObject(operation) ? ownProperty(operation, "op") : undefined;
      const name = typeof op === "string" ? ` (${op})` : "";
      return { ok: false, message: `operation ${index}${name}: ${error.message}` };
    }
  }
  return { ok: true, value };
}
