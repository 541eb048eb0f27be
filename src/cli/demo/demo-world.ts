// What the demo delivers: a tiny service in three releases, and the objects around it. v3 fails
// one request in five.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { KubeObject } from "../../api/meta/object.ts";

export const demoImage = (version: string): string => `shop:${version}`;
export const demoVersions = ["v1", "v2", "v3"] as const;
export type DemoVersion = (typeof demoVersions)[number];

type FailPercents = Readonly<Record<DemoVersion, number>>;
const demoFailPercents: FailPercents = { v1: 0, v2: 0, v3: 20 };

/** Stops taking connections on SIGTERM and lets requests finish, as a service should. */
function serverSource(version: DemoVersion, failPercents: FailPercents): string {
  return `import http from "node:http";

const failPercent = ${failPercents[version]};
let requests = 0;
const server = http.createServer((request, response) => {
  response.setHeader("x-version", "${version}");
  if (request.url === "/healthz") return response.end("ok\\n");
  requests += 1;
  const fails = Math.floor((requests * failPercent) / 100) > Math.floor(((requests - 1) * failPercent) / 100);
  response.statusCode = fails ? 500 : 200;
  response.end((fails ? "error" : "hello") + " from ${version}\\n");
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;
}

/** Writes the releases below `folder`; the mapping from images to directories. */
export function writeReleases(
  folder: string,
  failPercents: FailPercents = demoFailPercents,
): Readonly<Record<string, string>> {
  const entries = demoVersions.map((version) => {
    const directory = path.join(folder, "releases", version);
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, "server.mjs"), serverSource(version, failPercents));
    return [demoImage(version), directory] as const;
  });
  return Object.fromEntries(entries);
}

function service(name: string): KubeObject {
  const spec = { selector: { app: "shop" }, ports: [{ port: 80, targetPort: 8080 }] };
  return withSpec("v1", "Service", name, spec);
}

function withSpec(apiVersion: string, kind: string, name: string, spec: object): KubeObject {
  const object = { apiVersion, kind, metadata: { name, namespace: "default" }, spec };
  return object;
}

const errorRate = {
  metrics: [
    {
      name: "error-rate",
      interval: "1s",
      initialDelay: "2s",
      successCondition: "result < 0.05",
      failureLimit: 0,
      consecutiveErrorLimit: 30,
      provider: {
        plugin: {
          "haldane.dev/traffic": {
            service: "shop-canary",
            version: "{{args.canary}}",
            query: "errorRate",
            window: "2s",
            minRequests: 10,
          },
        },
      },
    },
  ],
  args: [{ name: "canary" }],
};

const strategy = {
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
      { setWeight: 10 },
      { pause: { duration: "4s" } },
      { setWeight: 30 },
      { pause: { duration: "3s" } },
      { setWeight: 60 },
      { pause: { duration: "3s" } },
    ],
  },
};

/** Everything the demo applies; the gateway listens on `port`. */
export function demoObjects(port: number): readonly KubeObject[] {
  const container = {
    name: "app",
    image: demoImage("v1"),
    command: [process.execPath, "server.mjs"],
    ports: [{ containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/healthz", port: 8080 }, periodSeconds: 1 },
  };
  const refs = [
    { name: "shop-stable", port: 80, weight: 100 },
    { name: "shop-canary", port: 80, weight: 0 },
  ];
  return [
    service("shop-stable"),
    service("shop-canary"),
    withSpec("gateway.networking.k8s.io/v1", "Gateway", "web", {
      gatewayClassName: "haldane",
      listeners: [{ name: "http", port, protocol: "HTTP" }],
    }),
    withSpec("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", {
      parentRefs: [{ name: "web" }],
      rules: [{ backendRefs: refs }],
    }),
    withSpec("argoproj.io/v1alpha1", "AnalysisTemplate", "error-rate", errorRate),
    withSpec("argoproj.io/v1alpha1", "Rollout", "shop", {
      replicas: 2,
      selector: { matchLabels: { app: "shop" } },
      template: {
        metadata: { labels: { app: "shop" } },
        spec: { terminationGracePeriodSeconds: 5, containers: [container] },
      },
      strategy,
    }),
  ];
}
