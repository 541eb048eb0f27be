import { describe, expect, it } from "vitest";
import { formatTime } from "../../lib/time.ts";
import { decide } from "./decide.ts";
import { needsPods } from "./needs-pods.ts";
import { abort, resume } from "./testing/deeds.test-support.ts";
import { at, deploy, play } from "./testing/play.test-support.ts";
import {
  blueGreen,
  canary,
  recreate,
  rolloutOf,
  routed,
} from "./testing/rollout-of.test-support.ts";
import { ToyWorld } from "./testing/world.test-support.ts";

const v2 = at(600, deploy("web:v2"));
const reasons = (events: readonly string[]): readonly string[] =>
  events.map((text) => text.split(":")[0] ?? "");
const hash = "84c5f745db";

describe("events", () => {
  it("come in the order people know from Argo (basic canary)", () => {
    const { events } = play(rolloutOf(canary("w50 p")), [v2, at(700, resume)]).world;
    expect(reasons(events).slice(5)).toEqual([
      "RolloutUpdated",
      "NewReplicaSetCreated",
      "RolloutNotCompleted",
      "ScalingReplicaSet",
      "ScalingReplicaSet",
      "ScalingReplicaSet",
      "RolloutStepCompleted",
      "RolloutPaused",
      "RolloutStepCompleted",
      "ScalingReplicaSet",
      "ScalingReplicaSet",
      "RolloutCompleted",
      "ScalingReplicaSet",
    ]);
    expect(events).toContain("RolloutStepCompleted: Rollout step 1/2 completed (setWeight: 50)");
    expect(events).toContain(
      `RolloutCompleted: Rollout completed update to revision 2 (${hash}): Completed all 2 canary steps`,
    );
  });

  it("come in the order people know from Argo (first blue-green deployment)", () => {
    const { events } = play(rolloutOf(blueGreen())).world;
    expect(reasons(events)).toEqual([
      "RolloutUpdated",
      "NewReplicaSetCreated",
      "SwitchService",
      "ScalingReplicaSet",
      "RolloutCompleted",
      "SwitchService",
    ]);
  });

  it("tell a timed pause as completed, then resumed", () => {
    const { events } = play(rolloutOf(canary("w50 p1 w60 p1")), [v2]).world;
    const told = reasons(events).filter((reason) =>
      ["RolloutPaused", "RolloutResumed", "RolloutStepCompleted"].includes(reason),
    );
    expect(told).toEqual([
      "RolloutStepCompleted",
      "RolloutPaused",
      "RolloutStepCompleted",
      "RolloutResumed",
      "RolloutStepCompleted",
      "RolloutPaused",
      "RolloutStepCompleted",
      "RolloutResumed",
    ]);
  });

  it("tell of no creation where a ReplicaSet is adopted", () => {
    const { world } = play(rolloutOf(canary("")));
    const { metadata } = world.rollout;
    const madeAnew = { ...metadata, creationTimestamp: formatTime(world.now + 60_000) };
    world.rollout = { ...world.rollout, metadata: madeAnew, status: {} };
    world.events.length = 0;
    world.causes.clear();
    world.pass();
    expect(reasons(world.events)).toEqual(["RolloutNotCompleted", "RolloutCompleted"]);
  });

  it("tell the beginning of an update that is over in the same pass", () => {
    const back = at(620, deploy("web:v1"));
    const { events } = play(rolloutOf(blueGreen()), [v2, back]).world;
    const told = events.filter((text) => /^Rollout(NotC|C)ompleted/.test(text));
    expect(told.map((text) => text.replace(/ \(.*\)/, ""))).toEqual([
      "RolloutCompleted: Rollout completed update to revision 1: Initial deploy",
      "RolloutNotCompleted: Rollout not completed, started update to revision 2",
      "RolloutCompleted: Rollout completed update to revision 2: Completed blue-green update",
      "RolloutNotCompleted: Rollout not completed, started update to revision 3",
      "RolloutCompleted: Rollout completed update to revision 3: Fast rollback",
    ]);
  });

  it("tell an abort once, with the revision", () => {
    const { events } = play(rolloutOf(routed("w50 p")), [v2, at(700, abort)]).world;
    expect(events.filter((text) => text.startsWith("RolloutAborted"))).toEqual([
      "RolloutAborted: Rollout aborted update to revision 2",
    ]);
    expect(events).toContain("TrafficWeightUpdated: Traffic weight updated from 50 to 0");
  });
});

