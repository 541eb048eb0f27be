// Owner garbage collection and the end of namespaces. Level-triggered: what to do follows from the
// objects there are, never from having seen a deletion, so it also finishes what a restart cut
// short. Changes only say where to look. Works in microtasks right after the change, as part of the
// cluster and not of any controller, so that a simulated crash of a controller does not stop it.
import { parseApiVersion, type ObjectRef } from "../../api/meta/object.ts";
import type { ResourceType } from "../../api/resources.ts";
import type { CancelTimer } from "../../runtime/clock.ts";
import type { DeleteOptions } from "../object-store.ts";
import { foregroundFinalizer, orphanFinalizer } from "./deletion.ts";
import {
  refOfStored,
  type Change,
  type Stored,
  type StoredMeta,
  type StoredOwner,
} from "./stored.ts";

export interface CollectorWorld {
  readonly objects: () => Iterable<Stored>;
  readonly typeOf: (apiVersion: string, kind: string) => ResourceType | undefined;
  readonly remove: (ref: ObjectRef, how: DeleteOptions) => void;
  /** Writes new finalizers or owners of an object. */
  readonly replace: (existing: Stored, metadata: StoredMeta) => void;
  /** Removes an object for good, whatever its finalizers: only for namespaces that are empty. */
  readonly erase: (object: Stored) => void;
  readonly after: (delayMs: number, fire: () => void) => CancelTimer;
  readonly onError: (error: unknown) => void;
}

export interface Collector {
  /** Looks at everything once: what a former process left undone. */
  begin(): void;
  notice(change: Change): void;
  stop(): void;
}

export interface OwnerStates {
  /** The owner exists and stays, or is of a kind we know nothing about. */
  readonly solid: readonly StoredOwner[];
  /** The owner is gone, or another object has its name now. */
  readonly dangling: readonly StoredOwner[];
  /** The owner waits for its dependants to go first. */
  readonly waiting: readonly StoredOwner[];
}

export type CollectorStep =
  | { readonly kind: "keep" }
  | { readonly kind: "delete"; readonly propagation: "Background" | "Foreground" | "Orphan" }
  | { readonly kind: "disown"; readonly owners: readonly StoredOwner[] };

function has(object: Stored, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) === true;
}

function isBeingDeleted(object: Stored): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

function isWaitingForDependants(object: Stored): boolean {
  return isBeingDeleted(object) && has(object, foregroundFinalizer);
}

/** Whether `owner` is what the reference of an object in `namespace` means. Owners live in the same namespace or in none. */
function isMeant(reference: StoredOwner, owner: Stored, namespace: string | undefined): boolean {
  const inReach = owner.metadata.namespace === undefined || owner.metadata.namespace === namespace;
  const sameGroup =
    parseApiVersion(reference.apiVersion).group === parseApiVersion(owner.apiVersion).group;
  return (
    inReach && sameGroup && reference.kind === owner.kind && reference.name === owner.metadata.name
  );
}

export function ownerStates(
  object: Stored,
  ownerWith: (uid: string) => Stored | undefined,
  isKnownKind: (reference: StoredOwner) => boolean,
): OwnerStates {
  const solid: StoredOwner[] = [];
  const dangling: StoredOwner[] = [];
  const waiting: StoredOwner[] = [];
  for (const reference of object.metadata.ownerReferences ?? []) {
    const owner = ownerWith(reference.uid);
    const exists = owner !== undefined && isMeant(reference, owner, object.metadata.namespace);
    if (!isKnownKind(reference)) solid.push(reference);
    else if (!exists) dangling.push(reference);
    else (isWaitingForDependants(owner) ? waiting : solid).push(reference);
  }
  return { solid, dangling, waiting };
}

/** What becomes of a dependant. It stays while one owner stays; it goes with the last one. */
export function decideDependant(
  object: Stored,
  owners: OwnerStates,
  hasDependants: boolean,
): CollectorStep {
  const { solid, dangling, waiting } = owners;
  if (dangling.length + waiting.length === 0) return { kind: "keep" };
  if (isBeingDeleted(object) && !isWaitingForDependants(object)) return { kind: "keep" };
  if (solid.length > 0) return { kind: "disown", owners: [...dangling, ...waiting] };
  if (isBeingDeleted(object)) return { kind: "keep" };
  if (has(object, orphanFinalizer)) return { kind: "delete", propagation: "Orphan" };
  const isForeground = has(object, foregroundFinalizer) || (waiting.length > 0 && hasDependants);
  return { kind: "delete", propagation: isForeground ? "Foreground" : "Background" };
}

