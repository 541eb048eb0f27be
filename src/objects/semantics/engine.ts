// The object store over a table in memory: every promise of the port, kept synchronously between
// two awaits, so that callers see writes one after the other. A journal, where there is one, has
// each change on disk before anybody can read it.
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import { resourceTypeOf, type ResourceType } from "../../api/resources.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { formatTime } from "../../lib/time.ts";
import {
  StoreError,
  type DeleteOptions,
  type ListPage,
  type ListScope,
  type ObjectList,
  type Patch,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from "../object-store.ts";
import { assertPreconditions, mayGo, planDeletion } from "./deletion.ts";
import { alreadyExists, modified, notFound, unknownKind } from "./errors.ts";
import type { AdmissionRequest, Engine, EngineOptions } from "./engine-options.ts";
import { createCollector, type Collector } from "./garbage-collector.ts";
import { immutable } from "./immutable.ts";
import { Ledger } from "./ledger.ts";
import {
  assertMetadataShape,
  assertSameVersion,
  assertValidNew,
  incomingOf,
  newMetadata,
  type Incoming,
} from "./metadata.ts";
import { expiredEvents } from "./events.ts";
import { patched } from "./patches.ts";
import { assertNamespaceAccepts, nameFor } from "./placing.ts";
import { scaled, scaleOf } from "./scale.ts";
import { applied, tracked, type Writer } from "./server-side-apply/managed-fields.ts";
import { kindKeyOf, type Stored, type StoredMeta } from "./stored.ts";
import { beginning, sameSpecification, withIdentityOf, writtenOver } from "./write-rules.ts";

/** `isApply`: the accounts of the fields are settled already. */
interface Write extends WriteOptions {
  readonly isApply?: boolean;
}

const defaultHistoryLimit = 4096;
const eventKind = "v1 Event";

// What callers call T is the same JSON that is kept as Stored: the casts below are the wire border.
class StoreEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #typeOf: (apiVersion: string, kind: string) => ResourceType | undefined;
  readonly #ledger: Ledger;
  readonly #collector: Collector | undefined;
  #closed: StoreError | undefined;
  #lookAtEventsMs = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#typeOf = options.typeOf ?? resourceTypeOf;
    this.#ledger = new Ledger({
      clock: options.clock,
      journal: options.journal,
      initial: options.initial,
      historyLimit: options.historyLimit ?? defaultHistoryLimit,
      bookmarkEveryMs: options.bookmarkEveryMs,
      onChange: (change) => this.#collector?.notice(change),
    });
    this.#collector = options.garbageCollection === false ? undefined : this.#newCollector();
    this.#ensureDefaultNamespace();
    this.#collector?.begin();
  }

  async get<T extends KubeObject>(ref: ObjectRef): Promise<T | undefined> {
    this.#mustType(ref);
    return this.#ledger.table.get(ref) as unknown as T | undefined;
  }

  async list<T extends KubeObject>(scope: ListScope, page?: ListPage): Promise<ObjectList<T>> {
    this.#mustType(scope);
    const { items, version, ...rest } = this.#ledger.list(scope, page);
    return { items: items as unknown as readonly T[], resourceVersion: String(version), ...rest };
  }

  async create<T extends KubeObject>(object: T, write: WriteOptions = {}): Promise<T> {
    const type = this.#mustType(object);
    return this.#insert(type, incomingOf(immutable(object)), write) as unknown as T;
  }

  async update<T extends KubeObject>(object: T, write: WriteOptions = {}): Promise<T> {
    const type = this.#mustType(object);
    return this.#replace(type, incomingOf(immutable(object)), write) as unknown as T;
  }

  async patch<T extends KubeObject>(
    ref: ObjectRef,
    patch: Patch,
    write: WriteOptions = {},
  ): Promise<T> {
    const type = this.#mustType(ref);
    const stored =
      patch.type === "apply"
        ? this.#apply(type, ref, patch, write)
        : this.#patch(type, ref, patch, write);
    return stored as unknown as T;
  }

  async delete(ref: ObjectRef, how: DeleteOptions = {}): Promise<void> {
    this.#remove(ref, how);
  }

  watch<T extends KubeObject>(
    scope: ListScope,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>> {
    this.#mustType(scope);
    return this.#ledger.watches.open(scope, options);
  }

  version(): string {
    return String(this.#ledger.history.version());
  }

  count(): number {
    return this.#ledger.table.count();
  }

  async scale(ref: ObjectRef): Promise<KubeObject | undefined> {
    const type = this.#mustType(ref);
    const object = this.#ledger.table.get(ref);
    return object && scaleOf(type, object);
  }

  close(error?: Error): void {
    this.#closed = new StoreError("ServiceUnavailable", "the object store is closed");
    this.#collector?.stop();
    this.#ledger.watches.endAll(error);
  }

  #newCollector(): Collector {
    return createCollector({
      objects: () => this.#ledger.table.all(),
      typeOf: this.#typeOf,
      remove: (ref, how) => this.#remove(ref, how),
      replace: (existing, metadata) => this.#replaceMetadata(existing, metadata),
      erase: (object) => void this.#ledger.erase(object),
      after: (delayMs, fire) => this.#options.clock.after(delayMs, fire),
      onError: this.#options.onBackgroundError ?? ((): void => undefined),
    });
  }

  #ensureDefaultNamespace(): void {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } };
    const type = this.#typeOf(namespace.apiVersion, namespace.kind);
    if (!type || this.#ledger.table.get({ ...namespace, namespace: "", name: "default" })) return;
    this.#insert(type, incomingOf(immutable(namespace)), {});
  }

  #mustType(of: { readonly apiVersion: string; readonly kind: string }): ResourceType {
    if (this.#closed) throw this.#closed;
    const type = this.#typeOf(of.apiVersion, of.kind);
    if (!type) throw unknownKind(of);
    return type;
  }

  #mustGet(type: ResourceType, ref: ObjectRef): Stored {
    const existing = this.#ledger.table.get(ref);
    if (!existing) throw notFound(type, ref.name);
    return existing;
  }

  #admit(request: Omit<AdmissionRequest, "object">, object: Stored): Stored {
    const admitted = this.#options.admission?.({ ...request, object }) ?? object;
    if (admitted === object) return object;
    return immutable(incomingOf(immutable(admitted))) as Stored;
  }

  #insert(type: ResourceType, given: Incoming, write: Write): Stored {
    if ((given.metadata.resourceVersion ?? "") !== "") {
      throw new StoreError(
        "BadRequest",
        "resourceVersion should not be set on objects to be created",
      );
    }
    assertMetadataShape(given.metadata);
    const { table } = this.#ledger;
    const name = nameFor(table, type, given, this.#options.rng);
    const { apiVersion, kind } = given;
    const ref = { apiVersion, kind, namespace: given.metadata.namespace ?? "", name };
    assertValidNew(type, { ...given.metadata, name });
    assertNamespaceAccepts(table, type, ref);
    if (table.get(ref)) throw alreadyExists(type, name);
    const identity = { name, uid: this.#options.newUid(), nowMs: this.#options.clock.now() };
    const metadata = newMetadata(given.metadata, identity);
    const fresh = immutable({ ...beginning(type, given), metadata }) as Stored;
    const admitted = this.#admit({ operation: "create" }, fresh);
    const complete = { ...admitted, metadata: withIdentityOf(metadata, admitted) };
    const owned = tracked(type, undefined, complete, this.#writer(write));
    if (write.dryRun === true) return immutable(owned) as Stored;
    const stored = this.#ledger.put(owned, undefined);
    if (kindKeyOf(stored) === eventKind) this.#expireEvents();
    return stored;
  }

  /** Looks once a minute at most; a failure is the store's own affair and not that of who wrote. */
  #expireEvents(): void {
    const { clock, eventLifeMs, onBackgroundError } = this.#options;
    const nowMs = clock.now();
    if (eventLifeMs === undefined || nowMs < this.#lookAtEventsMs) return;
    this.#lookAtEventsMs = nowMs + 60_000;
    try {
      const events = this.#ledger.table.scan(eventKind);
      for (const event of expiredEvents(events, nowMs - eventLifeMs)) this.#ledger.erase(event);
    } catch (error) {
      onBackgroundError?.(error);
    }
  }

  #writer(write: Write): Writer {
    const { fieldManager: manager, subresource, isApply = false } = write;
    return { manager, subresource, time: formatTime(this.#options.clock.now()), isApply };
  }

  #save(type: ResourceType, existing: Stored, next: Stored, write: Write): Stored {
    const { subresource } = write;
    const request = {
      operation: "update",
      old: existing,
      ...(subresource ? { subresource } : {}),
    } as const;
    const admitted = this.#admit(request, next);
    if (deepEqual(admitted, existing)) return existing;
    const bump = sameSpecification(type, existing, admitted) ? 0 : 1;
    const identity = withIdentityOf(existing.metadata, admitted);
    const metadata = { ...identity, generation: existing.metadata.generation + bump };
    const changed = tracked(type, existing, { ...admitted, metadata }, this.#writer(write));
    if (deepEqual(changed, existing)) return existing;
    if (write.dryRun === true) return immutable(changed) as Stored;
    return mayGo(changed)
      ? this.#ledger.erase(existing, changed)
      : this.#ledger.put(changed, existing);
  }

  #saveScale(type: ResourceType, existing: Stored, scale: Incoming, write: Write): Stored {
    assertSameVersion(type, existing.metadata, scale.metadata);
    return scaleOf(type, this.#save(type, existing, scaled(type, existing, scale), write));
  }

  #replace(type: ResourceType, given: Incoming, write: Write): Stored {
    const { name = "", namespace = "" } = given.metadata;
    const existing = this.#mustGet(type, { ...given, namespace, name });
    if (write.subresource === "scale") return this.#saveScale(type, existing, given, write);
    return this.#saveOver(type, existing, given, write);
  }

  #saveOver(type: ResourceType, existing: Stored, given: Incoming, write: Write): Stored {
    assertMetadataShape(given.metadata);
    assertSameVersion(type, existing.metadata, given.metadata);
    return this.#save(type, existing, writtenOver(type, existing, given, write.subresource), write);
  }

  #patch(
    type: ResourceType,
    ref: ObjectRef,
    patch: Exclude<Patch, { type: "apply" }>,
    write: Write,
  ): Stored {
    const existing = this.#mustGet(type, ref);
    if (write.subresource === "scale") {
      const scale = incomingOf(immutable(patched(type, scaleOf(type, existing), patch)));
      return this.#saveScale(type, existing, scale, write);
    }
    const next = incomingOf(immutable(patched(type, existing, patch)));
    if (next.metadata.name !== ref.name || (next.metadata.namespace ?? "") !== ref.namespace) {
      throw new StoreError(
        "BadRequest",
        `a patch cannot change the name or the namespace of ${type.kind} "${ref.name}"`,
      );
    }
    if (kindKeyOf(next) !== kindKeyOf(ref)) {
      throw new StoreError(
        "BadRequest",
        `a patch cannot change the apiVersion or the kind of ${type.kind} "${ref.name}"`,
      );
    }
    return this.#saveOver(type, existing, next, write);
  }

  #apply(
    type: ResourceType,
    ref: ObjectRef,
    patch: Extract<Patch, { type: "apply" }>,
    write: Write,
  ): Stored {
    const existing = this.#ledger.table.get(ref);
    const { subresource } = write;
    if (!existing && subresource !== undefined) throw notFound(type, ref.name);
    const by = {
      manager: patch.fieldManager,
      subresource,
      time: formatTime(this.#options.clock.now()),
      force: patch.force,
    };
    const given = incomingOf(immutable(applied(type, ref, existing, patch.body, by)));
    if (!existing) return this.#insertApplied(type, given, write);
    assertMetadataShape(given.metadata);
    assertSameVersion(type, existing.metadata, given.metadata);
    const combined = writtenOver(type, existing, given, subresource);
    const metadata = { ...combined.metadata, managedFields: given.metadata.managedFields };
    const next = immutable({ ...combined, metadata }) as Stored;
    return this.#save(type, existing, next, { ...write, isApply: true });
  }

  #insertApplied(type: ResourceType, given: Incoming, write: Write): Stored {
    // Who names a version or a uid expects an object that is no longer there.
    const { resourceVersion = "", uid = "", name = "" } = given.metadata;
    if (resourceVersion !== "" || uid !== "") throw modified(type, name);
    return this.#insert(type, given, { ...write, isApply: true });
  }

  #remove(ref: ObjectRef, how: DeleteOptions): void {
    const type = this.#mustType(ref);
    const existing = this.#mustGet(type, ref);
    assertPreconditions(type, existing, how);
    const step = planDeletion(existing, how, this.#options.clock.now());
    if (step.kind === "remove") this.#ledger.erase(existing);
    if (step.kind === "mark") this.#ledger.put(step.object, existing);
  }

  /** The collector's own edits of metadata: finalizers and owners, nothing else. */
  #replaceMetadata(existing: Stored, metadata: StoredMeta): void {
    const next = immutable({ ...existing, metadata }) as Stored;
    if (deepEqual(next, existing)) return;
    if (mayGo(next)) this.#ledger.erase(existing, next);
    else this.#ledger.put(next, existing);
  }
}

export function createEngine(options: EngineOptions): Engine {
  return new StoreEngine(options);
}

/** Whether a value is a JSON object that could be stored; used at the doors of other processes. */
export function isStorable(value: unknown): value is JsonObject {
  return isJsonObject(value);
}
