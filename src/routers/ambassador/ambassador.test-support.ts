// Ambassador's part in the sheet: a Mapping per rollout, as people write one.
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { ambassadorRouter } from "./ambassador.ts";
import { canaryMappingName, type Mapping } from "./canary-mapping.ts";

export function mapping(
  name: string,
  namespace = "default",
  apiVersion = "getambassador.io/v2",
): Mapping {
  return {
    apiVersion,
    kind: "Mapping",
    metadata: { name, namespace, labels: { team: "web" } },
    spec: { prefix: `/${name}/`, rewrite: "/", service: `shop-stable.${namespace}:80` },
  };
}

export function ambassadorSetting(apiVersion = "getambassador.io/v2"): RouterSetting {
  return {
    factory: ambassadorRouter,
    config: (name) => ({ mappings: [name] }),
    objects: (name, namespace) => [mapping(name, namespace, apiVersion)],
    makes: (name, namespace) => [
      { apiVersion, kind: "Mapping", namespace, name: canaryMappingName(name) },
    ],
    settings: { ambassadorApiVersion: apiVersion },
  };
}
