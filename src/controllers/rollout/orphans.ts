// ReplicaSets nobody controls, by namespace: there are hardly ever any, so that looking for them
// in every pass must cost nothing.
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { controllerOf } from "../../api/meta/object.ts";
import { keyOf, type Cache } from "../../runtime/cache.ts";

export class Orphans {
  readonly #byNamespace = new Map<string, Map<string, ReplicaSet>>();

  constructor(replicaSets: Cache<ReplicaSet>) {
    replicaSets.onChange(({ before, after }) => {
      if (before) this.#remove(before);
      if (after && controllerOf(after) === undefined) this.#add(after);
    });
  }

  in(namespace: string): readonly ReplicaSet[] {
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
  }

  #add(set: ReplicaSet): void {
    const { namespace = "" } = set.metadata;
    const known = this.#byNamespace.get(namespace) ?? new Map<string, ReplicaSet>();
    known.set(keyOf(set), set);
    this.#byNamespace.set(namespace, known);
  }

  #remove(set: ReplicaSet): void {
    const { namespace = "" } = set.metadata;
    const known = this.#byNamespace.get(namespace);
    known?.delete(keyOf(set));
    if (known?.size === 0) this.#byNamespace.delete(namespace);
  }
}
