// Where a new object goes: its name, made up where only its beginning is given, and a namespace that
// takes it.
import type { ObjectRef } from "../../api/meta/object.ts";
import type { ResourceType } from "../../api/resources.ts";
import type { Rng } from "../../lib/rng.ts";
import { StoreError } from "../object-store.ts";
import { alreadyExists, invalid, namespaceTerminating } from "./errors.ts";
import type { Incoming } from "./metadata.ts";
import { generateName } from "./names.ts";
import type { Table } from "./table.ts";

/** Throws where the kind belongs to no namespace or needs one, and where that is not there or going. */
export function assertNamespaceAccepts(table: Table, type: ResourceType, ref: ObjectRef): void {
  if (!type.namespaced) {
    if (ref.namespace === "") return;
    throw new StoreError(
      "BadRequest",
      `namespace may not be set: ${type.kind} belongs to no namespace`,
    );
  }
  if (ref.namespace === "") {
    throw new StoreError(
      "BadRequest",
      `an empty namespace may not be set: ${type.kind} lives in a namespace`,
    );
  }
  const spaceRef = { apiVersion: "v1", kind: "Namespace", namespace: "", name: ref.namespace };
  const namespace = table.get(spaceRef);
  if (!namespace) {
    const details = { name: ref.namespace, kind: "namespaces" };
    throw new StoreError("NotFound", `namespaces "${ref.namespace}" not found`, { details });
  }
  if (namespace.metadata.deletionTimestamp !== undefined) throw namespaceTerminating(type, ref);
}

/** The given name, or one that begins as asked and nobody has. */
export function nameFor(table: Table, type: ResourceType, object: Incoming, rng: Rng): string {
  const { name, generateName: start, namespace = "" } = object.metadata;
  if (typeof name === "string" && name !== "") return name;
  if (typeof start !== "string" || start === "") {
    const message = "Required value: name or generateName is required";
    throw invalid(type, "", [{ field: "metadata.name", message }]);
  }
  const { apiVersion, kind } = object;
  const isTaken = (tried: string): boolean =>
    table.get({ apiVersion, kind, namespace, name: tried }) !== undefined;
  const generated = generateName(start, rng, isTaken);
  if (generated === undefined) throw alreadyExists(type, start);
  return generated;
}
