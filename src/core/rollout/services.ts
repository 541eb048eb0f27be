import { managedByRolloutsAnnotation, podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { Service } from "../../api/kubernetes/workloads.ts";
import { isJsonObject } from "../../lib/json.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { Facts } from "./context.ts";
import { rolloutEvent } from "./course.ts";
import type { Course } from "./course.ts";
import type { Effect } from "./decision.ts";

// Services follow versions by the hash in their selector (§2.15).

export function selectedHash(service: Service | undefined): string {
  return service?.spec.selector?.[podTemplateHashLabel] ?? "";
}

/** Whether the Service was ever pointed at a version by us. */
export function isAdopted(service: Service): boolean {
  return service.metadata.annotations?.[managedByRolloutsAnnotation] !== undefined;
}

/**
 * Points a Service at a version. Left alone when it selects it already, except that an active or
 * preview Service also gets its missing annotation (`adopts`).
 */
export function switchService(
  facts: Facts,
  course: Course,
  name: string | undefined,
  hash: string,
  adopts = false,
): readonly Effect[] {
  const service = name === undefined ? undefined : facts.observed.services[name];
  if (service === undefined || name === undefined || hash === "") return [];
  const from = selectedHash(service);
  const isMarked = isAdopted(service);
  if (from === hash && (isMarked || !adopts)) return [];
  const annotations: JsonObject = isMarked ? {} : { [managedByRolloutsAnnotation]: facts.name };
  const patch: JsonObject = {
    ...(isMarked ? {} : { metadata: { annotations } }),
    spec: { selector: { [podTemplateHashLabel]: hash } },
  };
  const message = `Switched selector for service '${name}' from '${from}' to '${hash}'`;
  const version = service.metadata.resourceVersion;
  const event = rolloutEvent(
    facts,
    course,
    "SwitchService",
    message,
    `${name}@${version ?? ""}/${hash}`,
  );
  return [
    { kind: "patchService", name, resourceVersion: version, patch },
    { kind: "event", event },
  ];
}

/** The hashes Services select once these effects have been carried out. */
export function hashesSelected(
  facts: Facts,
  names: readonly (string | undefined)[],
  effects: readonly Effect[],
): readonly string[] {
  return names.flatMap((name) => {
    if (name === undefined) return [];
    const switched = effects.find(
      (effect) => effect.kind === "patchService" && effect.name === name,
    );
    const hash =
      switched?.kind === "patchService"
        ? hashInPatch(switched.patch)
        : selectedHash(facts.observed.services[name]);
    return hash === "" ? [] : [hash];
  });
}

function hashInPatch(patch: JsonObject): string {
  const spec = patch["spec"];
  const selector = isJsonObject(spec) ? spec["selector"] : undefined;
  const hash = isJsonObject(selector) ? selector[podTemplateHashLabel] : undefined;
  return typeof hash === "string" ? hash : "";
}
