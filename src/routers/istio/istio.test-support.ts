// Istio's part in the sheet: a VirtualService per rollout, and a DestinationRule, as people write them.
import type {
  DestinationRule,
  IstioHttpRoute,
  VirtualService,
} from "../../api/istio/networking.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { istioRouter } from "./istio.ts";

const apiVersion = "networking.istio.io/v1alpha3";

const otherRoutes = {
  admin: {
    name: "admin",
    match: [{ uri: { prefix: "/admin" }, headers: { "x-role": { exact: "admin" } } }],
    route: [{ destination: { host: "admin", port: { number: 8080 } } }],
    timeout: "5s",
  },
  extras: {
    match: [{ uri: { prefix: "/" } }],
    timeout: "10s",
    retries: { attempts: 3, perTryTimeout: "2s", retryOn: "5xx" },
    headers: { request: { set: { "x-env": "prod" } } },
  },
};

/** Split between two Services; one more route that is none of the rollout's business. */
export function virtualService(name: string, namespace = "default"): VirtualService {
  const object = {
    apiVersion,
    kind: "VirtualService",
    metadata: { name, namespace, labels: { team: "web" }, annotations: { note: "by hand" } },
    spec: {
      gateways: ["istio-system/web"],
      hosts: [`${name}.example`],
      http: [
        otherRoutes.admin,
        {
          ...otherRoutes.extras,
          name: "primary",
          route: [
            {
              destination: { host: "shop-stable", port: { number: 80 } },
              weight: 100,
              headers: { response: { set: { "x-version": "stable" } } },
            },
            { destination: { host: "shop-canary", port: { number: 80 } }, weight: 0 },
          ],
        },
      ],
    },
  };
  return object as VirtualService;
}

export const istioSetting: RouterSetting = {
  factory: istioRouter,
  config: (name) => ({ virtualService: { name, routes: ["primary"] } }),
  objects: (name, namespace) => [virtualService(name, namespace)],
};

/** Split between two subsets of one Service. */
export function subsetService(name: string, namespace = "default"): VirtualService {
  const object = {
    apiVersion,
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: {
      hosts: ["shop"],
      http: [
        {
          name: "primary",
          route: [
            { destination: { host: "shop", subset: "stable" }, weight: 100 },
            { destination: { host: "shop", subset: "canary" }, weight: 0 },
          ],
        },
      ],
    },
  };
  return object as VirtualService;
}

export function destinationRule(name: string, namespace = "default"): DestinationRule {
  const object = {
    apiVersion,
    kind: "DestinationRule",
    metadata: { name, namespace },
    spec: {
      host: "shop",
      trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } },
      subsets: [
        { name: "canary", labels: { app: "shop" } },
        {
          name: "stable",
          labels: { app: "shop" },
          trafficPolicy: { loadBalancer: { simple: "ROUND_ROBIN" } },
        },
        { name: "v0", labels: { version: "v0" } },
      ],
    },
  };
  return object as DestinationRule;
}

export const subsetSetting: RouterSetting = {
  factory: istioRouter,
  config: (name) => ({
    virtualService: { name },
    destinationRule: { name, canarySubsetName: "canary", stableSubsetName: "stable" },
  }),
  objects: (name, namespace) => [subsetService(name, namespace), destinationRule(name, namespace)],
};

/** The spec of a VirtualService as it is now. */
export async function serviceIn(
  store: ObjectStore,
  name = "shop",
  namespace = "default",
): Promise<VirtualService["spec"]> {
  const ref = { apiVersion, kind: "VirtualService", namespace, name };
  return (await store.get<VirtualService>(ref))?.spec ?? {};
}

/** `host[/subset] weight` of each destination. */
export function destinations(route: Pick<IstioHttpRoute, "route"> | undefined): readonly string[] {
  return (route?.route ?? []).map(({ destination: { host, subset }, weight }) =>
    [`${host}${subset === undefined ? "" : `/${subset}`}`, weight].join(" "),
  );
}
