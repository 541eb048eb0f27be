// A router that cannot be read ends the pass: where users are is not known. Two things do not wait
// for it, because they can only help: pods that people (or an autoscaler) ask for on top of those
// that are there, and, after an abort, all weight back to stable wherever that can be written.
import { desiredReplicasAnnotation } from "../../api/argo/keys.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { decide } from "../../core/rollout/decide.ts";
import type { Decision, Effect } from "../../core/rollout/decision.ts";
import type { ObservedRollout, ObservedRouter } from "../../core/rollout/observed.ts";
import { isJsonObject, type Json } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { TrafficRouter } from "../../routers/router.ts";
import { carryOut, type Hands } from "./carry-out.ts";
import { observeRouters } from "./observe.ts";
import { rescueOf } from "./second-look.ts";

/** Nothing is known of it: nothing that depends on where users are is decided then. */
function unknown({ kind, capabilities }: TrafficRouter): ObservedRouter {
  const state = { inForce: undefined, acknowledged: false, waitingFor: undefined };
  return { kind, acknowledges: true, abilities: capabilities, state };
}

function at(json: Json | undefined, key: string): Json | undefined {
  return isJsonObject(json) ? json[key] : undefined;
}

/** More pods for a ReplicaSet that has some, since spec.replicas has changed. */
function isGrowthWanted(effect: Effect, { replicaSets }: ObservedRollout): boolean {
  if (effect.kind !== "patchReplicaSet") return false;
  const size = at(effect.patch["spec"], "replicas");
  const counted = at(at(effect.patch["metadata"], "annotations"), desiredReplicasAnnotation);
  const before = replicaSets.find(({ metadata }) => metadata.name === effect.name)?.spec.replicas;
  return typeof size === "number" && counted !== undefined && size > (before ?? 1) && before !== 0;
}

/** Each growing patch, with the event that tells of it right behind it. */
function growth({ effects }: Decision, observed: ObservedRollout): readonly Effect[] {
  return effects.filter((effect, index) => {
    const told = effect.kind === "event" ? effects[index - 1] : effect;
    return told !== undefined && isGrowthWanted(told, observed);
  });
}

/** Each router for itself, in their order: one that fails keeps no other from being told. The first failure is thrown in the end. */
export async function carryOutRescue(
  rescue: Effect,
  rollout: KubeObject,
  hands: Hands,
): Promise<void> {
  const failures: unknown[] = [];
  for (const router of hands.routers) {
    try {
      await carryOut([rescue], rollout, { ...hands, routers: [router] });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function readable(routers: readonly TrafficRouter[]): Promise<readonly TrafficRouter[]> {
  const answers = await Promise.allSettled(routers.map(async (router) => observeRouters([router])));
  return routers.filter((_router, index) => answers[index]?.status === "fulfilled");
}

/** `observed` is what there is beside the routers. */
export async function doWhatCannotWait(
  observed: ObservedRollout,
  rollout: KubeObject,
  hands: Hands,
  now: EpochMs,
): Promise<void> {
  const traffic = hands.routers.map(unknown);
  const blind = { ...observed, traffic };
  await carryOut(growth(decide(blind, now), blind), rollout, hands);
  if (observed.rollout.status.abort !== true) return;
  const routers = await readable(hands.routers);
  if (routers.length === 0) return;
  const partial = { ...observed, traffic: await observeRouters(routers) };
  const rescue = rescueOf(decide(partial, now), partial);
  if (rescue) await carryOutRescue(rescue, rollout, { ...hands, routers });
}
