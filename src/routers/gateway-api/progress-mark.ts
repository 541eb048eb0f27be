// Routes carry a label while a rollout has them split, so that GitOps tools can be told to leave
// their rules alone for so long. Several rollouts may share a route: an annotation lists those under
// way, and the label goes with the last. Names are the community plugin's.
import type { KubeObject, StringMap } from "../../api/meta/object.ts";

export interface ProgressMark {
  readonly label: string;
  readonly value: string;
  readonly annotation: string;
}

function withEntry(
  map: StringMap | undefined,
  key: string,
  value: string | undefined,
): StringMap | undefined {
  if (map?.[key] === value) return map;
  const { [key]: _old, ...rest } = map ?? {};
  return value === undefined ? rest : { ...rest, [key]: value };
}

/** `rollout` is `namespace/name`. */
export function withMark<O extends KubeObject>(
  object: O,
  mark: ProgressMark | undefined,
  rollout: string,
  isUnderWay: boolean,
): O {
  if (mark === undefined) return object;
  const { labels, annotations } = object.metadata;
  const listed = (annotations?.[mark.annotation] ?? "").split(",").map((name) => name.trim());
  const others = listed.filter((name) => name !== "" && name !== rollout);
  const active = isUnderWay ? [...others, rollout].sort() : others;
  const hasAny = active.length > 0;
  const marked = {
    labels: withEntry(labels, mark.label, hasAny ? mark.value : undefined),
    annotations: withEntry(annotations, mark.annotation, hasAny ? active.join(",") : undefined),
  };
  const metadata = {
    ...object.metadata,
    ...(marked.labels ? { labels: marked.labels } : {}),
    ...(marked.annotations ? { annotations: marked.annotations } : {}),
  };
  return { ...object, metadata };
}
