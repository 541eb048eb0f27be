import type { HTTPRoute } from "../../api/gateway/http-route.ts";
import type { Condition } from "../../api/kubernetes/pod.ts";

/**
 * What an HTTPRoute's gateways have not confirmed yet; undefined = all serve this generation.
 * A gateway that reports `Programmed` on the route (the embedded one does) confirms the data
 * plane; of others, `Accepted` for this generation is the most the Gateway API offers.
 */
export function acknowledgement(route: HTTPRoute): string | undefined {
  const { name, generation = 0 } = route.metadata;
  const parents = route.status?.parents ?? [];
  const wanted = route.spec.parentRefs?.length ?? 0;
  if (parents.length === 0 || parents.length < wanted) {
    return `a gateway to accept HTTPRoute ${name}`;
  }
  for (const parent of parents) {
    const problem = unconfirmed(parent.conditions, generation);
    if (problem !== undefined) {
      return `gateway ${parent.parentRef.name} to serve HTTPRoute ${name} generation ${generation} (${problem})`;
    }
  }
  return undefined;
}

function unconfirmed(conditions: readonly Condition[], generation: number): string | undefined {
  const programmed = conditions.find((condition) => condition.type === "Programmed");
  const confirming = programmed ?? conditions.find((condition) => condition.type === "Accepted");
  if (!confirming) return "no condition Accepted";
  const observed = confirming.observedGeneration ?? generation;
  if (observed < generation) return `it serves generation ${observed}`;
  if (confirming.status === "True") return undefined;
  return `${confirming.type} is ${confirming.status}: ${confirming.message ?? confirming.reason ?? "no reason"}`;
}
