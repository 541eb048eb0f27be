// The described people: at their time they do what the CLI would do, with the core's commands.
import type { ReplicaSet } from "../api/kubernetes/workloads.ts";
import { isControlledBy, refOf, type KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import * as commands from "../core/rollout/commands.ts";
import type { CommandPatches } from "../core/rollout/commands.ts";
import { isJsonObject, type Json, type JsonObject } from "../lib/json.ts";
import type { EpochMs } from "../lib/time.ts";
import { isStoreError, type ObjectStore, type Patch } from "../objects/object-store.ts";
import type { OperatorAction, OperatorVerb } from "./scenario.ts";

/** What a person asked for and did not get; the text is what the CLI would print. */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
}

function patchesOf(verb: OperatorVerb, manifest: JsonObject, now: EpochMs): CommandPatches {
  switch (verb) {
    case "promote":
      return commands.promote(manifest);
    case "promoteFull":
      return commands.promoteFull(manifest);
    case "abort":
      return commands.abort();
    case "retry":
      return commands.retry();
    case "pause":
      return commands.pause();
    case "resume":
      return { status: undefined, main: { spec: { paused: false } } };
    case "restart":
      return commands.restart(now);
  }
}

async function sendPatches(
  { status, main }: CommandPatches,
  manifest: KubeObject,
  store: ObjectStore,
): Promise<void> {
  const ref = refOf(manifest);
  if (status) await store.patch(ref, { type: "merge", body: status }, { subresource: "status" });
  if (main) await store.patch(ref, { type: "merge", body: main });
}

function templateOf(manifest: JsonObject): Json | undefined {
  const { spec } = manifest;
  return isJsonObject(spec) ? spec["template"] : undefined;
}

async function undo(manifest: KubeObject, toRevision: number, store: ObjectStore): Promise<void> {
  const { namespace = "", name } = manifest.metadata;
  const { items } = await store.list<ReplicaSet>({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    namespace,
  });
  const owned = items.filter((set) => isControlledBy(set, manifest));
  const result = commands.undo(name, templateOf(asJson(manifest)), owned, toRevision);
  if (!result.ok) throw new OperatorError(result.message);
  if (result.value.kind === "alreadyThere") return;
  const patch: Patch = { type: "json", body: result.value.jsonPatch };
  await store.patch(refOf(manifest), patch);
}

const attempts = 5;

/** Reads, changes and writes; from the beginning if somebody else wrote in between. */
async function setImage(manifest: KubeObject, image: string, store: ObjectStore): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const current = await store.get(refOf(manifest));
    if (!current) throw new OperatorError(`rollout ${manifest.metadata.name} is gone`);
    const result = commands.setImage(asJson(current), "*", image);
    if (!result.ok) throw new OperatorError(result.message);
    try {
      // The wire border: the same object with other images.
      await store.update(result.value as unknown as KubeObject);
      return;
    } catch (error) {
      if (!isStoreError(error, "Conflict") || attempt >= attempts) throw error;
    }
  }
}

/** How the action reads in a transcript. */
export function describeAction(action: OperatorAction): string {
  switch (action.kind) {
    case "do":
      return action.verb === "promoteFull" ? "promote --full" : action.verb;
    case "setImage":
      return `set image ${action.image}`;
    case "scale":
      return `scale to ${action.replicas}`;
    case "undo":
      return action.toRevision === undefined ? "undo" : `undo to revision ${action.toRevision}`;
    case "patch":
      return `patch ${JSON.stringify(action.patch)}`;
  }
}

/** Does it. Rejects with an OperatorError for what the CLI would refuse. */
export async function act(
  action: OperatorAction,
  manifest: KubeObject,
  store: ObjectStore,
  now: EpochMs,
): Promise<void> {
  switch (action.kind) {
    case "do":
      return sendPatches(patchesOf(action.verb, asJson(manifest), now), manifest, store);
    case "setImage":
      return setImage(manifest, action.image, store);
    case "scale":
      return sendPatches(
        { status: undefined, main: { spec: { replicas: action.replicas } } },
        manifest,
        store,
      );
    case "undo":
      return undo(manifest, action.toRevision ?? 0, store);
    case "patch":
      return sendPatches({ status: undefined, main: action.patch }, manifest, store);
  }
}
