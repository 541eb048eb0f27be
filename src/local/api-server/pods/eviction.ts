// POST pods/<name>/eviction: deletion as `kubectl drain` asks for it. There are no disruption
// budgets here, so an eviction is never refused.
import { isJsonObject } from "../../../lib/json.ts";
import { StoreError } from "../../../objects/object-store.ts";
import { jsonReply, type Call, type Reply } from "../call.ts";
import { readObject } from "../http/body.ts";
import type { ApiOptions } from "../options.ts";
import { mustGet } from "../resources/read.ts";
import { deleteRequestFrom, removeOne } from "../resources/remove.ts";
import { shown, type ObjectTarget } from "../resources/target.ts";
import { successStatus } from "../status.ts";

export async function evictPod(api: ApiOptions, call: Call, target: ObjectTarget): Promise<Reply> {
  const body = await readObject(call);
  const { metadata, deleteOptions = {} } = body;
  const name = isJsonObject(metadata) ? metadata["name"] : undefined;
  if (name !== undefined && name !== target.name) {
    throw new StoreError(
      "BadRequest",
      `name in URL does not match name in Eviction object: ${target.name} != ${shown(name)}`,
    );
  }
  const request = deleteRequestFrom(isJsonObject(deleteOptions) ? deleteOptions : {}, call.query);
  await removeOne(api, target, await mustGet(api, target), request);
  return jsonReply(successStatus({}), 201);
}
