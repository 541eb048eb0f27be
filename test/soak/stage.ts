// What a person does to one service, and what can be seen of it. While the controller is dead a
// command is tried again, as a person would, after a look at whether it arrived after all.
import type { Pod } from "../../src/api/kubernetes/pod.ts";
import type { ReplicaSet } from "../../src/api/kubernetes/workloads.ts";
import type { Rollout } from "../../src/api/argo/rollout.ts";
import type { HTTPRoute } from "../../src/api/gateway/http-route.ts";
import { isControlledBy, type KubeObject, type ObjectRef } from "../../src/api/meta/object.ts";
import { asJson } from "../../src/api/meta/wire.ts";
import { parseRollout } from "../../src/api/argo/parse/rollout.ts";
import { argoApiVersion } from "../../src/api/argo/keys.ts";
import {
  abort,
  promote,
  promoteFull,
  restart,
  retry,
  undo,
  type CommandPatches,
} from "../../src/core/rollout/commands.ts";
import { clientPhase } from "../../src/core/rollout/phase.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/lib/json.ts";
import type { ObjectStore } from "../../src/objects/object-store.ts";
import type { ControlPlane } from "./control-plane.ts";
import { until } from "./waiting.ts";
import { imageOf, writeRelease, type ServiceName, type World } from "./world.ts";

export interface Seen {
  readonly rollout: Rollout;
  readonly phase: string;
  readonly message: string;
  /** The spec as it is now has been looked at by the controller. */
  readonly isObserved: boolean;
  readonly sets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
  readonly stableImage: string | undefined;
  readonly currentImage: string | undefined;
  /** Percent of the canary by the route; undefined without a route. */
  readonly weight: number | undefined;
}

type Verb = (manifest: JsonObject) => CommandPatches;

const verbs = { abort: () => abort(), retry: () => retry(), promoteFull } satisfies Record<
  string,
  Verb
>;

function imageOfTemplate(template: ReplicaSet["spec"]["template"] | undefined): string | undefined {
  return template?.spec.containers[0]?.image;
}

function isServing(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined;
}

export class Stage {
  readonly service: ServiceName;
  readonly #plane: ControlPlane;
  readonly #world: World;
  #newest = 1;

  constructor(service: ServiceName, plane: ControlPlane, world: World) {
    this.service = service;
    this.#plane = plane;
    this.#world = world;
  }

