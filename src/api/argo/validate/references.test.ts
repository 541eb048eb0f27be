import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import { formatFieldError } from "../../meta/field-error.ts";
import { formatPath } from "../../meta/field-path.ts";
import type { Service } from "../../kubernetes/workloads.ts";
import type { AnalysisTemplate } from "../analysis.ts";
import { parseAnalysisTemplate } from "../parse/objects.ts";
import { parseRollout } from "../parse/rollout.ts";
import type { Rollout } from "../rollout.ts";
import type { References } from "./named.ts";
import { validateReferences } from "./references.ts";

function rollout(strategy: JsonObject): Rollout {
  const template = { metadata: { labels: { app: "shop", tier: "web" } }, spec: { containers: [] } };
  return parseRollout({ metadata: { name: "shop" }, spec: { template, strategy } }).rollout;
}

function service(
  name: string,
  selector: Readonly<Record<string, string>> = {},
  owner?: string,
): Service {
  const annotations =
    owner === undefined ? {} : { "argo-rollouts.argoproj.io/managed-by-rollouts": owner };
  return { apiVersion: "v1", kind: "Service", metadata: { name, annotations }, spec: { selector } };
}

function template(name: string, spec: JsonObject): AnalysisTemplate {
  return parseAnalysisTemplate({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name },
    spec,
  }).object;
}

const metric = (more: JsonObject = {}): JsonObject => ({
  name: "m",
  provider: { web: { url: "u" } },
  ...more,
});

const nothing: References = { services: {}, analysisTemplates: {}, clusterAnalysisTemplates: {} };
const both = { stableService: "stable", canaryService: "canary" };
const services = { stable: service("stable"), canary: service("canary") };
const present: References = { ...nothing, services };

function errorsOf(strategy: JsonObject, references: References): readonly string[] {
  return validateReferences(rollout(strategy), references).map((error) => formatFieldError(error));
}

const routed = (trafficRouting: JsonObject): JsonObject => ({
  canary: { ...both, trafficRouting },
});
const router = "spec.strategy.canary.trafficRouting";
const analysed = (...names: readonly string[]): JsonObject => ({
  canary: {
    steps: [
      { pause: {} },
      { analysis: { templates: names.map((templateName) => ({ templateName })) } },
    ],
  },
});
const background = (args: readonly JsonObject[] = []): JsonObject => ({
  canary: { analysis: { templates: [{ templateName: "a" }], args } },
});
const templates = (all: Readonly<Record<string, JsonObject>>): References => ({
  ...nothing,
  analysisTemplates: Object.fromEntries(
    Object.entries(all).map(([name, spec]) => [name, template(name, spec)]),
  ),
});

interface Row {
  readonly name: string;
  readonly strategy: JsonObject;
  readonly references: References;
  readonly errors: readonly string[];
}

