import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../../lib/json.ts";
import { formatFieldError } from "../../meta/field-error.ts";
import { formatPath } from "../../meta/field-path.ts";
import { applyMergePatch } from "../../../lib/merge-patch.ts";
import { firstErrorText, validateRollout, workloadReferenceProblem } from "./rollout.ts";

const template = {
  metadata: { labels: { app: "shop" } },
  spec: { containers: [{ name: "shop", image: "shop:v1" }] },
};

/** A valid canary; `patch` is a merge patch on its spec. */
function manifestWith(patch: JsonObject): JsonObject {
  const spec = { selector: { matchLabels: { app: "shop" } }, template, strategy: { canary: {} } };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "shop" },
    spec: applyMergePatch(spec, patch),
  };
}

const canary = (block: JsonObject): JsonObject => ({ strategy: { canary: block } });
const blueGreen = (block: JsonObject): JsonObject => ({
  strategy: { canary: null, blueGreen: block },
});
const steps = (...list: readonly Json[]): JsonObject => canary({ steps: list });
const nginx = { nginx: { stableIngress: "shop" } };
const services = { stableService: "stable", canaryService: "canary" };
const istio = { istio: { virtualService: { name: "vs" } } };
const alb = { alb: { ingress: "shop", servicePort: 80 } };
const plugin = { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "shop" } } };
const routed = (trafficRouting: JsonObject, ...list: readonly Json[]): JsonObject =>
  canary({ ...services, trafficRouting, steps: list });

const sameService = (which: string): string =>
  `This rollout uses the same service for the ${which} services, but two different services are required.`;
const oneOfEight =
  "Step must have one of the following set: experiment, setWeight, setCanaryScale, plugin or pause";
const managed = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'";
const valueMissed =
  "StringMatch value missed, match value must have one of the following: exact, regex, prefix";
const exactlyOne =
  "StringMatch match value must have exactly one of the following: exact, regex, prefix";

interface Row {
  readonly name: string;
  readonly spec: JsonObject;
  /** Every error, in order. */
  readonly errors: readonly string[];
}

