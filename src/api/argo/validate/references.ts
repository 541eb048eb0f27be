// What a Rollout names: Services, analysis templates, routing objects. First every name is looked
// up, in Argo's order, and the first that is missing ends it; then contents are checked.
import type { Service } from "../../kubernetes/workloads.ts";
import { below, invalid } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import type { PodTemplateSpec } from "../../kubernetes/pod.ts";
import { managedByRolloutsAnnotation, podTemplateHashLabel } from "../keys.ts";
import type { Rollout, Strategy } from "../rollout.ts";
import { analysisContentErrors, missingTemplateErrors } from "./analysis-references.ts";
import type { AnalysisChecks } from "./analysis-references.ts";
import { lookUp, referencePlace } from "./named.ts";
import type { NamedAt, References } from "./named.ts";
import { missingRouterObjectErrors, routerObjectErrors } from "./router-references.ts";

/** The Services a strategy names, in the order they are looked up. */
export function namedServices(strategy: Strategy): readonly NamedAt[] {
  const at = (name: string | undefined, ...path: readonly string[]): readonly NamedAt[] =>
    name === undefined || name === ""
      ? []
      : [{ name, place: below(referencePlace(strategy.kind), ...path) }];
  switch (strategy.kind) {
    case "blueGreen":
      return [
        ...at(strategy.activeService, "activeService"),
        ...at(strategy.previewService, "previewService"),
      ];
    case "canary":
      return [
        ...at(strategy.stableService, "stableService"),
        ...at(strategy.canaryService, "canaryService"),
        ...at(strategy.pingPong?.pingService, "pingPong", "pingService"),
        ...at(strategy.pingPong?.pongService, "pingPong", "pongService"),
      ];
    case "rollingUpdate":
    case "recreate":
      return [];
  }
}

function missingServiceErrors(strategy: Strategy, { services }: References): readonly FieldError[] {
  return namedServices(strategy)
    .filter(({ name }) => lookUp(services, name) === undefined)
    .map(({ name, place }) => invalid(place, name, `service "${name}" not found`));
}

function serviceContentErrors(
  { name, place }: NamedAt,
  service: Service,
  rollout: Rollout,
  template: PodTemplateSpec | undefined,
): readonly FieldError[] {
  const labels = template?.metadata?.labels ?? {};
  const unmatched = Object.entries(service.spec.selector ?? {}).filter(
    ([key, value]) => key !== podTemplateHashLabel && labels[key] !== value,
  );
  const owner = service.metadata.annotations?.[managedByRolloutsAnnotation];
  const isForeign = owner !== undefined && owner !== rollout.metadata.name;
  return [
    ...unmatched.map(([key]) =>
      invalid(place, name, `Service "${name}" has unmatch label "${key}" in rollout`),
    ),
    ...(isForeign ? [invalid(place, name, `Service "${name}" is managed by another Rollout`)] : []),
  ];
}

export interface ReferenceOptions extends AnalysisChecks {
  /** The pod template in force: the workload's where there is a workloadRef. */
  readonly template?: PodTemplateSpec;
}

/** Errors in the objects that are there; those that are not are passed over. */
export function contentErrors(
  rollout: Rollout,
  references: References,
  options: ReferenceOptions = {},
): readonly FieldError[] {
  const { strategy } = rollout.spec;
  const template = options.template ?? rollout.spec.template;
  const services = namedServices(strategy).flatMap((named) => {
    const service = lookUp(references.services, named.name);
    return service ? serviceContentErrors(named, service, rollout, template) : [];
  });
  return [
    ...services,
    ...analysisContentErrors(strategy, references, options),
    ...routerObjectErrors(strategy, references),
  ];
}

/**
 * Errors of what a valid Rollout refers to, the first one first. `options.composeProblem` says what
 * is wrong with the run that templates would make (core/analysis knows); without it only what can
 * be seen here is checked.
 */
export function validateReferences(
  rollout: Rollout,
  references: References,
  options: ReferenceOptions = {},
): readonly FieldError[] {
  const { strategy } = rollout.spec;
  const [missing] = [
    ...missingServiceErrors(strategy, references),
    ...missingTemplateErrors(strategy, references),
    ...missingRouterObjectErrors(strategy, references),
  ];
  if (missing) return [missing];
  return contentErrors(rollout, references, options);
}
