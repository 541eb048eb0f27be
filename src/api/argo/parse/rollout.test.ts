import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../lib/json.ts";
import { formatPath } from "../../meta/field-path.ts";
import type { CanaryStep, CanaryStrategy, Strategy } from "../rollout.ts";
import { formatProblem } from "./problem.ts";
import { parseRollout } from "./rollout.ts";

function manifest(spec: Json, metadata: JsonObject = { name: "shop" }): JsonObject {
  return { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", metadata, spec };
}

function strategyOf(strategy: JsonObject, annotations?: JsonObject): Strategy {
  const metadata = { name: "shop", ...(annotations ? { annotations } : {}) };
  return parseRollout(manifest({ strategy }, metadata)).rollout.spec.strategy;
}

function canaryOf(canary: JsonObject): CanaryStrategy {
  const strategy = strategyOf({ canary });
  if (strategy.kind !== "canary") throw new Error(`a ${strategy.kind}`);
  return strategy;
}

function problemsOf(given: JsonObject): readonly string[] {
  return parseRollout(given).problems.map((problem) => formatProblem(problem));
}

describe("defaults (argo-rollouts.md §1.1)", () => {
  it("of the spec", () => {
    expect(parseRollout(manifest({ strategy: { recreate: {} } })).rollout.spec).toEqual({
      replicas: undefined,
      selector: undefined,
      template: undefined,
      workloadRef: undefined,
      minReadySeconds: 0,
      revisionHistoryLimit: 10,
      paused: false,
      progressDeadlineSeconds: 600,
      progressDeadlineAbort: false,
      restartAtMs: undefined,
      rollbackWindowRevisions: undefined,
      successfulRunHistoryLimit: 5,
      unsuccessfulRunHistoryLimit: 5,
      strategy: {
        kind: "recreate",
        maxUnavailable: "25%",
        stableMetadata: undefined,
        canaryMetadata: undefined,
        antiAffinity: undefined,
        scaleDownDelaySeconds: undefined,
        scaleDownDelayRevisionLimit: undefined,
        abortScaleDownDelaySeconds: undefined,
      },
    });
  });

  it("of a canary", () => {
    expect(canaryOf({})).toEqual({
      kind: "canary",
      canaryService: undefined,
      stableService: undefined,
      steps: [],
      stepsAsWritten: undefined,
      maxSurge: "25%",
      maxUnavailable: "25%",
      trafficRouting: undefined,
      analysis: undefined,
      guard: [],
      dynamicStableScale: false,
      pingPong: undefined,
      minPodsPerReplicaSet: undefined,
      replicaProgressThreshold: undefined,
      stableMetadata: undefined,
      canaryMetadata: undefined,
      antiAffinity: undefined,
      scaleDownDelaySeconds: undefined,
      scaleDownDelayRevisionLimit: undefined,
      abortScaleDownDelaySeconds: undefined,
    });
  });

  it("of blue-green, whose active pods are the stable ones", () => {
    const labels = { role: "x" };
    const blueGreen = {
      activeService: "a",
      activeMetadata: { labels },
      previewMetadata: { annotations: labels },
    };
    expect(strategyOf({ blueGreen })).toEqual({
      kind: "blueGreen",
      activeService: "a",
      previewService: undefined,
      previewReplicaCount: undefined,
      autoPromotionEnabled: true,
      autoPromotionSeconds: 0,
      prePromotionAnalysis: undefined,
      postPromotionAnalysis: undefined,
      maxUnavailable: "25%",
      stableMetadata: { labels },
      canaryMetadata: { annotations: labels },
      antiAffinity: undefined,
      scaleDownDelaySeconds: undefined,
      scaleDownDelayRevisionLimit: undefined,
      abortScaleDownDelaySeconds: undefined,
    });
  });

  it("of a workloadRef and what is written over every default", () => {
    const { spec } = parseRollout(
      manifest({
        replicas: 0,
        workloadRef: {
          apiVersion: "apps/v1",
          kind: "Deployment",
          name: "shop",
          scaleDown: "onsuccess",
        },
        minReadySeconds: 5,
        revisionHistoryLimit: 0,
        paused: true,
        progressDeadlineSeconds: 60,
        progressDeadlineAbort: true,
        restartAt: "2026-11-21T06:48:00Z",
        rollbackWindow: { revisions: 3 },
        analysis: { successfulRunHistoryLimit: 1, unsuccessfulRunHistoryLimit: 0 },
        strategy: { recreate: {} },
      }),
    ).rollout;
    expect(spec).toMatchObject({
      replicas: 0,
      workloadRef: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: "shop",
        scaleDown: "onsuccess",
      },
      minReadySeconds: 5,
      revisionHistoryLimit: 0,
      paused: true,
      progressDeadlineSeconds: 60,
      progressDeadlineAbort: true,
      restartAtMs: Date.UTC(2026, 10, 21, 6, 48),
      rollbackWindowRevisions: 3,
      successfulRunHistoryLimit: 1,
      unsuccessfulRunHistoryLimit: 0,
    });
  });
});

