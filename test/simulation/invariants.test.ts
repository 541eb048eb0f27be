// Each invariant catches what it is for: a play that went well is told to the monitor again, with one
// thing changed as a faulty controller would have done it. Told as it was, the monitor has nothing to say.
import { describe, expect, it } from "vitest";
import { checkTemplate, answering, value } from "./story.ts";
import type { Json, JsonObject } from "../../src/lib/json.ts";
import type { Change } from "../../src/objects/semantics/stored.ts";
import { scenarioOf, type ScenarioOverrides } from "../../src/simulator/language.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import type { Monitor } from "../../src/simulator/stage.ts";
import { InvariantMonitor } from "../../src/simulator/invariants/monitor.ts";

interface Told {
  readonly atMs: number;
  readonly tell: (monitor: Required<Monitor>) => void;
  /** Of a write. */
  readonly change?: Change;
}

async function played(line: string, overrides: ScenarioOverrides = {}): Promise<readonly Told[]> {
  const told: Told[] = [];
  const recorder: Monitor = {
    changed: (change, atMs) => void told.push(written(change, atMs)),
    acted: (action, rollout, atMs) =>
      void told.push({ atMs, tell: (monitor) => monitor.acted(action, rollout, atMs) }),
    rested: (atMs) => void told.push({ atMs, tell: (monitor) => monitor.rested(atMs) }),
  };
  await simulate(scenarioOf(line, overrides), {
    monitors: [recorder],
    faults: {},
    resyncMs: 600_000,
    quietMs: 60_000,
  });
  return told;
}

function written(change: Change, atMs: number): Told {
  return { atMs, change, tell: (monitor) => monitor.changed(change, atMs) };
}

function violationsOf(told: readonly Told[]): readonly string[] {
  const monitor = new InvariantMonitor();
  for (const { tell } of told) tell(monitor);
  return monitor.violations;
}

type Loose = { [key: string]: Loose } & Loose[];

/** The write with its object changed by `how`. */
function changed({ change, atMs }: Told, how: (object: Loose) => void, laterMs = 0): Told {
  if (change === undefined) throw new Error("not a write");
  const object = structuredClone(change.object) as unknown as Loose;
  how(object);
  return written({ ...change, object: object as unknown as Change["object"] }, atMs + laterMs);
}

type Find = (object: JsonObject, change: Change) => boolean;

function isKind(kind: string, name?: RegExp): Find {
  return (object) => {
    const { metadata } = object as unknown as { metadata: { name: string } };
    return object["kind"] === kind && (name?.test(metadata.name) ?? true);
  };
}

function at(object: JsonObject, path: string): Json | undefined {
  return path.split(".").reduce<Json | undefined>((value, key) => {
    return (value as JsonObject | undefined)?.[key];
  }, object);
}

function indexOf(told: readonly Told[], find: Find): number {
  const index = told.findIndex(({ change }) => change && find(change.object, change));
  if (index < 0) throw new Error("the play has no such write");
  return index;
}

/** The canary's weight in a route. */
function weightIn(object: JsonObject): number | undefined {
  const [, canary] = (at(object, "spec.rules.0.backendRefs") ?? []) as { weight?: number }[];
  return canary?.weight;
}

const isRouteAt =
  (weight: number): Find =>
  (object) =>
    object["kind"] === "HTTPRoute" && weightIn(object) === weight;

function setWeight(object: Loose, canary: number, stable = 100 - canary): void {
  const [first, second] = object["spec"]?.["rules"]?.[0]?.["backendRefs"] ?? [];
  Object.assign(first ?? {}, { weight: stable });
  Object.assign(second ?? {}, { weight: canary });
}

/** The same, with the write at `index` told as `how` leaves it. */
function replaced(
  told: readonly Told[],
  index: number,
  how: (object: Loose) => void,
): readonly Told[] {
  const one = told[index];
  return one ? [...told.slice(0, index), changed(one, how), ...told.slice(index + 1)] : told;
}

/** All up to `index`, then the write at `index` told right away as `how` leaves it. */
function then(told: readonly Told[], index: number, how: (object: Loose) => void): readonly Told[] {
  const one = told[index];
  return one ? [...told.slice(0, index + 1), changed(one, how)] : told;
}

const isStatus =
  (path: string, wanted: Json): Find =>
  (object) =>
    object["kind"] === "Rollout" && at(object, `status.${path}`) === wanted;

