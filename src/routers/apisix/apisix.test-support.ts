// APISIX's part in the sheet: an ApisixRoute per rollout, as people write one.
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { apisixRouter } from "./apisix.ts";
import type { ApisixRoute } from "./route-edit.ts";

export function apisixRoute(name: string, namespace = "default"): ApisixRoute {
  const backend = (serviceName: string, weight: number): object => ({
    serviceName,
    servicePort: 80,
    weight,
  });
  const route = {
    apiVersion: "apisix.apache.org/v2",
    kind: "ApisixRoute",
    metadata: { name, namespace },
    spec: {
      http: [
        {
          name: "admin",
          match: { hosts: [`${name}.example`], paths: ["/admin/*"] },
          backends: [backend("admin", 100)],
        },
        {
          name,
          match: { hosts: [`${name}.example`], paths: ["/*"] },
          backends: [backend("shop-stable", 100), backend("shop-canary", 0)],
        },
      ],
    },
  };
  return route as ApisixRoute;
}

export const apisixSetting: RouterSetting = {
  factory: apisixRouter,
  config: (name) => ({ route: { name } }),
  objects: (name, namespace) => [apisixRoute(name, namespace)],
  makes: (_name, namespace) => [
    { apiVersion: "apisix.apache.org/v2", kind: "ApisixRoute", namespace, name: "to-canary" },
  ],
};
