// What routers share when they write: the smallest patch, refused if somebody was quicker; and the
// words for what a store refuses.
import { isControlledBy, refOf, type KubeObject, type ObjectRef } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { entriesOf } from "../lib/json.ts";
import { diffMergePatch } from "../lib/merge-patch.ts";
import { isStoreError, type StoreErrorReason } from "../objects/object-store.ts";
import { errorText } from "../runtime/log.ts";
import { RouterError, type RouterContext } from "./router.ts";

export const fieldManager = "haldane-controller";

/** Passes by itself: told to nobody, the pass is simply repeated. */
const passing: readonly StoreErrorReason[] = [
  "Conflict",
  "ServiceUnavailable",
  "Timeout",
  "TooManyRequests",
];

/** A RouterError `text: why` for what the store refused for good; other errors are thrown on as they are. */
export function refusedAs(error: unknown, text: string, reason = "TrafficRoutingError"): unknown {
  const isRefusal = isStoreError(error) && !passing.includes(error.reason);
  if (!isRefusal) return error;
  return new RouterError(reason, `${text}: ${errorText(error)}`, { cause: error });
}

/**
 * Patches `live` to `wanted` and resolves with what was written; undefined = nothing to write. The
 * patch names the version `live` was read at: Conflict if somebody has changed it since.
 */
export async function bringTo<T extends KubeObject>(
  { store }: Pick<RouterContext, "store">,
  live: T,
  wanted: T,
): Promise<T | undefined> {
  const patch = diffMergePatch(asJson(live), asJson(wanted));
  if (entriesOf(patch).length === 0) return undefined;
  const { resourceVersion } = live.metadata;
  const metadata = { ...(patch["metadata"] as object | undefined), resourceVersion };
  const body = resourceVersion === undefined ? patch : { ...patch, metadata };
  return store.patch<T>(refOf(live), { type: "merge", body }, { fieldManager });
}

/** Records a Normal event on the rollout, once per version of the object it speaks of. */
export async function tellOf(
  { tell }: Pick<RouterContext, "tell">,
  object: KubeObject,
  reason: string,
  message: string,
): Promise<void> {
  const { uid = "", resourceVersion = "" } = object.metadata;
  await tell?.({ type: "Normal", reason, message, cause: `${uid}/${resourceVersion}` });
}

/** The object behind `ref`, or the RouterError of `missing`. */
export async function mustGet<T extends KubeObject>(
  { store }: Pick<RouterContext, "store">,
  ref: ObjectRef,
  missing: () => RouterError,
): Promise<T> {
  const object = await store.get<T>(ref);
  if (object === undefined) throw missing();
  return object;
}

/** Our own object of that name, if there is one yet; the RouterError of `foreign` if it is somebody else's. */
export async function getOwn<T extends KubeObject>(
  { store, rollout }: RouterContext,
  ref: ObjectRef,
  foreign: () => RouterError,
): Promise<T | undefined> {
  const object = await store.get<T>(ref);
  if (object !== undefined && !isControlledBy(object, rollout.owner)) throw foreign();
  return object;
}
