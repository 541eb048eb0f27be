import { podTemplateHashLabel } from "../../api/argo/keys.ts";
import { entriesOf, isJsonObject, ownProperty } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { withoutAntiAffinity } from "./anti-affinity.ts";
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
