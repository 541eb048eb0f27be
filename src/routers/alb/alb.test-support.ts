// ALB's part in the sheet: an Ingress per rollout, as people write one, and load balancers of which
// a test says when they follow.
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { RouterSetting } from "../sheet-world.test-support.ts";
import type { ServedBalancer, TargetGroups } from "../target-groups.ts";
import { albRouter } from "./alb.ts";
import { readAction } from "./wire.ts";

export function albIngress(name: string, namespace = "default"): Ingress {
  const path = (route: string, service: string): object => ({
    path: route,
    pathType: "Prefix",
    backend: { service: { name: service, port: { name: "use-annotation" } } },
  });
  const ingress = {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace,
      annotations: { "alb.ingress.kubernetes.io/scheme": "internet-facing" },
    },
    spec: {
      ingressClassName: "alb",
      rules: [
        { host: `${name}.example`, http: { paths: [path("/", "shop-stable")] } },
        { host: "admin.example", http: { paths: [path("/", "admin")] } },
      ],
    },
  };
  return ingress as Ingress;
}

export const albSetting: RouterSetting = {
  factory: albRouter,
  config: (name) => ({ ingress: name, servicePort: 80 }),
  objects: (name, namespace) => [albIngress(name, namespace)],
};

export function hostnameOf(name: string): string {
  return `${name}-1.elb.amazonaws.com`;
}

export function ingressRef(name: string, namespace = "default") {
  return { apiVersion: "networking.k8s.io/v1", kind: "Ingress", namespace, name };
}

/** Load balancers that serve what the Ingresses said when they were last told to follow. */
export class DescribedBalancers implements TargetGroups {
  readonly served = new Map<string, ServedBalancer>();
  asked = 0;
  failure: Error | undefined;

  async servedBy(hostname: string): Promise<ServedBalancer | undefined> {
    this.asked += 1;
    if (this.failure) throw this.failure;
    return this.served.get(hostname);
  }

  /** The Ingress gets its host name, and the load balancer serves what its annotation says. */
  async follow(store: ObjectStore, name: string, namespace = "default"): Promise<void> {
    const ref = ingressRef(name, namespace);
    const hostname = hostnameOf(name);
    const status = { loadBalancer: { ingress: [{ hostname }] } };
    const body = { status };
    const ingress = await store.patch<Ingress>(
      ref,
      { type: "merge", body },
      { subresource: "status" },
    );
    const action = ingress.metadata.annotations?.["alb.ingress.kubernetes.io/actions.shop-stable"];
    const rule = (readAction(action) ?? []).map(({ service, weight }) => ({
      arn: `arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/k8s-${service}/0a`,
      resource: `${namespace}/${name}-${service}:80`,
      weight,
    }));
    const arn = `arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/k8s-${name}/0b`;
    const elsewhere = { arn: "arn:other/x/1", resource: "other/x:80", weight: 1 };
    this.served.set(hostname, { name: `k8s-${name}`, arn, rules: [[elsewhere], rule] });
  }
}