const lookUps: readonly Row[] = [
  {
    name: "only the first missing Service is named",
    strategy: { canary: both },
    references: nothing,
    errors: [
      'spec.strategy.canary.stableService: Invalid value: "stable": service "stable" not found',
    ],
  },
  {
    name: "ping before pong",
    strategy: { canary: { pingPong: { pingService: "ping", pongService: "pong" } } },
    references: nothing,
    errors: [
      'spec.strategy.canary.pingPong.pingService: Invalid value: "ping": service "ping" not found',
    ],
  },
  {
    name: "active before preview",
    strategy: { blueGreen: { activeService: "a", previewService: "b" } },
    references: { ...nothing, services: { a: service("a") } },
    errors: ['spec.strategy.blueGreen.previewService: Invalid value: "b": service "b" not found'],
  },
  {
    name: "an analysis template of a step",
    strategy: analysed("a"),
    references: nothing,
    errors: [
      "spec.strategy.canary.steps[1].analysis.templates: Invalid value: \"a\": AnalysisTemplate 'a' not found",
    ],
  },
  {
    name: "a cluster template before promotion",
    strategy: {
      blueGreen: {
        activeService: "a",
        prePromotionAnalysis: { templates: [{ templateName: "t", clusterScope: true }] },
      },
    },
    references: { ...nothing, services: { a: service("a") } },
    errors: [
      "spec.strategy.blueGreen.prePromotionAnalysis.templates: Invalid value: \"t\": ClusterAnalysisTemplate 't' not found",
    ],
  },
  {
    name: "a nested template",
    strategy: analysed("a"),
    references: templates({ a: { templates: [{ templateName: "b" }] } }),
    errors: ["spec.templates: Invalid value: \"b\": AnalysisTemplate 'b' not found"],
  },
  {
    name: "nginx with both",
    strategy: routed({ nginx: { stableIngress: "a", stableIngresses: ["b"] } }),
    references: present,
    errors: [
      `${router}.nginx: Internal error: Either StableIngress or StableIngresses must be configured. Both are configured.`,
    ],
  },
  {
    name: "nginx with neither",
    strategy: routed({ nginx: {} }),
    references: present,
    errors: [
      `${router}.nginx: Internal error: Either StableIngress or StableIngresses must be configured. Neither are configured.`,
    ],
  },
  {
    name: "alb with neither",
    strategy: routed({ alb: { servicePort: 80 } }),
    references: present,
    errors: [
      `${router}.alb: Internal error: Either Ingress or Ingresses must be configured. Neither are configured.`,
    ],
  },
  {
    name: "one of several ingresses",
    strategy: routed({ nginx: { stableIngresses: ["a"] } }),
    references: { ...present, ingresses: {} },
    errors: [`${router}.nginx.StableIngresses: Invalid value: "a": ingress "a" not found`],
  },
  {
    name: "an ALB ingress",
    strategy: routed({ alb: { servicePort: 80, ingress: "a" } }),
    references: { ...present, ingresses: {} },
    errors: [`${router}.alb.ingress: Invalid value: "a": ingress "a" not found`],
  },
  {
    name: "Istio without any virtual service",
    strategy: routed({ istio: {} }),
    references: present,
    errors: [
      `${router}.istio: Internal error: either VirtualService or VirtualServices must be configured`,
    ],
  },
  {
    name: "a VirtualService",
    strategy: routed({ istio: { virtualService: { name: "v.other" } } }),
    references: { ...present, virtualServices: {} },
    errors: [
      `${router}.istio.virtualService.name: Invalid value: "v.other": VirtualService "v.other" not found`,
    ],
  },
  {
    name: "one of several VirtualServices",
    strategy: routed({ istio: { virtualServices: [{ name: "v" }] } }),
    references: { ...present, virtualServices: {} },
    errors: [
      `${router}.istio.virtualServices.name: Invalid value: "v": VirtualService "v" not found`,
    ],
  },
  {
    name: "Ambassador without mappings",
    strategy: routed({ ambassador: { mappings: [] } }),
    references: present,
    errors: [
      `${router}.ambassador.mappings: Invalid value: null: must provide at least one mapping`,
    ],
  },
  {
    name: "App Mesh without a virtual service",
    strategy: routed({ appMesh: {} }),
    references: present,
    errors: [`${router}.appmesh.virtualService: Invalid value: null: must provide virtual-service`],
  },
  {
    name: "an HTTPRoute of the Gateway API plugin",
    strategy: routed({ plugins: { "argoproj-labs/gatewayAPI": { httpRoutes: [{ name: "r" }] } } }),
    references: { ...present, httpRoutes: {} },
    errors: [
      `${router}.plugins[argoproj-labs/gatewayAPI].httpRoutes[0].name: Invalid value: "r": HTTPRoute "r" not found`,
    ],
  },
  {
    name: "kinds that nobody can look up are not asked for",
    strategy: routed({ nginx: { stableIngress: "a" }, istio: { virtualService: { name: "v" } } }),
    references: present,
    errors: [],
  },
];