describe("shares", () => {
  it.each([
    ["25", "25%"],
    ["25%", "25%"],
    ["0", "0%"],
    [3, 3],
    [0, 0],
  ])("%j means %j", (written, read) => {
    expect(canaryOf({ maxSurge: written }).maxSurge).toBe(read);
  });
  it("that are none are reported, and the default stands in", () => {
    const given = manifest({ strategy: { canary: { maxUnavailable: "few" } } });
    expect(problemsOf(given)).toEqual([
      'spec.strategy.canary.maxUnavailable: must be a whole number or a percentage such as 25%, but is "few"',
    ]);
    expect(canaryOf({ maxUnavailable: "few" }).maxUnavailable).toBe("25%");
  });
});

const analysis = {
  templates: [],
  args: [],
  dryRun: [],
  measurementRetention: [],
  analysisRunMetadata: undefined,
};

const stepRows: readonly (readonly [string, JsonObject, CanaryStep])[] = [
  ["setWeight", { setWeight: 20 }, { kind: "setWeight", weight: 20 }],
  [
    "a pause without end",
    { pause: {} },
    { kind: "pause", durationSeconds: undefined, durationText: undefined },
  ],
  [
    "a pause of seconds",
    { pause: { duration: 30 } },
    { kind: "pause", durationSeconds: 30, durationText: "30" },
  ],
  [
    "a pause of no time",
    { pause: { duration: 0 } },
    { kind: "pause", durationSeconds: 0, durationText: "0" },
  ],
  [
    "seconds as text",
    { pause: { duration: "10" } },
    { kind: "pause", durationSeconds: 10, durationText: "10" },
  ],
  [
    "minutes",
    { pause: { duration: "5m" } },
    { kind: "pause", durationSeconds: 300, durationText: "5m" },
  ],
  [
    "hours and minutes",
    { pause: { duration: "1h30m" } },
    { kind: "pause", durationSeconds: 5400, durationText: "1h30m" },
  ],
  [
    "a fraction, cut",
    { pause: { duration: "1.9s" } },
    { kind: "pause", durationSeconds: 1, durationText: "1.9s" },
  ],
  [
    "a scale in replicas",
    { setCanaryScale: { replicas: 2 } },
    { kind: "setCanaryScale", mode: "replicas", replicas: 2 },
  ],
  [
    "a scale in percent",
    { setCanaryScale: { weight: 0 } },
    { kind: "setCanaryScale", mode: "weight", weight: 0 },
  ],
  [
    "a scale with the traffic",
    { setCanaryScale: { matchTrafficWeight: true, weight: 5 } },
    { kind: "setCanaryScale", mode: "matchTrafficWeight" },
  ],
  ["an analysis", { analysis: {} }, { kind: "analysis", analysis }],
  [
    "an analysis with everything",
    {
      analysis: {
        templates: [{ templateName: "a" }, { templateName: "b", clusterScope: true }],
        args: [
          { name: "literal", value: "1" },
          { name: "hash", value: "ignored", valueFrom: { podTemplateHashValue: "Latest" } },
          { name: "field", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "empty" },
        ],
        dryRun: [{ metricName: ".*" }],
        measurementRetention: [{ metricName: "m", limit: 5 }],
        analysisRunMetadata: { labels: { a: "b" } },
      },
    },
    {
      kind: "analysis",
      analysis: {
        templates: [
          { templateName: "a", clusterScope: false },
          { templateName: "b", clusterScope: true },
        ],
        args: [
          { name: "literal", kind: "value", value: "1" },
          { name: "hash", kind: "podTemplateHash", of: "Latest" },
          { name: "field", kind: "field", fieldPath: "metadata.name" },
          { name: "empty", kind: "value", value: "" },
        ],
        dryRun: [{ metricName: ".*" }],
        measurementRetention: [{ metricName: "m", limit: 5 }],
        analysisRunMetadata: { labels: { a: "b" } },
      },
    },
  ],
  [
    "an experiment",
    {
      experiment: {
        templates: [
          { name: "a", specRef: "canary", service: {} },
          { name: "b", specRef: "stable", replicas: 2, weight: 5 },
        ],
        duration: "1h",
        analyses: [
          {
            name: "x",
            templateName: "t",
            args: [{ name: "n", value: "v" }],
            requiredForCompletion: true,
          },
        ],
        scaleDownDelaySeconds: 3,
      },
    },
    {
      kind: "experiment",
      templates: [
        {
          name: "a",
          specRef: "canary",
          replicas: undefined,
          metadata: undefined,
          selector: undefined,
          weight: undefined,
          service: { name: undefined },
        },
        {
          name: "b",
          specRef: "stable",
          replicas: 2,
          metadata: undefined,
          selector: undefined,
          weight: 5,
          service: undefined,
        },
      ],
      durationText: "1h",
      analyses: [
        {
          name: "x",
          templateName: "t",
          clusterScope: false,
          args: [{ name: "n", kind: "value", value: "v" }],
          requiredForCompletion: true,
        },
      ],
      dryRun: [],
      analysisRunMetadata: undefined,
      scaleDownDelaySeconds: 3,
    },
  ],
  [
    "a header route removed",
    { setHeaderRoute: { name: "r" } },
    { kind: "setHeaderRoute", name: "r", match: [] },
  ],
  [
    "a header route",
    {
      setHeaderRoute: {
        name: "r",
        match: [{ headerName: "x-canary", headerValue: { prefix: "t" } }],
      },
    },
    {
      kind: "setHeaderRoute",
      name: "r",
      match: [{ headerName: "x-canary", headerValue: { kind: "prefix", value: "t" } }],
    },
  ],
  [
    "a mirror of everything by default",
    {
      setMirrorRoute: {
        name: "r",
        match: [{ method: { exact: "GET" }, headers: { a: { regex: "b" } } }],
      },
    },
    {
      kind: "setMirrorRoute",
      name: "r",
      percentage: 100,
      match: [
        {
          method: { kind: "exact", value: "GET" },
          path: undefined,
          headers: { a: { kind: "regex", value: "b" } },
        },
      ],
    },
  ],
  [
    "a plugin",
    { plugin: { name: "a/b", config: { x: [1, null] } } },
    { kind: "plugin", name: "a/b", config: { x: [1, null] } },
  ],
];

