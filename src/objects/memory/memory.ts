// objects/memory: all objects in maps of this process; for tests and the simulator. Deterministic:
// answers come in microtasks, time from the given clock, chance from the given generator. May import
// lib, api, objects/object-store.ts, objects/semantics and runtime/clock.ts.
import { createRng, nextInt, type Rng } from "../../lib/rng.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Engine, EngineOptions } from "../semantics/engine-options.ts";
import { createEngine } from "../semantics/engine.ts";

export interface MemoryStoreOptions extends Omit<
  EngineOptions,
  "journal" | "initial" | "newUid" | "rng"
> {
  readonly clock: Clock;
  /** Chance for generated names and uids; a fixed seed if absent. */
  readonly rng?: Rng;
  readonly newUid?: () => string;
}

/** Uids in the form of a UUID that cannot repeat within one store: chance and a counter. */
export function seededUids(rng: Rng): () => string {
  let count = 0;
  return () => {
    count += 1;
    const chance = nextInt(rng, 2 ** 32)
      .toString(16)
      .padStart(8, "0");
    return `${chance}-0000-4000-8000-${count.toString(16).padStart(12, "0")}`;
  };
}

/** An empty store with the namespace `default`. */
export function memoryStore(options: MemoryStoreOptions): Engine {
  const rng = options.rng ?? createRng(1);
  return createEngine({ ...options, rng, newUid: options.newUid ?? seededUids(rng) });
}
