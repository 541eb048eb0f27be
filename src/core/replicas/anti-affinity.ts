import { podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { AntiAffinity } from "../../api/argo/rollout.ts";
import type { PodSpec } from "../../api/kubernetes/pod.ts";
import { isJsonArray, isJsonObject } from "../../lib/json.ts";
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
