import { describe, expect, it } from "vitest";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { createRouter } from "../../routers/registry.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { routerReferenceError } from "./router-references.ts";

const canaryService = "shop-canary";
const stableService = "shop-stable";

function virtualService(namespace: string, http: readonly Json[]): KubeObject {
  const object = {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "VirtualService",
    metadata: { name: "shop", namespace },
    spec: { hosts: ["shop"], http },
  };
  return object;
}

const split = [{ destination: { host: stableService } }, { destination: { host: canaryService } }];

/** The error of a rollout in `default` with this trafficRouting, among these objects. */
async function errorOf(
  trafficRouting: JsonObject,
  objects: readonly KubeObject[],
): Promise<string | undefined> {
  const store = memoryStore({ clock: new VirtualClock(0), rng: createRng(1) });
  for (const name of new Set(objects.map(({ metadata }) => metadata.namespace ?? ""))) {
    if (name === "default") continue;
    await store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  for (const object of objects) await store.create(object);
  const manifest = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "shop", namespace: "default" },
    spec: { strategy: { canary: { canaryService, stableService, trafficRouting } } },
  };
  const { rollout } = parseRollout(manifest);
  const { strategy } = rollout.spec;
  const routing = strategy.kind === "canary" ? strategy.trafficRouting : undefined;
  const context = {
    store,
    rollout: {
      namespace: "default",
      name: "shop",
      owner: manifest,
      canaryService,
      stableService,
      managedRoutes: routing?.managedRoutes ?? [],
    },
  };
  const routers = (routing?.routers ?? []).map((config) => createRouter(config, context));
  return routerReferenceError(rollout, routers, store, "default");
}

const istio = (name: string): JsonObject => ({ istio: { virtualService: { name } } });
const at = "spec.strategy.canary.trafficRouting.istio.virtualService.name";

describe("objects a rollout's routers split by", () => {
  it.each([
    ["shop", "default"],
    ["shop.edge", "edge"],
    ["shop.edge.svc.cluster.local", "edge"],
  ])("are found as %s in %s", async (name, namespace) => {
    expect(await errorOf(istio(name), [virtualService(namespace, [{ route: split }])])).toBe(
      undefined,
    );
  });

  it("are missed", async () => {
    const text = `${at}: Invalid value: "shop": VirtualService "shop" not found`;
    expect(await errorOf(istio("shop"), [])).toBe(text);
    expect(await errorOf(istio("shop"), [virtualService("edge", [{ route: split }])])).toBe(text);
  });

  it("must have a place for the split", async () => {
    const http = [{ route: split.slice(0, 1) }];
    expect(await errorOf(istio("shop"), [virtualService("default", http)])).toBe(
      `${at}: Invalid value: "shop": Istio VirtualService has invalid HTTP routes. Error: Canary Service 'shop-canary' not found in route`,
    );
  });

  it("stay valid while managed routes stand in them", async () => {
    const http = [{ name: "testers", route: split.slice(1) }, { route: split }];
    const routing = { ...istio("shop"), managedRoutes: [{ name: "testers" }] };
    expect(await errorOf(routing, [virtualService("default", http)])).toBe(undefined);
    expect(await errorOf(istio("shop"), [virtualService("default", http)])).toContain(
      "it must have exactly one route when omitting",
    );
  });

  it("of NGINX are looked at as well", async () => {
    expect(await errorOf({ nginx: { stableIngress: "shop" } }, [])).toContain(
      'nginx.stableIngress: Invalid value: "shop": ingress "shop" not found',
    );
  });
});

describe("objects of other routers", () => {
  const ingress = (service: string): KubeObject => {
    const backend = { service: { name: service, port: { number: 80 } } };
    const paths = [{ path: "/", pathType: "Prefix", backend }];
    const object = {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "shop", namespace: "default" },
      spec: { rules: [{ http: { paths } }] },
    };
    return object;
  };
  const mapping = (spec: JsonObject): KubeObject => {
    const metadata = { name: "shop", namespace: "default" };
    const object = { apiVersion: "getambassador.io/v2", kind: "Mapping", metadata, spec };
    return object;
  };
  const mesh = (kind: string, name: string, spec: JsonObject): KubeObject => {
    const metadata = { name, namespace: "default" };
    const object = { apiVersion: "appmesh.k8s.aws/v1beta2", kind, metadata, spec };
    return object;
  };
  const meshService = mesh("VirtualService", "shop", {
    provider: { virtualRouter: { virtualRouterRef: { name: "ways" } } },
  });
  const nginx = { nginx: { stableIngress: "shop" } };
  const alb = { alb: { ingress: "shop", servicePort: 80 } };
  const ambassador = { ambassador: { mappings: ["shop"] } };
  const nodes = { canaryVirtualNodeRef: { name: "c" }, stableVirtualNodeRef: { name: "s" } };
  const appMesh = { appMesh: { virtualService: { name: "shop" }, virtualNodeGroup: nodes } };
  const targets = (count: number): JsonObject => ({
    routes: [{ name: "r", httpRoute: { action: { weightedTargets: Array(count).fill({}) } } }],
  });
  const rows: readonly (readonly [
    string,
    JsonObject,
    readonly KubeObject[],
    string | undefined,
  ])[] = [
    ["nginx, as it must be", nginx, [ingress(stableService)], undefined],
    [
      "nginx, nothing there",
      nginx,
      [],
      'nginx.stableIngress: Invalid value: "shop": ingress "shop" not found',
    ],
    [
      "nginx, elsewhere",
      nginx,
      [ingress("other")],
      `nginx.stableIngress: Invalid value: "shop": ingress \`shop\` has no rules using service ${stableService} backend`,
    ],
    ["alb, nothing there", alb, [], 'alb.ingress: Invalid value: "shop": ingress "shop" not found'],
    [
      "alb, another root",
      { alb: { ...alb.alb, rootService: "root" } },
      [ingress(stableService)],
      'alb.ingress: Invalid value: "shop": ingress `shop` has no rules using service root backend',
    ],
    [
      "several routers, the second wrong",
      { ...nginx, ...ambassador },
      [ingress(stableService)],
      'ambassador.mappings: Invalid value: "shop": mapping "shop" not found',
    ],
    [
      "ambassador, its own weight",
      ambassador,
      [mapping({ weight: 5 })],
      'ambassador.mappings: Invalid value: "shop": Ambassador mapping "shop" can not define weight',
    ],
    [
      "appMesh, nothing there",
      appMesh,
      [],
      'appmesh.virtualService: Invalid value: "shop": virtual-service "shop" not found',
    ],
    [
      "appMesh, a single target",
      appMesh,
      [meshService, mesh("VirtualRouter", "ways", targets(1))],
      'appmesh.virtualService: Invalid value: "ways": Invalid number of weightedTargets (1) for AppMesh virtual-router ways and route r, expected 2',
    ],
    [
      "appMesh, as it must be",
      appMesh,
      [meshService, mesh("VirtualRouter", "ways", targets(2))],
      undefined,
    ],
  ];

  it.each(rows)("%s", async (_name, routing, objects, text) => {
    const root = "spec.strategy.canary.trafficRouting.";
    expect(await errorOf(routing, objects)).toBe(text && `${root}${text}`);
  });
});