describe("writes", () => {
  it("are few: three to begin a first deployment", () => {
    const world = new ToyWorld(rolloutOf(canary("w50 p")), {});
    world.pass();
    // the revision on the Rollout, the ReplicaSet at its size, the status
    expect(world.writes).toBe(3);
    expect(world.replicaSetOf("web:v1")?.spec.replicas).toBe(4);
  });

  it("stop when nothing happens any more", () => {
    const { world } = play(rolloutOf(routed("w50 p1")), [v2], { acknowledgeSeconds: 1 });
    const before = world.writes;
    world.now += 24 * 3600 * 1000;
    expect(world.pass().isQuiet).toBe(true);
    expect(world.writes).toBe(before);
  });
});

describe("an invalid rollout", () => {
  it("says so and touches nothing", () => {
    const { world } = play(rolloutOf(routed("w50 p")), [v2]);
    world.invalid =
      "spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100";
    const decision = decide(world.observe(), world.now);
    const message = `The Rollout "web" is invalid: ${world.invalid}`;
    const event = { type: "Warning", reason: "InvalidSpec", message };
    expect(decision.effects).toMatchObject([{ kind: "event", event }]);
    expect(decision.status.phase).toBe("Degraded");
    expect(decision.status.message).toBe(
      `InvalidSpec: The Rollout "web" is invalid: ${world.invalid}`,
    );
    expect(decision.status.canary).toEqual(world.rollout.status.canary);
    const told = { ...world.observe(), rollout: { ...world.rollout, status: decision.status } };
    const again = decide(told, world.now + 5000);
    expect(again.status).toEqual(decision.status);
    expect(again.effects).toEqual([]);
  });

  it("goes on where it was once it is valid", () => {
    const { world } = play(rolloutOf(routed("w50 p")), [v2]);
    world.invalid = "x";
    world.pass();
    world.invalid = undefined;
    world.pass();
    expect(world.rollout.status.phase).toBe("Paused");
    expect(
      world.rollout.status.conditions?.some((condition) => condition.type === "InvalidSpec"),
    ).toBe(false);
  });
});

describe("names", () => {
  it("avoids a ReplicaSet of somebody else", () => {
    const world = new ToyWorld(rolloutOf(canary("")), { foreign: ["web-5dfb79b7ff"] });
    world.pass();
    expect(world.rollout.status.collisionCount).toBe(1);
    expect(world.replicaSets.size).toBe(0);
    world.pass();
    const names = [...world.replicaSets.keys()];
    expect(names).toHaveLength(1);
    expect(names).not.toEqual(["web-5dfb79b7ff"]);
  });

  it("writes the default size back for autoscalers", () => {
    const world = new ToyWorld(rolloutOf(canary(""), { replicas: undefined }), {});
    world.pass();
    expect(world.rollout.spec.replicas).toBe(1);
    expect(world.replicaSetOf("web:v1")?.spec.replicas).toBe(1);
  });

  it("takes a ReplicaSet up again with a new revision, and remembers the old one", () => {
    const { world } = play(rolloutOf(canary("")), [v2, at(700, deploy("web:v1"))]);
    const annotations = world.replicaSetOf("web:v1")?.metadata.annotations;
    expect(annotations?.["rollout.argoproj.io/revision"]).toBe("3");
    expect(annotations?.["rollout.argoproj.io/revision-history"]).toBe("1");
    expect(world.replicaSets.size).toBe(2);
  });
});

