// Whether a Rollout is called invalid because of what it names, and not because a view is behind.
import type { WorkloadRef } from "../../api/argo/rollout.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { saysInvalid } from "../../core/rollout/conditions/invalid-spec.ts";
import { StoreError, type ObjectStore } from "../../objects/object-store.ts";
import type { TrafficRouter } from "../../routers/router.ts";
import { mustBeSeen, templatesNamed, type Named } from "../not-seen-yet.ts";
import { referencesOf } from "./references.ts";
import type { ResolvedRollout } from "./resolve.ts";
import { routerReferenceError } from "./router-references.ts";
import { readingLive, type LiveStore } from "./second-look.ts";
import type { RolloutViews } from "./views.ts";

export interface Doubt {
  readonly written: ResolvedRollout;
  readonly routers: readonly TrafficRouter[];
  readonly views: RolloutViews;
  readonly store: ObjectStore;
  readonly live: LiveStore;
}

function workloadNamed(
  { kind, name }: WorkloadRef,
  namespace: string,
  views: RolloutViews,
): readonly Named[] {
  const byKind: Readonly<Record<string, Named["view"]>> = {
    Deployment: views.deployments,
    ReplicaSet: views.workloadReplicaSets,
    PodTemplate: views.podTemplates,
  };
  const view = byKind[kind];
  return view ? [{ view, namespace, name }] : [];
}

function namedBy({ rollout }: ResolvedRollout, namespace: string, views: RolloutViews): Named[] {
  const { services, templates } = referencesOf(rollout);
  const { workloadRef } = rollout.spec;
  return [
    ...(workloadRef ? workloadNamed(workloadRef, namespace, views) : []),
    ...services.map((name) => ({ view: views.services, namespace, name })),
    ...templatesNamed(templates, namespace, views),
  ];
}

/**
 * The first error's text; undefined = valid. What the Rollout says of itself already is not looked up
 * again. Throws Conflict when the store shows what the views do not: the next pass sees it.
 */
export async function invalidForSure(
  { written, routers, views, store, live }: Doubt,
  { metadata: { namespace = "", name } }: KubeObject,
): Promise<string | undefined> {
  const { rollout } = written;
  const ownError = written.invalid;
  const error = ownError ?? (await routerReferenceError(rollout, routers, store, namespace));
  if (error === undefined || saysInvalid(rollout.status.conditions ?? [], name, error))
    return error;
  if (ownError !== undefined) {
    await mustBeSeen(namedBy(written, namespace, views), live);
    return error;
  }
  const now = await routerReferenceError(rollout, routers, readingLive(store, live), namespace);
  if (now === error) return error;
  throw new StoreError("Conflict", `what a router of ${name} splits has not been seen yet`);
}