describe("steps", () => {
  it.each(stepRows)("%s", (_, written, read) => {
    const given = manifest({ strategy: { canary: { steps: [written] } } });
    expect(canaryOf({ steps: [written] }).steps).toEqual([read]);
    expect(problemsOf(given)).toEqual([]);
  });

  it("as written are kept for their hash", () => {
    const steps = [{ setWeight: 20, unknown: 1 }, { pause: { duration: "5m" } }];
    expect(canaryOf({ steps }).stepsAsWritten).toEqual(steps);
    expect(canaryOf({ steps: [] }).stepsAsWritten).toEqual([]);
  });

  it.each<readonly [string, Json, string]>([
    [
      "no kind",
      {},
      "steps[0]: must have one of setWeight, pause, setCanaryScale, analysis, experiment, setHeaderRoute, setMirrorRoute, plugin",
    ],
    ["no object", "pause", 'steps[0]: must be an object, but is "pause"'],
    ["null", null, "steps[0]: must be an object, but is null"],
    [
      "a duration nobody can read",
      { pause: { duration: "soon" } },
      'steps[0].pause.duration: "soon" is no duration; write seconds (30) or text such as 5m or 1h30m',
    ],
    [
      "a negative duration",
      { pause: { duration: "-5m" } },
      'steps[0].pause.duration: "-5m" is no duration; write seconds (30) or text such as 5m or 1h30m',
    ],
    [
      "a scale that says nothing",
      { setCanaryScale: {} },
      "steps[0].setCanaryScale: must have weight, replicas or matchTrafficWeight: true",
    ],
    [
      "a weight that is text",
      { setWeight: "20" },
      'steps[0].setWeight: must be a whole number, but is "20"',
    ],
  ])("with %s let nothing pass, and are reported", (_, step, problem) => {
    const given = manifest({ strategy: { canary: { steps: [step, { setWeight: 100 }] } } });
    expect(problemsOf(given)[0]).toBe(`spec.strategy.canary.${problem}`);
    const parsed = canaryOf({ steps: [step, { setWeight: 100 }] }).steps;
    expect(parsed).toEqual([
      { kind: "pause", durationSeconds: undefined, durationText: undefined },
      { kind: "setWeight", weight: 100 },
    ]);
  });

  it("whose match has no value matches nothing", () => {
    const step = { setHeaderRoute: { name: "r", match: [{ headerName: "a", headerValue: {} }] } };
    expect(canaryOf({ steps: [step] }).steps[0]).toMatchObject({
      match: [{ headerValue: { kind: "exact", value: "" } }],
    });
  });
});

