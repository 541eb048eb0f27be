// The shell of Deployments: observe → decide → carry out → save status.
import type { Pod } from "../../../api/kubernetes/pod.ts";
import type { Deployment, ReplicaSet } from "../../../api/kubernetes/workloads.ts";
import { selectorMatches } from "../../../api/meta/label-selector.ts";
import {
  controllerOf,
  controllerReference,
  isControlledBy,
  refOf,
} from "../../../api/meta/object.ts";
import { asJson } from "../../../api/meta/wire.ts";
import { deepEqual } from "../../../lib/deep-equal.ts";
import { isStoreError } from "../../../objects/object-store.ts";
import { keyOf, splitKey } from "../../../runtime/cache.ts";
import type { Cache } from "../../../runtime/cache.ts";
import { sourceOf } from "../../../runtime/controller.ts";
import type { Controller } from "../../../runtime/controller.ts";
import { requeueAfter, settled } from "../../../runtime/outcome.ts";
import { setOwners } from "../carry-out.ts";
import type { WorkloadDeps } from "../replica-set/controller.ts";
import { decideDeployment, sizeOf } from "./decide.ts";
import type { DeploymentDecision, Scale } from "./decide.ts";
import { isSameTemplate, revisionAnnotation } from "./revisions.ts";

interface Views {
  readonly deployments: Cache<Deployment>;
  readonly sets: Cache<ReplicaSet>;
  readonly pods: Cache<Pod>;
}

export function deploymentController(deps: WorkloadDeps): Controller {
  const { manager, clock } = deps;
  const views: Views = {
    deployments: manager.cache<Deployment>("apps/v1", "Deployment"),
    sets: manager.cache<ReplicaSet>("apps/v1", "ReplicaSet"),
    pods: manager.cache<Pod>("v1", "Pod"),
  };
  const { deployments, sets, pods } = views;
  return {
    name: "deployment",
    concurrency: 4,
    sources: [
      sourceOf(deployments, (deployment) => [keyOf(deployment)]),
      sourceOf(sets, (set) => keysOfSet(set, deployments)),
      // Recreate waits for pods to be gone, not for counts.
      sourceOf(
        pods,
        (pod) => keysOfPod(pod, sets),
        ({ after }) => after === undefined,
      ),
    ],
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const deployment = deployments.get(namespace, name);
      if (deployment === undefined) return settled;
      const view = { deployment, sets: sets.list(namespace), pods: pods.list(namespace) };
      const decision = decideDeployment(view, clock.now());
      await carryOut(deployment, decision, views, deps);
      await saveStatus(deployment, decision, views, deps);
      if (decision.nextAtMs === undefined) return settled;
      return requeueAfter(decision.nextAtMs - clock.now(), "waiting for progress");
    },
  };
}

function keysOfSet(set: ReplicaSet, deployments: Cache<Deployment>): readonly string[] {
  const { namespace = "", labels } = set.metadata;
  const owner = controllerOf(set);
  if (owner !== undefined) return owner.kind === "Deployment" ? [`${namespace}/${owner.name}`] : [];
  return deployments
    .list(namespace)
    .filter((each) => selectorMatches(each.spec.selector, labels))
    .map((each) => keyOf(each));
}

function keysOfPod(pod: Pod, sets: Cache<ReplicaSet>): readonly string[] {
  const { namespace = "" } = pod.metadata;
  const owner = controllerOf(pod);
  const set = owner?.kind === "ReplicaSet" ? sets.get(namespace, owner.name) : undefined;
  const deployment = set === undefined ? undefined : controllerOf(set);
  return deployment?.kind === "Deployment" ? [`${namespace}/${deployment.name}`] : [];
}

async function carryOut(
  deployment: Deployment,
  decision: DeploymentDecision,
  { sets }: Views,
  deps: WorkloadDeps,
): Promise<void> {
  const { store } = deps;
  for (const set of decision.adopt)
    sets.remember(await setOwners(store, set, [controllerReference(deployment)]));
  if (decision.annotate !== undefined) {
    const { set, annotations } = decision.annotate;
    const body = { metadata: { annotations } };
    sets.remember(await store.patch<ReplicaSet>(refOf(set), { type: "merge", body }));
  }
  if (decision.create !== undefined) await create(deployment, decision.create, sets, deps);
  for (const scale of decision.scale) await resize(deployment, scale, sets, deps);
  for (const set of decision.remove) {
    const { uid } = set.metadata;
    await store.delete(refOf(set), uid === undefined ? {} : { preconditions: { uid } });
  }
}

async function create(
  deployment: Deployment,
  set: ReplicaSet,
  sets: Cache<ReplicaSet>,
  deps: WorkloadDeps,
): Promise<void> {
  const { store, events } = deps;
  try {
    sets.remember(await store.create(set));
  } catch (error) {
    if (!isStoreError(error, "AlreadyExists")) throw error;
    const present = await store.get<ReplicaSet>(refOf(set));
    if (present === undefined) throw error;
    sets.remember(present);
    const isOurs =
      isControlledBy(present, deployment) &&
      isSameTemplate(present.spec.template, set.spec.template);
    if (!isOurs) await countCollision(deployment, deps);
    return;
  }
  await events.record(deployment, {
    type: "Normal",
    reason: "ScalingReplicaSet",
    message: `Scaled up replica set ${set.metadata.name} from 0 to ${sizeOf(set)}`,
    cause: "created",
  });
}

/** Another template has the same hash: the count goes into the hash, so the next name is another one. */
async function countCollision(deployment: Deployment, { store }: WorkloadDeps): Promise<void> {
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  const status = { ...deployment.status, collisionCount };
  await store.update<Deployment>({ ...deployment, status }, { subresource: "status" });
  throw new Error(
    `deployment ${deployment.metadata.name}: its template's hash was taken; trying another name`,
  );
}

async function resize(
  deployment: Deployment,
  { set, replicas }: Scale,
  sets: Cache<ReplicaSet>,
  { store, events }: WorkloadDeps,
): Promise<void> {
  const before = sizeOf(set);
  const { resourceVersion = "" } = set.metadata;
  const body = { metadata: { resourceVersion }, spec: { replicas } };
  const patched = await store.patch<ReplicaSet>(refOf(set), { type: "merge", body });
  sets.remember(patched);
  await events.record(deployment, {
    type: "Normal",
    reason: "ScalingReplicaSet",
    message: `Scaled ${replicas > before ? "up" : "down"} replica set ${set.metadata.name} from ${before} to ${replicas}`,
    cause: String(patched.metadata.generation ?? 0),
  });
}

async function saveStatus(
  deployment: Deployment,
  decision: DeploymentDecision,
  { deployments }: Views,
  { store }: WorkloadDeps,
): Promise<void> {
  let current = deployment;
  const revision = String(decision.revision);
  if (decision.revision > 0 && deployment.metadata.annotations?.[revisionAnnotation] !== revision) {
    const body = { metadata: { annotations: { [revisionAnnotation]: revision } } };
    current = await store.patch<Deployment>(refOf(deployment), { type: "merge", body });
    deployments.remember(current);
  }
  if (deepEqual(asJson(decision.status), asJson(deployment.status ?? {}))) return;
  // Of an object that changed meanwhile, this is not the status; the change brings the next pass.
  if (current.metadata.generation !== deployment.metadata.generation) return;
  deployments.remember(
    await store.update<Deployment>(
      { ...current, status: decision.status },
      { subresource: "status" },
    ),
  );
}
