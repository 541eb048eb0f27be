// Which annotations of an Ingress belong to which rollout: itself an annotation, JSON
// `{"<rollout>": ["<annotation key>", …]}`, shared by all rollouts that use the Ingress.
import type { StringMap } from "../../api/meta/object.ts";
import { isJsonArray, isJsonObject, type Json } from "../../lib/json.ts";

const managedKey = "rollouts.argoproj.io/managed-alb-annotations";

function parsed(text: string | undefined): Readonly<Record<string, Json | undefined>> {
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : {};
  } catch {
    // Nobody could read it any more: it is written anew.
    return {};
  }
}

/** The annotations with the rollout's entry set; without keys its entry goes, and the last one takes all with it. */
export function withManaged(
  annotations: StringMap,
  rollout: string,
  keys: readonly string[],
): StringMap {
  const { [managedKey]: text, ...others } = annotations;
  const entries = Object.entries(parsed(text)).filter(
    ([name, value]) => name !== rollout && isJsonArray(value),
  );
  const all = [...entries, ...(keys.length === 0 ? [] : [[rollout, keys] as const])];
  if (all.length === 0) return others;
  const sorted = all.sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...others, [managedKey]: JSON.stringify(Object.fromEntries(sorted)) };
}

/** The rollouts that have an entry. */
export function managingRollouts(annotations: StringMap): readonly string[] {
  return Object.keys(parsed(annotations[managedKey]));
}

/** The keys of a rollout's annotations, as its entry lists them. */
export function managedKeys(annotations: StringMap, rollout: string): readonly string[] {
  const keys = parsed(annotations[managedKey])[rollout];
  return isJsonArray(keys) ? keys.filter((key) => typeof key === "string") : [];
}
