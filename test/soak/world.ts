// What is delivered: three services with three strategies, each under an address of its own.
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { stringify } from "yaml";
import type { KubeObject } from "../../src/api/meta/object.ts";
import { serviceSource } from "./service-source.ts";

export const serviceNames = ["shop", "pay", "mail"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** How many pods each has. */
export const replicasOf: Readonly<Record<ServiceName, number>> = { shop: 2, pay: 2, mail: 3 };

export interface World {
  readonly folder: string;
  readonly dataDir: string;
  /** Of what users call. */
  readonly ports: Readonly<Record<ServiceName, number>>;
  /** Of the blue-green preview. */
  readonly previewPort: number;
}

export const imageOf = (service: ServiceName, version: string): string => `${service}:${version}`;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

export async function makeWorld(folder: string): Promise<World> {
  const [shop, pay, mail, previewPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const world = {
    folder,
    dataDir: path.join(folder, ".haldane"),
    ports: { shop, pay, mail },
    previewPort,
  };
  mkdirSync(path.join(folder, "manifests"), { recursive: true });
  const text = objectsOf(world)
    .map((object) => stringify(object))
    .join("---\n");
  writeFileSync(path.join(folder, "manifests", "all.yaml"), text);
  writeRelease(world, "v1");
  return world;
}

/** Puts the directory of a version there; deploying it is another matter. */
export function writeRelease({ folder }: World, version: string): void {
  const directory = path.join(folder, "releases", version);
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, "server.mjs"), serviceSource);
}

type Spec = Readonly<Record<string, unknown>>;

function object(apiVersion: string, kind: string, name: string, spec: Spec): KubeObject {
  const whole = { apiVersion, kind, metadata: { name, namespace: "default" }, spec };
  return whole;
}

function service(name: string, app: ServiceName, spec: Spec = {}): KubeObject {
  return object("v1", "Service", name, {
    selector: { app },
    ports: [{ port: 80, targetPort: 8080 }],
    ...spec,
  });
}

function published(name: string, app: ServiceName, port: number): KubeObject {
  return service(name, app, { type: "LoadBalancer", ports: [{ port, targetPort: 8080 }] });
}

function rollout(name: ServiceName, strategy: Spec): KubeObject {
  const container = {
    name: "app",
    image: imageOf(name, "v1"),
    command: [process.execPath, "server.mjs"],
    env: [
      { name: "SERVICE", value: name },
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    ],
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
  };
  return object("argoproj.io/v1alpha1", "Rollout", name, {
    replicas: replicasOf[name],
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 20, containers: [container] },
    },
    strategy,
  });
}

/** At its last step a person says yes; the step before cannot be passed without enough good answers. */
const canary: Spec = {
  canary: {
    canaryService: "shop-canary",
    stableService: "shop-stable",
    scaleDownDelaySeconds: 2,
    abortScaleDownDelaySeconds: 2,
    trafficRouting: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "shop" } } },
    analysis: {
      templates: [{ templateName: "error-rate" }],
      args: [{ name: "canary", valueFrom: { podTemplateHashValue: "Latest" } }],
      startingStep: 1,
    },
    steps: [
      { setWeight: 40 },
      { pause: { duration: "1s" } },
      {
        analysis: {
          templates: [{ templateName: "error-rate" }],
          args: [{ name: "canary", valueFrom: { podTemplateHashValue: "Latest" } }],
        },
      },
      { setWeight: 60 },
      { pause: {} },
    ],
  },
};

const blueGreen: Spec = {
  blueGreen: {
    activeService: "pay-active",
    previewService: "pay-preview",
    autoPromotionEnabled: false,
    scaleDownDelaySeconds: 2,
    abortScaleDownDelaySeconds: 2,
    prePromotionAnalysis: { templates: [{ templateName: "preview-answers" }] },
  },
};

function analyses(previewPort: number): readonly KubeObject[] {
  const errorRate = {
    name: "error-rate",
    count: 2,
    interval: "1s",
    successCondition: "result < 0.05",
    failureLimit: 0,
    // After a restart the controller first has to see some traffic again; that is no verdict.
    consecutiveErrorLimit: 60,
    provider: {
      plugin: {
        "haldane.dev/traffic": {
          service: "shop-canary",
          version: "{{args.canary}}",
          query: "errorRate",
          window: "3s",
          minRequests: 10,
        },
      },
    },
  };
  const answers = {
    name: "preview-answers",
    count: 2,
    interval: "1s",
    successCondition: "result == true",
    failureLimit: 0,
    consecutiveErrorLimit: 60,
    provider: { web: { url: `http://127.0.0.1:${String(previewPort)}/check`, jsonPath: "{$.ok}" } },
  };
  return [
    object("argoproj.io/v1alpha1", "AnalysisTemplate", "error-rate", {
      args: [{ name: "canary" }],
      metrics: [errorRate],
    }),
    object("argoproj.io/v1alpha1", "AnalysisTemplate", "preview-answers", { metrics: [answers] }),
  ];
}

function route(port: number): readonly KubeObject[] {
  const backendRefs = [
    { name: "shop-stable", port: 80, weight: 100 },
    { name: "shop-canary", port: 80, weight: 0 },
  ];
  return [
    object("gateway.networking.k8s.io/v1", "Gateway", "web", {
      gatewayClassName: "haldane",
      listeners: [{ name: "http", port, protocol: "HTTP" }],
    }),
    object("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", {
      parentRefs: [{ name: "web" }],
      rules: [{ backendRefs }],
    }),
  ];
}

function objectsOf({ ports, previewPort }: World): readonly object[] {
  const images = Object.fromEntries(serviceNames.map((name) => [`${name}:*`, "../releases/*"]));
  return [
    {
      apiVersion: "haldane.dev/v1alpha1",
      kind: "LocalCluster",
      metadata: { name: "soak" },
      images,
    },
    service("shop-stable", "shop"),
    service("shop-canary", "shop"),
    ...route(ports.shop),
    ...analyses(previewPort),
    rollout("shop", canary),
    published("pay-active", "pay", ports.pay),
    published("pay-preview", "pay", previewPort),
    rollout("pay", blueGreen),
    published("mail", "mail", ports.mail),
    rollout("mail", { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }),
  ];
}