/** The newest write of an object before `index`. */
function newestBefore(told: readonly Told[], index: number, find: Find): number {
  const found = told
    .slice(0, index)
    .findLastIndex(({ change }) => change && find(change.object, change));
  if (found < 0) throw new Error("the play has no such write");
  return found;
}

/** Up to `index`; then what `find` finds last before it, told again as `how` leaves it. */
function again(
  told: readonly Told[],
  index: number,
  find: Find,
  how: (object: Loose) => void,
): readonly Told[] {
  const source = told[newestBefore(told, index + 1, find)];
  const last = told[index];
  if (!source || !last) return told;
  const { atMs } = last;
  const one = changed(source, how, atMs - source.atMs);
  return [...told.slice(0, index + 1), one];
}

function hashIn(told: readonly Told[], which: "stableRS" | "currentPodHash"): string {
  const hashes = told.flatMap(({ change }) => {
    const object = change?.object as unknown as JsonObject | undefined;
    const hash = object?.["kind"] === "Rollout" ? at(object, `status.${which}`) : undefined;
    return typeof hash === "string" && hash !== "" ? [hash] : [];
  });
  return (which === "stableRS" ? hashes[0] : hashes.at(-1)) ?? "";
}

const ofHash = (kind: string, hash: string): Find => {
  return (object) => {
    const labels = (at(object, "metadata.labels") ?? {}) as JsonObject;
    return object["kind"] === kind && labels["rollouts-pod-template-hash"] === hash;
  };
};

/** Of a ReplicaSet: how many pods it wants and how many there are. */
function setPods(object: Loose, replicas: number, available = replicas): void {
  Object.assign(object["spec"] ?? {}, { replicas });
  object["status"] ??= {} as Loose;
  Object.assign(object["status"], { availableReplicas: available });
}

const check = { templates: [{ templateName: "check" }] };
const goodCheck = { objects: checkTemplate({ count: 1 }), ...answering(value(1)) };
const slowCheck = { objects: checkTemplate({ count: 2, interval: "1m" }), ...answering(value(1)) };
const turningBad = [
  { atMs: 0, answer: value(1) },
  { atMs: 120_000, answer: value(0) },
];

const mesh: ScenarioOverrides = {
  strategy: { trafficRouting: { istio: { virtualService: { name: "shop" } } } },
  objects: [
    {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "VirtualService",
      metadata: { name: "shop", namespace: "default" },
      spec: {
        hosts: ["shop"],
        http: [
          {
            name: "primary",
            route: [
              { destination: { host: "shop-stable" }, weight: 100 },
              { destination: { host: "shop-canary" }, weight: 0 },
            ],
          },
        ],
      },
    } as NonNullable<ScenarioOverrides["objects"]>[number],
  ],
};

interface Row {
  readonly what: string;
  readonly line: string;
  readonly overrides?: ScenarioOverrides;
  readonly spoil: (told: readonly Told[]) => readonly Told[];
  readonly says: RegExp;
}

