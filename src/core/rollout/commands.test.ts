import { describe, expect, it } from "vitest";
import type { AntiAffinity } from "../../api/argo/rollout.ts";
import type { PodSpec } from "../../api/kubernetes/pod.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { withAntiAffinity } from "../replicas/anti-affinity.ts";
import { templatesEqual } from "../replicas/pod-template-equal.ts";
import {
  abort,
  pause,
  promote,
  promoteFull,
  restart,
  retry,
  setImage,
  skipSteps,
  undo,
} from "./commands.ts";

const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 100 }];
const canary = (status: JsonObject, spec: JsonObject = {}): JsonObject => ({
  spec: { strategy: { canary: { steps } }, ...spec },
  status,
});
const pauses = [{ reason: "CanaryPauseStep", startTime: "2026-01-01T00:00:00Z" }];
const none = { status: undefined, main: undefined };

describe("promote", () => {
  it.each<[string, JsonObject, unknown]>([
    [
      "ends a pause",
      canary({ pauseConditions: pauses, currentStepIndex: 1 }),
      { ...none, status: { status: { pauseConditions: null } } },
    ],
    [
      "goes past the current step",
      canary({ currentStepIndex: 0 }),
      { ...none, status: { status: { pauseConditions: null, currentStepIndex: 1 } } },
    ],
    [
      "does not go past the last",
      canary({ currentStepIndex: 3 }),
      { ...none, status: { status: { pauseConditions: null, currentStepIndex: 3 } } },
    ],
    [
      "goes past an inconclusive analysis",
      canary({
        pauseConditions: pauses,
        controllerPause: true,
        currentStepIndex: 1,
        canary: { currentStepAnalysisRunStatus: { name: "a", status: "Inconclusive" } },
      }),
      {
        ...none,
        status: { status: { pauseConditions: null, controllerPause: false, currentStepIndex: 2 } },
      },
    ],
    [
      "unpauses as well",
      canary({ pauseConditions: pauses }, { paused: true }),
      { status: { status: { pauseConditions: null } }, main: { spec: { paused: false } } },
    ],
    [
      "has nothing to do for a blue-green that is not paused",
      { spec: { strategy: { blueGreen: {} } }, status: {} },
      none,
    ],
  ])("%s", (_name, manifest, expected) => {
    expect(promote(manifest)).toEqual(expected);
  });

  it("--full is not asked for what is stable already", () => {
    expect(promoteFull(canary({ currentPodHash: "a", stableRS: "b" })).status).toEqual({
      status: { promoteFull: true },
    });
    expect(promoteFull(canary({ currentPodHash: "a", stableRS: "a" }, { paused: true }))).toEqual({
      status: undefined,
      main: { spec: { paused: false } },
    });
  });

  it("skips one step or all, where there are any", () => {
    expect(skipSteps(canary({ currentStepIndex: 1 }), "current")).toEqual({
      ok: true,
      value: { ...none, status: { status: { currentStepIndex: 2 } } },
    });
    expect(skipSteps(canary({}), "all")).toEqual({
      ok: true,
      value: { ...none, status: { status: { currentStepIndex: 3 } } },
    });
    expect(skipSteps({ spec: { strategy: { blueGreen: {} } } }, "all")).toEqual({
      ok: false,
      message: "Cannot skip steps of a bluegreen rollout. Run without a flags",
    });
    expect(skipSteps({ spec: { strategy: { canary: {} } } }, "all")).toEqual({
      ok: false,
      message: "Cannot skip steps of a rollout without steps",
    });
  });
});

it("abort, retry, pause and restart are one patch each", () => {
  expect(abort()).toEqual({ ...none, status: { status: { abort: true } } });
  expect(retry()).toEqual({ ...none, status: { status: { abort: false } } });
  expect(pause()).toEqual({ ...none, main: { spec: { paused: true } } });
  expect(restart(Date.UTC(2026, 0, 1, 12))).toEqual({
    ...none,
    main: { spec: { restartAt: "2026-01-01T12:00:00Z" } },
  });
});

