// Fields that stay as they were created.
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject, ownProperty } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { forbidden, invalid, placeOf } from "../meta/field-error.ts";
import type { FieldError } from "../meta/field-error.ts";
import { kindKeyOf } from "../meta/wire.ts";

type Check = (now: JsonObject, before: JsonObject) => readonly FieldError[];

function specOf(object: JsonObject): JsonObject {
  const spec = ownProperty(object, "spec");
  return isJsonObject(spec) ? spec : {};
}

/** These fields of spec may not change at all. */
function keeps(...names: readonly string[]): Check {
  return (now, before) =>
    names.flatMap((name) => {
      const value = ownProperty(specOf(now), name);
      if (deepEqual(value, ownProperty(specOf(before), name))) return [];
      return [invalid(placeOf(["spec", name]), value ?? null, "field is immutable")];
    });
}

/** The one rule of Argo's CRD: adding or dropping the selector passes, changing it does not. */
function rolloutSelector(now: JsonObject, before: JsonObject): readonly FieldError[] {
  const [mine, theirs] = [specOf(now)["selector"], specOf(before)["selector"]];
  if (mine === undefined || theirs === undefined || deepEqual(mine, theirs)) return [];
  return [invalid(placeOf(["spec", "selector"]), mine, ".spec.selector is immutable")];
}

/** ConfigMaps and Secrets only once they say so. */
function sealed(now: JsonObject, before: JsonObject): readonly FieldError[] {
  if (before["immutable"] !== true) return [];
  return ["immutable", "data", "binaryData", "type"]
    .filter((name) => !deepEqual(now[name], before[name]))
    .map((name) => forbidden(placeOf([name]), "field is immutable when `immutable` is set"));
}

/** What a running pod may still change: images, a shorter deadline, more tolerations. */
const changeableInPods = new Set([
  "activeDeadlineSeconds",
  "tolerations",
  "terminationGracePeriodSeconds",
  "schedulingGates",
]);

function withoutImages(spec: JsonObject): JsonObject {
  const bare = (containers: Json | undefined): Json =>
    Array.isArray(containers)
      ? (containers as readonly Json[]).map((item) =>
          isJsonObject(item) ? { ...item, image: "" } : item,
        )
      : [];
  const rest = Object.entries(spec).filter(([name]) => !changeableInPods.has(name));
  return {
    ...Object.fromEntries(rest),
    containers: bare(spec["containers"]),
    initContainers: bare(spec["initContainers"]),
  };
}

function podSpec(now: JsonObject, before: JsonObject): readonly FieldError[] {
  // A pod is put on a node once, after it was made.
  const bound =
    specOf(before)["nodeName"] === undefined ? { nodeName: specOf(now)["nodeName"] } : {};
  const wanted = withoutImages(specOf(now));
  if (deepEqual(wanted, { ...withoutImages(specOf(before)), ...bound })) return [];
  const message =
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  return [forbidden(placeOf(["spec"]), message)];
}

const checks: Readonly<Record<string, Check>> = {
  "v1 Pod": podSpec,
  "v1 ConfigMap": sealed,
  "v1 Secret": sealed,
  "apps/v1 ReplicaSet": keeps("selector"),
  "apps/v1 Deployment": keeps("selector"),
  "batch/v1 Job": keeps("completions", "selector", "template", "completionMode"),
  "argoproj.io/v1alpha1 Rollout": rolloutSelector,
};

export function immutableErrors(now: JsonObject, before: JsonObject): readonly FieldError[] {
  const key = kindKeyOf(now);
  return Object.hasOwn(checks, key) ? (checks[key]?.(now, before) ?? []) : [];
}
