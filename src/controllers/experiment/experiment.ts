// controllers/experiment: observe (caches) · decide (core/experiment) · carry out · save the status.
// Experiments have no status subresource, so the status is merge-patched onto the object, only when
// it changed and only onto the version it was decided from. May import what every controller may.
import type { Experiment, ExperimentStatus } from "../../api/argo/experiment.ts";
import { experimentNameAnnotation, instanceIdLabel } from "../../api/argo/keys.ts";
import { controllerOf, refOf, type KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import type {
  ExperimentDecision,
  ObservedExperiment,
  Refusal,
} from "../../core/experiment/decision.ts";
import { decideExperiment } from "../../core/experiment/experiment.ts";
import { invariant } from "../../lib/invariant.ts";
import { diffMergePatch } from "../../lib/merge-patch.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import { keyOf, splitKey } from "../../runtime/cache.ts";
import type { Clock } from "../../runtime/clock.ts";
import { sourceOf, type Controller } from "../../runtime/controller.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import type { Manager } from "../../runtime/manager.ts";
import { requeueAfter, settled, type Outcome } from "../../runtime/outcome.ts";
import { mustBeSeen, templatesNamed } from "../not-seen-yet.ts";
import { carryOut, tellAll, type Hands } from "./carry-out.ts";
import { experimentViews, observe, type ExperimentViews } from "./observe.ts";

export interface ExperimentControllerOptions {
  readonly manager: Manager;
  readonly store: ObjectStore;
  /** The store itself, without a cache in front. */
  readonly live: Pick<ObjectStore, "get">;
  readonly clock: Clock;
  readonly events: EventRecorder;
  /** Only Experiments whose instance-id label says this; "" = those without one. */
  readonly instanceId?: string;
  /** Default 10. */
  readonly concurrency?: number;
}

const defaultConcurrency = 10;

interface Room {
  readonly views: ExperimentViews;
  readonly hands: Hands;
  readonly store: ObjectStore;
  readonly live: Pick<ObjectStore, "get">;
  readonly clock: Clock;
  readonly instanceId: string;
}

function ownerKeys(object: KubeObject): readonly string[] {
  const owner = controllerOf(object);
  return owner?.kind === "Experiment" ? [`${object.metadata.namespace ?? ""}/${owner.name}`] : [];
}

/** A Service is found by its owner or, if somebody else's stands in the way, by the name that was wanted. */
function serviceKeys(service: KubeObject): readonly string[] {
  const name = service.metadata.annotations?.[experimentNameAnnotation];
  return name === undefined ? [] : [`${service.metadata.namespace ?? ""}/${name}`];
}

export function experimentController(options: ExperimentControllerOptions): Controller {
  const { manager, store, live, clock, events, instanceId = "" } = options;
  const views = experimentViews(manager);
  const remember = (object: KubeObject): void => {
    manager.knownCache(object.apiVersion, object.kind)?.remember(object);
  };
  const hands: Hands = { store, events, remember };
  const room: Room = { views, store, live, clock, instanceId, hands };
  return {
    name: "experiment",
    concurrency: options.concurrency ?? defaultConcurrency,
    sources: [
      sourceOf(views.experiments, (experiment) => [keyOf(experiment)]),
      sourceOf(views.replicaSets, ownerKeys),
      sourceOf(views.analysisRuns, ownerKeys),
      sourceOf(views.services, serviceKeys),
    ],
    reconcile: async (key) => reconcile(key, room),
  };
}

/** observe → decide → carry out → tell → save status. */
async function reconcile(key: string, room: Room): Promise<Outcome> {
  const { namespace, name } = splitKey(key);
  const experiment = room.views.experiments.get(namespace, name);
  if (!experiment || experiment.metadata.deletionTimestamp !== undefined) return settled;
  if ((experiment.metadata.labels?.[instanceIdLabel] ?? "") !== room.instanceId) return settled;
  const decision = await decideAndCarryOut(experiment, room);
  await tellAll(decision.effects, experiment, room.hands);
  await saveStatus(experiment, decision.status, room);
  const { next } = decision;
  return next === undefined ? settled : requeueAfter(next.atMs - room.clock.now(), next.why);
}

/** Those of analyses that nothing is known of yet: without its template one ends the Experiment. */
async function templatesMustBeSeen(
  { experiment }: ObservedExperiment,
  { views, live }: Room,
): Promise<void> {
  const { metadata, spec, status } = experiment;
  const known = new Set(status?.analysisRuns?.map(({ name }) => name));
  const open = (spec.analyses ?? []).filter(({ name }) => !known.has(name));
  await mustBeSeen(templatesNamed(open, metadata.namespace ?? "", views), live);
}

/** What was refused for good is decided upon once more, so that the status says it. */
async function decideAndCarryOut(experiment: Experiment, room: Room): Promise<ExperimentDecision> {
  let refusals: readonly Refusal[] = [];
  for (let round = 0; ; round += 1) {
    invariant(round < 10, `experiment ${keyOf(experiment)}: decisions keep being refused`);
    const observed = observe(experiment, room.views, refusals, room.instanceId);
    await templatesMustBeSeen(observed, room);
    const decision = decideExperiment(observed, room.clock.now());
    const refused = await carryOut(decision.effects, experiment, room.hands);
    if (refused.length === 0) return decision;
    refusals = [...refusals, ...refused];
  }
}

async function saveStatus(
  experiment: Experiment,
  status: ExperimentStatus,
  room: Room,
): Promise<void> {
  const patch = diffMergePatch(asJson(experiment.status ?? {}), asJson(status));
  if (Object.keys(patch).length === 0) return;
  const { resourceVersion = "" } = experiment.metadata;
  const body = { metadata: { resourceVersion }, status: patch };
  try {
    room.views.experiments.remember(
      await room.store.patch(refOf(experiment), { type: "merge", body }),
    );
  } catch (error) {
    if (!isStoreError(error, "NotFound")) throw error;
  }
}
