// Reads an object that a person named, or says that it is not there and which name is near.
import type { KubeObject, ObjectRef } from "../api/meta/object.ts";
import { resourceTypeOf } from "../api/resources.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { haldaneError } from "../lib/errors.ts";
import { isStoreError, type ObjectStore } from "../objects/object-store.ts";

/** `rollouts.argoproj.io`, `services` */
export function qualifiedPlural({
  apiVersion,
  kind,
}: Pick<ObjectRef, "apiVersion" | "kind">): string {
  const type = resourceTypeOf(apiVersion, kind);
  if (!type) return kind;
  return type.group === "" ? type.plural : `${type.plural}.${type.group}`;
}

async function namesBeside(
  store: ObjectStore,
  { apiVersion, kind, namespace }: ObjectRef,
): Promise<readonly string[]> {
  try {
    const { items } = await store.list({
      apiVersion,
      kind,
      ...(namespace === "" ? {} : { namespace }),
    });
    return items.map(({ metadata }) => metadata.name);
  } catch (error) {
    // Who may read one object need not be allowed to list them: then there is no suggestion.
    if (isStoreError(error)) return [];
    throw error;
  }
}

export async function notFound(store: ObjectStore, ref: ObjectRef): Promise<Error> {
  const meant = didYouMean(ref.name, await namesBeside(store, ref));
  return haldaneError("OBJECT_NOT_FOUND", {
    kind: qualifiedPlural(ref),
    name: ref.name,
    namespace: ref.namespace,
    ...(meant === undefined ? {} : { didYouMean: meant }),
  });
}

export async function mustExist<T extends KubeObject>(
  store: ObjectStore,
  ref: ObjectRef,
): Promise<T> {
  const object = await store.get<T>(ref);
  if (object) return object;
  throw await notFound(store, ref);
}
