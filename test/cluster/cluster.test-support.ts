// What the suites of this folder share: a client and a store of the cluster they are given, a
// namespace of each test's own, objects from YAML, and controllers as processes of their own.
import { randomBytes } from "node:crypto";
import { parseAllDocuments } from "yaml";
import type { KubeObject, ObjectRef } from "../../src/api/meta/object.ts";
import { refOf } from "../../src/api/meta/object.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { ApiClient } from "../../src/objects/kubernetes/api-client.ts";
import { kubernetesStore } from "../../src/objects/kubernetes/kubernetes.ts";
import { isStoreError, type ObjectStore } from "../../src/objects/object-store.ts";
import { sleep, systemClock } from "../../src/runtime/clock.ts";
import { testAccess } from "./kubeconfig.test-support.ts";

/** Objects as tests look at them. */
export interface Loose extends KubeObject {
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
  readonly data?: Readonly<Record<string, string>>;
}

export interface TestCluster {
  readonly client: ApiClient;
  readonly store: ObjectStore;
  /** A new, empty namespace; `close` deletes it. */
  newNamespace(): Promise<string>;
  /** Server-side apply of all documents, into the namespace unless they name one. */
  apply(yaml: string, namespace: string): Promise<readonly Loose[]>;
  get(kind: string, namespace: string, name: string): Promise<Loose | undefined>;
  list(kind: string, namespace: string): Promise<readonly Loose[]>;
  /** Merge patch; `subresource` as kubectl's --subresource. */
  patch(ref: ObjectRef, body: JsonObject, subresource?: "status" | "scale"): Promise<Loose>;
  /** Deletes the namespaces that were made, without waiting until they are gone, and all connections. */
  close(): Promise<void>;
}

const apiVersions: Readonly<Record<string, string>> = {
  Rollout: "argoproj.io/v1alpha1",
  Experiment: "argoproj.io/v1alpha1",
  AnalysisRun: "argoproj.io/v1alpha1",
  AnalysisTemplate: "argoproj.io/v1alpha1",
  ReplicaSet: "apps/v1",
  Deployment: "apps/v1",
  Job: "batch/v1",
  Lease: "coordination.k8s.io/v1",
};

export function refTo(kind: string, namespace: string, name: string): ObjectRef {
  return { apiVersion: apiVersions[kind] ?? "v1", kind, namespace, name };
}

/** In a new namespace the API server may take a moment until it knows its service account. */
async function untilUsable(store: ObjectStore, namespace: string): Promise<void> {
  const account = { kind: "ConfigMap", apiVersion: "v1", namespace, name: "kube-root-ca.crt" };
  await until("the namespace is usable", async () => (await store.get(account)) !== undefined);
}

export function openCluster(): TestCluster {
  const client = new ApiClient({
    access: testAccess(),
    clock: systemClock,
    userAgent: "haldane-tests",
    retries: 5,
  });
  const store = kubernetesStore({ client, clock: systemClock });
  const made: string[] = [];
  return {
    client,
    store,
    async newNamespace() {
      const name = `haldane-test-${randomBytes(4).toString("hex")}`;
      const labels = { "haldane.dev/test": "true" };
      await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
      made.push(name);
      await untilUsable(store, name);
      return name;
    },
    async apply(yaml, namespace) {
      const applied: Loose[] = [];
      for (const document of parseAllDocuments(yaml)) {
        const object = document.toJS() as Loose | null;
        if (object === null) continue;
        const metadata = { namespace, ...object.metadata };
        const body = { ...object, metadata } as unknown as JsonObject;
        const patch = { type: "apply", body, fieldManager: "tests", force: true } as const;
        applied.push(await store.patch<Loose>(refOf({ ...object, metadata }), patch));
      }
      return applied;
    },
    get: async (kind, namespace, name) => store.get<Loose>(refTo(kind, namespace, name)),
    async list(kind, namespace) {
      const { apiVersion } = refTo(kind, namespace, "");
      return (await store.list<Loose>({ apiVersion, kind, namespace })).items;
    },
    patch: async (ref, body, subresource) =>
      store.patch<Loose>(ref, { type: "merge", body }, subresource ? { subresource } : {}),
    async close() {
      for (const name of made) await remove(store, name);
      await client.close();
    },
  };
}

async function remove(store: ObjectStore, name: string): Promise<void> {
  try {
    await store.delete({ apiVersion: "v1", kind: "Namespace", namespace: "", name });
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}

/**
 * Asks until the answer is true. What it throws is taken for "not yet", and told if time runs out.
 * `describe` says what is there instead.
 */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  options: { readonly withinMs?: number; readonly describe?: () => Promise<unknown> } = {},
): Promise<void> {
  const { withinMs = 60_000, describe } = options;
  const deadlineMs = Date.now() + withinMs;
  let trouble: unknown;
  for (;;) {
    try {
      if (await isSo()) return;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    if (Date.now() > deadlineMs) {
      const found = describe === undefined ? "" : `; there is: ${JSON.stringify(await describe())}`;
      throw new Error(`not within ${withinMs} ms: ${what}${found}`, { cause: trouble });
    }
    await sleep(systemClock, 100);
  }
}
