import { podTemplateHashLabel } from "../../api/argo/keys.ts";
import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { marshalPodTemplate } from "./go-marshal.ts";
import { withPodTemplateDefaults } from "./pod-template-defaults.ts";

/** Labels and annotations that were put onto the live template and do not count. */
export interface InjectedMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const NOTHING: InjectedMetadata = { labels: {}, annotations: {} };

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(entriesOf(object).filter(([key]) => !keys.includes(key)));
}

function change(
  object: JsonObject,
  key: string,
  by: (inner: JsonObject) => JsonObject,
): JsonObject {
  const inner = ownProperty(object, key);
  return isJsonObject(inner) ? { ...object, [key]: by(inner) } : object;
}

/** Only what the injection says counts as injected: a value that was changed by hand since is the user's. */
function withoutInjected(metadata: JsonObject, injected: InjectedMetadata): JsonObject {
  const strip = (
    kind: "labels" | "annotations",
    always: readonly string[],
  ): ((map: JsonObject) => JsonObject) => {
    return (map) =>
      without(map, [
        ...always,
        ...Object.keys(injected[kind]).filter((key) => map[key] === injected[kind][key]),
      ]);
  };
  return change(
    change(metadata, "labels", strip("labels", [podTemplateHashLabel])),
    "annotations",
    strip("annotations", []),
  );
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

/** The pod spec without injected terms, and without the empty shells they leave behind. */
function withoutAntiAffinity(spec: JsonObject): JsonObject {
  const affinity = ownProperty(spec, "affinity");
  if (!isJsonObject(affinity)) return spec;
  const stripped = change(affinity, "podAntiAffinity", withoutTerms);
  const kept = Object.fromEntries(entriesOf(stripped).filter(([, value]) => !isNothing(value)));
  return isNothing(kept) ? without(spec, ["affinity"]) : { ...spec, affinity: kept };
}

/** Everything that counts, in one spelling. */
function essenceOf(template: Json, injected: InjectedMetadata): string {
  if (!isJsonObject(template)) return marshalPodTemplate({});
  const stripped = change(
    change(template, "metadata", (metadata) =>
      without(withoutInjected(metadata, injected), ["creationTimestamp"]),
    ),
    "spec",
    withoutAntiAffinity,
  );
  return marshalPodTemplate(withPodTemplateDefaults(stripped), { compareQuantities: true });
}

/**
 * Does a ReplicaSet's template mean the same as a Rollout's (argo-rollouts-algorithms §2.1 step 5)? Compared are the
 * two as the API server would store them: defaults filled in, unknown fields gone, quantities by amount, empty
 * collections as absent. Not counted are the hash label, injected anti-affinity, the deprecated serviceAccount, and
 * in the live one the metadata said to be `injected`.
 */
export function templatesEqual(
  live: Json,
  desired: Json,
  injected: InjectedMetadata = NOTHING,
): boolean {
  return essenceOf(live, injected) === essenceOf(desired, NOTHING);
}
