// POST and PUT.
import type { KubeObject } from "../../../api/meta/object.ts";
import type { KubeEvent } from "../../../api/kubernetes/workloads.ts";
import { formatTime } from "../../../lib/time.ts";
import type { WriteOptions } from "../../../objects/object-store.ts";
import type { Call, Reply } from "../call.ts";
import { readObject } from "../http/body.ts";
import type { ApiOptions } from "../options.ts";
import { objectReply } from "./present.ts";
import { objectFrom, type ObjectTarget, type Target } from "./target.ts";
import { checkFields, writeOptionsOf } from "./write-options.ts";

function isEvent(object: KubeObject): object is KubeEvent {
  return object.apiVersion === "v1" && object.kind === "Event";
}

/** An event somebody reports without its times and count happened once, now; `kubectl describe` shows them. */
function asReported(object: KubeObject, nowMs: number): KubeObject {
  if (!isEvent(object)) return object;
  const { eventTime } = object as { readonly eventTime?: string | null };
  const now = formatTime(nowMs);
  const { type = "Normal", count = 1, source = {} } = object;
  if (eventTime !== undefined && eventTime !== null)
    return { ...object, type, source } as KubeEvent;
  const { lastTimestamp = object.firstTimestamp ?? now } = object;
  const { firstTimestamp = lastTimestamp } = object;
  return { ...object, type, count, source, firstTimestamp, lastTimestamp } as KubeEvent;
}

export async function createObject(api: ApiOptions, call: Call, target: Target): Promise<Reply> {
  const object = asReported(objectFrom(await readObject(call), target), api.clock.now());
  const warnings = checkFields(api, call.query, object);
  const created = await api.store.create(object, writeOptionsOf(call));
  return objectReply(api, target.type, created, call, { status: 201, warnings });
}

export async function updateObject(
  api: ApiOptions,
  call: Call,
  target: ObjectTarget,
  subresource?: WriteOptions["subresource"],
): Promise<Reply> {
  const object = objectFrom(await readObject(call), target);
  const warnings = checkFields(api, call.query, object);
  const updated = await api.store.update(object, writeOptionsOf(call, subresource));
  return objectReply(api, target.type, updated, call, { warnings });
}