const specRows: readonly Row[] = [
  {
    name: "replicas below 0",
    spec: { replicas: -1 },
    errors: ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
  },
  {
    name: "no selector",
    spec: { selector: null },
    errors: ["spec.selector: Required value: Rollout has missing field '.spec.selector'"],
  },
  {
    name: "an empty selector",
    spec: { selector: { matchLabels: null } },
    errors: ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"],
  },
  {
    name: "a selector requirement without values",
    spec: { selector: { matchLabels: null, matchExpressions: [{ key: "app", operator: "In" }] } },
    errors: [
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"In"}]}: invalid label selector',
    ],
  },
  {
    name: "a selector that does not match the template",
    spec: { selector: { matchLabels: { app: "other" } } },
    errors: [
      'spec.template.metadata.labels: Invalid value: {"app":"shop"}: `selector` does not match template `labels`',
    ],
  },
  {
    name: "a template without labels",
    spec: { template: { metadata: null } },
    errors: [
      "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
    ],
  },
  {
    name: "no template",
    spec: { template: null },
    errors: [
      "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
      "spec.template.spec.containers: Required value",
    ],
  },
  {
    name: "a template that never restarts",
    spec: { template: { spec: { restartPolicy: "Never" } } },
    errors: [
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  },
  {
    name: "a template with a deadline",
    spec: { template: { spec: { activeDeadlineSeconds: 5 } } },
    errors: [
      "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
    ],
  },
  {
    name: "minReadySeconds below 0",
    spec: { minReadySeconds: -2 },
    errors: ["spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0"],
  },
  {
    name: "revisionHistoryLimit below 0",
    spec: { revisionHistoryLimit: -3 },
    errors: ["spec.revisionHistoryLimit: Invalid value: -3: must be greater than or equal to 0"],
  },
  {
    name: "progressDeadlineSeconds below 0",
    spec: { progressDeadlineSeconds: -4 },
    errors: [
      "spec.progressDeadlineSeconds: Invalid value: -4: must be greater than or equal to 0",
      "spec.progressDeadlineSeconds: Invalid value: -4: must be greater than minReadySeconds",
    ],
  },
  {
    name: "a deadline as long as minReadySeconds",
    spec: { minReadySeconds: 600 },
    errors: [
      "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds",
    ],
  },
  {
    name: "no strategy",
    spec: { strategy: null },
    errors: [
      "spec.strategy.strategy: Required value: Rollout has missing field '.spec.strategy.canary or .spec.strategy.blueGreen'",
    ],
  },
  {
    name: "two strategies",
    spec: { strategy: { blueGreen: { activeService: "a" } } },
    errors: [
      'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be listed',
    ],
  },
  {
    name: "two strategies, one of them ours",
    spec: { strategy: { recreate: {} } },
    errors: [
      'spec.strategy.strategy: Invalid value: "canary: true recreate: true": Multiple Strategies can not be listed',
    ],
  },
  {
    name: "a workloadRef beside a template",
    spec: { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" } },
    errors: [
      "spec.template: Internal error: template must be empty for workload reference rollout",
    ],
  },
  {
    name: "a field of the wrong type comes before all others",
    spec: { replicas: "three", minReadySeconds: -1 },
    errors: [
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      "spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0",
    ],
  },
];

const blueGreenRows: readonly Row[] = [
  {
    name: "active is preview",
    spec: blueGreen({ activeService: "a", previewService: "a" }),
    errors: [
      `spec.strategy.activeService: Invalid value: "a": ${sameService("active and preview")}`,
    ],
  },
  {
    name: "neither active nor preview",
    spec: blueGreen({}),
    errors: [
      `spec.strategy.activeService: Invalid value: "": ${sameService("active and preview")}`,
    ],
  },
  {
    name: "more old ReplicaSets kept up than kept at all",
    spec: { ...blueGreen({ activeService: "a", scaleDownDelayRevisionLimit: 11 }) },
    errors: [
      "spec.strategy.scaleDownDelayRevisionLimit: Invalid value: 11: This rollout's revision history limit can not be smaller than the rollout's scale down limit",
    ],
  },
  {
    name: "anti-affinity of no kind",
    spec: blueGreen({ activeService: "a", antiAffinity: {} }),
    errors: [
      "spec.strategy.antiAffinity: Invalid value: {}: AntiAffinity must have exactly one strategy listed",
    ],
  },
  {
    name: "anti-affinity weight of 0",
    spec: blueGreen({
      activeService: "a",
      antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 0 } },
    }),
    errors: [
      "spec.strategy.antiAffinity.weight: Invalid value: 0: AntiAffinity weight must be between 1-100",
    ],
  },
];

