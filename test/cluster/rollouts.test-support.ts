// Rollouts as YAML, and what suites ask about them: their phase, their weights by ReplicaSet, their events.
import type { KubeEvent } from "../../src/api/kubernetes/workloads.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { refTo, until, type Loose, type TestCluster } from "./cluster.test-support.ts";

export interface RolloutText {
  readonly name: string;
  readonly replicas?: number;
  readonly image?: string;
  /** YAML below `strategy:`, each line indented by four spaces. */
  readonly strategy: string;
}

/** Pods that the testbed's kubelet, and any other, can run: they do nothing but stay. */
export function rolloutYaml({ name, replicas = 1, image = "v1", strategy }: RolloutText): string {
  return `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - { name: web, image: "registry.k8s.io/pause:3.10", env: [{ name: VERSION, value: ${image} }] }
  strategy:
${strategy}`;
}

export function serviceYaml(name: string, app: string): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ports: [{ port: 80 }] }
---`;
}

export class RolloutUnderTest {
  readonly #cluster: TestCluster;
  readonly namespace: string;
  readonly name: string;

  constructor(cluster: TestCluster, namespace: string, name: string) {
    this.#cluster = cluster;
    this.namespace = namespace;
    this.name = name;
  }

  async get(): Promise<Loose> {
    const rollout = await this.#cluster.get("Rollout", this.namespace, this.name);
    if (!rollout) throw new Error(`there is no rollout ${this.name}`);
    return rollout;
  }

  async status(): Promise<JsonObject> {
    return (await this.get()).status ?? {};
  }

  /** Waits until the status of this generation says so. */
  async reaches(phase: string, more: JsonObject = {}, withinMs = 90_000): Promise<void> {
    const wanted = Object.entries({ phase, ...more });
    await until(
      `${this.name} is ${JSON.stringify({ phase, ...more })}`,
      async () => {
        const { metadata, status = {} } = await this.get();
        const isObserved = status["observedGeneration"] === String(metadata.generation);
        return isObserved && wanted.every(([key, value]) => status[key] === value);
      },
      { withinMs, describe: async () => this.status() },
    );
  }

  async setVersion(version: string): Promise<void> {
    const { spec } = await this.get();
    const [container] = (spec as unknown as PodSpecHolder).template.spec.containers;
    const env = [{ name: "VERSION", value: version }];
    const template = { spec: { containers: [{ ...container, env }] } };
    await this.patch({ spec: { template } });
  }

  async patch(body: JsonObject, subresource?: "status"): Promise<void> {
    await this.#cluster.patch(refTo("Rollout", this.namespace, this.name), body, subresource);
  }

  /** What a person's promote writes at a pause. */
  async resume(): Promise<void> {
    await this.patch({ status: { pauseConditions: null } }, "status");
  }

  async abort(): Promise<void> {
    await this.patch({ status: { abort: true } }, "status");
  }

  async retry(): Promise<void> {
    await this.patch({ status: { abort: false } }, "status");
  }

  /** Wanted pods by version (the value of VERSION in the template); versions without pods left out. */
  async sizes(): Promise<Readonly<Record<string, number>>> {
    const sets = await this.#cluster.list("ReplicaSet", this.namespace);
    const own = sets.filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ name, kind }) => kind === "Rollout" && name === this.name),
    );
    const sizes: Record<string, number> = {};
    for (const { spec } of own as unknown as readonly { readonly spec: PodSpecHolder }[]) {
      const version = spec.template.spec.containers[0]?.env?.[0]?.value ?? "";
      if (spec.replicas > 0) sizes[version] = spec.replicas;
    }
    return sizes;
  }

  async hasSizes(wanted: Readonly<Record<string, number>>): Promise<void> {
    await until(
      `${this.name} has ${JSON.stringify(wanted)} pods`,
      async () => sorted(await this.sizes()) === sorted(wanted),
      { describe: async () => this.sizes() },
    );
  }

  /** Reasons of its events, each once, in the order they were recorded. */
  async eventReasons(): Promise<readonly string[]> {
    const { items } = await this.#cluster.store.list<KubeEvent>({
      apiVersion: "v1",
      kind: "Event",
      namespace: this.namespace,
    });
    const own = items.filter(({ involvedObject }) => involvedObject.name === this.name);
    const reasons = own.map(({ reason = "" }) => reason);
    return [...new Set(reasons)];
  }
}

interface PodSpecHolder {
  readonly replicas: number;
  readonly template: {
    readonly spec: {
      readonly containers: readonly {
        readonly env?: readonly { readonly value: string }[];
      }[];
    };
  };
}

function sorted(sizes: Readonly<Record<string, number>>): string {
  return JSON.stringify(Object.entries(sizes).sort());
}