function ingress(serviceName: string): JsonObject {
  return {
    spec: { rules: [{ http: { paths: [{ backend: { service: { name: serviceName } } }] } }] },
  };
}

function virtualService(...http: readonly JsonObject[]): References {
  return { ...present, virtualServices: { v: { spec: { http } } } };
}

function httpRoute(name: string, ...hosts: readonly string[]): JsonObject {
  return { name, route: hosts.map((host) => ({ destination: { host } })) };
}

const istio = (more: JsonObject = {}): JsonObject =>
  routed({ istio: { virtualService: { name: "v", ...more } } });
const invalidRoutes = (why: string): readonly string[] => [
  `${router}.istio.virtualService.name: Invalid value: "v": Istio VirtualService has invalid HTTP routes. Error: ${why}`,
];

function appMesh(kind: string, routes: readonly JsonObject[]): References {
  const provider = { virtualRouter: { virtualRouterRef: { name: "r" } } };
  return {
    ...present,
    appMeshVirtualServices: { v: { spec: { provider } } },
    appMeshVirtualRouters: { r: { kind, metadata: { name: "r" }, spec: { routes } } },
  };
}
const meshed = routed({ appMesh: { virtualService: { name: "v" } } });
const meshPath = `${router}.appmesh.virtualService: Invalid value: "r": `;

