import type { ParentRef } from "../../api/gateway/http-route.ts";
import type { Condition } from "../../api/kubernetes/pod.ts";
import type { KubeObject } from "../../api/meta/object.ts";

/** A route's own view of its gateways; the same for every kind of route. */
export interface AttachedRoute extends KubeObject {
  readonly spec: { readonly parentRefs?: readonly ParentRef[] };
  readonly status?: {
    readonly parents?: readonly {
      readonly parentRef: ParentRef;
      readonly conditions?: readonly Condition[];
    }[];
  };
}

/**
 * What a route's gateways have not confirmed yet; undefined = all serve this generation.
 * A gateway that reports `Programmed` on the route (the embedded one does) confirms the data
 * plane; of others, `Accepted` for this generation is the most the Gateway API offers.
 */
export function acknowledgement(route: AttachedRoute): string | undefined {
  const { generation = 0 } = route.metadata;
  const title = `${route.kind} ${route.metadata.name}`;
  const parents = route.status?.parents ?? [];
  const wanted = route.spec.parentRefs?.length ?? 0;
  if (parents.length === 0 || parents.length < wanted) {
    return `a gateway to accept ${title}`;
  }
  for (const parent of parents) {
    const problem = unconfirmed(parent.conditions ?? [], generation);
    if (problem !== undefined) {
      return `gateway ${parent.parentRef.name} to serve ${title} generation ${generation} (${problem})`;
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
