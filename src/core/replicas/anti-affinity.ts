import { podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { AntiAffinity } from "../../api/argo/rollout.ts";
import type { PodSpec } from "../../api/kubernetes/pod.ts";
import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

function listAt(parent: Json | undefined, key: string): readonly Json[] {
  const value = isJsonObject(parent) ? parent[key] : undefined;
  return isJsonArray(value) ? value : [];
}

/** A term that keeps pods away from nodes that run pods of the stable version. */
function awayFrom(stableHash: string, namespace: string): JsonObject {
  return {
    labelSelector: {
      matchExpressions: [{ key: podTemplateHashLabel, operator: "In", values: [stableHash] }],
    },
    namespaces: [namespace],
    topologyKey: "kubernetes.io/hostname",
  };
}

/** The pod spec with the anti-affinity of §2.1 step 8 appended to whatever affinity it has. */
export function withAntiAffinity(
  spec: PodSpec,
  wanted: AntiAffinity,
  stableHash: string,
  namespace: string,
): PodSpec {
  const affinity: JsonObject = isJsonObject(spec.affinity) ? spec.affinity : {};
  const podAntiAffinity = affinity["podAntiAffinity"];
  const before: JsonObject = isJsonObject(podAntiAffinity) ? podAntiAffinity : {};
  const term = awayFrom(stableHash, namespace);
  const added: JsonObject =
    wanted.kind === "preferred"
      ? {
          [PREFERRED]: [
            ...listAt(before, PREFERRED),
            { weight: wanted.weight, podAffinityTerm: term },
          ],
        }
      : { [REQUIRED]: [...listAt(before, REQUIRED), term] };
  return { ...spec, affinity: { ...affinity, podAntiAffinity: { ...before, ...added } } };
}

/** A term of the anti-affinity between versions: it names the hash label and nothing else (§2.1 step 8). */
function isInjectedTerm(term: Json): boolean {
  const inner = isJsonObject(term) ? (ownProperty(term, "podAffinityTerm") ?? term) : null;
  const selector = isJsonObject(inner) ? ownProperty(inner, "labelSelector") : undefined;
  const expressions = isJsonObject(selector)
    ? ownProperty(selector, "matchExpressions")
    : undefined;
  const [only, ...more] = isJsonArray(expressions) ? expressions : [];
  return more.length === 0 && isJsonObject(only) && only["key"] === podTemplateHashLabel;
}

function isNothing(value: Json): boolean {
  if (value === null) return true;
  if (isJsonArray(value)) return value.length === 0;
  return isJsonObject(value) && entriesOf(value).every(([, inner]) => isNothing(inner));
}

function withoutTerms(podAntiAffinity: JsonObject): JsonObject {
  const kept = entriesOf(podAntiAffinity).map(([key, terms]): readonly [string, Json] => [
    key,
    isJsonArray(terms) ? terms.filter((term) => !isInjectedTerm(term)) : terms,
  ]);
  return Object.fromEntries(kept.filter(([, terms]) => !isNothing(terms)));
}

/** The pod spec without injected terms, and without empty shells such as they leave behind. */
export function withoutAntiAffinity(spec: JsonObject): JsonObject {
  const { affinity, ...rest } = spec;
  if (!isJsonObject(affinity)) return spec;
  const terms = ownProperty(affinity, "podAntiAffinity");
  const stripped = isJsonObject(terms)
    ? { ...affinity, podAntiAffinity: withoutTerms(terms) }
    : affinity;
  const kept = Object.fromEntries(entriesOf(stripped).filter(([, value]) => !isNothing(value)));
  return isNothing(kept) ? rest : { ...spec, affinity: kept };
}

/** Whether a pod spec has a term of ours. */
export function hasAntiAffinity(spec: JsonObject): boolean {
  const affinity = ownProperty(spec, "affinity");
  const terms = isJsonObject(affinity) ? ownProperty(affinity, "podAntiAffinity") : undefined;
  const lists = isJsonObject(terms) ? Object.values(terms) : [];
  return lists.some((list) => isJsonArray(list) && list.some(isInjectedTerm));
}