const contents: readonly Row[] = [
  {
    name: "a Service that selects other pods; the hash does not count",
    strategy: { canary: both },
    references: {
      ...nothing,
      services: {
        stable: service("stable", { app: "shop", "rollouts-pod-template-hash": "x" }),
        canary: service("canary", { app: "shop", tier: "db" }),
      },
    },
    errors: [
      'spec.strategy.canary.canaryService: Invalid value: "canary": Service "canary" has unmatch label "tier" in rollout',
    ],
  },
  {
    name: "a Service of another Rollout",
    strategy: { canary: both },
    references: {
      ...nothing,
      services: { stable: service("stable", {}, "shop"), canary: service("canary", {}, "other") },
    },
    errors: [
      'spec.strategy.canary.canaryService: Invalid value: "canary": Service "canary" is managed by another Rollout',
    ],
  },
  {
    name: "a step that would wait forever",
    strategy: analysed("a", "b"),
    references: templates({
      a: { metrics: [metric({ interval: "5s" })] },
      b: { metrics: [metric({ interval: "5s", count: 3 })] },
    }),
    errors: [
      'spec.strategy.canary.steps[1].analysis.templates: Invalid value: "templateNames: [a b]": AnalysisTemplate a has metric m which runs indefinitely. Invalid value for count: <nil>',
    ],
  },
  {
    name: "a step whose count is 0",
    strategy: analysed("a"),
    references: templates({ a: { metrics: [metric({ interval: "5s", count: 0 })] } }),
    errors: [
      'spec.strategy.canary.steps[1].analysis.templates: Invalid value: "templateNames: [a]": AnalysisTemplate a has metric m which runs indefinitely. Invalid value for count: 0',
    ],
  },
  {
    name: "counts that end, or that an argument decides",
    strategy: analysed("a"),
    references: templates({
      a: {
        args: [{ name: "n" }],
        metrics: [metric(), metric({ name: "n", interval: "5s", count: "{{args.n}}" })],
      },
    }),
    errors: [],
  },
  {
    name: "a step's metric that asks for an argument nobody declares",
    strategy: analysed("a", "b"),
    references: templates({
      a: { metrics: [metric({ successCondition: "result < {{ args.limit }}" })] },
      b: { metrics: [metric({ name: "{{args.x}}" })], args: [{ name: "x" }] },
    }),
    errors: [
      'spec.strategy.canary.steps[1].analysis.templates: Invalid value: "templateNames: [a b]": AnalysisTemplate a: failed to resolve {{ args.limit }}',
    ],
  },
  {
    name: "an argument that another of the templates declares",
    strategy: analysed("a", "b"),
    references: templates({
      a: { metrics: [metric({ successCondition: "result < {{args.limit}}" })] },
      b: { metrics: [metric({ name: "b" })], args: [{ name: "limit", value: "1" }] },
    }),
    errors: [],
  },
  {
    name: "a step's argument with two sources",
    strategy: analysed("a"),
    references: templates({
      a: {
        metrics: [metric()],
        args: [{ name: "x", value: "1", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }],
      },
    }),
    errors: [
      `spec.strategy.canary.steps[1].analysis.templates: Invalid value: "templateNames: [a]": AnalysisTemplate a: arg 'x' has both Value and ValueFrom fields`,
    ],
  },
  {
    name: "the background may run forever, but one argument is missing",
    strategy: background(),
    references: templates({
      a: {
        metrics: [metric({ interval: "5s" })],
        args: [{ name: "x" }, { name: "y", value: "1" }],
      },
    }),
    errors: ['spec.strategy.canary.analysis.templates: Invalid value: "templateNames: [a]": x'],
  },
  {
    name: "two arguments are missing",
    strategy: background(),
    references: templates({ a: { args: [{ name: "x" }, { name: "z" }] } }),
    errors: [
      'spec.strategy.canary.analysis.templates: Invalid value: "templateNames: [a]": missing analysis arguments in rollout spec',
    ],
  },
  {
    name: "arguments that the Rollout gives",
    strategy: background([{ name: "x", value: "1" }]),
    references: templates({ a: { args: [{ name: "x" }] } }),
    errors: [],
  },
  {
    name: "templates that refer to each other end somewhere",
    strategy: analysed("a"),
    references: templates({
      a: { templates: [{ templateName: "b" }] },
      b: { templates: [{ templateName: "a" }] },
    }),
    errors: [],
  },
  {
    name: "an ingress that leads elsewhere",
    strategy: routed({ nginx: { stableIngress: "a" } }),
    references: { ...present, ingresses: { a: ingress("other") } },
    errors: [
      `${router}.nginx.stableIngress: Invalid value: "a": ingress \`a\` has no rules using service stable backend`,
    ],
  },
  {
    name: "an ALB ingress must lead to the root service",
    strategy: routed({ alb: { servicePort: 80, ingress: "a", rootService: "root" } }),
    references: { ...present, ingresses: { a: ingress("stable") } },
    errors: [
      `${router}.alb.ingress: Invalid value: "a": ingress \`a\` has no rules using service root backend`,
    ],
  },
  {
    name: "ingresses that fit",
    strategy: routed({ nginx: { stableIngresses: ["a"] } }),
    references: { ...present, ingresses: { a: ingress("stable") } },
    errors: [],
  },
  {
    name: "a VirtualService without routes",
    strategy: istio(),
    references: { ...present, virtualServices: { v: { spec: {} } } },
    errors: [
      `${router}.istio.virtualService.name: Invalid value: "v": Unable to get any of the HTTP, TCP or TLS routes for the Istio VirtualService`,
    ],
  },
  {
    name: "a VirtualService of two routes, none named",
    strategy: istio(),
    references: virtualService(
      httpRoute("a", "stable", "canary"),
      httpRoute("b", "stable", "canary"),
    ),
    errors: invalidRoutes(
      "spec.http[] should be set in VirtualService and it must have exactly one route when omitting spec.strategy.canary.trafficRouting.istio.virtualService.routes",
    ),
  },
  {
    name: "a named route that is not there",
    strategy: istio({ routes: ["a", "x"] }),
    references: virtualService(httpRoute("a", "stable", "canary")),
    errors: invalidRoutes("HTTP Route 'x' is not found in the defined Virtual Service."),
  },
  {
    name: "a route without the canary",
    strategy: istio(),
    references: virtualService(httpRoute("a", "stable.default.svc.cluster.local")),
    errors: invalidRoutes("Canary Service 'canary' not found in route"),
  },
  {
    name: "a route without the stable subset",
    strategy: {
      canary: {
        trafficRouting: {
          istio: {
            virtualService: { name: "v" },
            destinationRule: { name: "d", canarySubsetName: "c", stableSubsetName: "s" },
          },
        },
      },
    },
    references: virtualService({ route: [{ destination: { host: "h", subset: "c" } }] }),
    errors: invalidRoutes("Stable DestinationRule subset 's' not found in route"),
  },
  {
    name: "a tls route that nothing matches",
    strategy: istio({ tlsRoutes: [{ port: 443, sniHosts: ["a.example"] }] }),
    references: {
      ...present,
      virtualServices: {
        v: { spec: { tls: [{ match: [{ port: 443, sniHosts: ["b.example"] }] }] } },
      },
    },
    errors: [
      `${router}.istio.virtualService.name: Invalid value: "v": Istio VirtualService has invalid TLS routes. Error: No matching TLS routes found in the defined Virtual Service.`,
    ],
  },
  {
    name: "a VirtualService that fits",
    strategy: istio({ routes: ["a"] }),
    references: virtualService(httpRoute("a", "stable", "canary.default"), httpRoute("b", "x")),
    errors: [],
  },
  {
    name: "an Ambassador mapping with a weight of its own",
    strategy: routed({ ambassador: { mappings: ["m"] } }),
    references: { ...present, ambassadorMappings: { m: { spec: { weight: 10 } } } },
    errors: [
      `${router}.ambassador.mappings: Invalid value: "m": Ambassador mapping "m" can not define weight`,
    ],
  },
  {
    name: "App Mesh: not a router",
    strategy: meshed,
    references: appMesh("VirtualNode", []),
    errors: [`${meshPath}Expected object kind to be VirtualRouter but is VirtualNode`],
  },
  {
    name: "App Mesh: no routes",
    strategy: meshed,
    references: appMesh("VirtualRouter", []),
    errors: [`${meshPath}No routes defined for AppMesh virtual-router r`],
  },
  {
    name: "App Mesh: one target, and none",
    strategy: meshed,
    references: appMesh("VirtualRouter", [
      { name: "one", httpRoute: { action: { weightedTargets: [{}] } } },
      { name: "none", httpRoute: {} },
      { name: "two", httpRoute: { action: { weightedTargets: [{}, {}] } } },
    ]),
    errors: [
      `${meshPath}Invalid number of weightedTargets (1) for AppMesh virtual-router r and route one, expected 2`,
      `${meshPath}Invalid route action found for AppMesh virtual-router r and route none`,
    ],
  },
];

describe.each([
  ["look-ups", lookUps],
  ["contents", contents],
])("validateReferences: %s", (_, rows) => {
  it.each(rows)("$name", ({ strategy, references, errors }) => {
    expect(errorsOf(strategy, references)).toEqual(errors);
  });
});

describe("validateReferences", () => {
  it("asks what the run would be, if it may", () => {
    const references = templates({ a: { metrics: [metric()] } });
    const errors = validateReferences(rollout(analysed("a")), references, {
      composeProblem: (found) => `composed of ${found.map(({ metadata }) => metadata.name).join()}`,
    });
    expect(errors.map((error) => formatFieldError(error))).toEqual([
      'spec.strategy.canary.steps[1].analysis.templates: Invalid value: "templateNames: [a]": composed of a',
    ]);
  });
  it("says where in the manifest a name really stands", () => {
    const [error] = validateReferences(rollout(routed({ nginx: { stableIngresses: ["a"] } })), {
      ...present,
      ingresses: {},
    });
    expect(formatPath(error?.path ?? [])).toBe(`${router}.nginx.stableIngresses[0]`);
  });
  it("needs nothing for strategies that refer to nothing", () => {
    expect(errorsOf({ recreate: {} }, nothing)).toEqual([]);
  });
});
