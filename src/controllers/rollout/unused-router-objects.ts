// Gives objects of routers back that no Rollout uses any more (argo-rollouts-algorithms.md §2.15): the
// Rollout is gone, or names another one. Who used an object is told by the object itself, so a crash
// forgets nothing: whatever was left is looked for once when the controllers begin.
import type { Capabilities } from "../../api/argo/capabilities.ts";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import type { Rollout } from "../../api/argo/rollout.ts";
import { refOf, type KubeObject, type ObjectRef } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { entriesOf } from "../../lib/json.ts";
import { diffMergePatch } from "../../lib/merge-patch.ts";
import { isStoreError, StoreError, type ListScope } from "../../objects/object-store.ts";
import { RouterError, type ReleasableKind } from "../../routers/router.ts";
import { keyOf, splitKey, type Cache, type Change } from "../../runtime/cache.ts";
import type { Controller, Source } from "../../runtime/controller.ts";
import { errorText, type Logger } from "../../runtime/log.ts";
import { requeueAfter, settled, type Outcome } from "../../runtime/outcome.ts";
import { mustBeCurrent, type LiveStore } from "./second-look.ts";
import { resolveRollout, workloadKnown } from "./resolve.ts";
import { routerReferenceError } from "./router-references.ts";
import { routersOf, type RoutersWorld } from "./routers-of.ts";
import type { RolloutViews } from "./views.ts";

export interface RouterObjectControllerOptions extends RoutersWorld {
  /** What one kind's objects tell, for each router that writes this kind. */
  readonly releasable: readonly [ReleasableKind, ...(readonly ReleasableKind[])];
  /** Where its objects are. */
  readonly scope: ListScope;
  readonly live: LiveStore;
  readonly views: RolloutViews;
  readonly capabilities: Capabilities;
  readonly log: Logger;
}

/** Not the key of an object: look for all that somebody is noted on. */
const everything = "";
/** What an invalid Rollout names, nobody knows; what it used before stays as it is until it is valid. */
const whileInvalidMs = 30_000;
const pageSize = 500;

/** Wakes the controller for objects that a look at all of them has found. */
class Finder {
  #enqueue: (key: string) => void = () => undefined;

  readonly source: Source = {
    subscribe: (enqueue) => {
      this.#enqueue = enqueue;
      enqueue(everything);
    },
  };

  found(object: KubeObject): void {
    this.#enqueue(keyOf(object));
  }
}