describe("traffic routing", () => {
  it("drives routers in Argo's order, plugins last and by name", () => {
    const trafficRouting = {
      plugins: { "z/z": { a: 1 }, "a/a": {} },
      apisix: {},
      traefik: {},
      appMesh: {},
      ambassador: {},
      smi: {},
      alb: {},
      nginx: {},
      istio: {},
    };
    expect(
      canaryOf({ trafficRouting }).trafficRouting?.routers.map(({ kind, isPlugin }) => [
        kind,
        isPlugin,
      ]),
    ).toEqual([
      ["istio", false],
      ["nginx", false],
      ["alb", false],
      ["smi", false],
      ["ambassador", false],
      ["appMesh", false],
      ["traefik", false],
      ["apisix", false],
      ["a/a", true],
      ["z/z", true],
    ]);
  });
  it("keeps each router's block, unknown fields included", () => {
    const nginx = { stableIngress: "i", futureField: { a: [1] } };
    const trafficRouting = {
      nginx,
      managedRoutes: [{ name: "a" }, { name: "b" }],
      maxTrafficWeight: 1000,
    };
    expect(canaryOf({ trafficRouting }).trafficRouting).toEqual({
      routers: [{ kind: "nginx", isPlugin: false, config: nginx }],
      managedRoutes: ["a", "b"],
      maxTrafficWeight: 1000,
    });
    expect(canaryOf({ trafficRouting: {} }).trafficRouting).toEqual({
      routers: [],
      managedRoutes: [],
      maxTrafficWeight: 100,
    });
  });
});

