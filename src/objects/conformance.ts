// The questions every object store must answer alike. A store's test file is one call of
// describeObjectStore; a skipped question carries its reason. Objects are complete enough to pass the
// validation of a real API server, and answers are compared by what they must hold, not by what a server may add.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LabelSelector } from "../api/meta/label-selector.ts";
import type { KubeObject, ObjectMeta, ObjectRef } from "../api/meta/object.ts";
import { refOf } from "../api/meta/object.ts";
import type { JsonObject } from "../lib/json.ts";
import {
  StoreError,
  type ObjectStore,
  type StoreErrorReason,
  type WatchEvent,
} from "./object-store.ts";

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** An existing, empty namespace of this test's own. */
  readonly namespace: string;
  readonly stop: () => Promise<void>;
}

export interface StoreRequest {
  /** How many changes the store shall remember; stores that cannot be told skip the questions about it. */
  readonly historyLimit?: number;
}

export interface ConformanceOptions {
  /** Titles of questions not asked, with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
}

interface Loose extends KubeObject {
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly data?: Readonly<Record<string, string>>;
}

const labels = { app: "shop" };
const template: JsonObject = {
  metadata: { labels },
  spec: {
    containers: [
      { name: "web", image: "shop:1", ports: [{ containerPort: 8080, protocol: "TCP" }] },
    ],
  },
};

function configMap(namespace: string, name: string, metadata: Partial<ObjectMeta> = {}): Loose {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { namespace, name, ...metadata },
    data: { a: "1" },
  };
}

function replicaSet(namespace: string, name: string, metadata: Partial<ObjectMeta> = {}): Loose {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { namespace, name, labels, ...metadata },
    spec: { replicas: 0, selector: { matchLabels: labels }, template },
  };
}

function rollout(namespace: string, name: string): Loose {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { namespace, name, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      strategy: { canary: { steps: [{ setWeight: 20 }] } },
      template,
    },
  };
}

function pod(namespace: string, name: string, nodeName?: string): Loose {
  const containers = [{ name: "web", image: "shop:1" }];
  const spec = {
    containers,
    terminationGracePeriodSeconds: 30,
    ...(nodeName === undefined ? {} : { nodeName }),
  };
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, labels }, spec };
}

function ownedBy(
  owner: KubeObject,
  more: { readonly blockOwnerDeletion?: boolean } = {},
): Partial<ObjectMeta> {
  const { apiVersion, kind, metadata } = owner;
  return {
    ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", ...more }],
  };
}

function scope(
  kind: string,
  namespace: string,
  more: JsonObject = {},
): { apiVersion: string; kind: string; namespace: string } {
  const apiVersion =
    { ConfigMap: "v1", Pod: "v1", ReplicaSet: "apps/v1", Rollout: "argoproj.io/v1alpha1" }[kind] ??
    "v1";
  return { apiVersion, kind, namespace, ...more };
}

function select(app: string): { labelSelector: LabelSelector } {
  return { labelSelector: { matchLabels: { app } } };
}

/** The error a promise rejects with; fails if it is none of a store. */
async function refusal(work: Promise<unknown>): Promise<StoreError> {
  try {
    await work;
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    return error as StoreError;
  }
  throw new Error("this should have been refused");
}

async function expectRefusal(
  work: Promise<unknown>,
  reason: StoreErrorReason,
  words?: RegExp | string,
): Promise<void> {
  const error = await refusal(work);
  expect({ reason: error.reason, message: error.message }).toEqual({
    reason,
    message: words === undefined ? error.message : (expect.stringMatching(words) as string),
  });
}

async function eventually(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const untilMs = Date.now() + 8_000;
  while (!(await isTrue())) {
    if (Date.now() > untilMs) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** Collects the events of a watch in the background; bookmarks apart. */
class Collected {
  readonly events: WatchEvent<Loose>[] = [];
  readonly bookmarks: string[] = [];
  readonly #abort = new AbortController();
  readonly ended: Promise<unknown>;

  constructor(
    store: ObjectStore,
    watched: Parameters<ObjectStore["watch"]>[0],
    resourceVersion: string,
  ) {
    this.ended = this.#read(
      store.watch<Loose>(watched, { resourceVersion, signal: this.#abort.signal }),
    );
  }

  async #read(watch: AsyncIterable<WatchEvent<Loose>>): Promise<unknown> {
    try {
      for await (const event of watch) {
        if (event.type === "BOOKMARK") this.bookmarks.push(event.resourceVersion);
        else this.events.push(event);
      }
      return undefined;
    } catch (error) {
      return error;
    }
  }

  get lines(): readonly string[] {
    return this.events.map((event) =>
      event.type === "BOOKMARK" ? "" : `${event.type} ${event.object.metadata.name}`,
    );
  }

  async has(...lines: readonly string[]): Promise<void> {
    await eventually(
      async () => this.events.length >= lines.length,
      `${lines.join(", ")}; seen: ${this.lines.join(", ")}`,
    );
    expect(this.lines).toEqual(lines);
  }

  async stop(): Promise<unknown> {
    this.#abort.abort();
    return this.ended;
  }
}

/** Asks one store every question of the port. `makeStore` is called before each of them. */
export function describeObjectStore(
  name: string,
  makeStore: (request: StoreRequest) => Promise<StoreUnderTest>,
  options: ConformanceOptions = {},
): void {
  const skip = options.skip ?? {};
  let under: StoreUnderTest;
  let store: ObjectStore;
  let ns: string;
  const collected: Collected[] = [];

  function ask(title: string, question: () => Promise<void>): void {
    it.skipIf(Object.hasOwn(skip, title))(title, question);
  }

  function watching(
    watched: Parameters<ObjectStore["watch"]>[0],
    resourceVersion: string,
  ): Collected {
    const one = new Collected(store, watched, resourceVersion);
    collected.push(one);
    return one;
  }

  async function version(kind = "ConfigMap"): Promise<string> {
    return (await store.list(scope(kind, ns))).resourceVersion;
  }

  async function isGone(ref: ObjectRef): Promise<boolean> {
    return (await store.get(ref)) === undefined;
  }

  async function stored(ref: ObjectRef): Promise<Loose> {
    const object = await store.get<Loose>(ref);
    expect(object, `${ref.kind} ${ref.name}`).toBeDefined();
    return object as Loose;
  }

  const status = (object: Loose, values: JsonObject): Loose => ({ ...object, status: values });

  describe(`object store: ${name}`, () => {
    beforeEach(async () => {
      under = await makeStore({});
      ({ store, namespace: ns } = under);
    });

    afterEach(async () => {
      await Promise.all(collected.splice(0).map(async (one) => one.stop()));
      await under.stop();
    });

    describe("create and get", () => {
      ask("fills in what the store decides", async () => {
        const created = await store.create(replicaSet(ns, "one"));
        expect(created.metadata).toMatchObject({ name: "one", namespace: ns, generation: 1 });
        expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
        expect(created.metadata.resourceVersion).toMatch(/^\d+$/);
        expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(await store.get(refOf(created))).toEqual(created);
      });

      ask("keeps fields it does not know, and values JSON can say", async () => {
        const object = configMap(ns, "odd", { annotations: { note: 'ü ✔ "quoted"\nline' } });
        const made = await store.create({ ...object, data: { empty: "", text: "π" } });
        expect((await stored(refOf(made))).data).toEqual({ empty: "", text: "π" });
        expect(made.metadata.annotations).toEqual(object.metadata.annotations);
      });

      ask("gives every object another uid", async () => {
        const first = await store.create(configMap(ns, "same"));
        await store.delete(refOf(first));
        const second = await store.create(configMap(ns, "same"));
        expect(second.metadata.uid).not.toBe(first.metadata.uid);
      });

      ask("makes names from generateName", async () => {
        const base = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { namespace: ns, generateName: "job-" } as unknown as ObjectMeta,
        };
        const first = await store.create(base);
        const second = await store.create(base);
        expect(first.metadata.name).toMatch(/^job-[a-z0-9]{5}$/);
        expect(second.metadata.name).toMatch(/^job-[a-z0-9]{5}$/);
        expect(first.metadata.name).not.toBe(second.metadata.name);
      });

      ask("refuses a second object of one name", async () => {
        await store.create(configMap(ns, "one"));
        await expectRefusal(
          store.create(configMap(ns, "one")),
          "AlreadyExists",
          /configmaps "one" already exists/,
        );
      });

      ask("tells objects of one name apart by kind and namespace", async () => {
        await store.create(configMap(ns, "one"));
        await store.create(replicaSet(ns, "one"));
        expect((await store.list(scope("ConfigMap", ns))).items).toHaveLength(1);
        expect(
          await isGone({
            apiVersion: "v1",
            kind: "ConfigMap",
            namespace: "elsewhere",
            name: "one",
          }),
        ).toBe(true);
      });

      ask("answers undefined for what is not there", async () => {
        expect(
          await store.get({ apiVersion: "v1", kind: "Pod", namespace: ns, name: "none" }),
        ).toBeUndefined();
      });

      ask("refuses a namespace that does not exist", async () => {
        await expectRefusal(
          store.create(configMap("no-such-namespace", "one")),
          "NotFound",
          /namespaces "no-such-namespace" not found/,
        );
      });

      ask("refuses names that are none", async () => {
        await expectRefusal(
          store.create(configMap(ns, "Not_A_Name")),
          "Invalid",
          /ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value/,
        );
        const nameless = {
          ...configMap(ns, ""),
          metadata: { namespace: ns } as unknown as ObjectMeta,
        };
        await expectRefusal(store.create(nameless), "Invalid", /name or generateName is required/);
      });

      ask("refuses two controllers of one object", async () => {
        const owner = {
          apiVersion: "v1",
          kind: "ConfigMap",
          name: "x",
          uid: "u",
          controller: true,
        };
        const both = { ownerReferences: [owner, { ...owner, uid: "v", name: "y" }] };
        await expectRefusal(
          store.create(configMap(ns, "one", both)),
          "Invalid",
          /Only one reference can have Controller set to true/,
        );
      });

      ask("does not let a writer choose uid, version or times", async () => {
        const bold = configMap(ns, "one", {
          uid: "mine",
          generation: 7,
          creationTimestamp: "2001-01-01T00:00:00Z",
          deletionTimestamp: "2001-01-01T00:00:00Z",
        });
        const made = await store.create(bold);
        expect(made.metadata.uid).not.toBe("mine");
        expect(made.metadata.creationTimestamp).not.toBe("2001-01-01T00:00:00Z");
        expect(made.metadata.deletionTimestamp).toBeUndefined();
      });

      ask("drops the status of a new object whose kind has a status subresource", async () => {
        const made = await store.create(status(rollout(ns, "one"), { phase: "Healthy" }));
        expect(made.status?.["phase"]).toBeUndefined();
      });

      ask("dry runs answer as if, and change nothing", async () => {
        const before = await version();
        const made = await store.create(configMap(ns, "dry"), { dryRun: true });
        expect(made.metadata.name).toBe("dry");
        expect(await isGone(refOf(made))).toBe(true);
        const real = await store.create(configMap(ns, "real"));
        const changed = await store.patch<Loose>(
          refOf(real),
          { type: "merge", body: { data: { a: "2" } } },
          { dryRun: true },
        );
        expect(changed.data).toEqual({ a: "2" });
        expect((await stored(refOf(real))).data).toEqual({ a: "1" });
        await watching(scope("ConfigMap", ns), before).has("ADDED real");
      });
    });

    describe("update", () => {
      ask("writes, gives a new version and keeps identity", async () => {
        const made = await store.create(configMap(ns, "one"));
        const changed = await store.update({ ...made, data: { a: "2" } });
        expect(changed.data).toEqual({ a: "2" });
        expect(changed.metadata.uid).toBe(made.metadata.uid);
        expect(changed.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
        expect(changed.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
        expect(await store.get(refOf(made))).toEqual(changed);
      });

      ask("refuses a version that is no longer current", async () => {
        const made = await store.create(rollout(ns, "x"));
        await store.update({ ...made, spec: { ...made.spec, replicas: 1 } });
        const late = store.update({ ...made, spec: { ...made.spec, replicas: 2 } });
        await expectRefusal(
          late,
          "Conflict",
          /Operation cannot be fulfilled on rollouts\.argoproj\.io "x": the object has been modified; please apply your changes to the latest version and try again/,
        );
        expect((await stored(refOf(made))).spec?.["replicas"]).toBe(1);
      });

      ask("lets exactly one of many writers of one version through", async () => {
        const made = await store.create(configMap(ns, "race"));
        const writes = Array.from({ length: 8 }, async (_, index) =>
          store.update({ ...made, data: { a: `w${index}` } }),
        );
        const results = await Promise.allSettled(writes);
        expect(results.filter(({ status: how }) => how === "fulfilled")).toHaveLength(1);
      });

      ask("writes without a version whatever the present one is", async () => {
        const made = await store.create(configMap(ns, "one"));
        await store.update({ ...made, data: { a: "2" } });
        const { resourceVersion: _version, ...metadata } = made.metadata;
        expect((await store.update({ ...made, metadata, data: { a: "3" } })).data).toEqual({
          a: "3",
        });
      });

      ask("refuses to write an object that is gone, or another of its name", async () => {
        const made = await store.create(configMap(ns, "one"));
        await store.delete(refOf(made));
        await expectRefusal(store.update(made), "NotFound", /configmaps "one" not found/);
        await store.create(configMap(ns, "one"));
        const { resourceVersion: _version, ...metadata } = made.metadata;
        await expectRefusal(
          store.update({ ...made, metadata }),
          "Conflict",
          /Precondition failed: UID in precondition/,
        );
      });

      ask("counts generations by changes of the specification only", async () => {
        const made = await store.create(rollout(ns, "one"));
        const labelled = await store.update({
          ...made,
          metadata: { ...made.metadata, labels: { app: "shop", x: "y" } },
        });
        expect(labelled.metadata.generation).toBe(1);
        const changed = await store.update({
          ...labelled,
          spec: { ...labelled.spec, replicas: 3 },
        });
        expect(changed.metadata.generation).toBe(2);
        const told = await store.update(status(changed, { phase: "Progressing" }), {
          subresource: "status",
        });
        expect(told.metadata.generation).toBe(2);
      });

      ask("does not let a writer set the generation", async () => {
        const made = await store.create(rollout(ns, "one"));
        const bold = {
          ...made,
          metadata: { ...made.metadata, generation: 9 },
          spec: { ...made.spec, replicas: 1 },
        };
        expect((await store.update(bold)).metadata.generation).toBe(2);
      });

      ask("refuses changes of what never changes", async () => {
        const made = await store.create(configMap(ns, "one"));
        const later = {
          ...made,
          metadata: { ...made.metadata, creationTimestamp: "2001-01-01T00:00:00Z" },
        };
        await expectRefusal(
          store.update(later),
          "Invalid",
          /metadata\.creationTimestamp: Invalid value: .*field is immutable/,
        );
      });

      ask("a write that changes nothing is none", async () => {
        const made = await store.create(configMap(ns, "one"));
        const watch = watching(scope("ConfigMap", ns), made.metadata.resourceVersion ?? "");
        const same = await store.update({ ...made, data: { a: "1" } });
        expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
        const patched = await store.patch(refOf(made), {
          type: "merge",
          body: { data: { a: "1" } },
        });
        expect(patched.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
        await store.create(configMap(ns, "two"));
        await watch.has("ADDED two");
      });
    });

    describe("subresources", () => {
      ask("a plain write leaves the status alone", async () => {
        const made = await store.create(rollout(ns, "one"));
        const told = await store.update(status(made, { phase: "Healthy" }), {
          subresource: "status",
        });
        expect(told.status).toMatchObject({ phase: "Healthy" });
        const changed = await store.update({
          ...told,
          spec: { ...told.spec, replicas: 2 },
          status: { phase: "Lies" },
        });
        expect(changed.spec["replicas"]).toBe(2);
        expect(changed.status).toMatchObject({ phase: "Healthy" });
        const patched = await store.patch<Loose>(refOf(made), {
          type: "merge",
          body: { status: { phase: "Lies" } },
        });
        expect(patched.status).toMatchObject({ phase: "Healthy" });
        expect(patched.metadata.resourceVersion).toBe(changed.metadata.resourceVersion);
      });

      ask("a status write leaves everything else alone", async () => {
        const made = await store.create(rollout(ns, "one"));
        const mixed = {
          ...made,
          metadata: { ...made.metadata, labels: { app: "other" } },
          spec: { ...made.spec, replicas: 9 },
          status: { phase: "Paused" },
        };
        const told = await store.update(mixed, { subresource: "status" });
        expect(told.status).toMatchObject({ phase: "Paused" });
        expect(told.spec["replicas"]).toBe(0);
        expect(told.metadata.labels).toEqual(labels);
        const body = { spec: { replicas: 9 }, status: { phase: "Healthy" } };
        const patched = await store.patch<Loose>(
          refOf(made),
          { type: "merge", body },
          { subresource: "status" },
        );
        expect(patched.status).toMatchObject({ phase: "Healthy" });
        expect(patched.spec?.["replicas"]).toBe(0);
      });

      ask("a status write checks the version too", async () => {
        const made = await store.create(rollout(ns, "one"));
        await store.update({ ...made, spec: { ...made.spec, replicas: 1 } });
        await expectRefusal(
          store.update(status(made, { phase: "Paused" }), { subresource: "status" }),
          "Conflict",
        );
      });

      ask("kinds without a status subresource have none", async () => {
        const made = await store.create(configMap(ns, "one"));
        await expectRefusal(store.update(made, { subresource: "status" }), "NotFound");
      });

      ask("scales a workload through a Scale", async () => {
        const made = await store.create(rollout(ns, "one"));
        await store.update(status(made, { HPAReplicas: 4, selector: "app=shop" }), {
          subresource: "status",
        });
        const scale = await store.patch<Loose>(
          refOf(made),
          { type: "merge", body: { spec: { replicas: 5 } } },
          { subresource: "scale" },
        );
        expect(scale).toMatchObject({
          apiVersion: "autoscaling/v1",
          kind: "Scale",
          metadata: { name: "one", namespace: ns, uid: made.metadata.uid },
          spec: { replicas: 5 },
          status: { replicas: 4, selector: "app=shop" },
        });
        const after = await stored(refOf(made));
        expect(after.spec?.["replicas"]).toBe(5);
        expect(after.metadata.generation).toBe(2);
        expect(scale.metadata.resourceVersion).toBe(after.metadata.resourceVersion);
      });

      ask("writes the selector of a built-in workload into its Scale as text", async () => {
        const made = await store.create(replicaSet(ns, "one"));
        const scale = await store.update(
          { ...made, spec: { replicas: 2 } },
          { subresource: "scale" },
        );
        expect(scale).toMatchObject({
          kind: "Scale",
          spec: { replicas: 2 },
          status: { selector: "app=shop" },
        });
        await expectRefusal(
          store.update({ ...made, spec: { replicas: 3 } }, { subresource: "scale" }),
          "Conflict",
        );
      });

      ask("refuses a negative scale, and kinds that have none", async () => {
        const made = await store.create(rollout(ns, "one"));
        const body = { spec: { replicas: -1 } };
        await expectRefusal(
          store.patch(refOf(made), { type: "merge", body }, { subresource: "scale" }),
          "Invalid",
          /spec\.replicas: Invalid value: -1/,
        );
        const map = await store.create(configMap(ns, "one"));
        await expectRefusal(
          store.patch(refOf(map), { type: "merge", body }, { subresource: "scale" }),
          "NotFound",
        );
      });
    });

    describe("patches", () => {
      ask("merge: sets, removes with null, replaces lists", async () => {
        const made = await store.create(rollout(ns, "one"));
        const body = {
          metadata: { labels: { app: null, tier: "web" } },
          spec: { strategy: { canary: { steps: [{ setWeight: 5 }, { pause: {} }] } } },
        };
        const patched = await store.patch<Loose>(refOf(made), { type: "merge", body });
        expect(patched.metadata.labels).toEqual({ tier: "web" });
        expect(patched.spec?.["strategy"]).toMatchObject({
          canary: { steps: [{ setWeight: 5 }, { pause: {} }] },
        });
        expect(patched.metadata.generation).toBe(2);
      });

      ask("merge: a version in the patch must be the current one", async () => {
        const made = await store.create(configMap(ns, "one"));
        await store.update({ ...made, data: { a: "2" } });
        const body = {
          metadata: { resourceVersion: made.metadata.resourceVersion ?? "" },
          data: { a: "3" },
        };
        await expectRefusal(store.patch(refOf(made), { type: "merge", body }), "Conflict");
        await expectRefusal(
          store.patch({ ...refOf(made), name: "none" }, { type: "merge", body: {} }),
          "NotFound",
        );
      });

      ask("merge: cannot rename", async () => {
        const made = await store.create(configMap(ns, "one"));
        await expectRefusal(
          store.patch(refOf(made), { type: "merge", body: { metadata: { name: "two" } } }),
          "BadRequest",
        );
      });

      ask("json: adds, replaces, removes, all or nothing", async () => {
        const made = await store.create(configMap(ns, "one", { labels }));
        const patched = await store.patch<Loose>(refOf(made), {
          type: "json",
          body: [
            { op: "test", path: "/data/a", value: "1" },
            { op: "add", path: "/data/b", value: "2" },
            { op: "remove", path: "/metadata/labels/app" },
          ],
        });
        expect(patched.data).toEqual({ a: "1", b: "2" });
        const failing = [
          { op: "replace", path: "/data/a", value: "9" },
          { op: "test", path: "/data/b", value: "nope" },
        ];
        await expectRefusal(
          store.patch(refOf(made), { type: "json", body: failing }),
          "Invalid",
          /the server rejected our request/,
        );
        expect((await stored(refOf(made))).data).toEqual({ a: "1", b: "2" });
      });

      ask("strategic: merges containers by name", async () => {
        const made = await store.create(replicaSet(ns, "one"));
        const containers = [
          { name: "web", image: "shop:2" },
          { name: "side", image: "proxy:1" },
        ];
        const patched = await store.patch<Loose>(refOf(made), {
          type: "strategic",
          body: { spec: { template: { spec: { containers } } } },
        });
        expect(patched.spec?.["template"]).toMatchObject({
          spec: {
            containers: expect.arrayContaining([
              expect.objectContaining({
                name: "web",
                image: "shop:2",
                ports: [{ containerPort: 8080, protocol: "TCP" }],
              }),
              expect.objectContaining({ name: "side", image: "proxy:1" }),
            ]) as unknown,
          },
        });
        const removal = {
          spec: { template: { spec: { containers: [{ name: "side", $patch: "delete" }] } } },
        };
        const less = await store.patch<Loose>(refOf(made), { type: "strategic", body: removal });
        expect(
          (less.spec?.["template"] as { spec: { containers: unknown[] } }).spec.containers,
        ).toHaveLength(1);
      });

      ask("strategic: not for custom resources", async () => {
        const made = await store.create(rollout(ns, "one"));
        await expectRefusal(
          store.patch(refOf(made), { type: "strategic", body: { spec: { replicas: 1 } } }),
          "UnsupportedMediaType",
          /application\/merge-patch\+json/,
        );
      });
    });

    describe("server-side apply", () => {
      function applied(
        data: JsonObject,
        fieldManager: string,
        force = false,
      ): Parameters<ObjectStore["patch"]>[1] {
        const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one" }, data };
        return { type: "apply", body, fieldManager, force };
      }
      const ref = (): ObjectRef => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        namespace: ns,
        name: "one",
      });

      ask("creates what is not there, and accounts for its fields", async () => {
        const made = await store.patch<Loose>(ref(), applied({ a: "1" }, "alice"));
        expect(made.data).toEqual({ a: "1" });
        expect(made.metadata.managedFields).toEqual([
          expect.objectContaining({
            manager: "alice",
            operation: "Apply",
            apiVersion: "v1",
            fieldsType: "FieldsV1",
            fieldsV1: { "f:data": { "f:a": {} } },
          }),
        ]);
      });

      ask("applying the same again changes nothing", async () => {
        const made = await store.patch(ref(), applied({ a: "1" }, "alice"));
        const again = await store.patch(ref(), applied({ a: "1" }, "alice"));
        expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
      });

      ask("removes what is no longer applied, and only that", async () => {
        await store.patch(ref(), applied({ a: "1", b: "1" }, "alice"));
        await store.patch(
          ref(),
          { type: "merge", body: { data: { c: "3" } } },
          { fieldManager: "bob" },
        );
        const after = await store.patch<Loose>(ref(), applied({ a: "1" }, "alice"));
        expect(after.data).toEqual({ a: "1", c: "3" });
      });

      ask("managers who apply the same value share it", async () => {
        await store.patch(ref(), applied({ a: "1" }, "alice"));
        await store.patch(ref(), applied({ a: "1", b: "2" }, "bob"));
        const after = await store.patch<Loose>(ref(), applied({ b: "2" }, "bob"));
        expect(after.data).toEqual({ a: "1", b: "2" });
        const last = await store.patch<Loose>(ref(), applied({}, "alice"));
        expect(last.data ?? {}).toEqual({ b: "2" });
      });

      ask("another value is a conflict that names manager and field", async () => {
        await store.patch(ref(), applied({ a: "1" }, "alice"));
        await expectRefusal(
          store.patch(ref(), applied({ a: "2" }, "bob")),
          "Conflict",
          /^Apply failed with 1 conflict: conflict with "alice"( using v1)?: \.data\.a$/,
        );
        expect((await stored(ref())).data).toEqual({ a: "1" });
      });

      ask("several conflicts are listed", async () => {
        await store.patch(ref(), applied({ a: "1", b: "1" }, "alice"));
        const error = await refusal(store.patch(ref(), applied({ a: "2", b: "2" }, "bob")));
        expect(error.message).toMatch(
          /^Apply failed with 2 conflicts: conflicts with "alice"( using v1)?:\n- \.data\.a\n- \.data\.b$/,
        );
        expect(error.details).toMatchObject({
          causes: [{ field: ".data.a" }, { field: ".data.b" }],
        });
      });

      ask("force takes the field over", async () => {
        await store.patch(ref(), applied({ a: "1" }, "alice"));
        const taken = await store.patch<Loose>(ref(), applied({ a: "2" }, "bob", true));
        expect(taken.data).toEqual({ a: "2" });
        expect(taken.metadata.managedFields?.map(({ manager }) => manager)).toEqual(["bob"]);
        await expectRefusal(
          store.patch(ref(), applied({ a: "1" }, "alice")),
          "Conflict",
          /conflict with "bob"/,
        );
      });

      ask("an ordinary update takes over what it changes", async () => {
        const made = await store.patch<Loose>(ref(), applied({ a: "1", b: "1" }, "alice"));
        await store.update({ ...made, data: { a: "2", b: "1" } }, { fieldManager: "bob" });
        await expectRefusal(
          store.patch(ref(), applied({ a: "1", b: "1" }, "alice")),
          "Conflict",
          /conflict with "bob" using v1( at .*)?: \.data\.a$/,
        );
        const fine = await store.patch<Loose>(ref(), applied({ b: "1" }, "alice"));
        expect(fine.data).toEqual({ a: "2", b: "1" });
      });

      ask("lists of containers are merged by name, ports by number and protocol", async () => {
        const name = "web";
        const setRef = { apiVersion: "apps/v1", kind: "ReplicaSet", namespace: ns, name };
        await store.create(replicaSet(ns, name), { fieldManager: "creator" });
        const body = {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          metadata: { name },
          spec: {
            template: {
              spec: {
                containers: [
                  { name: "web", ports: [{ containerPort: 9090, name: "admin", protocol: "TCP" }] },
                ],
              },
            },
          },
        };
        const after = await store.patch<Loose>(setRef, {
          type: "apply",
          body,
          fieldManager: "alice",
          force: false,
        });
        expect(after.spec?.["template"]).toMatchObject({
          spec: {
            containers: [
              {
                name: "web",
                image: "shop:1",
                ports: expect.arrayContaining([
                  expect.objectContaining({ containerPort: 8080 }),
                  expect.objectContaining({ containerPort: 9090, name: "admin" }),
                ]) as unknown,
              },
            ],
          },
        });
        const nothing = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { name } };
        const less = await store.patch<Loose>(setRef, {
          type: "apply",
          body: nothing,
          fieldManager: "alice",
          force: false,
        });
        const [container] = (
          less.spec?.["template"] as { spec: { containers: { ports: unknown[] }[] } }
        ).spec.containers;
        expect(container?.ports).toHaveLength(1);
      });

      ask("Argo's own lists change as a whole", async () => {
        const name = "one";
        const rolloutRef = {
          apiVersion: "argoproj.io/v1alpha1",
          kind: "Rollout",
          namespace: ns,
          name,
        };
        const { apiVersion, kind, spec = {} } = rollout(ns, name);
        const body = { apiVersion, kind, metadata: { name }, spec };
        await store.patch(rolloutRef, { type: "apply", body, fieldManager: "alice", force: false });
        const steps = {
          apiVersion,
          kind,
          metadata: { name },
          spec: { strategy: { canary: { steps: [{ setWeight: 50 }] } } },
        };
        await expectRefusal(
          store.patch(rolloutRef, {
            type: "apply",
            body: steps,
            fieldManager: "bob",
            force: false,
          }),
          "Conflict",
          /conflict with "alice".*: \.spec\.strategy\.canary\.steps$/,
        );
      });

      ask("refuses managedFields, another name and no manager", async () => {
        const base = { apiVersion: "v1", kind: "ConfigMap" };
        const with_ = (metadata: JsonObject): Parameters<ObjectStore["patch"]>[1] => ({
          type: "apply",
          body: { ...base, metadata },
          fieldManager: "a",
          force: false,
        });
        await expectRefusal(
          store.patch(ref(), with_({ name: "one", managedFields: [] })),
          "BadRequest",
          /managedFields must be nil/,
        );
        await expectRefusal(store.patch(ref(), with_({ name: "two" })), "BadRequest");
        await expectRefusal(store.patch(ref(), applied({ a: "1" }, "")), "Invalid", /fieldManager/);
      });

      ask("the status has accounts of its own", async () => {
        const rolloutRef = {
          apiVersion: "argoproj.io/v1alpha1",
          kind: "Rollout",
          namespace: ns,
          name: "one",
        };
        await store.create(rollout(ns, "one"), { fieldManager: "creator" });
        const made = await stored(rolloutRef);
        const told = await store.update(status(made, { phase: "Healthy" }), {
          subresource: "status",
          fieldManager: "controller",
        });
        const entry = told.metadata.managedFields?.find(({ manager }) => manager === "controller");
        expect(entry).toMatchObject({
          operation: "Update",
          subresource: "status",
          fieldsV1: { "f:status": { "f:phase": {} } },
        });
      });
    });

    describe("list", () => {
      ask("lists by namespace, in order of names", async () => {
        for (const each of ["c", "a", "b"]) await store.create(configMap(ns, each));
        const { items } = await store.list(scope("ConfigMap", ns));
        expect(items.map(({ metadata }) => metadata.name)).toEqual(["a", "b", "c"]);
        const everywhere = await store.list({ apiVersion: "v1", kind: "ConfigMap" });
        expect(everywhere.items.length).toBeGreaterThanOrEqual(3);
      });

      ask("selects by labels and fields", async () => {
        await store.create(configMap(ns, "a", { labels: { app: "shop", tier: "web" } }));
        await store.create(configMap(ns, "b", { labels: { app: "shop" } }));
        await store.create(configMap(ns, "c", { labels: { app: "other" } }));
        const names = async (more: object): Promise<readonly string[]> =>
          (await store.list({ ...scope("ConfigMap", ns), ...more })).items.map(
            ({ metadata }) => metadata.name,
          );
        expect(await names(select("shop"))).toEqual(["a", "b"]);
        const expression = {
          matchLabels: { app: "shop" },
          matchExpressions: [{ key: "tier", operator: "DoesNotExist" }],
        };
        expect(await names({ labelSelector: expression })).toEqual(["b"]);
        expect(await names({ fieldSelector: { "metadata.name": "c" } })).toEqual(["c"]);
        expect(await names({ fieldSelector: { "metadata.name": "c" }, ...select("shop") })).toEqual(
          [],
        );
      });

      ask("selects pods by node", async () => {
        await store.create(pod(ns, "here", "node-1"));
        await store.create(pod(ns, "there"));
        const on = await store.list({
          ...scope("Pod", ns),
          fieldSelector: { "spec.nodeName": "node-1" },
        });
        expect(on.items.map(({ metadata }) => metadata.name)).toEqual(["here"]);
      });

      ask("pages of one list show one version", async () => {
        for (const each of ["a", "b", "c", "d", "e"]) await store.create(configMap(ns, each));
        const first = await store.list(scope("ConfigMap", ns), { limit: 2 });
        expect(first.items.map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
        await store.delete({ apiVersion: "v1", kind: "ConfigMap", namespace: ns, name: "d" });
        await store.create(configMap(ns, "cc"));
        await store.patch(
          { apiVersion: "v1", kind: "ConfigMap", namespace: ns, name: "e" },
          { type: "merge", body: { data: { a: "2" } } },
        );
        const second = await store.list<Loose>(scope("ConfigMap", ns), {
          limit: 2,
          continueToken: first.continueToken ?? "",
        });
        const third = await store.list<Loose>(scope("ConfigMap", ns), {
          limit: 2,
          continueToken: second.continueToken ?? "",
        });
        expect([...second.items, ...third.items].map(({ metadata }) => metadata.name)).toEqual([
          "c",
          "d",
          "e",
        ]);
        expect(third.items[0]?.data).toEqual({ a: "1" });
        expect(third.continueToken).toBeUndefined();
        expect([second.resourceVersion, third.resourceVersion]).toEqual([
          first.resourceVersion,
          first.resourceVersion,
        ]);
      });

      ask("refuses a continue token that is none", async () => {
        await expectRefusal(
          store.list(scope("ConfigMap", ns), { limit: 1, continueToken: "nonsense" }),
          "BadRequest",
        );
      });

      ask("lists an older version on request", async () => {
        const made = await store.create(configMap(ns, "a"));
        await store.create(configMap(ns, "b"));
        const then = await store.list(scope("ConfigMap", ns), {
          atVersion: made.metadata.resourceVersion ?? "",
        });
        expect(then.items.map(({ metadata }) => metadata.name)).toEqual(["a"]);
        expect(then.resourceVersion).toBe(made.metadata.resourceVersion);
      });

      ask("refuses pages of a version it has forgotten", async () => {
        const small = await makeStore({ historyLimit: 4 });
        try {
          for (const each of ["a", "b", "c"])
            await small.store.create(configMap(small.namespace, each));
          const { continueToken = "" } = await small.store.list(
            scope("ConfigMap", small.namespace),
            { limit: 1 },
          );
          for (let index = 0; index < 8; index += 1)
            await small.store.create(configMap(small.namespace, `x${index}`));
          await expectRefusal(
            small.store.list(scope("ConfigMap", small.namespace), { limit: 1, continueToken }),
            "Expired",
          );
        } finally {
          await small.stop();
        }
      });
    });

    describe("watch", () => {
      ask("tells every change after a list, in order", async () => {
        const before = await store.create(configMap(ns, "before"));
        const { resourceVersion } = await store.list(scope("ConfigMap", ns));
        const made = await store.create(configMap(ns, "one"));
        const watch = watching(scope("ConfigMap", ns), resourceVersion);
        const changed = await store.update({ ...made, data: { a: "2" } });
        await store.delete(refOf(before));
        await watch.has("ADDED one", "MODIFIED one", "DELETED before");
        const [added, modified, deleted] = watch.events;
        expect(added).toEqual({ type: "ADDED", object: made });
        expect(modified).toEqual({ type: "MODIFIED", object: changed });
        const last = deleted?.type === "DELETED" ? deleted.object : undefined;
        expect(last?.metadata.uid).toBe(before.metadata.uid);
        expect(Number(last?.metadata.resourceVersion)).toBeGreaterThan(
          Number(changed.metadata.resourceVersion),
        );
      });

      ask("begins with everything there is when no version is given", async () => {
        await store.create(configMap(ns, "a"));
        await store.create(configMap(ns, "b"));
        const watch = watching(scope("ConfigMap", ns), "");
        await eventually(async () => watch.events.length >= 2, "the present objects");
        await store.create(configMap(ns, "c"));
        await eventually(async () => watch.events.length >= 3, "the new object");
        expect([...watch.lines].sort()).toEqual(["ADDED a", "ADDED b", "ADDED c"]);
      });

      ask("sees its namespace and kind only", async () => {
        const watch = watching(scope("ConfigMap", ns), await version());
        await store.create({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: `${ns}-other` },
        });
        await store.create(configMap(`${ns}-other`, "elsewhere"));
        await store.create(replicaSet(ns, "another-kind"));
        await store.create(configMap(ns, "mine"));
        await watch.has("ADDED mine");
        await store.delete({
          apiVersion: "v1",
          kind: "Namespace",
          namespace: "",
          name: `${ns}-other`,
        });
      });

      ask("an object that starts or stops to match is added or deleted", async () => {
        const made = await store.create(configMap(ns, "one", { labels: { app: "other" } }));
        const watch = watching({ ...scope("ConfigMap", ns), ...select("shop") }, await version());
        const body = (app: string): JsonObject => ({ metadata: { labels: { app } } });
        await store.patch(refOf(made), { type: "merge", body: body("shop") });
        await store.patch(refOf(made), { type: "merge", body: { data: { a: "2" } } });
        const left = await store.patch(refOf(made), { type: "merge", body: body("gone") });
        await store.patch(refOf(made), { type: "merge", body: { data: { a: "3" } } });
        await store.create(configMap(ns, "end", { labels }));
        await watch.has("ADDED one", "MODIFIED one", "DELETED one", "ADDED end");
        const departure = watch.events[2];
        expect(departure?.type === "DELETED" ? departure.object.metadata : {}).toMatchObject({
          labels: { app: "shop" },
          resourceVersion: left.metadata.resourceVersion,
        });
      });

      ask("watches by field", async () => {
        const watch = watching(
          { ...scope("ConfigMap", ns), fieldSelector: { "metadata.name": "one" } },
          await version(),
        );
        await store.create(configMap(ns, "two"));
        await store.create(configMap(ns, "one"));
        await watch.has("ADDED one");
      });

      ask("resumes from any version it has told", async () => {
        const first = watching(scope("ConfigMap", ns), await version());
        const a = await store.create(configMap(ns, "a"));
        await store.create(configMap(ns, "b"));
        await first.has("ADDED a", "ADDED b");
        await first.stop();
        await store.create(configMap(ns, "c"));
        await watching(scope("ConfigMap", ns), a.metadata.resourceVersion ?? "").has(
          "ADDED b",
          "ADDED c",
        );
      });

      ask("ends quietly when its signal is aborted", async () => {
        const watch = watching(scope("ConfigMap", ns), await version());
        await store.create(configMap(ns, "a"));
        await watch.has("ADDED a");
        expect(await watch.stop()).toBeUndefined();
        await store.create(configMap(ns, "b"));
        expect(watch.lines).toEqual(["ADDED a"]);
      });

      ask("refuses versions it has forgotten", async () => {
        const small = await makeStore({ historyLimit: 4 });
        try {
          const made = await small.store.create(configMap(small.namespace, "a"));
          for (let index = 0; index < 9; index += 1)
            await small.store.create(configMap(small.namespace, `x${index}`));
          const watch = new Collected(
            small.store,
            scope("ConfigMap", small.namespace),
            made.metadata.resourceVersion ?? "",
          );
          const error = await watch.ended;
          expect(error).toBeInstanceOf(StoreError);
          expect((error as StoreError).reason).toBe("Expired");
        } finally {
          await small.stop();
        }
      });

      ask("bookmarks keep a quiet watch resumable", async () => {
        const small = await makeStore({ historyLimit: 64 });
        try {
          const from = (await small.store.list(scope("ReplicaSet", small.namespace)))
            .resourceVersion;
          const watch = new Collected(small.store, scope("ReplicaSet", small.namespace), from);
          for (let index = 0; index < 200; index += 1)
            await small.store.create(configMap(small.namespace, `x${index}`));
          await eventually(async () => watch.bookmarks.length > 0, "a bookmark");
          await watch.stop();
          const resumed = new Collected(
            small.store,
            scope("ReplicaSet", small.namespace),
            watch.bookmarks.at(-1) ?? "",
          );
          await small.store.create(replicaSet(small.namespace, "new"));
          await resumed.has("ADDED new");
          await resumed.stop();
        } finally {
          await small.stop();
        }
      });
    });

    describe("delete", () => {
      ask("removes, and refuses what is not there", async () => {
        const made = await store.create(configMap(ns, "one"));
        await store.delete(refOf(made));
        expect(await isGone(refOf(made))).toBe(true);
        await expectRefusal(store.delete(refOf(made)), "NotFound", /configmaps "one" not found/);
      });

      ask("checks preconditions", async () => {
        const made = await store.create(configMap(ns, "one"));
        const { uid = "", resourceVersion = "" } = made.metadata;
        const deleteWith = async (preconditions: object): Promise<void> =>
          store.delete(refOf(made), { preconditions });
        await expectRefusal(
          deleteWith({ uid: "11111111-2222-4333-8444-555555555555" }),
          "Conflict",
          /Precondition failed: UID in precondition: 1.*, UID in object meta: /,
        );
        await store.update({ ...made, data: { a: "2" } });
        await expectRefusal(
          deleteWith({ uid, resourceVersion }),
          "Conflict",
          /Precondition failed: ResourceVersion/,
        );
        await deleteWith({ uid });
        expect(await isGone(refOf(made))).toBe(true);
      });

      ask("finalizers hold an object until the last is removed", async () => {
        const made = await store.create(rollout(ns, "one"));
        const held = await store.patch(refOf(made), {
          type: "merge",
          body: { metadata: { finalizers: ["a.example/x", "a.example/y"] } },
        });
        const watch = watching(scope("Rollout", ns), held.metadata.resourceVersion ?? "");
        await store.delete(refOf(made));
        const marked = await stored(refOf(made));
        expect(marked.metadata.deletionTimestamp).toMatch(/^\d{4}-.*Z$/);
        expect(marked.metadata.generation).toBe(2);
        await store.delete(refOf(made));
        expect((await stored(refOf(made))).metadata.resourceVersion).toBe(
          marked.metadata.resourceVersion,
        );
        await store.patch(refOf(made), {
          type: "merge",
          body: { metadata: { finalizers: ["a.example/y"] } },
        });
        await store.patch(refOf(made), { type: "merge", body: { metadata: { finalizers: null } } });
        expect(await isGone(refOf(made))).toBe(true);
        await watch.has("MODIFIED one", "MODIFIED one", "DELETED one");
      });

      ask("no finalizer can be added to what is being deleted", async () => {
        const made = await store.create(configMap(ns, "one", { finalizers: ["a.example/x"] }));
        await store.delete(refOf(made));
        const body = { metadata: { finalizers: ["a.example/x", "a.example/new"] } };
        await expectRefusal(
          store.patch(refOf(made), { type: "merge", body }),
          "Invalid",
          /no new finalizers can be added if the object is being deleted/,
        );
        await store.patch(refOf(made), { type: "merge", body: { metadata: { finalizers: [] } } });
        expect(await isGone(refOf(made))).toBe(true);
      });

      ask("the deletion mark cannot be taken back", async () => {
        const made = await store.create(configMap(ns, "one", { finalizers: ["a.example/x"] }));
        await store.delete(refOf(made));
        const ending: ObjectMeta = (await stored(refOf(made))).metadata;
        const metadata: Partial<ObjectMeta> & { readonly name: string } = { ...ending };
        Reflect.deleteProperty(metadata, "deletionTimestamp");
        Reflect.deleteProperty(metadata, "deletionGracePeriodSeconds");
        const kept = await store.update({ ...made, metadata, data: { a: "2" } });
        expect(kept.metadata.deletionTimestamp).toBeDefined();
        await store.patch(refOf(made), { type: "merge", body: { metadata: { finalizers: null } } });
      });

      ask("a pod on a node gets its grace period, and waits for the kubelet", async () => {
        const made = await store.create(pod(ns, "one", "node-1"));
        await store.delete(refOf(made));
        const ending = await stored(refOf(made));
        expect(ending.metadata.deletionGracePeriodSeconds).toBe(30);
        expect(ending.metadata.deletionTimestamp).toBeDefined();
        await store.delete(refOf(made), { gracePeriodSeconds: 5 });
        const shorter = await stored(refOf(made));
        expect(shorter.metadata.deletionGracePeriodSeconds).toBe(5);
        expect(
          Date.parse(ending.metadata.deletionTimestamp ?? "") -
            Date.parse(shorter.metadata.deletionTimestamp ?? ""),
        ).toBeGreaterThanOrEqual(24_000);
        await store.delete(refOf(made), { gracePeriodSeconds: 60 });
        expect((await stored(refOf(made))).metadata.deletionGracePeriodSeconds).toBe(5);
        await store.delete(refOf(made), {
          gracePeriodSeconds: 0,
          preconditions: { uid: made.metadata.uid ?? "" },
        });
        expect(await isGone(refOf(made))).toBe(true);
      });

      ask("a pod on no node, or one that has ended, goes at once", async () => {
        const waiting = await store.create(pod(ns, "waiting"));
        await store.delete(refOf(waiting));
        expect(await isGone(refOf(waiting))).toBe(true);
        const ended = await store.create(pod(ns, "ended", "node-1"));
        await store.update(status(ended, { phase: "Succeeded" }), { subresource: "status" });
        await store.delete(refOf(ended));
        expect(await isGone(refOf(ended))).toBe(true);
      });
    });

    describe("owners", () => {
      ask("dependants go with their owner, and theirs with them", async () => {
        const owner = await store.create(rollout(ns, "owner"));
        const child = await store.create(replicaSet(ns, "child", ownedBy(owner)));
        const grandchild = await store.create(configMap(ns, "grandchild", ownedBy(child)));
        const stranger = await store.create(configMap(ns, "stranger"));
        await store.delete(refOf(owner), { propagation: "Background" });
        expect(await isGone(refOf(owner))).toBe(true);
        await eventually(
          async () => (await isGone(refOf(child))) && (await isGone(refOf(grandchild))),
          "dependants gone",
        );
        expect(await isGone(refOf(stranger))).toBe(false);
      });

      ask("a dependant stays while another owner does, and loses the reference", async () => {
        const first = await store.create(rollout(ns, "first"));
        const second = await store.create(rollout(ns, "second"));
        const owners = [first, second].flatMap((owner) => ownedBy(owner).ownerReferences ?? []);
        const child = await store.create(configMap(ns, "child", { ownerReferences: owners }));
        await store.delete(refOf(first));
        await eventually(
          async () => (await stored(refOf(child))).metadata.ownerReferences?.length === 1,
          "one owner left",
        );
        await store.delete(refOf(second));
        await eventually(async () => isGone(refOf(child)), "gone with the last owner");
      });

      ask("foreground: the owner waits for those that block it", async () => {
        const owner = await store.create(rollout(ns, "owner"));
        const child = await store.create(
          configMap(ns, "child", {
            ...ownedBy(owner, { blockOwnerDeletion: true }),
            finalizers: ["a.example/slow"],
          }),
        );
        await store.delete(refOf(owner), { propagation: "Foreground" });
        expect((await stored(refOf(owner))).metadata.finalizers).toContain("foregroundDeletion");
        await eventually(
          async () => (await stored(refOf(child))).metadata.deletionTimestamp !== undefined,
          "child being deleted",
        );
        expect(await isGone(refOf(owner))).toBe(false);
        await store.patch(refOf(child), {
          type: "merge",
          body: { metadata: { finalizers: null } },
        });
        await eventually(async () => isGone(refOf(owner)), "owner gone after its dependant");
        expect(await isGone(refOf(child))).toBe(true);
      });

      ask("orphan: dependants stay and forget their owner", async () => {
        const owner = await store.create(rollout(ns, "owner"));
        const child = await store.create(replicaSet(ns, "child", ownedBy(owner)));
        await store.delete(refOf(owner), { propagation: "Orphan" });
        await eventually(async () => isGone(refOf(owner)), "owner gone");
        expect((await stored(refOf(child))).metadata.ownerReferences ?? []).toEqual([]);
      });

      ask(
        "an object whose owner never was, or was another of that name, is collected",
        async () => {
          const owner = await store.create(rollout(ns, "owner"));
          const [reference] = ownedBy(owner).ownerReferences ?? [];
          const wrong = { ...reference!, uid: "11111111-2222-4333-8444-555555555555" };
          const child = await store.create(configMap(ns, "child", { ownerReferences: [wrong] }));
          await eventually(async () => isGone(refOf(child)), "collected");
          expect(await isGone(refOf(owner))).toBe(false);
        },
      );
    });

    describe("namespaces", () => {
      const spaceRef = (): ObjectRef => ({
        apiVersion: "v1",
        kind: "Namespace",
        namespace: "",
        name: `${ns}-extra`,
      });

      ask("go with everything in them", async () => {
        await store.create({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: `${ns}-extra` },
        });
        expect((await stored(spaceRef())).status).toMatchObject({ phase: "Active" });
        const map = await store.create(configMap(`${ns}-extra`, "one"));
        await store.create(rollout(`${ns}-extra`, "two"));
        await store.delete(spaceRef());
        await eventually(async () => isGone(spaceRef()), "namespace gone");
        expect(await isGone(refOf(map))).toBe(true);
        expect((await store.list(scope("Rollout", `${ns}-extra`))).items).toEqual([]);
      });

      ask("wait for what is held in them, and take nothing new", async () => {
        await store.create({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name: `${ns}-extra` },
        });
        const held = await store.create(
          configMap(`${ns}-extra`, "held", { finalizers: ["a.example/x"] }),
        );
        await store.delete(spaceRef());
        await eventually(
          async () => (await stored(spaceRef())).status?.["phase"] === "Terminating",
          "terminating",
        );
        await expectRefusal(
          store.create(configMap(`${ns}-extra`, "late")),
          "Forbidden",
          /configmaps "late" is forbidden: unable to create new content in namespace .* because it is being terminated/,
        );
        await eventually(
          async () => (await stored(refOf(held))).metadata.deletionTimestamp !== undefined,
          "content being deleted",
        );
        await store.patch(refOf(held), { type: "merge", body: { metadata: { finalizers: null } } });
        await eventually(async () => isGone(spaceRef()), "namespace gone");
      });
    });
  });
}
