import { describe, expect, it } from "vitest";
import type { Gateway, HTTPRoute, HttpRouteRule, ParentRef } from "../../api/gateway/http-route.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { EndpointSlice, Service } from "../../api/kubernetes/workloads.ts";
import { validateGatewayConfig } from "../../gateway/config-validation.ts";
import { compileGateway } from "./compile-gateway.ts";
import type { CompiledGateway, RoutingObjects } from "./compile-gateway.ts";
import { commonHostnames } from "./hostnames.ts";
import { sliceFor } from "./slice.ts";

const namespace = "shop";

function service(
  name: string,
  more: { type?: "LoadBalancer"; annotations?: Record<string, string>; port?: number } = {},
): Service {
  const { type, annotations = {}, port = 80 } = more;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace, uid: `uid-${name}`, annotations },
    spec: {
      selector: { app: name },
      ports: [{ name: "http", port, targetPort: "http" }],
      ...(type ? { type } : {}),
    },
  };
}

interface PodOptions {
  readonly port?: number;
  readonly hash?: string;
  readonly isReady?: boolean;
  readonly isGoing?: boolean;
}

function pod(
  name: string,
  app: string,
  { port = 20_001, hash, isReady = true, isGoing = false }: PodOptions = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      uid: `uid-${name}`,
      labels: { app, ...(hash ? { "rollouts-pod-template-hash": hash } : {}) },
      annotations: { "haldane.dev/ports": JSON.stringify({ 8080: port }) },
      ...(isGoing ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: { containers: [{ name: "app", ports: [{ name: "http", containerPort: 8080 }] }] },
    status: {
      phase: "Running",
      podIP: "127.0.0.1",
      conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
    },
  };
}

function gateway(
  listeners: Gateway["spec"]["listeners"],
  annotations: Record<string, string> = {},
): Gateway {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "edge", namespace, annotations },
    spec: { gatewayClassName: "haldane", listeners },
  };
}
const http = { name: "http", port: 8080, protocol: "HTTP" };

function route(
  rules: readonly HttpRouteRule[],
  more: {
    parentRefs?: readonly ParentRef[];
    hostnames?: readonly string[];
    namespace?: string;
  } = {},
): HTTPRoute {
  const { parentRefs = [{ name: "edge" }], hostnames, namespace: own = namespace } = more;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "web", namespace: own },
    spec: { parentRefs, rules, ...(hostnames ? { hostnames } : {}) },
  };
}

function compile(objects: Partial<RoutingObjects>): CompiledGateway {
  const { services = [], pods = [] } = objects;
  const slices: readonly EndpointSlice[] = services
    .filter((each) => each.spec.selector)
    .map((each) => sliceFor(each, `${each.metadata.name}-x`, pods));
  const all = {
    services,
    pods,
    slices,
    gateways: [],
    routes: [],
    excludedPods: new Set<string>(),
    ...objects,
  };
  const compiled = compileGateway(all);
  expect(validateGatewayConfig({ ...compiled.config, generation: 1 })).toMatchObject({ ok: true });
  return compiled;
}

