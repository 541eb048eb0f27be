// Secrets that providers find their keys in: by a name of their own, mostly in the controller's
// namespace. Read for each measurement, so that a changed key counts from the next one on.
import type { Secret } from "../api/kubernetes/workloads.ts";
import type { StringMap } from "../api/meta/object.ts";
import { fromBase64 } from "../lib/base64.ts";
import { ProviderError, type ProviderContext } from "./provider.ts";

const defaultNamespace = "argo-rollouts";

/** The controller's namespace: where a Secret is looked for when nothing else is said. */
export function controllerNamespace({ controllerNamespace: known, env }: ProviderContext): string {
  return (
    [known, env["POD_NAMESPACE"]].find((name) => name !== undefined && name !== "") ??
    defaultNamespace
  );
}

/** The decoded keys of a Secret; undefined when it does not exist. */
export async function secretKeys(
  { store }: ProviderContext,
  namespace: string,
  name: string,
): Promise<StringMap | undefined> {
  const secret = await store.get<Secret>({ apiVersion: "v1", kind: "Secret", namespace, name });
  if (secret === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).flatMap(([key, encoded]): [string, string][] => {
      const value = fromBase64(encoded);
      return value.ok ? [[key, value.text]] : [];
    }),
  );
}

/** The keys of a Secret in the controller's namespace. Throws `secrets "x" not found`. */
export async function controllerSecret(context: ProviderContext, name: string): Promise<StringMap> {
  const keys = await secretKeys(context, controllerNamespace(context), name);
  if (keys === undefined) throw new ProviderError(`secrets "${name}" not found`);
  return keys;
}

export function keyOf(keys: StringMap, name: string): string {
  return Object.hasOwn(keys, name) ? (keys[name] ?? "") : "";
}
