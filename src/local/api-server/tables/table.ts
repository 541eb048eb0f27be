// tables: what `kubectl get` shows. One file per family of kinds says which columns a kind has and
// how a cell is computed; registry.ts joins them to kinds; this file makes meta/v1 Tables of them.
// Pure: the time is an argument. A new kind: a `Column[]` in its family's file, a line in registry.ts.
import type { JsonObject } from "../../../lib/json.ts";
import type { EpochMs } from "../../../lib/time.ts";
import type { KubeObject } from "../../../api/meta/object.ts";

export type Cell = string | number | boolean | null;

export interface Column<T extends KubeObject = KubeObject> {
  readonly name: string;
  readonly type: "string" | "integer" | "boolean";
  readonly format?: "name";
  readonly description: string;
  /** Only with `-o wide`. */
  readonly wide?: true;
  /** null is shown as `<none>`. */
  readonly cell: (object: T, nowMs: EpochMs) => Cell;
}

export const includeObjectPolicies = ["None", "Metadata", "Object"] as const;
export type IncludeObject = (typeof includeObjectPolicies)[number];

export interface TableOptions {
  readonly columns: readonly Column[];
  readonly nowMs: EpochMs;
  readonly includeObject: IncludeObject;
  /** Later tables of one watch leave their headers out. */
  readonly withoutHeaders?: boolean;
}

export function metadataOnly(object: KubeObject): JsonObject {
  const { metadata } = object as unknown as { readonly metadata: JsonObject };
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}

function included(object: KubeObject, policy: IncludeObject): JsonObject {
  switch (policy) {
    case "None":
      return {};
    case "Metadata":
      return { object: metadataOnly(object) };
    case "Object":
      return { object: object as unknown as JsonObject };
  }
}

function definition(column: Column): JsonObject {
  const { name, type, format = "", description } = column;
  return { name, type, format, description, priority: column.wide === true ? 1 : 0 };
}

/**
 * A store keeps what it is given, and one object without a spec must not take the whole list from
 * everybody: its cells say so, its name and metadata are still there.
 */
function cellOf(column: Column, object: KubeObject, nowMs: EpochMs): Cell {
  try {
    return column.cell(object, nowMs);
  } catch (error) {
    if (error instanceof TypeError) return column.type === "string" ? "<malformed>" : null;
    throw error;
  }
}

/** A meta/v1 Table of these objects; `metadata` is the list's own. */
export function tableOf(
  objects: readonly KubeObject[],
  metadata: JsonObject,
  options: TableOptions,
): JsonObject {
  const { columns, nowMs, includeObject } = options;
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions:
      options.withoutHeaders === true ? null : columns.map((column) => definition(column)),
    rows: objects.map((object) => ({
      cells: columns.map((column) => cellOf(column, object, nowMs)),
      ...included(object, includeObject),
    })),
  };
}
