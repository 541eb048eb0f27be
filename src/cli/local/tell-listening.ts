// Where what was just applied can be reached, or why it cannot: a port that another program has is
// found out by the gateway only, and nobody looks for that in the events.
import { asJson } from "../../api/meta/wire.ts";
import type { KubeObject, ObjectRef } from "../../api/meta/object.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { sleep, type Clock } from "../../runtime/clock.ts";

const patienceMs = 3000;
const lookMs = 50;

export interface Listening {
  /** `service/shop` */
  readonly what: string;
  readonly isProgrammed: boolean;
  /** `listening on 127.0.0.1:8080`, or what prevents it. */
  readonly message: string;
}

function opensPort({ kind, ...object }: KubeObject): boolean {
  const { spec } = asJson(object);
  return (
    kind === "Gateway" ||
    (kind === "Service" && isJsonObject(spec) && spec["type"] === "LoadBalancer")
  );
}

function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

/** The conditions `Programmed` of an object that are about its present generation. */
function programmed({ metadata, ...object }: KubeObject): readonly JsonObject[] {
  const { status } = asJson(object);
  if (!isJsonObject(status)) return [];
  const places = [status, ...objectsIn(status["listeners"])];
  return places
    .flatMap((place) => objectsIn(place["conditions"]))
    .filter(
      ({ type, observedGeneration }) =>
        type === "Programmed" && observedGeneration === metadata.generation,
    );
}

function listeningOf(what: string, conditions: readonly JsonObject[]): readonly Listening[] {
  const said = conditions.map(({ status, message }) => ({
    what,
    isProgrammed: status === "True",
    message: typeof message === "string" ? message : "",
  }));
  return said.filter(
    ({ message }, index) =>
      message !== "" && said.findIndex((other) => other.message === message) === index,
  );
}

async function waitFor(
  store: ObjectStore,
  ref: ObjectRef,
  deadlineMs: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly Listening[]> {
  const what = `${ref.kind.toLowerCase()}/${ref.name}`;
  for (;;) {
    const object = await store.get(ref);
    const conditions = object ? programmed(object) : [];
    if (conditions.length > 0) return listeningOf(what, conditions);
    // It is not wrong yet, only slow: the events tell more.
    if (object === undefined || clock.now() > deadlineMs || signal.aborted) return [];
    await sleep(clock, lookMs, signal).catch(() => undefined);
  }
}

/** Waits a moment for the gateway's word about every Service and Gateway that opens a port. */
export async function listeningObjects(
  store: ObjectStore,
  objects: readonly KubeObject[],
  namespace: string,
  waiting: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly Listening[]> {
  const deadlineMs = waiting.clock.now() + patienceMs;
  const opening = objects.filter(opensPort);
  const found = await Promise.all(
    opening.map(async ({ apiVersion, kind, metadata }) => {
      const ref = {
        apiVersion,
        kind,
        namespace: metadata.namespace ?? namespace,
        name: metadata.name,
      };
      return waitFor(store, ref, deadlineMs, waiting);
    }),
  );
  return found.flat();
}
