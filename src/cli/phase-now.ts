// How a rollout stands, for whoever waits on it right after a command.
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { clientPhase, type PhaseView } from "../core/rollout/phase.ts";
import { isJsonObject, type Json } from "../lib/json.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import { templateHolder } from "./workload-of.ts";

/** A verdict about what was there before the last command is none: it is waited for the next one. */
export async function phaseNow(
  store: Pick<ObjectStore, "get">,
  manifest: KubeObject,
): Promise<PhaseView> {
  const said = clientPhase(asJson(manifest));
  const { status } = asJson(manifest);
  const of = (key: string): Json | undefined => (isJsonObject(status) ? status[key] : undefined);
  const seen = Number(of("workloadObservedGeneration") ?? Number.NaN);
  if (said.phase !== "Healthy" || Number.isNaN(seen)) return said;
  const workload = await store.get(templateHolder(manifest));
  return (workload?.metadata.generation ?? 0) > seen
    ? {
        phase: "Progressing",
        message: "waiting for rollout spec update to be observed for the reference workload",
      }
    : said;
}
