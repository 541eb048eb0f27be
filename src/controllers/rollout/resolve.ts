// From a stored Rollout to one the core can decide on: parsed, its workload's template in place,
// checked by itself and against what it refers to.
import type { AnalysisTemplate } from "../../api/argo/analysis.ts";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import type { Rollout, WorkloadRef } from "../../api/argo/rollout.ts";
import type { ByName, References } from "../../api/argo/validate/named.ts";
import { validateReferences } from "../../api/argo/validate/references.ts";
import {
  firstErrorText,
  validateRollout,
  workloadReferenceProblem,
} from "../../api/argo/validate/rollout.ts";
import type { Capabilities } from "../../api/argo/capabilities.ts";
import type { PodTemplateSpec } from "../../api/kubernetes/pod.ts";
import type { Deployment, PodTemplate, ReplicaSet } from "../../api/kubernetes/workloads.ts";
import type { LabelSelector } from "../../api/meta/label-selector.ts";
import type { KubeObject, StringMap } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { composeRunSpec } from "../../core/analysis/compose.ts";
import type { ObservedWorkload } from "../../core/rollout/observed.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import type { Cache } from "../../runtime/cache.ts";
import type { RolloutViews } from "./views.ts";

export interface ResolvedRollout {
  readonly rollout: Rollout;
  readonly manifest: KubeObject;
  readonly workload: ObservedWorkload | undefined;
  /** The first error's text; undefined = valid. */
  readonly invalid: string | undefined;
}

interface FoundWorkload {
  readonly workload: ObservedWorkload;
  readonly template: PodTemplateSpec;
  readonly selector: LabelSelector | undefined;
}

function byName<T extends KubeObject>(cache: Cache<T>, namespace: string): ByName<T> {
  // Looked up by name and never listed: a view is enough, and costs nothing for unused names.
  return new Proxy<Record<string, T | undefined>>(
    {},
    {
      get: (_target, name) => (typeof name === "string" ? cache.get(namespace, name) : undefined),
      getOwnPropertyDescriptor: (_target, name) => {
        const value = typeof name === "string" ? cache.get(namespace, name) : undefined;
        return value === undefined ? undefined : { value, configurable: true, enumerable: true };
      },
    },
  );
}

function findWorkload(
  ref: WorkloadRef,
  namespace: string,
  views: RolloutViews,
): FoundWorkload | undefined {
  const found = workloadObject(ref, namespace, views);
  if (!found) return undefined;
  const workload = {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    name: ref.name,
    generation: found.metadata.generation ?? 0,
  };
  if (found.kind === "PodTemplate") {
    return {
      workload: { ...workload, replicas: undefined },
      template: found.template,
      selector: undefined,
    };
  }
  const replicas = found.kind === "Deployment" ? (found.spec.replicas ?? 1) : undefined;
  return {
    workload: { ...workload, replicas },
    template: found.spec.template,
    selector: found.spec.selector,
  };
}

function workloadObject(
  { kind, name }: WorkloadRef,
  namespace: string,
  views: RolloutViews,
): Deployment | ReplicaSet | PodTemplate | undefined {
  switch (kind) {
    case "Deployment":
      return views.deployments.get(namespace, name);
    case "ReplicaSet":
      return views.workloadReplicaSets.get(namespace, name);
    case "PodTemplate":
      return views.podTemplates.get(namespace, name);
    default:
      return undefined;
  }
}

/** Some kinds are watched only once a Rollout names one of them: this waits until they are. */
export async function workloadKnown(manifest: KubeObject, views: RolloutViews): Promise<void> {
  const { spec } = manifest as KubeObject & {
    readonly spec?: { readonly workloadRef?: { readonly kind?: unknown } | null } | null;
  };
  switch (spec?.workloadRef?.kind) {
    case "Deployment":
      return views.deployments.ready();
    case "ReplicaSet":
      return views.workloadReplicaSets.ready();
    case "PodTemplate":
      return views.podTemplates.ready();
    default:
  }
}

/** Plural and group as the API server's NotFound text has them. */
function notFoundText({ kind, name }: WorkloadRef): string {
  const plural = {
    Deployment: "deployments.apps",
    ReplicaSet: "replicasets.apps",
    PodTemplate: "podtemplates",
  }[kind];
  return `${plural ?? kind.toLowerCase()} "${name}" not found`;
}

/** The template (and selector, if it has none of its own) of the workload, in memory only. */
function withWorkload(rollout: Rollout, { template, selector }: FoundWorkload): Rollout {
  return {
    ...rollout,
    spec: { ...rollout.spec, template, selector: rollout.spec.selector ?? selector },
  };
}

function referenceError(
  rollout: Rollout,
  namespace: string,
  views: RolloutViews,
): string | undefined {
  const references: References = {
    services: byName(views.services, namespace),
    analysisTemplates: byName(views.analysisTemplates, namespace),
    clusterAnalysisTemplates: byName(views.clusterAnalysisTemplates, ""),
  };
  const known: readonly AnalysisTemplate[] = [
    ...views.analysisTemplates.list(namespace),
    ...views.clusterAnalysisTemplates.list(),
  ];
  const errors = validateReferences(rollout, references, {
    composeProblem: (_templates, requested) => {
      const { templates: refs, dryRun, measurementRetention } = requested;
      const args = requested.args.map(({ name }) => ({ name, value: "" }));
      const composed = composeRunSpec({
        templates: known,
        requested: refs,
        args,
        dryRun,
        measurementRetention,
      });
      return composed.ok ? undefined : composed.message;
    },
  });
  return firstErrorText(errors);
}

/** By the spec: a status write leaves it, and with it the verdict on it, as they were. */
const ownErrors = new WeakMap<
  object,
  { readonly annotations: StringMap; readonly error: string | undefined }
>();

/** What is wrong with a Rollout that brings its own template. Checked once per spec. */
function ownErrorOf(manifest: KubeObject, check: () => string | undefined): string | undefined {
  const { spec } = manifest as KubeObject & { readonly spec?: unknown };
  const { annotations = {} } = manifest.metadata;
  if (typeof spec !== "object" || spec === null) return check();
  const known = ownErrors.get(spec);
  if (known && deepEqual(known.annotations, annotations)) return known.error;
  const error = check();
  ownErrors.set(spec, { annotations, error });
  return error;
}

/** Never throws: what is wrong with the object is `invalid`. */
export function resolveRollout(
  manifest: KubeObject,
  views: RolloutViews,
  capabilities: Capabilities,
): ResolvedRollout {
  const { namespace = "" } = manifest.metadata;
  const json = asJson(manifest);
  const { rollout: written } = parseRollout(json);
  const { workloadRef } = written.spec;
  const found = workloadRef && findWorkload(workloadRef, namespace, views);
  const rollout = found ? withWorkload(written, found) : written;
  const workloadError =
    workloadReferenceProblem(json) ??
    (workloadRef && !found ? notFoundText(workloadRef) : undefined);
  const selector = found?.selector;
  const resolvedWorkload = found && { template: found.template, ...(selector ? { selector } : {}) };
  const ownError = (): string | undefined =>
    firstErrorText(
      validateRollout(json, {
        capabilities,
        ...(resolvedWorkload ? { workload: resolvedWorkload } : {}),
      }),
    );
  const error =
    workloadError ??
    (found ? ownError() : ownErrorOf(manifest, ownError)) ??
    referenceError(rollout, namespace, views);
  return { rollout, manifest, workload: found?.workload, invalid: error };
}
