// The Gateway API's part in the sheet: a route of any kind per rollout, as people write them.
import type { KubeObject } from "../../api/meta/object.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { RouterSetting } from "../sheet-world.test-support.ts";
import type { AttachedRoute } from "./acknowledgement.ts";
import { gatewayApiRouter } from "./gateway-api.ts";
import type { SplitRoute } from "./route-edit.ts";

const group = "gateway.networking.k8s.io";

export function routeOf(
  kind: string,
  name: string,
  namespace = "default",
): SplitRoute & AttachedRoute {
  return {
    apiVersion: ["TCPRoute", "TLSRoute"].includes(kind) ? `${group}/v1alpha2` : `${group}/v1`,
    kind,
    metadata: { name, namespace, labels: { team: "web" } },
    spec: {
      parentRefs: [{ name: "web" }],
      rules: [
        {
          backendRefs: [
            { name: "shop-stable", port: 80 },
            { name: "shop-canary", port: 80 },
          ],
        },
      ],
    },
  };
}

const fields = {
  HTTPRoute: "httpRoute",
  GRPCRoute: "grpcRoute",
  TCPRoute: "tcpRoute",
  TLSRoute: "tlsRoute",
} as const;

export function routeSetting(kind: keyof typeof fields): RouterSetting {
  const field = fields[kind];
  return {
    factory: gatewayApiRouter,
    config: (name) => ({ [field]: name }),
    objects: (name, namespace) => [routeOf(kind, name, namespace)],
  };
}

/** Plays the gateway: it serves the route as it is now. */
export async function acknowledgeRoute(
  store: ObjectStore,
  kind: string,
  name: string,
  namespace = "default",
): Promise<void> {
  const { apiVersion } = routeOf(kind, name);
  const ref = { apiVersion, kind, namespace, name };
  const observedGeneration = (await store.get<KubeObject>(ref))?.metadata.generation ?? 0;
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const accepted = { type: "Accepted", status: "True", reason: "Accepted", message: "" };
  const conditions = [{ ...accepted, observedGeneration, lastTransitionTime }];
  const parents = [{ parentRef: { name: "web" }, controllerName: "example.com/test", conditions }];
  const body = { status: { parents } };
  await store.patch(ref, { type: "merge", body }, { subresource: "status" });
}
