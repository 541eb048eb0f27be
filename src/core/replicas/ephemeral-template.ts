import { ephemeralMetadataAnnotation } from "../../api/argo/keys.ts";
import type { PodMetadata } from "../../api/argo/rollout.ts";
import type { ObjectMeta, StringMap } from "../../api/meta/object.ts";
import { isJsonObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";

// Labels and annotations that pods carry only while their ReplicaSet is canary or stable (§2.15).
// What was injected is recorded in an annotation of the ReplicaSet, so that only that is removed.

export interface Injected {
  readonly labels: StringMap;
  readonly annotations: StringMap;
}

function stringMap(value: unknown): StringMap {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : [])),
  );
}

/** What the annotation of a ReplicaSet says was injected; nothing if it is absent or unreadable. */
export function injectedOf(annotations: StringMap | undefined): Injected {
  const text = annotations?.[ephemeralMetadataAnnotation];
  const recorded = text === undefined ? undefined : parseObject(text);
  return {
    labels: stringMap(recorded?.["labels"]),
    annotations: stringMap(recorded?.["annotations"]),
  };
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function wantedInjection(metadata: PodMetadata | undefined): Injected {
  return { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} };
}

function sorted(map: StringMap): StringMap {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The annotation's text; undefined when nothing is injected. */
export function injectionRecord(injected: Injected): string | undefined {
  const labels = Object.keys(injected.labels).length > 0 ? { labels: sorted(injected.labels) } : {};
  const annotations =
    Object.keys(injected.annotations).length > 0
      ? { annotations: sorted(injected.annotations) }
      : {};
  const record = { ...labels, ...annotations };
  return Object.keys(record).length === 0 ? undefined : JSON.stringify(record);
}

function mapPatch(live: StringMap | undefined, before: StringMap, after: StringMap): JsonObject {
  const removed = Object.keys(before).filter(
    (key) => after[key] === undefined && live?.[key] !== undefined,
  );
  const changed = Object.entries(after).filter(([key, value]) => live?.[key] !== value);
  return {
    ...Object.fromEntries(removed.map((key) => [key, null])),
    ...Object.fromEntries(changed),
  };
}

/** Merge patch of `metadata` from one injection to another; undefined when nothing differs. */
export function injectionPatch(
  live: Pick<ObjectMeta, "labels" | "annotations"> | undefined,
  before: Injected,
  after: Injected,
): JsonObject | undefined {
  const labels = mapPatch(live?.labels, before.labels, after.labels);
  const annotations = mapPatch(live?.annotations, before.annotations, after.annotations);
  const patch: JsonObject = {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  return Object.keys(patch).length === 0 ? undefined : patch;
}