const canaryRows: readonly Row[] = [
  {
    name: "nothing may be more and nothing less",
    spec: canary({ maxSurge: 0, maxUnavailable: 0 }),
    errors: [
      "spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero",
    ],
  },
  {
    name: "0 % counts as 0",
    spec: canary({ maxSurge: "0%", maxUnavailable: 0 }),
    errors: [
      'spec.strategy.maxSurge: Invalid value: "0%": MaxSurge and MaxUnavailable both can not be zero',
    ],
  },
  {
    name: "stable is canary",
    spec: canary({ stableService: "a", canaryService: "a" }),
    errors: [
      `spec.strategy.stableService: Invalid value: "a": ${sameService("stable and canary")}`,
    ],
  },
  {
    name: "ping-pong with nginx",
    spec: canary({
      ...services,
      trafficRouting: nginx,
      pingPong: { pingService: "a", pongService: "b" },
    }),
    errors: [
      "spec.strategy.trafficRouting.alb: Invalid value: null: Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only",
    ],
  },
  {
    name: "ping-pong without services",
    spec: canary({ pingPong: { pingService: "", pongService: "" } }),
    errors: [
      'spec.strategy.pingPong.pingService: Invalid value: "": Ping service and Pong service must to be set to use Ping-Pong feature',
      'spec.strategy.pingPong.pongService: Invalid value: "": Ping service and Pong service must to be set to use Ping-Pong feature',
      `spec.strategy.pingPong.pingService: Invalid value: "": ${sameService("ping and pong")}`,
    ],
  },
  {
    name: "ping is pong",
    spec: canary({ pingPong: { pingService: "a", pongService: "a" } }),
    errors: [
      `spec.strategy.pingPong.pingService: Invalid value: "a": ${sameService("ping and pong")}`,
    ],
  },
  {
    name: "ping-pong with ALB without its root service",
    spec: canary({ trafficRouting: alb, pingPong: { pingService: "a", pongService: "b" } }),
    errors: [
      'spec.strategy.trafficRouting.alb.rootService: Invalid value: "": Root service field is required for the configuration with ALB and ping-pong feature enabled',
    ],
  },
  ...(
    [
      ["nginx", nginx],
      ["smi", { smi: {} }],
      ["apisix", { apisix: {} }],
      ["ambassador", { ambassador: { mappings: ["m"] } }],
      ["appMesh", { appMesh: {} }],
      ["traefik", { traefik: { weightedTraefikServiceName: "t" } }],
      ["alb", alb],
      ["istio", istio],
    ] as const
  ).map(([router, trafficRouting]): Row => ({
    name: `${router} without services`,
    spec: canary({ trafficRouting }),
    errors: ["stableService", "canaryService"].map(
      (field) =>
        `spec.strategy.${field}: Invalid value: "": Canary service and Stable service must to be set to use Traffic Routing`,
    ),
  })),
  {
    name: "a scale-down delay without routing",
    spec: canary({ scaleDownDelaySeconds: 5 }),
    errors: [
      "spec.strategy.scaleDownDelaySeconds: Invalid value: 5: Canary scaleDownDelaySeconds can only be used with traffic routing",
    ],
  },
  {
    name: "a dynamic stable without routing",
    spec: canary({ dynamicStableScale: true }),
    errors: [
      "spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale can only be used with traffic routing",
    ],
  },
  {
    name: "a dynamic stable with a scale-down delay",
    spec: canary({
      ...services,
      trafficRouting: nginx,
      dynamicStableScale: true,
      scaleDownDelaySeconds: 0,
    }),
    errors: [
      "spec.strategy.dynamicStableScale: Invalid value: true: Canary dynamicStableScale cannot be used with scaleDownDelaySeconds",
    ],
  },
  {
    name: "maxTrafficWeight with Istio",
    spec: canary({ ...services, trafficRouting: { ...istio, maxTrafficWeight: 1000 } }),
    errors: [
      "spec.strategy.trafficRouting.maxTrafficWeight: Invalid value: 1000: Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins",
    ],
  },
  {
    name: "anti-affinity of both kinds",
    spec: canary({
      antiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: { weight: 1 },
        requiredDuringSchedulingIgnoredDuringExecution: {},
      },
    }),
    errors: [
      'spec.strategy.antiAffinity: Invalid value: {"preferredDuringSchedulingIgnoredDuringExecution":{"weight":1},"requiredDuringSchedulingIgnoredDuringExecution":{}}: AntiAffinity must have exactly one strategy listed',
    ],
  },
];