describe("undo", () => {
  const rs = (revision: number, image: string): ReplicaSet => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `web-${String(revision)}`,
      annotations: { "rollout.argoproj.io/revision": String(revision) },
    },
    spec: {
      selector: {},
      template: {
        metadata: { labels: { app: "web", "rollouts-pod-template-hash": "x" } },
        spec: { containers: [{ name: "web", image }] },
      },
    },
  });
  const sets = [rs(1, "web:v1"), rs(3, "web:v3"), rs(2, "web:v2")];
  const template = (image: string): JsonObject => ({
    metadata: { labels: { app: "web" } },
    spec: { containers: [{ name: "web", image }] },
  });

  it.each([
    [0, 2, "web:v2"],
    [1, 1, "web:v1"],
  ])("to revision %i restores %i", (asked, revision, image) => {
    const jsonPatch = [{ op: "replace", path: "/spec/template", value: template(image) }];
    expect(undo("web", template("web:v3"), sets, asked)).toEqual({
      ok: true,
      value: { kind: "replaceTemplate", jsonPatch, revision },
    });
  });

  const withSpec = (older: ReplicaSet, spec: PodSpec): ReplicaSet => ({
    ...older,
    spec: { ...older.spec, template: { ...older.spec.template, spec } },
  });
  const restored = (owned: ReplicaSet): JsonObject => {
    const result = undo("web", template("web:v3"), [owned], 2);
    if (!result.ok || result.value.kind !== "replaceTemplate")
      throw new Error("nothing to restore");
    return result.value.jsonPatch[0]?.["value"] as JsonObject;
  };
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const ownTerm = { topologyKey: "zone", labelSelector: { matchLabels: { app: "db" } } };

  it.each<AntiAffinity>([{ kind: "required" }, { kind: "preferred", weight: 10 }])(
    "leaves injected $kind anti-affinity behind, and nothing else",
    (antiAffinity) => {
      const containers = [{ name: "web", image: "web:v2" }];
      const written: readonly PodSpec[] = [
        { containers },
        { containers, affinity: { nodeAffinity: { [required]: {} }, podAffinity: { x: [1] } } },
        { containers, affinity: { podAntiAffinity: { [required]: [ownTerm] } } },
        { containers, affinity: {} },
      ];
      for (const spec of written) {
        const live = withAntiAffinity(spec, antiAffinity, "abc", "default");
        expect(JSON.stringify(live)).toContain("abc");
        const value = restored(withSpec(rs(2, ""), live));
        expect(JSON.stringify(value)).not.toContain("abc");
        const plain = restored(withSpec(rs(2, ""), spec));
        expect(plain).toEqual({ metadata: { labels: { app: "web" } }, spec });
        expect(templatesEqual(value, plain)).toBe(true);
      }
    },
  );

  it("knows the template of a revision again that the API server has filled in", () => {
    const written = template("web:v3")["spec"] as unknown as PodSpec;
    const filledIn = {
      ...written,
      containers: [{ name: "web", image: "web:v3", imagePullPolicy: "IfNotPresent" }],
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      terminationGracePeriodSeconds: 30,
    };
    expect(undo("web", template("web:v3"), [withSpec(rs(3, ""), filledIn)], 3)).toEqual({
      ok: true,
      value: { kind: "alreadyThere" },
    });
  });

  it("says when there is nothing to go to, or nowhere to go", () => {
    expect(undo("web", template("web:v3"), sets, 3)).toEqual({
      ok: true,
      value: { kind: "alreadyThere" },
    });
    for (const asked of [9, -1]) {
      expect(undo("web", undefined, sets, asked)).toEqual({
        ok: false,
        message: `unable to find specified revision ${String(asked)} in history`,
      });
    }
    expect(undo("web", undefined, sets.slice(0, 1), 0)).toEqual({
      ok: false,
      message: 'no revision found for rollout "web"',
    });
  });
});

describe("set image", () => {
  const manifest: JsonObject = {
    kind: "Rollout",
    spec: {
      replicas: 2,
      template: {
        spec: {
          initContainers: [{ name: "init", image: "i" }],
          containers: [
            { name: "web", image: "a" },
            { name: "log", image: "b" },
          ],
        },
      },
    },
  };

  it("changes every container of that name and nothing else", () => {
    const after = setImage(manifest, "web", "c");
    expect(after).toEqual({
      ok: true,
      value: JSON.parse(JSON.stringify(manifest).replace('"image":"a"', '"image":"c"')),
    });
    const all = setImage(manifest, "*", "c");
    expect(JSON.stringify(all).match(/"image":"c"/g)).toHaveLength(3);
  });

  it("names the container it cannot find", () => {
    expect(setImage(manifest, "wbe", "c")).toEqual({
      ok: false,
      message: 'unable to find container named "wbe"',
    });
  });
});
