import { request as httpRequest, Agent } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { HTTPRoute } from "../../api/gateway/http-route.ts";
import type { Container } from "../../api/kubernetes/pod.ts";
import type {
  Deployment,
  EndpointSlice,
  KubeEvent,
  Service,
} from "../../api/kubernetes/workloads.ts";
import { findGateway } from "../../gateway/client.ts";
import type { StatsReport } from "../../gateway/gateway.ts";
import { startGatewayProcess } from "../../gateway/main.ts";
import type { CounterPast } from "../../lib/latency-histogram.ts";
import { systemClock } from "../../runtime/clock.ts";
import { storeEventRecorder } from "../../runtime/events.ts";
import { silentLogger } from "../../runtime/log.ts";
import { serverSource, startMachine, until } from "../kubelet/machine.test-support.ts";
import type { Machine } from "../kubelet/machine.test-support.ts";
import { deploymentController } from "../workloads/deployment/controller.ts";
import { replicaSetController } from "../workloads/replica-set/controller.ts";
import { GatewaySync } from "./gateway-sync.ts";
import { endpointSliceController } from "./slice-controller.ts";

let machine: Machine;
let stats: StatsReport | undefined;
let pasts: CounterPast[] = [];
let sync: GatewaySync;

const gatewayMain = pathToFileURL(join(import.meta.dirname, "../../gateway/main.ts")).href;

function gatewayCommand(directory: string): readonly string[] {
  const code = `const { runGateway } = await import(${JSON.stringify(gatewayMain)}); await (await runGateway({ dataDir: ${JSON.stringify(directory)} })).ended;`;
  return [process.execPath, "--import", "tsx", "--input-type=module", "--eval", code];
}

async function startCluster(): Promise<void> {
  pasts = [];
  machine = await startMachine({
    extend: ({ manager, store, folder }) => {
      const gatewayDir = join(folder, "gw");
      const events = storeEventRecorder({ store, clock: systemClock, component: "test" });
      const deps = { manager, store, clock: systemClock, events };
      const own = new GatewaySync({
        ...deps,
        log: silentLogger,
        connect: async () => {
          const found = await findGateway(gatewayDir);
          return (
            found ??
            (await startGatewayProcess({
              dataDir: gatewayDir,
              command: gatewayCommand(gatewayDir),
            }))
          ).client;
        },
        onStats: (report) => (stats = report),
        onPast: (past) => pasts.push(past),
        statsIntervalMs: 200,
      });
      sync = own;
      manager.add(own);
      manager.add(endpointSliceController(deps));
      manager.add(replicaSetController(deps));
      manager.add(deploymentController(deps));
      return { drainGate: own, stop: async () => own.stop() };
    },
  });
  for (const version of ["v1", "v2"]) machine.release(version, { "server.mjs": serverSource });
}

afterEach(async () => {
  // A gateway that was just started serves before it says where it is found.
  const found = await until("the gateway is found", async () =>
    findGateway(join(machine.folder, "gw")),
  );
  await machine.dispose();
  await found.client.close();
  process.kill(found.pid, "SIGKILL");
});

function container(version: string): Container {
  return {
    name: "app",
    image: `dir:./${version}`,
    command: ["node", "server.mjs"],
    ports: [{ name: "http", containerPort: 8080 }],
    env: [{ name: "VERSION", value: version }],
    readinessProbe: { httpGet: { path: "/healthz", port: "http" }, periodSeconds: 1 },
  };
}

function deployment(version: string, replicas: number): Deployment {
  const labels = { app: "web" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container(version)] } },
    },
  };
}

function service(name: string, more: Partial<Service["metadata"]> = {}, port = 80): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", ...more },
    spec: {
      type: "LoadBalancer",
      selector: { app: "web" },
      ports: [{ name: "http", port, targetPort: "http" }],
    },
  };
}

const autoPort = { annotations: { "haldane.dev/port": "auto" } };