describe("Services", () => {
  it("opens a LoadBalancer's port and leads it to the ready pods, each on its own port, with its version", () => {
    const pods = [
      pod("a", "web", { port: 20_001, hash: "v1" }),
      pod("b", "web", { port: 20_002, hash: "v2" }),
      pod("c", "web", { isReady: false }),
      pod("d", "web", { isGoing: true }),
      pod("e", "other"),
    ];
    const { config } = compile({
      services: [service("web", { type: "LoadBalancer", port: 8000 })],
      pods,
    });
    expect(config.listeners).toEqual([
      {
        name: "service/shop/web:8000",
        port: 8000,
        routes: [
          { name: "shop/web", rules: [{ backends: [{ backend: "shop/web:8000", weight: 1 }] }] },
        ],
      },
    ]);
    expect(config.backends).toEqual([
      {
        name: "shop/web:8000",
        endpoints: [
          { host: "127.0.0.1", port: 20_001, pod: "shop/a", version: "v1" },
          { host: "127.0.0.1", port: 20_002, pod: "shop/b", version: "v2" },
        ],
      },
    ]);
  });

  it("keeps out a pod that is being drained, whatever the other objects say", () => {
    const services = [service("web", { type: "LoadBalancer" })];
    const { config } = compile({
      services,
      pods: [pod("a", "web"), pod("b", "web")],
      excludedPods: new Set(["uid-a"]),
    });
    expect(config.backends[0]?.endpoints.map((each) => each.pod)).toEqual(["shop/b"]);
  });

  it("opens nothing for a plain Service", () => {
    expect(compile({ services: [service("web")], pods: [pod("a", "web")] }).config).toEqual({
      listeners: [],
      backends: [],
    });
  });

  it.each([
    { text: "auto", boundPort: 0 },
    { text: "0", boundPort: 0 },
    { text: "9000", boundPort: 9000 },
    { text: "no port", boundPort: 80 },
  ])("takes haldane.dev/port: $text as $boundPort", ({ text, boundPort }) => {
    const annotations = { "haldane.dev/port": text };
    const { ports } = compile({
      services: [service("web", { type: "LoadBalancer", annotations })],
    });
    expect(ports).toMatchObject([{ port: 80, boundPort }]);
  });

  it("gives a port to the first only, and says who has it", () => {
    const services = [
      service("b", { type: "LoadBalancer" }),
      service("a", { type: "LoadBalancer" }),
    ];
    const { config, ports } = compile({ services });
    expect(config.listeners.map((each) => each.name)).toEqual(["service/shop/a:80"]);
    expect(ports.find((each) => each.owner.name === "b")?.conflict).toBe("service/shop/a:80");
  });

  it("follows a Service that is switched to another version before its slice does", () => {
    const pods = [
      pod("a", "web", { port: 20_001, hash: "v1" }),
      pod("b", "web", { port: 20_002, hash: "v2" }),
    ];
    const to = (hash: string): Service => {
      const web = service("web", { type: "LoadBalancer" });
      const selector = { app: "web", "rollouts-pod-template-hash": hash };
      return { ...web, spec: { ...web.spec, selector } };
    };
    const slices = [sliceFor(to("v1"), "web-x", pods)];
    const { config } = compile({ services: [to("v2")], pods, slices });
    expect(config.backends[0]?.endpoints).toEqual([
      { host: "127.0.0.1", port: 20_002, pod: "shop/b", version: "v2" },
    ]);
  });

  it("leads a Service without selector to what its own slice names", () => {
    const { selector: _selector, ...spec } = service("db", { type: "LoadBalancer" }).spec;
    const db: Service = { ...service("db"), spec };
    const slice: EndpointSlice = {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "db-1", namespace, labels: { "kubernetes.io/service-name": "db" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.0.0.7"] }],
      ports: [{ name: "http", port: 5000 }],
    };
    expect(compile({ services: [db], slices: [slice] }).config.backends[0]?.endpoints).toEqual([
      { host: "10.0.0.7", port: 5000, pod: "shop/db-1", version: "" },
    ]);
  });
});

describe("routes", () => {
  const services = [service("web"), service("canary")];
  const toWeb: HttpRouteRule = { backendRefs: [{ name: "web", port: 80 }] };

  it("translates weights, matches, mirrors, headers and timeouts", () => {
    const rule: HttpRouteRule = {
      matches: [
        {
          path: { type: "Exact", value: "/a" },
          headers: [{ name: "X", value: "1" }],
          method: "GET",
          queryParams: [{ name: "q", value: "2" }],
        },
        { headers: [{ type: "RegularExpression", name: "Y", value: "^z" }] },
      ],
      filters: [
        {
          type: "RequestHeaderModifier",
          requestHeaderModifier: { set: [{ name: "A", value: "b" }], remove: ["C"] },
        },
        {
          type: "RequestMirror",
          requestMirror: {
            backendRef: { name: "canary", port: 80 },
            fraction: { numerator: 1, denominator: 4 },
          },
        },
      ],
      backendRefs: [
        { name: "web", port: 80, weight: 95 },
        { name: "canary", port: 80, weight: 5 },
      ],
      timeouts: { request: "10s", backendRequest: "0s" },
    };
    const { config, routes } = compile({
      services,
      gateways: [gateway([http])],
      routes: [route([rule], { hostnames: ["Shop.example"] })],
    });
    expect(config.listeners).toEqual([
      {
        name: "gateway/shop/edge:8080",
        port: 8080,
        routes: [
          {
            name: "shop/web",
            hostnames: ["shop.example"],
            rules: [
              {
                matches: [
                  {
                    path: { type: "Exact", value: "/a" },
                    headers: [{ type: "Exact", name: "X", value: "1" }],
                    queryParams: [{ type: "Exact", name: "q", value: "2" }],
                    method: "GET",
                  },
                  {
                    path: { type: "PathPrefix", value: "/" },
                    headers: [{ type: "RegularExpression", name: "Y", value: "^z" }],
                  },
                ],
                filters: [
                  { kind: "requestHeaders", set: [{ name: "A", value: "b" }], remove: ["C"] },
                  { kind: "mirror", backend: "shop/canary:80", percent: 25 },
                ],
                backends: [
                  { backend: "shop/web:80", weight: 95 },
                  { backend: "shop/canary:80", weight: 5 },
                ],
                timeouts: { requestMs: 10_000 },
              },
            ],
          },
        ],
      },
    ]);
    expect(routes[0]?.parents[0]).toMatchObject({
      accepted: { isTrue: true },
      resolved: { isTrue: true },
      listeners: ["gateway/shop/edge:8080"],
    });
  });

  it.each([
    {
      name: "an unknown Service",
      ref: { name: "wbe", port: 80 },
      reason: "BackendNotFound",
      says: "there is no Service shop/wbe; create it or name one of: canary, web",
    },
    {
      name: "an unknown port",
      ref: { name: "web", port: 81 },
      reason: "BackendNotFound",
      says: "it has no port 81; the ports of Service shop/web are: 80",
    },
    {
      name: "another namespace",
      ref: { name: "web", namespace: "x", port: 80 },
      reason: "RefNotPermitted",
      says: "in another namespace",
    },
    {
      name: "another kind",
      ref: { name: "web", kind: "Bucket" },
      reason: "InvalidKind",
      says: "kind Bucket cannot be a backend; use a Service",
    },
  ])("keeps the share of $name as errors and says so", ({ ref, reason, says }) => {
    const rule: HttpRouteRule = {
      backendRefs: [
        { name: "canary", port: 80, weight: 3 },
        { ...ref, weight: 1 },
      ],
    };
    const { config, routes } = compile({
      services,
      gateways: [gateway([http])],
      routes: [route([rule])],
    });
    const verdict = routes[0]!.parents[0]!;
    expect(verdict.accepted.isTrue).toBe(true);
    expect(verdict.resolved).toMatchObject({ isTrue: false, reason });
    expect(verdict.resolved.message).toContain(says);
    const { backends } = config.listeners[0]!.routes[0]!.rules[0]!;
    expect(backends.map((each) => each.weight)).toEqual([3, 1]);
    expect(config.backends.find((each) => each.name === backends[1]?.backend)?.endpoints).toEqual(
      [],
    );
  });

  it.each<{
    name: string;
    parentRef: ParentRef;
    reason: string;
    says: string;
    hostnames?: readonly string[];
    from?: string;
  }>([
    {
      name: "a missing parent",
      parentRef: { name: "egde" },
      reason: "NoMatchingParent",
      says: "it does not exist; create it or name one of: shop/edge",
    },
    {
      name: "an unknown section",
      parentRef: { name: "edge", sectionName: "https" },
      reason: "NoMatchingParent",
      says: "its listeners are http:8080",
    },
    {
      name: "an unknown port",
      parentRef: { name: "edge", port: 1 },
      reason: "NoMatchingParent",
      says: "its listeners are http:8080",
    },
    {
      name: "another kind of parent",
      parentRef: { name: "edge", kind: "Ingress" },
      reason: "InvalidKind",
      says: "attaches to a Gateway or a Service",
    },
    {
      name: "a Service that opens no port",
      parentRef: { name: "web", kind: "Service", group: "" },
      reason: "NoMatchingParent",
      says: "give it type: LoadBalancer",
    },
    {
      name: "a foreign hostname",
      parentRef: { name: "edge" },
      hostnames: ["other.org"],
      reason: "NoMatchingListenerHostname",
      says: "it serves *.example",
    },
    {
      name: "a foreign namespace",
      parentRef: { name: "edge", namespace },
      from: "elsewhere",
      reason: "NotAllowedByListeners",
      says: "allowedRoutes.namespaces.from: All",
    },
  ])(
    "does not accept a route with $name",
    ({ parentRef, reason, says, hostnames = [], from = namespace }) => {
      const gateways = [gateway([{ ...http, hostname: "*.example" }])];
      const routes = [route([toWeb], { parentRefs: [parentRef], hostnames, namespace: from })];
      const compiled = compile({ services, gateways, routes });
      const verdict = compiled.routes[0]!.parents[0]!;
      expect(verdict.accepted).toMatchObject({ isTrue: false, reason });
      expect(verdict.accepted.message).toContain(says);
      expect(compiled.config.listeners[0]?.routes).toEqual([]);
    },
  );

  it("drops a rule it cannot carry out, keeps the others, and says which", () => {
    const rules: readonly HttpRouteRule[] = [
      { ...toWeb, filters: [{ type: "URLRewrite" }] },
      { ...toWeb, matches: [{ path: { type: "RegularExpression", value: "(" } }] },
      toWeb,
    ];
    const { config, routes } = compile({
      services,
      gateways: [gateway([http])],
      routes: [route(rules)],
    });
    expect(config.listeners[0]?.routes[0]?.rules).toHaveLength(1);
    expect(routes[0]?.parents[0]?.accepted.isTrue).toBe(true);
    expect(routes[0]?.parents[0]?.dropped).toEqual([
      "spec.rules[0].filters[0].type: URLRewrite is not carried out here; use RequestHeaderModifier or RequestMirror",
      "spec.rules[1].matches[0].path.value: is not a valid regular expression",
    ]);
    const alone = compile({
      services,
      gateways: [gateway([http])],
      routes: [route(rules.slice(0, 1))],
    });
    expect(alone.routes[0]?.parents[0]?.accepted).toMatchObject({
      isTrue: false,
      reason: "UnsupportedValue",
    });
  });

  it("takes a LoadBalancer Service as parent: its routes replace the way to its own pods", () => {
    const all = [service("web", { type: "LoadBalancer" }), service("canary")];
    const rule: HttpRouteRule = { backendRefs: [{ name: "canary", port: 80 }] };
    const parentRefs = [{ kind: "Service", group: "", name: "web", port: 80 }];
    const { config } = compile({ services: all, routes: [route([rule], { parentRefs })] });
    expect(config.listeners).toMatchObject([
      {
        name: "service/shop/web:80",
        routes: [{ rules: [{ backends: [{ backend: "shop/canary:80" }] }] }],
      },
    ]);
  });

  it("shares one port between the sections of a Gateway and counts routes per section", () => {
    const sections = [
      { ...http, name: "one", hostname: "one.example" },
      { ...http, name: "two", hostname: "two.example" },
      { ...http, name: "tls", protocol: "HTTPS", port: 8443 },
    ];
    const { config, gateways } = compile({
      services,
      gateways: [gateway(sections)],
      routes: [route([toWeb], { parentRefs: [{ name: "edge", sectionName: "two" }] })],
    });
    expect(config.listeners).toHaveLength(1);
    expect(config.listeners[0]?.routes[0]?.hostnames).toEqual(["two.example"]);
    expect(
      gateways[0]?.listeners.map((each) => [each.name, each.attachedRoutes, each.accepted.isTrue]),
    ).toEqual([
      ["one", 0, true],
      ["two", 1, true],
      ["tls", 0, false],
    ]);
  });

  it("gives the same config whatever the order of the objects", () => {
    const pods = [pod("a", "web", { port: 1 }), pod("b", "web", { port: 2 })];
    const other = { ...route([toWeb]), metadata: { name: "other", namespace } };
    const objects = {
      services,
      pods,
      gateways: [gateway([http])],
      routes: [route([toWeb]), other],
    };
    const reversed = {
      ...objects,
      services: services.toReversed(),
      pods: pods.toReversed(),
      routes: objects.routes.toReversed(),
    };
    expect(JSON.stringify(compile(reversed).config)).toBe(JSON.stringify(compile(objects).config));
  });
});

describe("hostnames", () => {
  it.each([
    { listener: undefined, route: [], common: [] },
    { listener: undefined, route: ["a.b"], common: ["a.b"] },
    { listener: "a.b", route: [], common: ["a.b"] },
    { listener: "*.b", route: ["a.b", "b", "x.c"], common: ["a.b"] },
    { listener: "a.b", route: ["*.b"], common: ["a.b"] },
    { listener: "*.b", route: ["*.a.b"], common: ["*.a.b"] },
    { listener: "a.b", route: ["c.b"], common: undefined },
  ])("of listener $listener and route $route are $common", ({ listener, route: names, common }) => {
    expect(commonHostnames(listener, names)).toEqual(common);
  });
});
