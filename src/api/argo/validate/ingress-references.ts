// Ingresses of nginx and ALB: one of their rules must lead to the stable (ALB: root) Service.
import type { JsonObject } from "../../../lib/json.ts";
import { invalid } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import { objectOf, objectsOf, textOf } from "./json-fields.ts";
import { lookUp } from "./named.ts";
import type { NamedAt, References } from "./named.ts";

/** networking.k8s.io/v1 has `service.name`, the old extensions form `serviceName`. */
function backendService(path: JsonObject): string {
  const backend = objectOf(path, "backend");
  return textOf(objectOf(backend, "service"), "name") || textOf(backend, "serviceName");
}

export function leadsTo(ingress: JsonObject, service: string): boolean {
  return objectsOf(objectOf(ingress, "spec"), "rules").some((rule) =>
    objectsOf(objectOf(rule, "http"), "paths").some((path) => backendService(path) === service),
  );
}

export function ingressErrors(
  named: readonly NamedAt[],
  service: string,
  { ingresses }: References,
): readonly FieldError[] {
  return named.flatMap(({ name, place }) => {
    const ingress = lookUp(ingresses, name);
    if (ingress === undefined || leadsTo(ingress, service)) return [];
    return [
      invalid(place, name, `ingress \`${name}\` has no rules using service ${service} backend`),
    ];
  });
}
