// PUT namespaces/<name>/finalize: who still holds a namespace that is going away.
import type { KubeObject } from "../../../api/meta/object.ts";
import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import type { Call, Reply } from "../call.ts";
import { readObject } from "../http/body.ts";
import type { ApiOptions } from "../options.ts";
import { objectReply } from "./present.ts";
import { mustGet } from "./read.ts";
import { objectFrom, type ObjectTarget } from "./target.ts";
import { writeOptionsOf } from "./write-options.ts";

export async function finalizeNamespace(
  api: ApiOptions,
  call: Call,
  target: ObjectTarget,
): Promise<Reply> {
  const given = objectFrom(await readObject(call), target) as unknown as JsonObject;
  const current = (await mustGet(api, target)) as unknown as JsonObject;
  const { spec } = given;
  const finalizers = (isJsonObject(spec) ? spec["finalizers"] : undefined) ?? [];
  const before = isJsonObject(current["spec"]) ? current["spec"] : {};
  const next = { ...current, spec: { ...before, finalizers } } as unknown as KubeObject;
  return objectReply(api, target.type, await api.store.update(next, writeOptionsOf(call)), call);
}
