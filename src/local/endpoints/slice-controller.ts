// One EndpointSlice per Service with a selector.
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { EndpointSlice, Service } from "../../api/kubernetes/workloads.ts";
import { selectorMatches } from "../../api/meta/label-selector.ts";
import { isControlledBy, refOf } from "../../api/meta/object.ts";
import { fnv1a32Text } from "../../lib/fnv.ts";
import { isStoreError } from "../../objects/object-store.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { keyOf, splitKey } from "../../runtime/cache.ts";
import { sourceOf } from "../../runtime/controller.ts";
import type { Controller } from "../../runtime/controller.ts";
import type { Manager } from "../../runtime/manager.ts";
import { settled } from "../../runtime/outcome.ts";
import { hasSelector, isSameSlice, serviceNameLabel, sliceFor } from "./slice.ts";

export interface EndpointSliceDeps {
  readonly manager: Manager;
  readonly store: ObjectStore;
}

export function sliceNameFor(service: Service): string {
  return `${service.metadata.name}-${fnv1a32Text(service.metadata.uid ?? "").toString(36)}`;
}

export function endpointSliceController({ manager, store }: EndpointSliceDeps): Controller {
  const services = manager.cache<Service>("v1", "Service");
  const pods = manager.cache<Pod>("v1", "Pod");
  const slices = manager.cache<EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice");
  const servicesOf = (pod: Pod): readonly string[] =>
    services
      .list(pod.metadata.namespace)
      .filter(
        (each) =>
          hasSelector(each) &&
          selectorMatches({ matchLabels: each.spec.selector ?? {} }, pod.metadata.labels),
      )
      .map((each) => keyOf(each));
  const serviceOf = (slice: EndpointSlice): readonly string[] => {
    const name = slice.metadata.labels?.[serviceNameLabel];
    return name === undefined ? [] : [`${slice.metadata.namespace ?? ""}/${name}`];
  };
  return {
    name: "endpoint-slice",
    concurrency: 2,
    sources: [
      sourceOf(services, (service) => [keyOf(service)]),
      sourceOf(pods, servicesOf),
      sourceOf(slices, serviceOf),
    ],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const service = services.get(namespace, name);
      if (service === undefined || service.metadata.deletionTimestamp !== undefined) return settled;
      const sliceName = sliceNameFor(service);
      const stored = slices.get(namespace, sliceName);
      // A Service that lost its selector, or never had one, has its endpoints from elsewhere.
      if (!hasSelector(service)) {
        if (stored !== undefined && isControlledBy(stored, service))
          await removeSlice(store, stored);
        return settled;
      }
      const wanted = sliceFor(service, sliceName, pods.list(namespace));
      if (stored === undefined) {
        slices.remember(await createSlice(store, wanted));
      } else if (!isSameSlice(stored, wanted)) {
        const { resourceVersion = "" } = stored.metadata;
        const metadata = { ...stored.metadata, ...wanted.metadata, resourceVersion };
        slices.remember(await store.update<EndpointSlice>({ ...stored, ...wanted, metadata }));
      }
      return settled;
    },
  };
}

async function createSlice(store: ObjectStore, wanted: EndpointSlice): Promise<EndpointSlice> {
  try {
    return await store.create(wanted);
  } catch (error) {
    const present = isStoreError(error, "AlreadyExists")
      ? await store.get<EndpointSlice>(refOf(wanted))
      : undefined;
    if (present === undefined) throw error;
    return present;
  }
}

async function removeSlice(store: ObjectStore, slice: EndpointSlice): Promise<void> {
  try {
    await store.delete(refOf(slice));
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}
