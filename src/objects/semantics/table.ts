// The objects themselves, by kind, namespace and name.
import type { ObjectRef } from "../../api/meta/object.ts";
import { kindKeyOf, refOfStored, type Stored } from "./stored.ts";

export interface Table {
  get(ref: ObjectRef): Stored | undefined;
  put(object: Stored): void;
  remove(ref: ObjectRef): void;
  /** All objects of a kind, in one namespace or in all, in no particular order. */
  scan(kindKey: string, namespace?: string): Iterable<Stored>;
  all(): Iterable<Stored>;
  count(): number;
}

type ByName = Map<string, Stored>;
type ByNamespace = Map<string, ByName>;

function* everyValue(byNamespace: ByNamespace): Iterable<Stored> {
  for (const byName of byNamespace.values()) yield* byName.values();
}

export function createTable(): Table {
  const kinds = new Map<string, ByNamespace>();
  let size = 0;

  function namesFor(ref: ObjectRef): ByName {
    const kindKey = kindKeyOf(ref);
    const namespaces = kinds.get(kindKey) ?? new Map<string, ByName>();
    kinds.set(kindKey, namespaces);
    const names = namespaces.get(ref.namespace) ?? new Map<string, Stored>();
    namespaces.set(ref.namespace, names);
    return names;
  }

  return {
    get: (ref) => kinds.get(kindKeyOf(ref))?.get(ref.namespace)?.get(ref.name),
    put(object) {
      const ref = refOfStored(object);
      const names = namesFor(ref);
      if (!names.has(ref.name)) size += 1;
      names.set(ref.name, object);
    },
    remove(ref) {
      const namespaces = kinds.get(kindKeyOf(ref));
      const names = namespaces?.get(ref.namespace);
      if (names?.delete(ref.name) === true) size -= 1;
      if (names?.size === 0) namespaces?.delete(ref.namespace);
    },
    scan(kindKey, namespace) {
      const namespaces = kinds.get(kindKey);
      if (!namespaces) return [];
      return namespace === undefined
        ? everyValue(namespaces)
        : (namespaces.get(namespace)?.values() ?? []);
    },
    *all() {
      for (const namespaces of kinds.values()) yield* everyValue(namespaces);
    },
    count: () => size,
  };
}
