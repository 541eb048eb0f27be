// simulator: the very controllers of production on the memory store, in virtual time, against a
// described world. This file says what can be described: pods, versions, traffic, people.
// simulate.ts is the door; faults.ts plays the same scenario with things going wrong.
// May import lib, api, core, runtime, objects, controllers, routers and metrics.
import type { KubeObject } from "../api/meta/object.ts";
import type { Json, JsonObject } from "../lib/json.ts";

/** A number that may change over time: each entry counts from `atMs` (after the start) on. */
export type OverTime = readonly { readonly atMs: number; readonly value: number }[];

export interface VersionWorld {
  /** From creation of a pod until it is ready. */
  readonly startMs: number;
  /** Pods of this version never become ready. */
  readonly neverReady: boolean;
  readonly errorPercent: OverTime;
  readonly latencyMs: OverTime;
}

export type DescribedAnswer =
  | { readonly kind: "value"; readonly value: Json }
  | {
      readonly kind: "outcome";
      readonly outcome: "Successful" | "Failed" | "Inconclusive";
      readonly afterMs: number;
    }
  | { readonly kind: "error"; readonly message: string };

/** What a metric is answered, by metric name; each entry counts from `atMs` on. */
export type DescribedAnswers = Readonly<
  Record<string, readonly { readonly atMs: number; readonly answer: DescribedAnswer }[]>
>;

export const operatorVerbs = [
  "promote",
  "promoteFull",
  "abort",
  "retry",
  "pause",
  "resume",
  "restart",
] as const;
export type OperatorVerb = (typeof operatorVerbs)[number];

export type OperatorAction =
  | { readonly kind: "do"; readonly verb: OperatorVerb }
  | { readonly kind: "setImage"; readonly image: string }
  | { readonly kind: "scale"; readonly replicas: number }
  | { readonly kind: "undo"; readonly toRevision: number | undefined }
  /** Merge patch on the Rollout: whatever a person may change. */
  | { readonly kind: "patch"; readonly patch: JsonObject };

export interface OperatorPlan {
  readonly atMs: number;
  /** undefined = every rollout of the scenario. */
  readonly rollout: string | undefined;
  readonly action: OperatorAction;
}

export interface World {
  readonly requestsPerSecond: OverTime;
  readonly defaultVersion: VersionWorld;
  /** By the image of a pod's first container. */
  readonly versions: Readonly<Record<string, VersionWorld>>;
  readonly answers: DescribedAnswers;
  /** From a router's write until the data plane serves it. */
  readonly acknowledgeMs: number;
  readonly operator: readonly OperatorPlan[];
}

export interface Scenario {
  readonly name: string;
  /** How to make it again: a call, or the file it is from. */
  readonly source: string;
  /** Rollouts, templates, Services, routes: applied at time 0 in this order. */
  readonly objects: readonly KubeObject[];
  readonly world: World;
  /** Play at most this long. It ends earlier when everything has settled and nobody will act any more. */
  readonly forMs: number;
}

export const quietWorld: World = {
  requestsPerSecond: [{ atMs: 0, value: 100 }],
  defaultVersion: {
    startMs: 2000,
    neverReady: false,
    errorPercent: [{ atMs: 0, value: 0 }],
    latencyMs: [{ atMs: 0, value: 20 }],
  },
  versions: {},
  answers: {},
  acknowledgeMs: 100,
  operator: [],
};

/** The value in force `atMs` after the start. */
export function valueAt(series: OverTime, atMs: number): number {
  return series.findLast((entry) => entry.atMs <= atMs)?.value ?? 0;
}

export function versionOf(world: World, image: string): VersionWorld {
  return (
    Object.entries(world.versions).find(([known]) => known === image)?.[1] ?? world.defaultVersion
  );
}