describe("what else a rollout carries", () => {
  it("keeps revisionHistoryLimit old versions", () => {
    const acts = [2, 3, 4, 5].map((version) =>
      at(version * 100, deploy(`web:v${String(version)}`)),
    );
    const { world } = play(rolloutOf(canary(""), { revisionHistoryLimit: 2 }), acts);
    const images = [...world.replicaSets.values()].map(
      (rs) => rs.spec.template.spec.containers[0]?.image,
    );
    expect(images).toEqual(["web:v3", "web:v4", "web:v5"]);
  });

  it("gives pods labels for as long as they are canary or stable", () => {
    const strategy = canary("w50 p", {
      canaryMetadata: { labels: { role: "canary" } },
      stableMetadata: { labels: { role: "stable" } },
    });
    const { world } = play(rolloutOf(strategy), [v2, at(900, resume)], {}, 800);
    const roles = (image: string): readonly (string | undefined)[] =>
      (world.pods.get(world.replicaSetOf(image)?.metadata.name ?? "") ?? []).map(
        (pod) => pod.object.metadata.labels?.["role"],
      );
    expect(roles("web:v1")).toEqual(["stable", "stable"]);
    expect(roles("web:v2")).toEqual(["canary", "canary"]);
    const after = play(rolloutOf(strategy), [v2, at(900, resume)]).world;
    const pods = after.pods.get(after.replicaSetOf("web:v2")?.metadata.name ?? "") ?? [];
    expect(pods.map((pod) => pod.object.metadata.labels?.["role"])).toEqual([
      "stable",
      "stable",
      "stable",
      "stable",
    ]);
  });

  it("keeps the new version's pods away from stable's, if asked to", () => {
    const { world } = play(rolloutOf(canary("w50 p", { antiAffinity: { kind: "required" } })), [
      v2,
    ]);
    const text = JSON.stringify(world.replicaSetOf("web:v2")?.spec.template.spec.affinity);
    expect(text).toContain(world.hashOfImage("web:v1"));
    expect(world.replicaSetOf("web:v1")?.spec.template.spec.affinity).toBeUndefined();
  });

  it("replaces old pods a few at a time at restartAt", () => {
    const { world, transcript } = play(rolloutOf(routed("")), [
      at(600, (w) => w.changeSpec({ restartAtMs: w.now + 60_000 })),
    ]);
    const born = [...world.pods.values()].flat().map((pod) => pod.bornAtMs);
    expect(Math.min(...born)).toBeGreaterThanOrEqual(world.rollout.spec.restartAtMs ?? 0);
    expect(world.rollout.status.restartedAt).toBe("2026-01-01T00:11:00Z");
    const available = transcript.map((line) => /v1:(\d)\/4/.exec(line)?.[1]).slice(1);
    expect(Math.min(...available.map(Number))).toBe(3);
    expect(world.rollout.status.phase).toBe("Healthy");
  });

  it.each([
    ["never", 3],
    ["onsuccess", 0],
    ["progressively", 0],
  ] as const)("scales the workload it came from down: %s", (scaleDown, replicas) => {
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web", scaleDown };
    const workload = { ...workloadRef, generation: 1, replicas: 3 };
    const { world } = play(rolloutOf(canary(""), { workloadRef }), [], { workload });
    expect(world.workload?.replicas).toBe(replicas);
  });

  it("says which generation of its workload it is of, and its newest ReplicaSet with it", () => {
    const workloadRef = { apiVersion: "v1", kind: "PodTemplate", name: "web" } as const;
    const workload = { ...workloadRef, generation: 3, replicas: undefined };
    const annotation = "rollout.argoproj.io/workload-generation";
    const { world } = play(
      rolloutOf(canary(""), { workloadRef: { ...workloadRef, scaleDown: "never" } }),
      [at(600, (w) => (w.workload = { ...workload, generation: 4 }))],
      { workload },
    );
    const said = [world.rollout, ...world.replicaSets.values()].map(
      ({ metadata }) => metadata.annotations?.[annotation],
    );
    expect(said).toEqual(["4", "4"]);
    expect(world.rollout.status.workloadObservedGeneration).toBe("4");
    expect(world.rollout.metadata.annotations?.["rollout.argoproj.io/revision"]).toBe("1");
  });

  it("asks for pods only when it looks at them", () => {
    expect(needsPods(rolloutOf(canary("")))).toBe(false);
    expect(needsPods(rolloutOf(recreate()))).toBe(true);
    expect(needsPods(rolloutOf(canary(""), { restartAtMs: 5 }))).toBe(true);
    expect(needsPods(rolloutOf(canary("", { stableMetadata: { labels: {} } })))).toBe(true);
  });

  it("accounts for the attempt", () => {
    const { world } = play(rolloutOf(canary("w50 p")), [v2, at(700, resume)]);
    expect(world.rollout.status.duration).toEqual({
      rolloutStartedAt: "2026-01-01T00:10:00Z",
      totalManualPauseDurationSeconds: 90,
      finishedAt: "2026-01-01T00:11:50Z",
      completionStatus: "Promoted",
    });
  });

  it("runs nothing for a rollout of no replicas", () => {
    const { world } = play(rolloutOf(canary("w50 p1"), { replicas: 0 }), [v2]);
    expect(world.rollout.status.phase).toBe("Healthy");
    expect(world.rollout.status.stableRS).toBe(world.hashOfImage("web:v2"));
  });
});
