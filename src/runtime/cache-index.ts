// Objects of a cache by what they name: kept with each change, so that asking who names a thing costs
// the same however many objects there are.
import type { KubeObject } from "../api/meta/object.ts";
import { keyOf, type Cache } from "./cache.ts";

export class CacheIndex<T extends KubeObject> {
  readonly #keysOf: (object: T) => readonly string[];
  readonly #byKey = new Map<string, Map<string, T>>();

  /** `keysOf` must give the same for the same object. Make it before the cache holds anything. */
  constructor(cache: Cache<T>, keysOf: (object: T) => readonly string[]) {
    this.#keysOf = keysOf;
    cache.onChange(({ before, after }) => {
      if (before) this.#remove(before);
      if (after) this.#add(after);
    });
  }

  /** The objects that have this key, in no particular order. */
  get(key: string): readonly T[] {
    return [...(this.#byKey.get(key)?.values() ?? [])];
  }

  #add(object: T): void {
    for (const key of this.#keysOf(object)) {
      const known = this.#byKey.get(key) ?? new Map<string, T>();
      known.set(keyOf(object), object);
      this.#byKey.set(key, known);
    }
  }

  #remove(object: T): void {
    for (const key of this.#keysOf(object)) {
      const known = this.#byKey.get(key);
      known?.delete(keyOf(object));
      if (known?.size === 0) this.#byKey.delete(key);
    }
  }
}
