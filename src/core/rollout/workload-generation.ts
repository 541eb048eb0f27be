import { workloadGenerationAnnotation } from "../../api/argo/keys.ts";
import type { Rollout } from "../../api/argo/rollout.ts";
import type { StringMap } from "../../api/meta/object.ts";
import type { ObservedRollout } from "./observed.ts";

// Which generation of the object behind workloadRef a Rollout is of (§1.4, §1.7): the annotation says
// which one has been seen, status.workloadObservedGeneration which one the status speaks of. Clients
// wait until both are the same.

/** The annotation of the observed workload; empty without one. */
export function workloadGeneration({ workload }: ObservedRollout): StringMap {
  if (workload === undefined) return {};
  return { [workloadGenerationAnnotation]: String(workload.generation) };
}

/** The Rollout as it is once its annotation is written: what is decided is decided on that generation. */
export function withWorkloadGeneration(observed: ObservedRollout): Rollout {
  const { rollout, workload } = observed;
  if (workload === undefined) return rollout;
  const annotations = { ...rollout.metadata.annotations, ...workloadGeneration(observed) };
  return { ...rollout, metadata: { ...rollout.metadata, annotations } };
}
