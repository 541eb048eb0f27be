// NGINX's part in the sheet: a stable Ingress per rollout, as people write one.
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { RouterSetting } from "../sheet-world.test-support.ts";
import { canaryIngressName } from "./canary-ingress.ts";
import { nginxRouter } from "./nginx.ts";

export function stableIngress(name: string, namespace = "default"): Ingress {
  const path = (route: string, service: string): object => ({
    path: route,
    pathType: "Prefix",
    backend: { service: { name: service, port: { number: 80 } } },
  });
  const ingress = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace,
      labels: { team: "web" },
      annotations: { "nginx.ingress.kubernetes.io/rewrite-target": "/$1" },
    },
    spec: {
      ingressClassName: "nginx",
      tls: [{ hosts: [`${name}.example`], secretName: `${name}-tls` }],
      rules: [
        {
          host: `${name}.example`,
          http: { paths: [path("/static", "files"), path("/", "shop-stable")] },
        },
        { host: "other.example", http: { paths: [path("/", "elsewhere")] } },
      ],
    },
  };
  return ingress as Ingress;
}

export const nginxSetting: RouterSetting = {
  factory: nginxRouter,
  config: (name) => ({ stableIngress: name }),
  objects: (name, namespace) => [stableIngress(name, namespace)],
  makes: (name, namespace) => [
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      namespace,
      name: canaryIngressName(name, name),
    },
  ],
};