describe("strategies of our own", () => {
  it("rolling update", () => {
    expect(strategyOf({ rollingUpdate: { maxSurge: 1, maxUnavailable: "10" } })).toMatchObject({
      kind: "rollingUpdate",
      maxSurge: 1,
      maxUnavailable: "10%",
    });
  });
  it.each([
    ["rollingUpdate", {}, { kind: "rollingUpdate", maxSurge: "25%" }],
    ["rollingUpdate", { canary: { maxSurge: 2 } }, { kind: "rollingUpdate", maxSurge: 2 }],
    ["recreate", {}, { kind: "recreate" }],
    ["recreate", { canary: { maxSurge: 2 } }, { kind: "recreate" }],
    ["unknown", { canary: {} }, { kind: "canary" }],
  ])("by annotation: %s over %j", (word, strategy, expected) => {
    expect(strategyOf(strategy, { "haldane.dev/strategy": word })).toMatchObject(expected);
  });
});

describe("what nothing carries out yet", () => {
  const able = { headerRoutes: true, mirrorRoutes: true, experimentWeights: true };
  const given = manifest({
    strategy: {
      canary: {
        trafficRouting: { istio: {}, plugins: { "a/known": {}, "b/unknown": {} } },
        steps: [{ plugin: { name: "p/known" } }, { plugin: { name: "p/unknown" } }],
      },
    },
  });
  it("is reported by its path", () => {
    const capabilities = { routers: { "a/known": able }, providers: [], stepPlugins: ["p/known"] };
    expect(parseRollout(given, capabilities).notCarriedOut.map(({ message }) => message)).toEqual([
      "not carried out yet: spec.strategy.canary.steps[1].plugin",
      "not carried out yet: spec.strategy.canary.trafficRouting.istio",
    ]);
  });
  it("is nobody's question without capabilities", () => {
    expect(parseRollout(given).notCarriedOut).toEqual([]);
  });
});

describe("a malformed manifest", () => {
  it.each<readonly [string, JsonObject]>([
    ["empty", {}],
    ["a spec that is a list", manifest([])],
    ["metadata that is text", { metadata: "x", spec: {} }],
    ["a strategy that is a number", manifest({ strategy: 3 })],
    ["steps that are an object", manifest({ strategy: { canary: { steps: { setWeight: 1 } } } })],
    ["containers that are text", manifest({ template: { spec: { containers: "none" } } })],
    ["a status of nonsense", { ...manifest({ strategy: { canary: {} } }), status: ["x"] }],
    [
      "keys of the language itself",
      manifest(JSON.parse('{"__proto__": {"a": 1}, "constructor": 3}') as JsonObject),
    ],
  ])("%s is read as far as it goes", (_, given) => {
    const { rollout } = parseRollout(given);
    expect(rollout.spec.strategy.kind).toBe("canary");
    expect(rollout.spec.progressDeadlineSeconds).toBe(600);
    expect(typeof rollout.metadata.name).toBe("string");
  });

  it("has its template's wrong parts taken out, so that nobody stumbles over them", () => {
    const template = {
      metadata: { labels: { app: 1 }, extra: true },
      spec: { containers: [{ name: "a", ports: "many", custom: 1 }, "b"], initContainers: 3 },
    };
    const { rollout, problems } = parseRollout(manifest({ template, strategy: { canary: {} } }));
    expect(rollout.spec.template).toEqual({
      metadata: { labels: {}, extra: true },
      spec: { containers: [{ name: "a", custom: 1 }, { name: "" }] },
    });
    expect(problems.map(({ path }) => formatPath(path))).toEqual([
      "spec.template.metadata.labels.app",
      "spec.template.spec.containers[0].ports",
      "spec.template.spec.containers[1]",
      "spec.template.spec.initContainers",
    ]);
  });

  it("without a strategy is a canary that nobody starts: the problem says so", () => {
    expect(problemsOf(manifest({}))).toEqual([
      "spec.strategy: must have one of canary, blueGreen, rollingUpdate, recreate",
    ]);
  });
});
