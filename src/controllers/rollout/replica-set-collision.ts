// A ReplicaSet's name is made of the template, so one of that name may be there already: ours, seen too
// late, or somebody else's, which a cache of rollouts' ReplicaSets does not show. The next pass has to know it.
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { refOf } from "../../api/meta/object.ts";
import type { Effect } from "../../core/rollout/decision.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import type { Cache } from "../../runtime/cache.ts";

export interface Learning {
  /** The store itself, without a cache in front. */
  readonly live: Pick<ObjectStore, "get">;
  readonly known: Cache<ReplicaSet>;
}

/** Rejects as `work` does; if something was there already, `known` has been told of it by then. */
export async function learningOfCollisions<T>(
  effects: readonly Effect[],
  learning: Learning,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isStoreError(error, "AlreadyExists")) await learn(effects, learning);
    throw error;
  }
}

async function learn(effects: readonly Effect[], { live, known }: Learning): Promise<void> {
  for (const effect of effects) {
    if (effect.kind !== "createReplicaSet") continue;
    const there = await live.get<ReplicaSet>(refOf(effect.replicaSet));
    if (there) known.remember(there);
  }
}
