// Why pods of a rollout do not run, in the words of the kubelet: the tree has only the reason's name.
import type { ContainerStatus, Pod } from "../../api/kubernetes/pod.ts";
import { isControlledBy } from "../../api/meta/object.ts";
import type { ObservedTree } from "../../core/view/rollout-view.ts";

function troubleOf({ state, lastState }: ContainerStatus): string | undefined {
  const { reason, message } = state?.waiting ?? {};
  if (reason === undefined || message === undefined) return undefined;
  const exit = lastState?.terminated?.exitCode;
  return `${reason}: ${message}${exit === undefined ? "" : `; its last exit code was ${exit}`}`;
}

function troublesOf({ status }: Pod): readonly string[] {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return statuses.flatMap((container) => troubleOf(container) ?? []);
}

/** `pod/shop-1: ErrImagePull: …`; pods with the same trouble share a line. */
export function podTroubles({ manifest, replicaSets, pods }: ObservedTree): readonly string[] {
  const sets = replicaSets.filter((set) => isControlledBy(set, manifest));
  const own = pods.filter((pod) => sets.some((set) => isControlledBy(pod, set)));
  const found = new Map<string, string[]>();
  for (const pod of own) {
    for (const trouble of troublesOf(pod)) {
      // Messages name their own pod; without it those of one cause read the same.
      const cause = trouble.replaceAll(pod.metadata.name, "…");
      found.set(cause, [...(found.get(cause) ?? []), `pod/${pod.metadata.name}: ${trouble}`]);
    }
  }
  return [...found.values()].map(([first = "", ...others]) => {
    if (others.length === 0) return first;
    return `${first} (and ${others.length} more ${others.length === 1 ? "pod" : "pods"})`;
  });
}
