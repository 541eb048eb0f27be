// Writes down, from watches, every state that rollouts and what belongs to them went through, in the
// order of their versions. What a test proves of a delivery it proves from this, not from looking now
// and then.
import { podTemplateHashLabel } from "../../src/api/argo/keys.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { isStoreError, type ObjectStore, type WatchEvent } from "../../src/objects/object-store.ts";
import { refTo, until, type Loose } from "./cluster.test-support.ts";

export interface Moment {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly kind: string;
  readonly object: Loose;
  /** Of the object; one counter for all kinds in the stores there are. */
  readonly version: number;
  /** When the test heard of it. */
  readonly heardMs: number;
}

export interface RecordedHistory {
  /** All moments so far, in order. */
  moments(): readonly Moment[];
  /** How many so far; cheap. */
  count(): number;
  /** The newest state of an object; undefined if it is not there. */
  latest(kind: string, name: string): Loose | undefined;
  /** Resolves once `isSo` of the newest state; asked after every moment. */
  becomes(kind: string, name: string, isSo: (object: Loose) => boolean): Promise<void>;
  /** Before the store is closed. Throws if a watch broke: then there may be gaps. */
  close(): Promise<void>;
}

const recordedKinds = ["Rollout", "ReplicaSet", "AnalysisRun", "Service", "Pod"] as const;

export function hashOf({ metadata }: Loose): string {
  return metadata.labels?.[podTemplateHashLabel] ?? "";
}

export function ownerOf({ metadata }: Loose): string {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.name ?? "";
}

export function statusOf({ status = {} }: Loose): JsonObject {
  return status;
}

/** Begins with a namespace that nothing was made in yet. `moreKinds` are recorded beside the usual ones. */
export async function recordHistory(
  store: ObjectStore,
  namespace: string,
  moreKinds: readonly string[] = [],
): Promise<RecordedHistory> {
  const moments: Moment[] = [];
  const newest = new Map<string, Loose>();
  const troubles: unknown[] = [];
  const stop = new AbortController();

  const note = (kind: string, event: WatchEvent<Loose>): string => {
    if (event.type === "BOOKMARK") return event.resourceVersion;
    const { type, object } = event;
    const { resourceVersion = "0", name } = object.metadata;
    const version = Number(resourceVersion);
    moments.push({ type, kind, object, version, heardMs: Date.now() });
    if (type === "DELETED") newest.delete(`${kind}/${name}`);
    else newest.set(`${kind}/${name}`, object);
    return resourceVersion;
  };

  const follow = async (kind: string): Promise<() => Promise<void>> => {
    const { apiVersion } = refTo(kind, namespace, "");
    const scope = { apiVersion, kind, namespace };
    let { resourceVersion } = await store.list<Loose>(scope);
    return async () => {
      for (;;) {
        try {
          const options = { resourceVersion, signal: stop.signal };
          for await (const event of store.watch<Loose>(scope, options)) {
            resourceVersion = note(kind, event);
          }
        } catch (error) {
          // A broken connection loses nothing: the next watch begins where this one ended.
          if (!isStoreError(error, "ServiceUnavailable")) {
            troubles.push(error);
            return;
          }
        }
        if (stop.signal.aborted) return;
      }
    };
  };

  const begun = await Promise.all([...recordedKinds, ...moreKinds].map(follow));
  const running = Promise.all(begun.map(async (run) => run()));
  const latest = (kind: string, name: string): Loose | undefined => newest.get(`${kind}/${name}`);
  return {
    moments: () => [...moments].sort((a, b) => a.version - b.version),
    count: () => moments.length,
    latest,
    async becomes(kind, name, isSo) {
      const describe = async (): Promise<unknown> => statusOf(latest(kind, name) ?? ({} as Loose));
      await until(
        `${kind} ${name} is as it should be`,
        async () => {
          const found = latest(kind, name);
          return found !== undefined && isSo(found);
        },
        { withinMs: 200_000, describe },
      );
    },
    async close() {
      stop.abort();
      await running;
      if (troubles.length > 0) throw new Error("a watch broke", { cause: troubles[0] });
    },
  };
}

/** What the controller says of this very generation. */
export function isSettled(rollout: Loose, phase: string): boolean {
  const { observedGeneration, phase: found } = statusOf(rollout);
  return observedGeneration === String(rollout.metadata.generation) && found === phase;
}