const stepRows: readonly Row[] = [
  {
    name: "two exclusive kinds in one step",
    spec: steps({ setWeight: 10, pause: {} }),
    errors: [
      `spec.strategy.steps[0]: Invalid value: "step.Experiment: false step.Pause: true step.SetWeight: true step.Analysis: false": ${oneOfEight}`,
    ],
  },
  {
    name: "no kind in a step",
    spec: steps({ setWeight: 10 }, {}),
    errors: [
      `spec.strategy.steps[1]: Invalid value: "step.SetWeight: false step.Pause: false step.SetCanaryScale: false step.Analysis: false step.Experiment: false step.SetHeaderRoute: false step.SetMirrorRoute: false step.Plugin: false": ${oneOfEight}`,
    ],
  },
  {
    name: "a weight above 100",
    spec: steps({ setWeight: 101 }),
    errors: [
      "spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100",
    ],
  },
  {
    name: "a weight below 0",
    spec: steps({ setWeight: 0 }, { setWeight: -1 }),
    errors: [
      "spec.strategy.steps[1].setWeight: Invalid value: -1: SetWeight needs to be between 0 and 100",
    ],
  },
  {
    name: "a weight above maxTrafficWeight",
    spec: routed({ ...nginx, maxTrafficWeight: 1000 }, { setWeight: 1000 }, { setWeight: 1001 }),
    errors: [
      "spec.strategy.steps[1].setWeight: Invalid value: 1001: SetWeight needs to be between 0 and 1000",
    ],
  },
  {
    name: "a pause of unreadable length",
    spec: steps({ pause: { duration: "5x" } }),
    errors: [
      'spec.strategy.steps[0].pause.duration: Invalid value: "5x": Duration needs to be greater than 0',
    ],
  },
  {
    name: "a pause of negative length",
    spec: steps({ pause: { duration: -5 } }),
    errors: [
      "spec.strategy.steps[0].pause.duration: Invalid value: -5: Duration needs to be greater than 0",
    ],
  },
  {
    name: "setCanaryScale without routing",
    spec: steps({ setCanaryScale: { weight: 10 } }),
    errors: [
      "spec.strategy.trafficRouting: Required value: SetCanaryScale requires TrafficRouting to be set",
    ],
  },
  {
    name: "setHeaderRoute without routing",
    spec: steps({ setHeaderRoute: { name: "r" } }),
    errors: [
      'spec.strategy.steps[0].setHeaderRoute: Invalid value: {"name":"r"}: SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix',
    ],
  },
  {
    name: "setHeaderRoute with nginx",
    spec: routed({ ...nginx, managedRoutes: [{ name: "r" }] }, { setHeaderRoute: { name: "r" } }),
    errors: [
      'spec.strategy.steps[0].setHeaderRoute: Invalid value: {"name":"r"}: SetHeaderRoute requires TrafficRouting, supports Istio and ALB and Apisix',
    ],
  },
  {
    name: "a header match without a value",
    spec: routed(
      { ...istio, managedRoutes: [{ name: "r" }] },
      { setHeaderRoute: { name: "r", match: [{ headerName: "x", headerValue: {} }] } },
    ),
    errors: [
      `spec.strategy.steps[0].setHeaderRoute.match[0].headerValue: Invalid value: {}: ${valueMissed}`,
    ],
  },
  {
    name: "a header match without headerValue",
    spec: routed(
      { ...istio, managedRoutes: [{ name: "r" }] },
      { setHeaderRoute: { name: "r", match: [{ headerName: "x" }] } },
    ),
    errors: [
      `spec.strategy.steps[0].setHeaderRoute.match[0].headerValue: Invalid value: {}: ${valueMissed}`,
    ],
  },
  {
    name: "a header match with two values",
    spec: routed(
      { ...istio, managedRoutes: [{ name: "r" }] },
      {
        setHeaderRoute: {
          name: "r",
          match: [{ headerName: "x", headerValue: { exact: "a", regex: "b" } }],
        },
      },
    ),
    errors: [
      `spec.strategy.steps[0].setHeaderRoute.match[0].headerValue: Invalid value: {"exact":"a","regex":"b"}: ${exactlyOne}`,
    ],
  },
  {
    name: "a header match by prefix with ALB",
    spec: routed(
      { ...alb, managedRoutes: [{ name: "r" }] },
      { setHeaderRoute: { name: "r", match: [{ headerName: "x", headerValue: { prefix: "a" } }] } },
    ),
    errors: [
      `spec.strategy.steps[0].setHeaderRoute.match[0].headerValue: Invalid value: {"prefix":"a"}: SetHeaderRoute match value invalid. ALB supports 'exact' value only`,
    ],
  },
  {
    name: "setMirrorRoute with ALB",
    spec: routed({ ...alb, managedRoutes: [{ name: "r" }] }, { setMirrorRoute: { name: "r" } }),
    errors: [
      'spec.strategy.steps[0].setMirrorRoute: Invalid value: {"name":"r"}: SetMirrorRoute requires TrafficRouting, supports Istio and Plugins',
    ],
  },
  {
    name: "mirror matches without and with too many values",
    spec: routed(
      { ...istio, managedRoutes: [{ name: "r" }] },
      { setMirrorRoute: { name: "r", match: [{ method: {}, path: { exact: "/", prefix: "/" } }] } },
    ),
    errors: [
      `spec.strategy.steps[0].setMirrorRoute.match[0].method: Invalid value: {}: ${valueMissed}`,
      `spec.strategy.steps[0].setMirrorRoute.match[0].path: Invalid value: {"exact":"/","prefix":"/"}: ${exactlyOne}`,
    ],
  },
  {
    name: "a header route without managedRoutes",
    spec: routed(istio, { setHeaderRoute: { name: "r" } }),
    errors: [`spec.strategy.trafficRouting.managedRoutes: Required value: ${managed}`],
  },
  {
    name: "a mirror route that is not managed",
    spec: routed(
      { ...istio, managedRoutes: [{ name: "other" }] },
      { setMirrorRoute: { name: "r" } },
    ),
    errors: [
      'spec.strategy.steps[0].setMirrorRoute.name: Invalid value: "r": Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes',
    ],
  },
  {
    name: "an experiment's weight without routing",
    spec: steps({ experiment: { templates: [{ name: "a", specRef: "canary", weight: 5 }] } }),
    errors: [
      "spec.strategy.steps[0].experiment.templates[0].weight: Invalid value: 5: Experiment template weight cannot be set unless TrafficRouting is enabled",
    ],
  },
  {
    name: "an experiment's weight with nginx",
    spec: routed(nginx, {
      experiment: { templates: [{ name: "a", specRef: "canary", weight: 5 }] },
    }),
    errors: [
      "spec.strategy.steps[0].experiment.templates[0].weight: Invalid value: 5: Experiment template weight is only available for TrafficRouting with SMI, ALB, Istio and Plugins at this time",
    ],
  },
  {
    name: "an argument from a field there is not",
    spec: steps({
      analysis: {
        templates: [],
        args: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "metadata.owner" } } }],
      },
    }),
    errors: [
      'spec.strategy.steps[0].analyses: Invalid value: [{"name":"a","valueFrom":{"fieldRef":{"fieldPath":"metadata.owner"}}}]: Analyses arguments must refer to valid object metadata supported by downwardAPI',
    ],
  },
];