function keyOfRef({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

/** The keys of the objects of this kind that a Rollout names; undefined if that cannot be read. */
function namedBy(
  rollout: Rollout,
  manifest: KubeObject,
  options: RouterObjectControllerOptions,
): readonly string[] | undefined {
  const [{ apiVersion, kind }] = options.releasable;
  try {
    return routersOf(rollout, manifest, options)
      .flatMap(({ watches }) => watches)
      .filter((ref) => ref.kind === kind && ref.apiVersion === apiVersion)
      .map(keyOfRef);
  } catch (error) {
    if (error instanceof RouterError) return undefined;
    throw error;
  }
}

/** Another spec, another object of that name, or its end; a status tells nothing of what is named. */
function isNewsOfSpec({ before, after }: Change<KubeObject>): boolean {
  const { uid, generation } = before?.metadata ?? {};
  return uid !== after?.metadata.uid || generation !== after?.metadata.generation;
}

/** What a Rollout named before a change and does not name after it. */
function lettingGo(rollouts: Cache<KubeObject>, options: RouterObjectControllerOptions): Source {
  const namedIn = (manifest: KubeObject | undefined): readonly string[] =>
    manifest ? (namedBy(parseRollout(asJson(manifest)).rollout, manifest, options) ?? []) : [];
  return {
    subscribe(enqueue) {
      rollouts.onChange((change) => {
        if (!change.before || !isNewsOfSpec(change)) return;
        const kept = new Set(namedIn(change.after));
        for (const key of namedIn(change.before)) if (!kept.has(key)) enqueue(key);
      });
    },
  };
}

type Standing = "in use" | "free" | "undecided";

/** Whether the Rollout of that name uses the object. Throws Conflict when the view of it is too old to say. */
async function standingOf(
  name: string,
  ref: ObjectRef,
  options: RouterObjectControllerOptions,
): Promise<Standing> {
  const { views, live, store, capabilities } = options;
  const { namespace } = ref;
  const manifest = views.rollouts.get(namespace, name);
  if (!manifest) {
    const { apiVersion, kind } = views.rollouts.scope;
    if (!(await live.get({ apiVersion, kind, namespace, name }))) return "free";
    throw new StoreError("Conflict", `Rollout ${namespace}/${name} has not been seen yet`);
  }
  await workloadKnown(manifest, views);
  const { rollout, invalid } = resolveRollout(manifest, views, capabilities);
  const named = invalid === undefined ? namedBy(rollout, manifest, options) : undefined;
  if (named === undefined) return "undecided";
  if (named.includes(keyOfRef(ref))) return "in use";
  const routers = routersOf(rollout, manifest, options);
  const problem = await routerReferenceError(rollout, routers, store, namespace);
  if (problem !== undefined) return "undecided";
  await mustBeCurrent(manifest, live);
  return "free";
}

async function release(key: string, options: RouterObjectControllerOptions): Promise<Outcome> {
  const { releasable, live, log } = options;
  const [{ apiVersion, kind }] = releasable;
  const ref = { apiVersion, kind, ...splitKey(key) };
  const object = await live.get(ref);
  if (!object) return settled;
  let wanted = object;
  let isUndecided = false;
  for (const { usersOf, without } of releasable) {
    for (const user of usersOf(object)) {
      const standing = await standingOf(user, ref, options);
      if (standing === "undecided") isUndecided = true;
      if (standing === "free") wanted = without(wanted, user);
    }
  }
  if (await write(object, wanted, options))
    log.info("given back: no rollout uses it any more", { kind, key });
  return isUndecided ? requeueAfter(whileInvalidMs, "its rollout is invalid") : settled;
}

/** Whether there was something to write. */
async function write(
  object: KubeObject,
  wanted: KubeObject,
  { store }: RouterObjectControllerOptions,
): Promise<boolean> {
  const patch = diffMergePatch(asJson(object), asJson(wanted));
  if (entriesOf(patch).length === 0) return false;
  const { resourceVersion } = object.metadata;
  const metadata = { ...(patch["metadata"] as object | undefined), resourceVersion };
  const body = resourceVersion === undefined ? patch : { ...patch, metadata };
  try {
    await store.patch(refOf(object), { type: "merge", body });
    return true;
  } catch (error) {
    // Its owner has taken it along.
    if (isStoreError(error, "NotFound")) return false;
    throw error;
  }
}

async function* allObjects({
  store,
  scope,
}: RouterObjectControllerOptions): AsyncGenerator<KubeObject> {
  let continueToken: string | undefined;
  do {
    const from = continueToken === undefined ? {} : { continueToken };
    const page = await store.list(scope, { limit: pageSize, ...from });
    yield* page.items;
    ({ continueToken } = page);
  } while (continueToken !== undefined);
}

async function lookForAll(
  finder: Finder,
  options: RouterObjectControllerOptions,
): Promise<Outcome> {
  const { releasable, scope, log } = options;
  try {
    for await (const object of allObjects(options)) {
      if (releasable.some(({ usersOf }) => usersOf(object).length > 0)) finder.found(object);
    }
  } catch (error) {
    // Not installed, or a router this installation has no rights for: nothing of it is ours.
    if (!isStoreError(error, "NotFound") && !isStoreError(error, "Forbidden")) throw error;
    const { apiVersion, kind } = scope;
    log.debug("nothing to give back", { apiVersion, kind, why: errorText(error) });
  }
  return settled;
}

/** One kind of object, whichever routers write it. */
export function routerObjectController(options: RouterObjectControllerOptions): Controller {
  const { releasable, views } = options;
  const finder = new Finder();
  return {
    name: releasable[0].kind.toLowerCase(),
    concurrency: 1,
    sources: [finder.source, lettingGo(views.rollouts, options)],
    reconcile: async (key) =>
      key === everything ? lookForAll(finder, options) : release(key, options),
  };
}
