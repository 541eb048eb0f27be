import { describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback, type Heard, type Reply } from "../loopback.test-support.ts";
import { metricOf, testServers } from "../provider-server.test-support.ts";
import { kayentaProvider } from "./kayenta.ts";

const side = { scope: "app", region: "us", step: 60 };
const config = {
  application: "shop",
  canaryConfigName: "checkout",
  metricsAccountName: "metrics",
  configurationAccountName: "configurations",
  storageAccountName: "storage",
  threshold: { pass: 90, marginal: 75 },
  scopes: [{ name: "default", controlScope: side, experimentScope: { ...side, scope: "new" } }],
};

function metric(address: string, more: object = {}): Metric {
  return metricOf("kayenta", { address, ...config, ...more }, { interval: "10m" });
}

const configs = [
  { id: "1", name: "other" },
  { id: "2", name: "checkout" },
];
const judged = (score: unknown) => ({
  complete: true,
  result: { judgeResult: { score: { score } } },
});

/** Kayenta with an execution that has come to this. It knows what was started under which mark. */
function kayenta(execution: unknown = judged(95)): (heard: Heard) => Reply {
  const started: object[] = [{ parentPipelineExecutionId: "another", pipelineId: "ex/0" }];
  return ({ path, method, query }) => {
    if (path === "/canaryConfig") return { body: JSON.stringify(configs) };
    if (path === "/canary/executions") return { body: JSON.stringify(started) };
    if (method === "POST") {
      const mark = query.get("parentPipelineExecutionId");
      started.unshift({ parentPipelineExecutionId: mark, pipelineId: "ex/1" });
    }
    const answer = method === "POST" ? { canaryExecutionId: "ex/1" } : execution;
    return { body: JSON.stringify(answer) };
  };
}