const ownRows: readonly Row[] = [
  {
    name: "a surge that is no number",
    spec: canary({ maxSurge: "many" }),
    errors: [
      'spec.strategy.maxSurge: Invalid value: "many": must be a whole number or a percentage such as 25%, but is "many"',
    ],
  },
  {
    name: "an experiment of an unknown version",
    spec: steps({ experiment: { templates: [{ name: "a", specRef: "old" }] } }),
    errors: [
      'spec.strategy.steps[0].experiment.templates[0].specRef: Invalid value: "old": must be canary or stable',
    ],
  },
  {
    name: "setCanaryScale that says nothing",
    spec: routed(plugin, { setCanaryScale: {} }),
    errors: [
      "spec.strategy.steps[0].setCanaryScale: Invalid value: {}: must have weight, replicas or matchTrafficWeight: true",
    ],
  },
  {
    name: "a rolling update that may not move",
    spec: { strategy: { canary: null, rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } },
    errors: [
      "spec.strategy.maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero",
    ],
  },
];

describe.each([
  ["spec", specRows],
  ["blueGreen", blueGreenRows],
  ["canary", canaryRows],
  ["canary.steps", stepRows],
  ["rules of our own", ownRows],
])("validateRollout: %s", (_, rows) => {
  it.each(rows)("$name", ({ spec, errors }) => {
    expect(validateRollout(manifestWith(spec)).map((error) => formatFieldError(error))).toEqual(
      errors,
    );
  });
});

