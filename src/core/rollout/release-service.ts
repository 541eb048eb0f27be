import { managedByRolloutsAnnotation, podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { Service } from "../../api/kubernetes/workloads.ts";
import { controllerOf } from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";

/**
 * What gives a Service back when its Rollout is gone or no longer names it (§2.15 Cleanup): a hash
 * left in the selector would keep it from all pods but those of one version. undefined = it has no
 * hash, or is in use, or is an Experiment's, whose hash leads to the pods of one of its templates.
 *
 * `namedBy` are the Rollouts of the namespace that name the Service.
 */
export function releaseService(
  service: Service,
  namedBy: readonly string[],
): JsonObject | undefined {
  if (service.spec.selector?.[podTemplateHashLabel] === undefined) return undefined;
  if (controllerOf(service)?.kind === "Experiment") return undefined;
  const owner = service.metadata.annotations?.[managedByRolloutsAnnotation];
  const isInUse = owner === undefined ? namedBy.length > 0 : namedBy.includes(owner);
  if (isInUse) return undefined;
  return {
    metadata: { annotations: { [managedByRolloutsAnnotation]: null } },
    spec: { selector: { [podTemplateHashLabel]: null } },
  };
}