async function servicePort(name: string): Promise<number> {
  return until(`service ${name} has a port`, async () => {
    const stored = await machine.store.get<Service>({
      apiVersion: "v1",
      kind: "Service",
      namespace: "default",
      name,
    });
    const ingress = stored?.status?.loadBalancer?.ingress?.[0]?.ports?.[0];
    return ingress?.error === undefined ? ingress?.port : undefined;
  });
}

const agent = new Agent({ keepAlive: true });

function get(port: number, path = "/"): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, agent }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end();
  });
}

async function rollOut(version: string): Promise<void> {
  const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };
  const body = {
    spec: { template: { spec: { containers: [JSON.parse(JSON.stringify(container(version)))] } } },
  };
  await machine.store.patch(ref, { type: "merge", body });
  await until(
    `the rollout of ${version} is complete`,
    async () => {
      const stored = await machine.store.get<Deployment>(ref);
      const { observedGeneration, updatedReplicas, replicas, availableReplicas } =
        stored?.status ?? {};
      const wanted = stored?.spec.replicas;
      return (
        observedGeneration === stored?.metadata.generation &&
        [updatedReplicas, replicas, availableReplicas].every((count) => count === wanted)
      );
    },
    40_000,
  );
}

describe("the gateway and the cluster", () => {
  it(
    "loses no request over a rolling update under load, through a restart of the control plane",
    { timeout: 90_000 },
    async () => {
      await startCluster();
      await machine.store.create(service("web", autoPort));
      await machine.store.create(deployment("v1", 2));
      const port = await servicePort("web");
      await until("v1 answers", async () => (await get(port)).text.startsWith("v1"));

      const answers: string[] = [];
      const failures: string[] = [];
      let isOver = false;
      const lane = async (path: string): Promise<void> => {
        while (!isOver) {
          try {
            const { status, text } = await get(port, path);
            if (status === 200) answers.push(text.split(" ")[0] ?? "");
            else failures.push(`${String(status)} ${text}`);
          } catch (error) {
            failures.push(String(error));
          }
        }
      };
      const lanes = ["/", "/", "/?ms=5", "/?ms=150"].map((path) => lane(path));
      await rollOut("v2");
      await machine.restart();
      await rollOut("v1");
      await until(
        "the old pods are gone",
        async () =>
          (await machine.store.list({ apiVersion: "v1", kind: "Pod" })).items.length === 2,
      );
      isOver = true;
      await Promise.all(lanes);
      expect(failures).toEqual([]);
      expect(new Set(answers)).toEqual(new Set(["v1", "v2"]));
      expect(answers.at(-1)).toBe("v1");
      expect(answers.length).toBeGreaterThan(200);
      await until("the counters reach us", async () =>
        stats?.series.some(
          (series) => (series.counters["requests"] ?? 0) > 100 && series.version !== "",
        ),
      );
      // The control plane that came after the restart was told what the gateway counted before it.
      const remembered = pasts.at(-1)?.intervals.flatMap(({ series }) => series) ?? [];
      expect(remembered.some(({ counters }) => (counters["requests"] ?? 0) > 0)).toBe(true);
      const slices = (
        await machine.store.list<EndpointSlice>({
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
        })
      ).items;
      expect(slices).toHaveLength(1);
      expect(slices[0]?.endpoints.map((each) => each.conditions?.ready)).toEqual([true, true]);
    },
  );

  it("says when a switched Service is served as it is now", async () => {
    await startCluster();
    await machine.store.create(service("web", autoPort));
    await machine.store.create(deployment("v1", 1));
    const port = await servicePort("web");
    await until("it answers", async () => (await get(port)).status === 200);
    const ref = { apiVersion: "v1", kind: "Service", namespace: "default", name: "web" };
    for (const [app, status] of [...Array(5)].flatMap(
      () =>
        [
          ["nobody", 503],
          ["web", 200],
        ] as const,
    )) {
      const body = { spec: { selector: { app } } };
      await machine.store.patch(ref, { type: "merge", body });
      await sync.caughtUp(new AbortController().signal);
      expect((await get(port)).status).toBe(status);
    }
  });

  it("says which port is in use and what to do, and opens it once it is free", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => resolve((other.address() as { port: number }).port));
    });
    await startCluster();
    await machine.store.create(service("web", {}, port));
    const ref = { apiVersion: "v1", kind: "Service", namespace: "default", name: "web" };
    const stored = await until("the service says so", async () => {
      const found = await machine.store.get<Service>(ref);
      return found?.status?.conditions?.[0]?.status === "False" ? found : undefined;
    });
    expect(stored.status?.loadBalancer).toEqual({});
    expect(stored.status?.conditions?.[0]?.message).toContain(
      `127.0.0.1:${String(port)}: the port is in use by another program`,
    );
    expect(stored.status?.conditions?.[0]?.message).toContain("haldane.dev/port: auto");
    const told = async (reason: string): Promise<readonly KubeEvent[]> => {
      const all = (await machine.store.list<KubeEvent>({ apiVersion: "v1", kind: "Event" })).items;
      return all.filter((each) => each.reason === reason);
    };
    await until("an event says so", async () => (await told("PortInUse")).length > 0);
    other.close();
    expect(await servicePort("web")).toBe(port);
    await until("an event says that, too", async () => (await told("Programmed")).length > 0);
    expect(await told("PortInUse")).toHaveLength(1);
  });

  it("reports a route's generation as programmed once the gateway runs it, and starts a killed gateway again", async () => {
    await startCluster();
    const free = createServer();
    const port = await new Promise<number>((resolve) => {
      free.listen(0, "127.0.0.1", () => resolve((free.address() as { port: number }).port));
    });
    await new Promise((resolve) => free.close(resolve));
    const gateway = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "edge", namespace: "default" },
      spec: { gatewayClassName: "haldane", listeners: [{ name: "http", port, protocol: "HTTP" }] },
    };
    await machine.store.create(gateway);
    await machine.store.create({
      ...service("web"),
      spec: { ...service("web").spec, type: "ClusterIP" },
    });
    await machine.store.create(deployment("v1", 1));
    const route: HTTPRoute = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: "web", namespace: "default" },
      spec: {
        parentRefs: [{ name: "edge" }],
        rules: [{ backendRefs: [{ name: "web", port: 80 }] }],
      },
    };
    const created = await machine.store.create(route);
    const ref = {
      apiVersion: route.apiVersion,
      kind: "HTTPRoute",
      namespace: "default",
      name: "web",
    };
    const programmed = async (generation: number): Promise<HTTPRoute> =>
      until(`generation ${String(generation)} is programmed`, async () => {
        const found = await machine.store.get<HTTPRoute>(ref);
        const condition = found?.status?.parents[0]?.conditions.find(
          (each) => each.type === "Programmed",
        );
        return condition?.status === "True" && condition.observedGeneration === generation
          ? found
          : undefined;
      });
    await programmed(created.metadata.generation ?? 0);
    await until("the route answers", async () => (await get(port)).text.startsWith("v1"));
    const body = {
      spec: {
        rules: [
          {
            backendRefs: [
              { name: "missing", port: 80, weight: 1 },
              { name: "web", port: 80, weight: 3 },
            ],
          },
        ],
      },
    };
    const changed = await machine.store.patch<HTTPRoute>(ref, { type: "merge", body });
    const after = await programmed(changed.metadata.generation ?? 0);
    expect(
      after.status?.parents[0]?.conditions.find((each) => each.type === "ResolvedRefs"),
    ).toMatchObject({
      status: "False",
      reason: "BackendNotFound",
    });
    const found = await findGateway(join(machine.folder, "gw"));
    await found?.client.close();
    process.kill(found!.pid, "SIGKILL");
    await until("it answers again", async () =>
      get(port).then(
        ({ text }) => text.startsWith("v1"),
        () => false,
      ),
    );
  });
});
