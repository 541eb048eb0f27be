// The scale subresource: an autoscaling/v1 view on the few numbers of a workload that an autoscaler knows.
import { formatSelector } from "../../api/meta/label-selector.ts";
import type { ResourceType } from "../../api/resources.ts";
import { isJsonObject, ownProperty, type Json, type JsonObject } from "../../lib/json.ts";
import { invalid, noSubresource } from "./errors.ts";
import { immutable } from "./immutable.ts";
import { valueAt } from "./selection.ts";
import type { Stored } from "./stored.ts";

type ScalePaths = NonNullable<ResourceType["scale"]>;

function pathsOf(type: ResourceType): ScalePaths {
  if (type.scale) return type.scale;
  throw noSubresource(type, "scale");
}

function numberAt(object: Stored, path: string): number {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : 0;
}

function selectorText(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return isJsonObject(value) ? formatSelector(value) : "";
}

/** The Scale object of a workload; NotFound for kinds without a scale subresource. */
export function scaleOf(type: ResourceType, object: Stored): Stored {
  const paths = pathsOf(type);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(valueAt(object, paths.labelSelector));
  return immutable({
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, paths.specReplicas) },
    status: {
      replicas: numberAt(object, paths.statusReplicas),
      ...(selector === "" ? {} : { selector }),
    },
  }) as Stored;
}

function withValueAt(object: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return object;
  if (rest.length === 0) return { ...object, [key]: value };
  const inner = ownProperty(object, key);
  return { ...object, [key]: withValueAt(isJsonObject(inner) ? inner : {}, rest, value) };
}

/** The workload with the replicas a written Scale asks for; Invalid unless they are a number from 0. */
export function scaled(type: ResourceType, object: Stored, scale: JsonObject): Stored {
  const paths = pathsOf(type);
  const replicas = valueAt(scale, "spec.replicas") ?? 0;
  if (typeof replicas !== "number" || !Number.isSafeInteger(replicas) || replicas < 0) {
    const scaleType = { ...type, group: "autoscaling", kind: "Scale" };
    const message = `Invalid value: ${JSON.stringify(replicas)}: must be a whole number greater than or equal to 0`;
    throw invalid(scaleType, object.metadata.name, [{ field: "spec.replicas", message }]);
  }
  if (valueAt(object, paths.specReplicas) === replicas) return object;
  return immutable(withValueAt(object, paths.specReplicas.split("."), replicas)) as Stored;
}
