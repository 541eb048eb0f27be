// An ObjectStore that writes only while we lead: a process that has lost its lease, or may have, must
// not touch anything any more, however far a pass has come. Reading stays allowed.
import { StoreError, type ObjectStore } from "../objects/object-store.ts";

/** Writes reject with ServiceUnavailable, before anything is sent, once `isOpen` says no. */
export function fencedStore(store: ObjectStore, isOpen: () => boolean): ObjectStore {
  const write = async <T>(send: () => Promise<T>): Promise<T> => {
    if (isOpen()) return send();
    const message = "this process does not lead any more, so it writes nothing";
    throw new StoreError("ServiceUnavailable", message);
  };
  return {
    get: async (ref) => store.get(ref),
    list: async (scope, page) => store.list(scope, page),
    watch: (scope, options) => store.watch(scope, options),
    create: async (object, options) => write(async () => store.create(object, options)),
    update: async (object, options) => write(async () => store.update(object, options)),
    patch: async (ref, patch, options) => write(async () => store.patch(ref, patch, options)),
    delete: async (ref, options) => write(async () => store.delete(ref, options)),
  };
}
