// What a write may touch, and what it counts as: status apart from the rest, generations, the fields
// only the store decides.
import type { ResourceType } from "../../api/resources.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { JsonObject } from "../../lib/json.ts";
import { noSubresource } from "./errors.ts";
import { immutable } from "./immutable.ts";
import { changedMetadata, type Incoming } from "./metadata.ts";
import type { Stored, StoredMeta } from "./stored.ts";

function withoutStatus(object: JsonObject): JsonObject {
  const { status: _status, ...rest } = object;
  return rest;
}

/** A new object as its kind's life begins: without a status, or with the one Kubernetes gives. */
export function beginning(type: ResourceType, object: JsonObject): JsonObject {
  const rest = type.hasStatus ? withoutStatus(object) : object;
  if (type.group !== "") return rest;
  if (type.kind === "Pod") return { ...rest, status: { phase: "Pending" } };
  if (type.kind !== "Namespace") return rest;
  return { ...rest, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } };
}

/** Everything but metadata, and but status where that is a part of its own: what a generation counts. */
export function sameSpecification(type: ResourceType, before: Stored, after: JsonObject): boolean {
  const { metadata: _before, ...left } = type.hasStatus ? withoutStatus(before) : before;
  const { metadata: _after, ...right } = type.hasStatus ? withoutStatus(after) : after;
  return deepEqual(left, right);
}

/** The object after a write to `subresource`: the parts that write covers, laid over what is there. */
export function writtenOver(
  type: ResourceType,
  existing: Stored,
  given: Incoming,
  subresource: "status" | "scale" | undefined,
): Stored {
  if (subresource === "status") {
    if (!type.hasStatus) throw noSubresource(type, "status");
    const { status } = given;
    const rest = withoutStatus(existing);
    return immutable(status === undefined ? rest : { ...rest, status }) as Stored;
  }
  const metadata = changedMetadata(type, existing, given.metadata);
  if (!type.hasStatus) return immutable({ ...given, metadata }) as Stored;
  const { status } = existing;
  return immutable({
    ...withoutStatus(given),
    metadata,
    ...(status === undefined ? {} : { status }),
  }) as Stored;
}

/** Admission may add labels and the like, but not choose what only the store may choose. */
export function withIdentityOf(before: StoredMeta, after: Stored): StoredMeta {
  const { name, uid, resourceVersion, generation, creationTimestamp } = before;
  return { ...after.metadata, name, uid, resourceVersion, generation, creationTimestamp };
}