function withoutOwners(metadata: StoredMeta, removed: readonly StoredOwner[]): StoredMeta {
  const { ownerReferences = [], ...rest } = metadata;
  const kept = ownerReferences.filter((owner) => !removed.some(({ uid }) => uid === owner.uid));
  return kept.length > 0 ? { ...rest, ownerReferences: kept } : rest;
}

function withoutFinalizer(metadata: StoredMeta, finalizer: string): StoredMeta {
  const { finalizers = [], ...rest } = metadata;
  const kept = finalizers.filter((name) => name !== finalizer);
  return kept.length > 0 ? { ...rest, finalizers: kept } : rest;
}

function isNamespace(object: Stored): boolean {
  return object.apiVersion === "v1" && object.kind === "Namespace";
}

type WorkKind = "dependants" | "owners" | "namespaces";
type FailedWork = readonly [WorkKind, string];

const retryAfterMs = 5_000;

class MultiMap {
  readonly #sets = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const set = this.#sets.get(key);
    if (set) set.add(value);
    else this.#sets.set(key, new Set([value]));
  }

  remove(key: string, value: string): void {
    const set = this.#sets.get(key);
    set?.delete(value);
    if (set?.size === 0) this.#sets.delete(key);
  }

  /** A copy: work on the values may change the set. */
  of(key: string): readonly string[] {
    return [...(this.#sets.get(key) ?? [])];
  }
}

class StoreCollector implements Collector {
  readonly #world: CollectorWorld;
  readonly #byUid = new Map<string, Stored>();
  /** Uids of objects by the uid of an owner, and by the namespace they are in. */
  readonly #dependants = new MultiMap();
  readonly #inNamespace = new MultiMap();
  readonly #terminating = new Set<string>();
  /** Uids to look at: as dependants, as owners that go, and names of namespaces that end. */
  readonly #work = {
    dependants: new Set<string>(),
    owners: new Set<string>(),
    namespaces: new Set<string>(),
  };
  #isScheduled = false;
  #isStopped = false;
  #cancelRetry: CancelTimer | undefined;

  constructor(world: CollectorWorld) {
    this.#world = world;
  }

  begin(): void {
    for (const object of this.#world.objects()) {
      if (this.#byUid.has(object.metadata.uid)) continue;
      this.#index(object);
    }
    for (const [uid, object] of this.#byUid) {
      if ((object.metadata.ownerReferences ?? []).length > 0) this.#work.dependants.add(uid);
      if (isBeingDeleted(object)) this.#noticeDeletion(object);
    }
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry?.();
  }

  notice(change: Change): void {
    const { object, previous, type } = change;
    const { uid, namespace } = object.metadata;
    if (previous) this.#unindex(previous);
    if (type === "DELETED") {
      this.#work.owners.add(uid);
      if (isNamespace(object)) this.#terminating.delete(object.metadata.name);
      if (namespace !== undefined && this.#terminating.has(namespace))
        this.#work.namespaces.add(namespace);
    } else {
      this.#index(object);
      if (object.metadata.ownerReferences !== previous?.metadata.ownerReferences)
        this.#work.dependants.add(uid);
      if (isBeingDeleted(object)) this.#noticeDeletion(object);
    }
    for (const owner of previous?.metadata.ownerReferences ?? [])
      this.#noticeWaitingOwner(owner.uid);
    this.#schedule();
  }

  #noticeWaitingOwner(uid: string): void {
    const owner = this.#byUid.get(uid);
    if (owner && isWaitingForDependants(owner)) this.#work.owners.add(uid);
  }

  #noticeDeletion(object: Stored): void {
    if (has(object, foregroundFinalizer) || has(object, orphanFinalizer))
      this.#work.owners.add(object.metadata.uid);
    if (!isNamespace(object)) return;
    this.#terminating.add(object.metadata.name);
    this.#work.namespaces.add(object.metadata.name);
  }

  #index(object: Stored): void {
    const { uid, namespace, ownerReferences = [] } = object.metadata;
    this.#byUid.set(uid, object);
    if (namespace !== undefined) this.#inNamespace.add(namespace, uid);
    for (const owner of ownerReferences) this.#dependants.add(owner.uid, uid);
  }

  #unindex(object: Stored): void {
    const { uid, namespace, ownerReferences = [] } = object.metadata;
    this.#byUid.delete(uid);
    if (namespace !== undefined) this.#inNamespace.remove(namespace, uid);
    for (const owner of ownerReferences) this.#dependants.remove(owner.uid, uid);
  }

  #hasWork(): boolean {
    const { dependants, owners, namespaces } = this.#work;
    return dependants.size + owners.size + namespaces.size > 0;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped || !this.#hasWork()) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#run();
    });
  }

  /** Each piece of work is done once; what it changes comes back through `notice`. */
  #run(): void {
    const failed = [
      ...this.#drain("owners", (uid) => this.#processOwner(uid)),
      ...this.#drain("dependants", (uid) => this.#processDependant(uid)),
      ...this.#drain("namespaces", (name) => this.#processNamespace(name)),
    ];
    if (failed.length === 0) {
      this.#schedule();
      return;
    }
    this.#cancelRetry?.();
    this.#cancelRetry = this.#world.after(retryAfterMs, () => {
      for (const [what, key] of failed) this.#work[what].add(key);
      this.#schedule();
    });
  }

  #drain(what: WorkKind, process: (key: string) => void): readonly FailedWork[] {
    const failed: FailedWork[] = [];
    for (const key of [...this.#work[what]]) {
      if (this.#isStopped) break;
      this.#work[what].delete(key);
      try {
        process(key);
      } catch (error) {
        this.#world.onError(error);
        failed.push([what, key]);
      }
    }
    return failed;
  }

  #processOwner(uid: string): void {
    const owner = this.#byUid.get(uid);
    const dependants = this.#dependants.of(uid);
    if (owner === undefined) {
      for (const dependant of dependants) this.#work.dependants.add(dependant);
      return;
    }
    if (!isBeingDeleted(owner)) return;
    if (has(owner, orphanFinalizer)) this.#orphan(owner, dependants);
    else if (has(owner, foregroundFinalizer)) this.#waitForDependants(owner, dependants);
  }

  #orphan(owner: Stored, dependants: readonly string[]): void {
    const { uid } = owner.metadata;
    for (const dependant of dependants) {
      const object = this.#byUid.get(dependant);
      const references =
        object?.metadata.ownerReferences?.filter((reference) => reference.uid === uid) ?? [];
      if (object) this.#world.replace(object, withoutOwners(object.metadata, references));
    }
    const current = this.#byUid.get(uid);
    if (current) this.#world.replace(current, withoutFinalizer(current.metadata, orphanFinalizer));
  }

  #waitForDependants(owner: Stored, dependants: readonly string[]): void {
    const { uid } = owner.metadata;
    const isBlocking = dependants.some((dependant) =>
      this.#byUid
        .get(dependant)
        ?.metadata.ownerReferences?.some(
          (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
        ),
    );
    if (!isBlocking)
      this.#world.replace(owner, withoutFinalizer(owner.metadata, foregroundFinalizer));
    for (const dependant of dependants) this.#work.dependants.add(dependant);
  }

  #processDependant(uid: string): void {
    const object = this.#byUid.get(uid);
    if (!object) return;
    const owners = ownerStates(
      object,
      (owner) => this.#byUid.get(owner),
      ({ apiVersion, kind }) => this.#world.typeOf(apiVersion, kind) !== undefined,
    );
    const step = decideDependant(object, owners, this.#dependants.of(uid).length > 0);
    switch (step.kind) {
      case "keep":
        return;
      case "disown":
        this.#world.replace(object, withoutOwners(object.metadata, step.owners));
        return;
      case "delete":
        this.#world.remove(refOfStored(object), {
          preconditions: { uid },
          propagation: step.propagation,
        });
    }
  }

  #processNamespace(name: string): void {
    const contents = this.#inNamespace.of(name).flatMap((uid) => this.#byUid.get(uid) ?? []);
    for (const object of contents) {
      if (isBeingDeleted(object)) continue;
      this.#world.remove(refOfStored(object), {
        preconditions: { uid: object.metadata.uid },
        propagation: "Background",
      });
    }
    if (this.#inNamespace.of(name).length > 0) return;
    for (const object of this.#byUid.values()) {
      const isEnding =
        isNamespace(object) && object.metadata.name === name && isBeingDeleted(object);
      if (!isEnding || (object.metadata.finalizers ?? []).length > 0) continue;
      this.#world.erase(object);
      return;
    }
  }
}

export function createCollector(world: CollectorWorld): Collector {
  return new StoreCollector(world);
}