const rows: readonly Row[] = [
  {
    what: "weights that do not add up",
    line: "n2 w50 p1m",
    spoil: (told) =>
      replaced(told, indexOf(told, isRouteAt(50)), (route) => setWeight(route, 50, 40)),
    says: /the weights of HTTPRoute shop add up to 90/,
  },
  {
    what: "weights of a VirtualService that do not add up",
    line: "n2 w50 p1m",
    overrides: mesh,
    spoil: (told) => {
      const split: Find = (object) =>
        object["kind"] === "VirtualService" && at(object, "spec.http.0.route.1.weight") === 50;
      return replaced(told, indexOf(told, split), (service) => {
        Object.assign(service["spec"]?.["http"]?.[0]?.["route"]?.[1] ?? {}, { weight: 30 });
      });
    },
    says: /the weights of HTTPRoute virtual-service\/shop add up to 80/,
  },
  {
    what: "a weight for a version without ready pods",
    line: "n2 w50 p1m",
    spoil: (told) => {
      const hash = hashIn(told, "currentPodHash");
      const index = indexOf(told, isRouteAt(50));
      const before = told.slice(0, index);
      const pods = newestBefore(told, index, ofHash("ReplicaSet", hash));
      return [...replaced(before, pods, (set) => setPods(set, 1, 0)), ...told.slice(index)];
    },
    says: /weight 50 goes to Service shop-canary, which has no ready pods/,
  },
  {
    what: "a weight for more pods than there are",
    line: "n4 w75 p1m",
    spoil: (told) => {
      const index = indexOf(told, isRouteAt(75));
      const before = told.slice(0, index);
      const pods = newestBefore(told, index, ofHash("ReplicaSet", hashIn(told, "currentPodHash")));
      return [...replaced(before, pods, (set) => setPods(set, 3, 1)), ...told.slice(index)];
    },
    says: /the canary needs 3 pods for its share of 75 and has 1/,
  },
  {
    what: "a version whose pods are gone while it has a share",
    line: "n2 w50 p1m",
    spoil: (told) => {
      const index = indexOf(told, isStatus("currentStepIndex", 1));
      const find = ofHash("ReplicaSet", hashIn(told, "currentPodHash"));
      const spoilt = again(told, index, find, (set) => setPods(set, 1, 0));
      const { atMs } = spoilt.at(-1) ?? { atMs: 0 };
      return [...spoilt, { atMs, tell: (monitor) => monitor.rested(atMs) }];
    },
    says: /Service shop-canary has weight 50 and no ready pods/,
  },
  {
    what: "stable that is given up before the canary's share is acknowledged",
    line: "n4 w50 p1m",
    spoil: (told) => {
      const index = indexOf(told, isStatus("currentStepIndex", 1));
      return again(told, index, ofHash("ReplicaSet", hashIn(told, "stableRS")), (set) =>
        setPods(set, 1),
      );
    },
    says: /was scaled down: Service shop-stable has 1 of 2 pods for its share of 50/,
  },
  {
    what: "a weight that grows past a pause nobody ended",
    line: "n2 w20 p w60",
    spoil: (told) =>
      then(told, indexOf(told, isRouteAt(20)), (route) => {
        setWeight(route, 60);
      }),
    says: /the canary's weight grew to 60, but its gates allow 20/,
  },
  {
    what: "a weight that grows before an analysis has passed",
    line: "n2 w20 a w60",
    overrides: slowCheck,
    spoil: (told) =>
      then(told, indexOf(told, isRouteAt(20)), (route) => {
        setWeight(route, 60);
      }),
    says: /the canary's weight grew to 60, but its gates allow 20/,
  },
  {
    what: "a weight that grows although a judge has said no",
    line: "n2 w20 p5m w60",
    overrides: {
      strategy: { analysis: check },
      objects: checkTemplate({ interval: "30s" }),
      world: { answers: { check: turningBad } },
    },
    spoil: (told) => {
      const failed: Find = (object) =>
        object["kind"] === "AnalysisRun" && at(object, "status.phase") === "Failed";
      return again(told, indexOf(told, failed), isRouteAt(20), (route) => {
        setWeight(route, 30);
      });
    },
    says: /the canary's weight grew to 30 although \S+ is Failed/,
  },
  {
    what: "a weight that grows although it is aborted",
    line: "n2 w20 p | abort@3m",
    spoil: (told) =>
      again(told, indexOf(told, isStatus("abort", true)), isRouteAt(20), (route) => {
        setWeight(route, 40);
      }),
    says: /the canary's weight grew to 40 although it is aborted/,
  },
  {
    what: "a weight that grows although it is paused",
    line: "n2 w20 p5m w60 | pause@2m resume@3m",
    spoil: (told) =>
      again(
        told,
        indexOf(told, (object) => at(object, "spec.paused") === true),
        isRouteAt(20),
        (route) => {
          setWeight(route, 40);
        },
      ),
    says: /the canary's weight grew to 40 although it is paused/,
  },
  {
    what: "a step counted as done before users met it",
    line: "n2 w20 p1m w60 p1m",
    spoil: (told) =>
      then(told, indexOf(told, isStatus("currentStepIndex", 1)), (rollout) => {
        Object.assign(rollout["status"] ?? {}, { currentStepIndex: 3 });
      }),
    says: /setWeight 60 was counted as done with 20 served/,
  },
  {
    what: "a version called stable without its pods and its users",
    line: "n2 w20 p1m",
    spoil: (told) =>
      then(told, indexOf(told, isStatus("currentStepIndex", 1)), (rollout) => {
        const hash = rollout["status"]?.["currentPodHash"];
        Object.assign(rollout["status"] ?? {}, { stableRS: hash });
      }),
    says: /was called stable with 1 of 2 pods[\s\S]*was called stable when it had a share of 20/,
  },
  {
    what: "a question asked twice",
    line: "n2 w20 a",
    overrides: goodCheck,
    spoil: (told) => {
      const index = indexOf(told, isKind("AnalysisRun"));
      return then(told, index, (run) => {
        Object.assign(run["metadata"] ?? {}, { name: "once-more" });
      });
    },
    says: /AnalysisRun once-more is the 2th for one cause/,
  },
  {
    what: "the verdict on one version taken for another's",
    line: "n2 w20 a",
    overrides: slowCheck,
    spoil: (told) => {
      const find = isStatus("canary.currentStepAnalysisRunStatus.status", "Running");
      return then(told, indexOf(told, find), (rollout) => {
        Object.assign(rollout["status"] ?? {}, { currentPodHash: "another" });
      });
    },
    says: /the verdict of \S+ is taken for one on another/,
  },
  {
    what: "two ReplicaSets for one template",
    line: "n2 w20 p1m",
    spoil: (told) =>
      then(told, indexOf(told, ofHash("ReplicaSet", hashIn(told, "currentPodHash"))), (set) => {
        Object.assign(set["metadata"] ?? {}, { name: "twin" });
      }),
    says: /ReplicaSets twin and \S+ are for the same template/,
  },
  {
    what: "pods beyond the gates, where pods are the weight",
    line: "basic n4 w25 p",
    spoil: (told) => {
      const index = indexOf(told, isStatus("currentStepIndex", 1));
      return again(told, index, ofHash("ReplicaSet", hashIn(told, "currentPodHash")), (set) =>
        setPods(set, 3),
      );
    },
    says: /grew to 3 pods, but its gates allow 1/,
  },
  {
    what: "fewer pods than may be missing",
    line: "basic n4 w25 p",
    spoil: (told) => {
      const index = indexOf(told, isStatus("currentStepIndex", 1));
      return again(told, index, ofHash("ReplicaSet", hashIn(told, "stableRS")), (set) =>
        setPods(set, 1),
      );
    },
    says: /was scaled down: 2 of 4 pods are left/,
  },
  {
    what: "pods that go to and fro",
    line: "basic n4 w50 p1m",
    spoil: (told) => {
      const index = indexOf(told, isStatus("currentStepIndex", 1));
      return again(told, index, ofHash("ReplicaSet", hashIn(told, "currentPodHash")), (set) =>
        setPods(set, 1),
      );
    },
    says: /went from 2 to 1 pods although its share only grows/,
  },
  {
    what: "a switch that nobody promoted",
    line: "bluegreen n2 | promote@4m",
    overrides: { strategy: { autoPromotionEnabled: false } },
    spoil: (told) => {
      const hash = hashIn(told, "currentPodHash");
      const index = indexOf(told, isStatus("phase", "Paused"));
      return again(told, index, isKind("Service", /-stable$/), (service) => {
        Object.assign(service["spec"]?.["selector"] ?? {}, { "rollouts-pod-template-hash": hash });
      });
    },
    says: /users were switched although nobody promoted/,
  },
  {
    what: "a switch before the preview has passed, to pods that are not there",
    line: "bluegreen n2",
    overrides: { strategy: { prePromotionAnalysis: check }, ...goodCheck },
    spoil: (told) => {
      const hash = hashIn(told, "currentPodHash");
      const index = indexOf(told, isStatus("currentPodHash", hash));
      return again(told, index, isKind("Service", /-stable$/), (service) => {
        Object.assign(service["spec"]?.["selector"] ?? {}, { "rollouts-pod-template-hash": hash });
      });
    },
    says: /was switched to 0 of 2 pods[\s\S]*users were switched before the preview had passed/,
  },
  {
    what: "a version called stable before users' version was judged",
    line: "bluegreen n2",
    overrides: { strategy: { postPromotionAnalysis: check }, ...slowCheck },
    spoil: (told) => {
      const hash = hashIn(told, "currentPodHash");
      return then(told, indexOf(told, isStatus("blueGreen.activeSelector", hash)), (rollout) => {
        Object.assign(rollout["status"] ?? {}, { stableRS: hash });
      });
    },
    says: /was called stable before users' version was judged/,
  },
];

describe("the invariants", () => {
  it.each(rows)("catch $what", async ({ line, overrides, spoil, says }) => {
    const told = await played(line, overrides);
    expect(violationsOf(told)).toEqual([]);
    expect(violationsOf(spoil(told)).join("\n")).toMatch(says);
  });
});
