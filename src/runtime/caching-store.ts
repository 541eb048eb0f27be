// An ObjectStore that answers `get` from the manager's caches and feeds them with the results of
// its own writes: reads cost nothing, and a pass never decides on a view older than its last write.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import type { ObjectStore, WriteOptions } from "../objects/object-store.ts";
import type { Manager } from "./manager.ts";

export function cachingStore(store: ObjectStore, manager: Manager): ObjectStore {
  const remember = <T extends KubeObject>(object: T, options: WriteOptions | undefined): T => {
    // A scale write answers with a Scale, which is not the object; a dry run with what never was.
    if (options?.subresource === "scale" || options?.dryRun === true) return object;
    manager.knownCache(object.apiVersion, object.kind)?.remember(object);
    return object;
  };
  return {
    async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
      const cache = manager.knownCache(ref.apiVersion, ref.kind);
      if (!cache) return store.get<T>(ref);
      await cache.ready();
      const known = cache.get(ref.namespace, ref.name) as T | undefined;
      // A cache of a part of a kind, or of none yet, cannot say that something is not there.
      return known ?? (cache.isWhole ? undefined : store.get<T>(ref));
    },
    list: async (scope, page) => store.list(scope, page),
    watch: (scope, options) => store.watch(scope, options),
    create: async (object, options) => remember(await store.create(object, options), options),
    update: async (object, options) => remember(await store.update(object, options), options),
    async patch<T extends KubeObject>(
      ...[ref, patch, options]: Parameters<ObjectStore["patch"]>
    ): Promise<T> {
      return remember(await store.patch<T>(ref, patch, options), options);
    },
    delete: async (ref, options) => store.delete(ref, options),
  };
}
