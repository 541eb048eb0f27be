// Traefik's part in the sheet: a TraefikService per rollout, as people write one.
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { traefikRouter } from "./traefik.ts";
import type { TraefikService } from "./weighted-service.ts";

export function traefikService(name: string, namespace = "default"): TraefikService {
  const sticky = { cookie: { name: "shop", httpOnly: true } };
  const object = {
    apiVersion: "traefik.io/v1alpha1",
    kind: "TraefikService",
    metadata: { name, namespace, labels: { team: "web" } },
    spec: {
      weighted: {
        sticky,
        services: [
          { name: "shop-stable", port: 80, passHostHeader: true },
          { name: "shop-canary", port: 80, passHostHeader: true },
          { name: "landing-page", port: 8080, weight: 3 },
        ],
      },
    },
  };
  return object as TraefikService;
}

export const traefikSetting: RouterSetting = {
  factory: traefikRouter,
  config: (name) => ({ weightedTraefikServiceName: name }),
  objects: (name, namespace) => [traefikService(name, namespace)],
};
