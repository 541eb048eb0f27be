// The object that holds a rollout's pod template: the rollout itself, or what workloadRef names.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { isJsonObject, type Json } from "../lib/json.ts";
import { CliError } from "./command.ts";
import { rolloutRef } from "./fetch-tree.ts";

const supported = ["Deployment", "ReplicaSet", "PodTemplate"];

export function templateHolder(rollout: KubeObject): ObjectRef {
  const { namespace = "", name } = rollout.metadata;
  const spec: Json | undefined = asJson(rollout)["spec"];
  const ref = isJsonObject(spec) ? spec["workloadRef"] : undefined;
  if (!isJsonObject(ref)) return rolloutRef(namespace, name);
  const { apiVersion, kind, name: workload } = ref;
  if (
    typeof apiVersion !== "string" ||
    typeof kind !== "string" ||
    typeof workload !== "string" ||
    !supported.includes(kind)
  ) {
    throw new CliError(`workload of type ${JSON.stringify(kind)} is not supported`);
  }
  return { apiVersion, kind, namespace, name: workload };
}