const validRows: readonly (readonly [string, JsonObject])[] = [
  ["a bare canary", {}],
  ["one of the two shares is 0", canary({ maxSurge: 1, maxUnavailable: 0 })],
  ["blue-green without a preview", blueGreen({ activeService: "a" })],
  [
    "Istio by DestinationRule",
    canary({
      trafficRouting: {
        istio: { destinationRule: { name: "d", canarySubsetName: "c", stableSubsetName: "s" } },
      },
    }),
  ],
  [
    "Istio with ping-pong",
    canary({ trafficRouting: istio, pingPong: { pingService: "a", pongService: "b" } }),
  ],
  ["a plugin without services", canary({ trafficRouting: plugin })],
  [
    "maxTrafficWeight with a plugin",
    canary({ trafficRouting: { ...plugin, maxTrafficWeight: 1000 } }),
  ],
  [
    "a delay with routing",
    canary({ ...services, trafficRouting: nginx, scaleDownDelaySeconds: 5 }),
  ],
  [
    "every pause",
    steps(
      { pause: {} },
      { pause: { duration: 10 } },
      { pause: { duration: "10" } },
      { pause: { duration: "1h30m" } },
    ),
  ],
  [
    "two kinds that Argo lets pass together",
    routed(plugin, { setWeight: 5, setCanaryScale: { replicas: 1 } }),
  ],
  [
    "header and mirror with a plugin",
    routed(
      { ...plugin, managedRoutes: [{ name: "r" }] },
      { setHeaderRoute: { name: "r", match: [{ headerName: "x", headerValue: { exact: "1" } }] } },
      { setMirrorRoute: { name: "r" } },
    ),
  ],
  [
    "an experiment's weight with Istio",
    routed(istio, { experiment: { templates: [{ name: "a", specRef: "stable", weight: 5 }] } }),
  ],
  [
    "arguments from metadata and from elsewhere",
    steps({
      analysis: {
        args: ["metadata.name", "metadata.labels['a/b']", "spec.replicas"].map((fieldPath) => ({
          name: "a",
          valueFrom: { fieldRef: { fieldPath } },
        })),
      },
    }),
  ],
  ["rolling update", { strategy: { canary: null, rollingUpdate: {} } }],
  ["recreate", { strategy: { canary: null, recreate: {} } }],
  [
    "a workload instead of a template",
    {
      template: null,
      selector: null,
      workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop" },
    },
  ],
];

describe("validateRollout lets pass", () => {
  it.each(validRows)("%s", (_, spec) => {
    expect(validateRollout(manifestWith(spec))).toEqual([]);
  });
});

describe("the annotation haldane.dev/strategy", () => {
  const annotated = (word: string, spec: JsonObject): JsonObject => ({
    ...manifestWith(spec),
    metadata: { name: "shop", annotations: { "haldane.dev/strategy": word } },
  });
  const errorsOf = (manifest: JsonObject): readonly string[] =>
    validateRollout(manifest).map((error) => formatFieldError(error));

  it("names the strategy, beside shares that Argo's CRD keeps", () => {
    expect(errorsOf(annotated("recreate", { strategy: null }))).toEqual([]);
    expect(errorsOf(annotated("rollingUpdate", canary({ maxSurge: 1 })))).toEqual([]);
  });
  it("is a second strategy beside a canary with steps", () => {
    expect(errorsOf(annotated("rollingUpdate", steps({ setWeight: 5 })))).toEqual([
      'spec.strategy.strategy: Invalid value: "canary: true rollingUpdate: true": Multiple Strategies can not be listed',
    ]);
  });
  it("must be a word we know", () => {
    expect(errorsOf(annotated("rolling", {}))).toEqual([
      'metadata.annotations[haldane.dev/strategy]: Unsupported value: "rolling": supported values: "rollingUpdate", "recreate"',
    ]);
  });
});

describe("what an error carries", () => {
  it("the real path beside the spelled one", () => {
    const [error] = validateRollout(manifestWith(steps({ setWeight: 101 })));
    expect([error?.field, formatPath(error?.path ?? [])]).toEqual([
      "spec.strategy.steps[0].setWeight",
      "spec.strategy.canary.steps[0].setWeight",
    ]);
  });
  it("the first error's text is what a controller shows", () => {
    expect(
      firstErrorText(validateRollout(manifestWith({ replicas: -1, minReadySeconds: -1 }))),
    ).toBe("spec.replicas: Invalid value: -1: must be greater than or equal to 0");
    expect(firstErrorText([])).toBeUndefined();
  });
});

