// The scale subresource: an autoscaling/v1 Scale, whatever the workload.
import { apiVersionOf, type KubeObject } from "../../../api/meta/object.ts";
import { StoreError } from "../../../objects/object-store.ts";
import { scaleOf } from "../../../objects/semantics/scale.ts";
import type { Stored } from "../../../objects/semantics/stored.ts";
import { jsonReply, type Call, type Reply } from "../call.ts";
import { readObject } from "../http/body.ts";
import type { ApiOptions } from "../options.ts";
import { mustGet } from "./read.ts";
import { objectFrom, shown, type ObjectTarget } from "./target.ts";
import { writeOptionsOf } from "./write-options.ts";

export async function getScale(api: ApiOptions, _call: Call, target: ObjectTarget): Promise<Reply> {
  const object = await mustGet(api, target);
  return jsonReply(scaleOf(target.type, object as unknown as Stored));
}

export async function updateScale(
  api: ApiOptions,
  call: Call,
  target: ObjectTarget,
): Promise<Reply> {
  const { apiVersion = "autoscaling/v1", kind = "Scale", ...body } = await readObject(call);
  if (apiVersion !== "autoscaling/v1" || kind !== "Scale") {
    throw new StoreError(
      "BadRequest",
      `a scale must be an autoscaling/v1 Scale, not ${shown(apiVersion)} ${shown(kind)}`,
    );
  }
  // The store takes a Scale under the workload's own kind.
  const object = objectFrom(
    { ...body, apiVersion: apiVersionOf(target.type), kind: target.type.kind },
    target,
  );
  const scale: KubeObject = await api.store.update(object, writeOptionsOf(call, "scale"));
  return jsonReply(scale);
}
