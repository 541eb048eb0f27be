import { describe, expect, it } from "vitest";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { scaleDownDeadlineAnnotation, revisionAnnotation } from "../../api/argo/keys.ts";
import {
  injectedOf,
  injectionPatch,
  injectionRecord,
  wantedInjection,
} from "./ephemeral-template.ts";
import { replicaSetsBeyondHistory } from "./history.ts";
import { hasAvailable, meetsThreshold } from "./progress-threshold.ts";
import { byRevisionDescending, servingReplicas } from "./replica-set.ts";
import { delayedScaleDown } from "./scale-down-delay.ts";

interface Given {
  readonly name?: string;
  readonly spec?: number;
  readonly available?: number;
  readonly deadline?: string;
  readonly revision?: number;
  readonly created?: string;
}

function rsOf({
  name = "rs",
  spec = 4,
  available = spec,
  deadline,
  revision = 1,
  created = "2026-01-01T00:00:00Z",
}: Given): ReplicaSet {
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      creationTimestamp: created,
      annotations: {
        [revisionAnnotation]: String(revision),
        ...(deadline === undefined ? {} : { [scaleDownDeadlineAnnotation]: deadline }),
      },
    },
    spec: { replicas: spec, selector: {}, template: { spec: { containers: [] } } },
    status: { replicas: spec, availableReplicas: available },
  };
}

const now = Date.UTC(2026, 0, 1, 1) + 1;
const rules = {
  delaySeconds: 30,
  revisionLimit: undefined,
  waitingSize: (rs: ReplicaSet) => rs.spec.replicas ?? 0,
};

describe("delayedScaleDown", () => {
  it("first writes a deadline, never short of the delay", () => {
    const deadlineMs = Date.UTC(2026, 0, 1, 1, 0, 31);
    expect(delayedScaleDown([rsOf({})], rules, now)).toEqual([
      { name: "rs", replicas: 4, deadlineMs, lookAtMs: deadlineMs },
    ]);
  });

  it("keeps until the deadline and goes with it", () => {
    const deadline = "2026-01-01T01:00:31Z";
    const atMs = Date.UTC(2026, 0, 1, 1, 0, 31);
    expect(delayedScaleDown([rsOf({ deadline })], rules, atMs - 1)).toEqual([
      { name: "rs", replicas: 4, deadlineMs: undefined, lookAtMs: atMs },
    ]);
    expect(delayedScaleDown([rsOf({ deadline })], rules, atMs)).toEqual([
      { name: "rs", replicas: 0, deadlineMs: null, lookAtMs: undefined },
    ]);
  });

  it("does not wait with a delay of 0, nor beyond the limit", () => {
    expect(delayedScaleDown([rsOf({})], { ...rules, delaySeconds: 0 }, now)[0]?.replicas).toBe(0);
    const sizes = delayedScaleDown(
      [rsOf({ name: "b" }), rsOf({ name: "a" })],
      { ...rules, revisionLimit: 1 },
      now,
    );
    expect(sizes.map((size) => size.replicas)).toEqual([4, 0]);
  });
});

describe("facts of a ReplicaSet", () => {
  it("does not count on pods that were asked to go", () => {
    expect(servingReplicas(rsOf({ spec: 1, available: 5 }))).toBe(1);
  });

  it("sorts by revision, then by age, youngest first", () => {
    const sets = [
      rsOf({ name: "a", revision: 2 }),
      rsOf({ name: "b", revision: 10 }),
      rsOf({ name: "c", revision: 2, created: "2026-01-02T00:00:00Z" }),
    ];
    expect([...sets].sort(byRevisionDescending).map((rs) => rs.metadata.name)).toEqual([
      "b",
      "c",
      "a",
    ]);
  });
});

describe("the progress threshold", () => {
  it.each([
    [undefined, 4, 4, true],
    [undefined, 3, 4, false],
    [{ type: "Percent", value: 75 }, 3, 4, true],
    [{ type: "Percent", value: 76 }, 3, 4, false],
    [{ type: "Pods", value: 2 }, 2, 4, true],
    [{ type: "Pods", value: 3 }, 2, 4, false],
    [{ type: "Percent", value: 100 }, 0, 0, true],
  ] as const)("%o with %i of %i is %s", (threshold, available, desired, expected) => {
    expect(meetsThreshold(rsOf({ spec: desired, available }), desired, threshold)).toBe(expected);
  });

  it("also counts for promotion", () => {
    expect(hasAvailable(rsOf({ available: 2 }), 4, undefined)).toBe(false);
    expect(hasAvailable(rsOf({ available: 2 }), 4, { type: "Pods", value: 2 })).toBe(true);
  });
});

describe("history", () => {
  it("deletes the oldest idle ones beyond the limit and skips what still has pods", () => {
    const sets = [1, 2, 3, 4].map((day) =>
      rsOf({
        name: String(day),
        spec: day === 1 ? 1 : 0,
        created: `2026-01-0${String(day)}T00:00:00Z`,
      }),
    );
    expect(replicaSetsBeyondHistory(sets, 2).map((rs) => rs.metadata.name)).toEqual(["2"]);
    expect(replicaSetsBeyondHistory(sets, 4)).toEqual([]);
  });
});

describe("ephemeral metadata", () => {
  it("removes only what it had injected", () => {
    const before = wantedInjection({ labels: { role: "canary", old: "1" } });
    const after = wantedInjection({ labels: { role: "stable" } });
    const live = { labels: { role: "canary", old: "1", app: "web" } };
    expect(injectionPatch(live, before, after)).toEqual({ labels: { old: null, role: "stable" } });
    expect(
      injectionPatch({ labels: { role: "stable", app: "web" } }, before, after),
    ).toBeUndefined();
  });

  it("remembers it in an annotation", () => {
    const injected = wantedInjection({ labels: { b: "2", a: "1" } });
    const record = injectionRecord(injected) ?? "";
    expect(record).toBe('{"labels":{"a":"1","b":"2"}}');
    expect(injectedOf({ "rollout.argoproj.io/ephemeral-metadata": record })).toEqual({
      labels: { a: "1", b: "2" },
      annotations: {},
    });
    expect(injectedOf({ "rollout.argoproj.io/ephemeral-metadata": "{" })).toEqual({
      labels: {},
      annotations: {},
    });
    expect(injectionRecord(wantedInjection(undefined))).toBeUndefined();
  });
});
