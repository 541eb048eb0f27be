// The demo's course: v1 is there, v2 is good and promoted by itself, v3 is bad and taken back.
import type { KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { clientPhase } from "../../core/rollout/phase.ts";
import { setImage } from "../../core/rollout/commands.ts";
import type { JsonObject } from "../../lib/json.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import { sleep, type Clock } from "../../runtime/clock.ts";
import { CliError } from "../command.ts";
import { parsedRollout, rolloutRef } from "../fetch-tree.ts";
import type { WeightMark, WeightPoint } from "../render/weight-chart.ts";
import { demoImage, type DemoVersion } from "./demo-world.ts";

export interface StoryState {
  readonly atMs: number;
  readonly weightPercent: number;
  readonly phase: string;
  readonly message: string;
}

export interface StoryOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long the rollout may take to get into a phase. */
  readonly patienceMs: number;
  /** Called at every look, several times a second. */
  readonly onState: (state: StoryState) => void;
}

export interface Story {
  readonly points: readonly WeightPoint[];
  readonly marks: readonly WeightMark[];
}

const lookMs = 50;

/** The share of the version released last: what the gateway has confirmed, and all once promoted. */
function liveWeight(manifest: KubeObject, released: DemoVersion | undefined): number {
  const { status, spec } = parsedRollout(manifest);
  if (status.currentPodHash !== status.stableRS) return status.canary?.weights?.canary.weight ?? 0;
  const isObserved = status.observedGeneration === String(manifest.metadata.generation);
  const isReleased =
    released !== undefined && spec.template?.spec.containers[0]?.image === demoImage(released);
  return isObserved && isReleased ? 100 : 0;
}

export class StoryTeller implements Story {
  readonly #options: StoryOptions;
  readonly points: WeightPoint[] = [];
  readonly marks: WeightMark[] = [];
  #released: DemoVersion | undefined;

  constructor(options: StoryOptions) {
    this.#options = options;
  }

  /** Resolves once the rollout is in the phase, with the moment; a CliError when patience is over. */
  async until(
    phase: "Healthy" | "Degraded",
    isEnough: (manifest: KubeObject) => boolean = () => true,
  ): Promise<number> {
    const { clock, signal, patienceMs } = this.#options;
    const deadlineMs = clock.now() + patienceMs;
    for (;;) {
      const manifest = await this.#look();
      if (manifest && clientPhase(asJson(manifest)).phase === phase && isEnough(manifest))
        return clock.now();
      if (clock.now() > deadlineMs) {
        const { message } = manifest
          ? clientPhase(asJson(manifest))
          : { message: "there is no rollout" };
        throw new CliError(
          `the demo waited ${String(patienceMs / 1000)} s for the rollout to become ${phase}; it says: ${message}`,
        );
      }
      await sleep(clock, lookMs, signal);
    }
  }

  /** A person's `haldane set image shop app=shop:v2`. */
  async release(version: DemoVersion): Promise<void> {
    const { store, clock } = this.#options;
    this.marks.push({ atMs: clock.now(), label: version });
    this.#released = version;
    for (;;) {
      const manifest = await store.get(rolloutRef("default", "shop"));
      const changed = setImage(asJson(manifest ?? {}), "app", demoImage(version));
      if (!changed.ok) throw new CliError(changed.message);
      try {
        await store.update(changed.value as JsonObject & KubeObject, { fieldManager: "haldane" });
        return;
      } catch (error) {
        if (!isStoreError(error, "Conflict")) throw error;
      }
    }
  }

  /** Looks on for a while, so that the picture shows what has been reached. */
  async dwell(forMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    const untilMs = clock.now() + forMs;
    while (clock.now() < untilMs) {
      await this.#look();
      await sleep(clock, lookMs, signal);
    }
  }

  mark(label: string): void {
    this.marks.push({ atMs: this.#options.clock.now(), label });
  }

  async #look(): Promise<KubeObject | undefined> {
    const { store, clock, onState } = this.#options;
    const manifest = await store.get(rolloutRef("default", "shop"));
    if (!manifest) return undefined;
    const weightPercent = liveWeight(manifest, this.#released);
    const atMs = clock.now();
    if (this.points.at(-1)?.weightPercent !== weightPercent)
      this.points.push({ atMs, weightPercent });
    onState({ atMs, weightPercent, ...clientPhase(asJson(manifest)) });
    return manifest;
  }
}