  /** A version nobody has seen yet: its directory, then its image in the rollout. Returns the image. */
  async release(quality: "good" | "bad" = "good"): Promise<string> {
    this.#newest += 1;
    const version = `v${String(this.#newest)}-${this.service}${quality === "bad" ? "-bad" : ""}`;
    writeRelease(this.#world, version);
    const image = imageOf(this.service, version);
    await this.#plane.ask(async (store) => {
      const body = [
        { op: "replace", path: "/spec/template/spec/containers/0/image", value: image },
      ];
      await store.patch(rolloutRef(this.service), { type: "json", body });
    });
    return image;
  }

  async send(verb: keyof typeof verbs): Promise<void> {
    await this.#plane.ask(async (store) => {
      const ref = rolloutRef(this.service);
      const manifest = await manifestOf(store, this.service);
      await sendPatches(store, ref, verbs[verb](asJson(manifest)));
    });
  }

  /** Past the pause it stands at. Sent once more only if it still stands there. */
  async promote(): Promise<void> {
    await this.#plane.ask(async (store) => {
      const ref = rolloutRef(this.service);
      const manifest = await manifestOf(store, this.service);
      if ((parseRollout(asJson(manifest)).rollout.status.pauseConditions ?? []).length === 0)
        return;
      await sendPatches(store, ref, promote(asJson(manifest)));
    });
  }

  async restart(): Promise<void> {
    const atMs = Date.now();
    await this.#plane.ask(async (store) =>
      sendPatches(store, rolloutRef(this.service), restart(atMs)),
    );
  }

  /** To the revision before; the image that is wanted now. */
  async undo(): Promise<string> {
    const { sets, rollout } = await this.look();
    await this.#plane.ask(async (store) => {
      const manifest = await manifestOf(store, this.service);
      if (asText(manifest) !== rollout.spec.template?.spec.containers[0]?.image) return;
      const undone = undo(this.service, templateOf(manifest), sets, 0);
      if (!undone.ok || undone.value.kind === "alreadyThere")
        throw new Error(`undo: ${JSON.stringify(undone)}`);
      await store.patch(rolloutRef(this.service), {
        type: "json",
        body: undone.value.jsonPatch,
      });
    });
    return asText(await this.#plane.ask(async (store) => manifestOf(store, this.service))) ?? "";
  }

  /** The rollout has been applied. */
  async exists(): Promise<boolean> {
    return this.#plane.ask(
      async (store) => (await store.get(rolloutRef(this.service))) !== undefined,
    );
  }

  async until(what: string, isSo: (seen: Seen) => boolean): Promise<void> {
    await until(`${this.service}: ${what}`, async () => isSo(await this.look()));
  }

  /** A pause that a person must end. */
  async untilPaused(): Promise<void> {
    await this.until("a pause", ({ rollout, isObserved, phase }) => {
      const reasons = (rollout.status.pauseConditions ?? []).map(({ reason }) => reason);
      const isLast =
        rollout.status.currentStepIndex === undefined || rollout.status.currentStepIndex >= 4;
      const isHeld = reasons.includes("CanaryPauseStep") || reasons.includes("BlueGreenPause");
      return isObserved && isHeld && isLast && phase === "Paused";
    });
  }

  async look(): Promise<Seen> {
    return this.#plane.ask(async (store) => {
      const manifest = await manifestOf(store, this.service);
      const [sets, pods, route] = await Promise.all([
        store.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet", namespace: "default" }),
        store.list<Pod>({
          apiVersion: "v1",
          kind: "Pod",
          namespace: "default",
          labelSelector: { matchLabels: { app: this.service } },
        }),
        this.service === "shop"
          ? store.get<HTTPRoute>({
              apiVersion: "gateway.networking.k8s.io/v1",
              kind: "HTTPRoute",
              namespace: "default",
              name: "shop",
            })
          : undefined,
      ]);
      const owned = sets.items.filter((set) => isControlledBy(set, manifest));
      return this.#seen(manifest, owned, pods.items, route);
    });
  }

  #seen(
    manifest: KubeObject,
    sets: readonly ReplicaSet[],
    pods: readonly Pod[],
    route: HTTPRoute | undefined,
  ): Seen {
    const rollout = parseRollout(asJson(manifest)).rollout;
    const { status } = rollout;
    const ofHash = (hash: string | undefined): ReplicaSet | undefined =>
      sets.find(
        ({ metadata }) =>
          hash !== undefined && metadata.labels?.["rollouts-pod-template-hash"] === hash,
      );
    const refs = route?.spec.rules?.flatMap((rule) => rule.backendRefs ?? []) ?? [];
    return {
      rollout,
      ...clientPhase(asJson(manifest)),
      isObserved: status.observedGeneration === String(manifest.metadata.generation),
      sets,
      pods: pods.filter(isServing),
      stableImage: imageOfTemplate(ofHash(status.stableRS)?.spec.template),
      currentImage: imageOfTemplate(ofHash(status.currentPodHash)?.spec.template),
      weight: refs.find(({ name }) => name === "shop-canary")?.weight,
    };
  }
}

function asText(manifest: KubeObject): string | undefined {
  return parseRollout(asJson(manifest)).rollout.spec.template?.spec.containers[0]?.image;
}

function templateOf(manifest: KubeObject): Json | undefined {
  const { spec } = asJson(manifest);
  return isJsonObject(spec) ? spec["template"] : undefined;
}

function rolloutRef(name: ServiceName): ObjectRef {
  return { apiVersion: argoApiVersion, kind: "Rollout", namespace: "default", name };
}

async function manifestOf(store: ObjectStore, name: ServiceName): Promise<KubeObject> {
  const manifest = await store.get(rolloutRef(name));
  if (!manifest) throw new Error(`the rollout ${name} is gone`);
  return manifest;
}

async function sendPatches(
  store: ObjectStore,
  ref: ObjectRef,
  { status, main }: CommandPatches,
): Promise<void> {
  if (status) await store.patch(ref, { type: "merge", body: status }, { subresource: "status" });
  if (main) await store.patch(ref, { type: "merge", body: main });
}
