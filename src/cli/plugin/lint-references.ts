// What a Rollout names, as far as it is in the same file: Services, Ingresses, VirtualServices. What
// is not there is no error of lint's.
import type { Service } from "../../api/kubernetes/workloads.ts";
import type { Rollout } from "../../api/argo/rollout.ts";
import { contentErrors } from "../../api/argo/validate/references.ts";
import type { FieldError } from "../../api/meta/field-error.ts";
import { asJson } from "../../api/meta/wire.ts";
import { conform } from "../../api/schema/conform.ts";
import { serviceSchema } from "../../api/schema/core.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { textAt } from "./read-strictly.ts";

function nameOf({ metadata }: JsonObject): string {
  return isJsonObject(metadata) ? textAt(metadata, "name") : "";
}

function byName(objects: readonly JsonObject[], kind: string): Record<string, JsonObject> {
  const found = objects.filter((object) => textAt(object, "kind") === kind);
  return Object.fromEntries(found.map((object) => [nameOf(object), object]));
}

function services(objects: readonly JsonObject[]): Record<string, Service> {
  return Object.fromEntries(
    // The wire border: conform has just made it what its schema says.
    Object.entries(byName(objects, "Service")).map(([name, object]) => [
      name,
      asJson(conform(object, serviceSchema).value) as unknown as Service,
    ]),
  );
}

export function lintReferences(
  rollout: Rollout,
  objects: readonly JsonObject[],
): readonly FieldError[] {
  return contentErrors(rollout, {
    services: services(objects),
    analysisTemplates: {},
    clusterAnalysisTemplates: {},
    ingresses: byName(objects, "Ingress"),
    virtualServices: byName(objects, "VirtualService"),
  });
}
