// How each rollout of a simulation has ended, for people and for exit codes.
import { argoApiVersion } from "../api/argo/keys.ts";
import { parseRollout } from "../api/argo/parse/rollout.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { clientPhase } from "../core/rollout/phase.ts";
import type { ObjectStore } from "../objects/object-store.ts";

export interface RolloutEnd {
  readonly name: string;
  readonly phase: string;
  readonly message: string;
  /** Healthy, and at the version that was asked for last. */
  readonly isGood: boolean;
  readonly text: string;
}

function endOfOne(manifest: KubeObject): RolloutEnd {
  const json = asJson(manifest);
  const { phase, message } = clientPhase(json);
  const { status, spec } = parseRollout(json).rollout;
  const image = spec.template?.spec.containers[0]?.image ?? "the version asked for";
  const isOwn = status.stableRS !== undefined && status.stableRS === status.currentPodHash;
  const isGood = phase === "Healthy" && isOwn;
  const text = isGood
    ? `Healthy, ${image} is everywhere`
    : `${phase}${message === "" ? "" : ` - ${message}`}`;
  return { name: manifest.metadata.name, phase, message, isGood, text };
}

export async function endOf(store: ObjectStore): Promise<readonly RolloutEnd[]> {
  const { items } = await store.list({ apiVersion: argoApiVersion, kind: "Rollout" });
  return items.map(endOfOne);
}