describeMetricProvider(kayentaProvider, async () => {
  const server = await loopback(kayenta());
  return {
    context: await contextWith([]),
    good: metric(server.url),
    unanswerable: metric("http://127.0.0.1:1"),
    misconfigured: metric(""),
    made: async () => server.heard.filter(({ method }) => method === "POST").length,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describeHttpProvider({
  factory: kayentaProvider,
  setUp: async (url) => ({ metric: metric(url), context: await contextWith([]) }),
  good: kayenta(),
  secrets: [],
  followsRedirects: true,
});

const serve = testServers();

async function start(reply: (heard: Heard) => Reply = kayenta(), more: object = {}) {
  const server = await serve(reply);
  const asked = metric(server.url, more);
  const provider = kayentaProvider.create(asked, await contextWith([]));
  const question = questionOf({ now }, asked);
  return { provider, question, heard: server.heard };
}

const mark = (nth: number): string => {
  const { run, metric: asked } = questionOf({ now }, metric(""));
  return `haldane.${run.metadata.uid ?? ""}.${asked.name}.${nth}`;
};

describe("starting a judgement", () => {
  it("finds the configuration and sends what is to be compared", async () => {
    const { provider, question, heard } = await start();
    expect(await provider.measure(question)).toEqual({
      kind: "running",
      resumeAtMs: now + 15_000,
      metadata: { canaryExecutionId: "ex/1" },
    });
    expect(heard).toMatchObject([
      { method: "GET", path: "/canaryConfig" },
      { method: "GET", path: "/canary/executions" },
      { method: "POST", path: "/canary/2" },
    ]);
    expect(heard.map(({ query }) => Object.fromEntries(query))).toEqual([
      { application: "shop", configurationAccountName: "configurations" },
      { application: "shop", storageAccountName: "storage", limit: "20" },
      {
        application: "shop",
        parentPipelineExecutionId: mark(1),
        metricsAccountName: "metrics",
        configurationAccountName: "configurations",
        storageAccountName: "storage",
      },
    ]);
    const times = { start: "2026-11-20T23:50:00Z", end: "2026-11-21T00:00:00Z" };
    const { region: location, step } = side;
    expect(JSON.parse(heard[2]?.body ?? "")).toEqual({
      scopes: {
        default: {
          controlScope: { scope: "app", location, step, ...times },
          experimentScope: { scope: "new", location, step, ...times },
        },
      },
      thresholds: { pass: 90, marginal: 75 },
    });
  });

  it("looks back to the start of the run, when asked to", async () => {
    const { provider, question, heard } = await start(kayenta(), { lookback: true });
    const status = { startedAt: "2026-11-20T12:00:00Z" };
    await provider.measure({ ...question, run: { ...question.run, status } });
    expect(heard[2]?.body).toContain('"start":"2026-11-20T12:00:00Z"');
  });

  it("takes times that are given for both sides as they are", async () => {
    const times = { start: "2020-01-01T00:00:00Z", end: "2020-01-02T00:00:00Z" };
    const timed = { ...side, ...times };
    const scopes = [{ name: "default", controlScope: timed, experimentScope: timed }];
    const { provider, question, heard } = await start(kayenta(), { scopes });
    await provider.measure(question);
    expect(JSON.parse(heard[2]?.body ?? "")).toMatchObject({
      scopes: { default: { controlScope: times, experimentScope: times } },
    });
  });

  it("goes on with the one that was started for this measurement before, and with no other", async () => {
    const { provider, question, heard } = await start();
    const posts = (): number => heard.filter(({ method }) => method === "POST").length;
    const first = await provider.measure(question);
    expect(await provider.measure(question)).toEqual(first);
    expect(posts()).toBe(1);
    const result = { name: question.metric.name, phase: "Running", count: 1, error: 1 } as const;
    const status = { phase: "Running", metricResults: [result] } as const;
    await provider.measure({ ...question, run: { ...question.run, status } });
    expect(posts()).toBe(2);
    expect(heard.at(-1)?.query.get("parentPipelineExecutionId")).toBe(mark(3));
  });

  it.each<[string, Reply]>([
    ["does not list them", { status: 404 }],
    ["says nonsense", { body: "<html>" }],
    ["lists something else", { body: '[1, {"parentPipelineExecutionId": "x"}]' }],
  ])("is done by a Kayenta that %s", async (_name, list) => {
    const { provider, question } = await start((heard) =>
      heard.path === "/canary/executions" ? list : kayenta()(heard),
    );
    expect(await provider.measure(question)).toMatchObject({ kind: "running" });
  });

  it("without an interval there is no start", async () => {
    const server = await serve(kayenta());
    const { interval: _interval, ...asked } = metric(server.url);
    const provider = kayentaProvider.create(asked, await contextWith([]));
    expect(await provider.measure(questionOf({ now }, asked))).toEqual({
      kind: "error",
      message: 'Invalid duration "": time: invalid duration ""',
    });
    expect(server.heard).toEqual([]);
  });

  it.each<[string, (heard: Heard) => Reply, string]>([
    ["no list", () => ({ status: 503 }), "Invalid Response: HTTP 503"],
    ["no such configuration", () => ({ body: "[]" }), "Canary config not found"],
    [
      "the judgement is refused",
      (heard) => (heard.method === "POST" ? { status: 500 } : kayenta()(heard)),
      "Invalid Response",
    ],
    [
      "the judgement has no id",
      (heard) => (heard.method === "POST" ? { body: "{}" } : kayenta()(heard)),
      "Invalid Response",
    ],
  ])("error: %s", async (_name, reply, message) => {
    const { provider, question } = await start(reply);
    expect(await provider.measure(question)).toEqual({ kind: "error", message });
  });
});

describe("asking for the score", () => {
  const resumed = async (execution: unknown, metadata?: Record<string, string>) => {
    const { provider, question, heard } = await start(kayenta(execution));
    const known = metadata ?? { canaryExecutionId: "ex/1" };
    const answer = await provider.resume?.(question, { phase: "Running", metadata: known });
    return { answer, heard };
  };

  it.each<[unknown, object]>([
    [judged(95.9), { kind: "phase", phase: "Successful", text: "95" }],
    [judged(90), { kind: "phase", phase: "Successful", text: "90" }],
    [judged(89.9), { kind: "phase", phase: "Inconclusive", text: "89" }],
    [judged(75), { kind: "phase", phase: "Inconclusive", text: "75" }],
    [judged(0), { kind: "phase", phase: "Failed", text: "0" }],
    [{ complete: false }, { kind: "running", resumeAtMs: now + 15_000 }],
    [{}, { kind: "error", message: "Missing Complete Status" }],
    [{ complete: true }, { kind: "error", message: "Missing Score" }],
    [judged("NaN"), { kind: "error", message: "Missing Score" }],
    [[], { kind: "error", message: "Invalid Response" }],
  ])("%j", async (execution, expected) => {
    const { answer, heard } = await resumed(execution);
    expect(answer).toEqual(expected);
    expect(heard).toMatchObject([{ method: "GET", path: "/canary/ex%2F1" }]);
  });

  it("a measurement that forgot its judgement is an error", async () => {
    const { answer } = await resumed(judged(95), {});
    expect(answer).toMatchObject({ kind: "error" });
  });
});

const { scopes: _scopes, ...withoutScopes } = config;
const one = (given: object, other: object) => ({
  scopes: [
    { name: "d", controlScope: { ...side, ...given }, experimentScope: { ...side, ...other } },
  ],
});
it.each<[object, string]>([
  [{ address: "localhost:8090" }, "is no http or https address"],
  [{ application: "" }, "provider.kayenta.application is not set"],
  [{ threshold: { pass: 90 } }, "provider.kayenta.threshold needs pass and marginal"],
  [{ ...withoutScopes, scopes: [] }, "provider.kayenta.scopes is empty"],
  [
    one({ start: "2020-01-01T00:00:00Z" }, {}),
    "controlScope.start and experimentScope.start must both be set or be empty",
  ],
  [
    one({}, { end: "2020-01-01T00:00:00Z" }),
    "controlScope.end and experimentScope.end must both be set or be empty",
  ],
])("refuses %j", async (more, message) => {
  const context = await contextWith([]);
  expect(() => kayentaProvider.create(metric("http://x", more), context)).toThrow(message);
});
