// Cells several kinds share, in the form people know from kubectl.
import type { Container, PodSpec } from "../../../api/kubernetes/pod.ts";
import { formatSelector, type LabelSelector } from "../../../api/meta/label-selector.ts";
import type { KubeObject, StringMap } from "../../../api/meta/object.ts";
import { humanDuration } from "../../../lib/human-duration.ts";
import { parseTime, type EpochMs } from "../../../lib/time.ts";
import type { Column } from "./table.ts";

/** How long ago a moment was: `5m`; `<unknown>` without a moment. */
export function since(time: string | undefined, nowMs: EpochMs): string {
  const atMs = parseTime(time);
  return atMs === undefined ? "<unknown>" : humanDuration(nowMs - atMs);
}

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "The name of the object, unique within its namespace and kind.",
  cell: (object) => object.metadata.name,
};

export const ageColumn: Column = {
  name: "Age",
  type: "string",
  description: "How long ago the object was created.",
  cell: (object, nowMs) => since(object.metadata.creationTimestamp, nowMs),
};

/** Text joined by commas, or `<none>`. */
export function joined(words: readonly string[]): string {
  return words.length === 0 ? "<none>" : words.join(",");
}

export function labelsText(labels: StringMap | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return joined(pairs.sort());
}

export function selectorText(selector: LabelSelector | undefined): string {
  const text = selector === undefined ? "" : formatSelector(selector);
  return text === "" ? "<none>" : text;
}

function containersOf(spec: PodSpec | undefined): readonly Container[] {
  return spec?.containers ?? [];
}

/** The two wide columns about containers that all workloads have. */
export function containerColumns<T extends KubeObject>(
  specOf: (object: T) => PodSpec | undefined,
): readonly Column<T>[] {
  return [
    {
      name: "Containers",
      type: "string",
      description: "The names of the containers in the pod template.",
      wide: true,
      cell: (object) =>
        containersOf(specOf(object))
          .map(({ name }) => name)
          .join(","),
    },
    {
      name: "Images",
      type: "string",
      description: "The images of the containers in the pod template.",
      wide: true,
      cell: (object) =>
        containersOf(specOf(object))
          .map(({ image = "" }) => image)
          .join(","),
    },
  ];
}