describe("capabilities", () => {
  const router = (able: boolean) => ({
    headerRoutes: able,
    mirrorRoutes: able,
    experimentWeights: able,
  });
  const capabilities = {
    routers: { "a/poor": router(false), "b/rich": router(true), "c/rich": router(true) },
    providers: [],
    stepPlugins: [],
  };
  const mirrored = routed(
    { plugins: { "a/poor": {} }, managedRoutes: [{ name: "r" }] },
    { setMirrorRoute: { name: "r" } },
    { experiment: { templates: [{ name: "a", specRef: "canary", weight: 5 }] } },
  );
  it("are said when the object is applied, with who can", () => {
    const errors = validateRollout(manifestWith(mirrored), { capabilities });
    expect(errors.map((error) => formatFieldError(error))).toEqual([
      "spec.strategy.steps[0].setMirrorRoute: Forbidden: a/poor cannot mirror; b/rich and c/rich can",
      "spec.strategy.steps[1].experiment.templates[0].weight: Forbidden: a/poor cannot give experiments a share of the traffic; b/rich and c/rich can",
    ]);
  });
  it("refuse a plugin that is a program of its own, and say what to use", () => {
    const other = { ...capabilities, routers: { "b/rich": router(true) } };
    const errors = validateRollout(manifestWith(mirrored), { capabilities: other });
    expect(errors.map((error) => formatFieldError(error))).toEqual([
      expect.stringMatching(
        /^spec\.strategy\.trafficRouting\.plugins.*a\/poor.*: Forbidden: Haldane does not run .* built in: b\/rich\. Most proxies .*plugins\[argoproj-labs\/gatewayAPI\]$/,
      ),
    ]);
  });
  it("of several routers it is enough that one has what a step asks for", () => {
    const both = routed(
      { plugins: { "a/poor": {}, "b/rich": {} }, managedRoutes: [{ name: "r" }] },
      { setMirrorRoute: { name: "r" } },
    );
    expect(validateRollout(manifestWith(both), { capabilities })).toEqual([]);
  });
});

describe("workloadRef", () => {
  const ref = (apiVersion: string, kind: string, spec: JsonObject = {}): JsonObject =>
    manifestWith({ template: null, workloadRef: { apiVersion, kind, name: "shop" }, ...spec });
  it.each([
    ["apps/v1", "Deployment", undefined],
    ["apps/v1", "ReplicaSet", undefined],
    ["v1", "PodTemplate", undefined],
    ["apps/v1", "StatefulSet", "workload of type apps/StatefulSet is not supported"],
    ["v1", "Pod", "workload of type /Pod is not supported"],
  ])("%s %s", (apiVersion, kind, problem) => {
    expect(workloadReferenceProblem(ref(apiVersion, kind))).toBe(problem);
  });
  it("must stand alone", () => {
    expect(workloadReferenceProblem(ref("apps/v1", "Deployment", { template }))).toBe(
      "template must be empty for workload reference rollout",
    );
  });
  it("brings a selector along, or the rollout has one", () => {
    const workload = { template: { ...template, metadata: { labels: { app: "other" } } } };
    const of = ref("v1", "PodTemplate", { selector: null });
    expect(firstErrorText(validateRollout(of, { workload }))).toBe(
      "spec.selector: Required value: Rollout has missing field '.spec.selector'",
    );
    const selector = { matchLabels: { app: "other" } };
    expect(validateRollout(of, { workload: { ...workload, selector } })).toEqual([]);
  });
  it("has its found template checked", () => {
    const workload = { template: { ...template, metadata: { labels: { app: "other" } } } };
    expect(firstErrorText(validateRollout(ref("apps/v1", "Deployment"), { workload }))).toBe(
      'spec.template.metadata.labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`',
    );
  });
});
