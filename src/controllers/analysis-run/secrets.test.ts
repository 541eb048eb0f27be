// Secrets of arguments and of providers' own, against a server that refuses and repeats all it was
// told: nothing that is stored or logged may show them, in no form they were sent in.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { AnalysisRun, Metric } from "../../api/argo/analysis.ts";
import type { KubeEvent, Secret } from "../../api/kubernetes/workloads.ts";
import { toBase64 } from "../../lib/base64.ts";
import { createRng } from "../../lib/rng.ts";
import {
  loopback,
  type Heard,
  type Loopback,
  type Reply,
} from "../../metrics/loopback.test-support.ts";
import { createProvider } from "../../metrics/registry.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { storeEventRecorder } from "../../runtime/events.ts";
import type { Logger } from "../../runtime/log.ts";
import { Manager } from "../../runtime/manager.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { analysisRunController } from "./analysis-run.ts";

const startMs = Date.parse("2026-11-21T00:00:00Z");
const token = 'p@ss "w/rd" & 1';
const apiKey = "datadog-api-key";

let server: Loopback;
/** What it says; what it has heard, when there is none. */
let reply: Reply | undefined;
let logged: string[];
let store: ObjectStore;
let manager: Manager;

function answer(heard: Heard): Reply {
  return reply ?? repeatAll(heard);
}

function repeatAll({ headers, body, query, path, url }: Heard): Reply {
  const said = { headers, body, query: query.toString(), url };
  // Prometheus is asked again with GET, so that the query stands in an address.
  const status =
    path.startsWith("/api/v1/query") && headers["dd-api-key"] === undefined ? 405 : 400;
  return { status, body: `refused: ${JSON.stringify(said)} ${JSON.stringify(query.get("q"))}` };
}

const listening = (lines: string[]): Logger => {
  const write = (message: string, fields: object = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
};

async function settle(): Promise<void> {
  for (let calm = 0; calm < 5;) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    calm = manager.isIdle ? calm + 1 : 0;
  }
}

beforeEach(async () => {
  reply = undefined;
  server = await loopback(answer);
  logged = [];
  const clock = new VirtualClock(startMs);
  const log = listening(logged);
  let uids = 0;
  store = memoryStore({ clock, rng: createRng(1), newUid: () => `uid-${String((uids += 1))}` });
  manager = new Manager({ store, clock, log });
  const context = { store, env: {}, traffic: undefined, controllerNamespace: "default" };
  manager.add(
    analysisRunController({
      manager,
      store,
      clock,
      log,
      events: storeEventRecorder({ store, clock, component: "rollouts-controller" }),
      providerOf: (metric) => createProvider(metric, context),
    }),
  );
  await manager.start();
});
afterEach(async () => {
  await manager.stop();
  await server.close();
});

async function createSecret(name: string, keys: Record<string, string>): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(keys).map(([key, value]) => [key, toBase64(value)]),
  );
  const metadata = { name, namespace: "default" };
  const secret: Secret = { apiVersion: "v1", kind: "Secret", metadata, data };
  await store.create(secret);
}

function metrics(url: string): readonly Metric[] {
  const header = { key: "X-Token", value: "{{args.token}}" };
  const basicAuth = { username: "ann", password: "{{args.token}}" };
  const oauth2 = { tokenUrl: `${url}/token`, clientId: "id", clientSecret: "{{args.token}}" };
  const providers: readonly object[] = [
    { web: { url: `${url}/?q={{args.token}}` } },
    { web: { url, headers: [header], authentication: { oauth2 } } },
    { web: { url: "http://127.0.0.1:1/{{args.token}}" } },
    { web: { url, method: "POST", body: "{{args.token}}", headers: [header] } },
    {
      prometheus: { address: url, query: 'up{x="{{args.token}}"}', authentication: { basicAuth } },
    },
    { graphite: { address: url, query: "target={{args.token}}" } },
    { datadog: { query: "q{{args.token}}" } },
  ];
  return providers.map((provider, index) => ({
    name: `m${String(index)}`,
    provider: provider as Metric["provider"],
    consecutiveErrorLimit: 0,
    successCondition: "result == '{{args.token}}'",
  }));
}

async function runOf(metric: Metric, key: string): Promise<AnalysisRun | undefined> {
  const metadata = { name: "run", namespace: "default" };
  const run: AnalysisRun = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata,
    spec: {
      args: [{ name: "token", valueFrom: { secretKeyRef: { name: "api", key } } }],
      metrics: [metric],
    },
  };
  await store.create(run);
  await settle();
  return store.get<AnalysisRun>({ apiVersion: run.apiVersion, kind: run.kind, ...metadata });
}

it.each([
  ["successCondition", "result < {{args.token}}", "Successful"],
  ["successCondition", "result > {{args.token}}", "Failed"],
  ["successCondition", "string(result) != '{{args.token}}'", "Successful"],
  ["failureCondition", "result < {{args.token}}", "Failed"],
])("%s %s, with a limit that is in a Secret: %s", async (name, condition, phase) => {
  reply = { body: "499" };
  await createSecret("api", { limit: "500" });
  const provider = { web: { url: server.url } };
  const run = await runOf({ name: "m", [name]: condition, provider }, "limit");
  expect(run?.status?.message ?? "").not.toContain("500");
  expect(run?.status?.phase).toBe(phase);
});

it("a server that repeats everything makes no secret known", async () => {
  await createSecret("api", { token });
  await createSecret("datadog", { "api-key": apiKey, "app-key": "app-key-1", address: server.url });
  const run: AnalysisRun = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "run", namespace: "default" },
    spec: {
      args: [{ name: "token", valueFrom: { secretKeyRef: { name: "api", key: "token" } } }],
      metrics: metrics(server.url),
    },
  };
  await store.create(run);
  await settle();
  const { name, namespace = "" } = run.metadata;
  const ended = await store.get<AnalysisRun>({
    apiVersion: run.apiVersion,
    kind: run.kind,
    name,
    namespace,
  });
  expect(ended?.status?.phase).toBe("Error");
  expect(ended?.status?.metricResults?.map(({ phase }) => phase)).toEqual(
    run.spec.metrics.map(() => "Error"),
  );
  const { items: events } = await store.list<KubeEvent>({ apiVersion: "v1", kind: "Event" });
  expect(events.length).toBeGreaterThan(0);
  // Each was asked, and said no with what it had heard.
  expect(server.heard.length).toBeGreaterThanOrEqual(run.spec.metrics.length);

  const shown = JSON.stringify([ended?.status, events, logged]);
  const texts = (ended?.status?.metricResults ?? []).flatMap(
    ({ message = "", measurements = [] }) => [
      message,
      ...measurements.map((one) => `${one.message ?? ""} ${one.value ?? ""}`),
    ],
  );
  expect(texts.join("\n")).toContain("*****");
  const forms = [
    token,
    encodeURIComponent(token),
    encodeURI(token),
    token.replaceAll(" ", ""),
    new URLSearchParams({ q: token }).toString().slice(2),
    toBase64(token),
    toBase64(`ann:${token}`),
    toBase64(`id:${encodeURIComponent(token)}`),
    apiKey,
    "app-key-1",
  ];
  for (const form of forms) {
    expect(texts.join("\n")).not.toContain(form);
    expect(shown).not.toContain(form);
    expect(shown).not.toContain(JSON.stringify(form).slice(1, -1));
  }
});
