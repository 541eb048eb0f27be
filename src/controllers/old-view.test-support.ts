// Test support: a process whose view of one kind is behind until the next change of each object.
import type { KubeObject } from "../api/meta/object.ts";
import type { ListPage, ListScope, ObjectStore } from "../objects/object-store.ts";

/** A store whose lists show a kind as it was at first, and whose watches tell only of what comes. */
export function withOld(store: ObjectStore, kind: string, old: readonly KubeObject[]): ObjectStore {
  return {
    ...store,
    get: async (ref) => store.get(ref),
    create: async (object, options) => store.create(object, options),
    update: async (object, options) => store.update(object, options),
    patch: async (ref, patch, options) => store.patch(ref, patch, options),
    delete: async (ref, options) => store.delete(ref, options),
    list: async <T extends KubeObject>(scope: ListScope, page?: ListPage) => {
      const listed = await store.list<T>(scope, page);
      return scope.kind === kind ? { ...listed, items: old as readonly T[] } : listed;
    },
    watch: (scope, options) => store.watch(scope, options),
  };
}
