// Gives Services back that no Rollout uses any more (argo-rollouts-algorithms.md §2.15).
import type { Service } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { releaseService } from "../../core/rollout/release-service.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import { keyOf, splitKey, type Cache } from "../../runtime/cache.ts";
import { sourceOf, type Controller } from "../../runtime/controller.ts";
import { settled, type Outcome } from "../../runtime/outcome.ts";

export interface ServiceControllerOptions {
  readonly store: ObjectStore;
  readonly services: Cache<Service>;
  readonly rollouts: Cache<KubeObject>;
  /** The Rollouts that name a Service. */
  readonly namersOf: (service: KubeObject) => readonly KubeObject[];
  /** The keys of the Services a Rollout names. */
  readonly serviceKeysOf: (rollout: KubeObject) => readonly string[];
  readonly concurrency: number;
}

async function reconcile(
  key: string,
  { store, services, namersOf }: ServiceControllerOptions,
): Promise<Outcome> {
  const { namespace, name } = splitKey(key);
  const service = services.get(namespace, name);
  if (!service) return settled;
  const namers = namersOf(service).map(({ metadata }) => metadata.name);
  const patch = releaseService(service, namers);
  if (patch === undefined) return settled;
  const { resourceVersion = "" } = service.metadata;
  const metadata = { ...(patch["metadata"] as object), resourceVersion };
  try {
    const ref = { apiVersion: "v1", kind: "Service", namespace, name };
    await store.patch(ref, { type: "merge", body: { ...patch, metadata } });
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
  return settled;
}

export function serviceController(options: ServiceControllerOptions): Controller {
  const { services, rollouts, serviceKeysOf, concurrency } = options;
  return {
    name: "service",
    concurrency,
    // A rollout's own status writes concern no Service: only a new spec or its end does.
    sources: [
      sourceOf(services, (service) => [keyOf(service)]),
      sourceOf(
        rollouts,
        serviceKeysOf,
        ({ before, after }) =>
          before !== undefined && before.metadata.generation !== after?.metadata.generation,
      ),
    ],
    reconcile: async (key) => reconcile(key, options),
  };
}
