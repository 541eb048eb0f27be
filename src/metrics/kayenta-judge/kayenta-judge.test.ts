import { describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng, next } from "../../lib/rng.ts";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import { contextWith, describeHttpProvider, now, testStore } from "../http-sheet.test-support.ts";
import { loopback, type Heard, type Reply } from "../loopback.test-support.ts";
import { testServers } from "../provider-server.test-support.ts";
import { ProviderError, type MetricAnswer, type ProviderContext } from "../provider.ts";
import { kayentaJudgeProvider } from "./kayenta-judge.ts";

const metricConfig = (name: string, more: JsonObject = {}, query: JsonObject = {}) => ({
  name,
  groups: ["all"],
  query: {
    type: "prometheus",
    customInlineTemplate: `PromQL:sum(rate(${name}_total{version="\${scope}"}[1m]))`,
    ...query,
  },
  analysisConfigurations: { canary: { direction: "increase", ...more } },
});
const configuration = {
  metrics: [metricConfig("errors"), metricConfig("latency")],
  classifier: { scoreThresholds: { pass: 95, marginal: 75 } },
} as const;

function metric(address: string, more: object = {}, rest: Partial<Metric> = {}): Metric {
  const config = {
    configuration,
    prometheus: { address },
    control: { scope: "v1" },
    experiment: { scope: "v2" },
    lookback: "60m",
    ...more,
  };
  return { name: "m", provider: { plugin: { "haldane.dev/kayenta": config } }, ...rest };
}

type Series = { readonly labels?: object; readonly values: (index: number) => number | undefined };
type World = (query: string) => readonly Series[];

/** A stand-in that answers range queries from functions of the point's number. */
function prometheus(world: World): (heard: Heard) => Reply {
  return ({ body }) => {
    const form = new URLSearchParams(body);
    const [start, end, step] = ["start", "end", "step"].map((key) => Number(form.get(key)));
    const count = Math.round((end! - start!) / step!) + 1;
    const result = world(form.get("query") ?? "").map(({ labels = {}, values }) => ({
      metric: labels,
      values: Array.from({ length: count }, (_, index) => [start! + index * step!, values(index)])
        .filter(([, value]) => value !== undefined)
        .map(([at, value]) => [at, String(value === Infinity ? "+Inf" : value)]),
    }));
    return { body: JSON.stringify({ status: "success", data: { resultType: "matrix", result } }) };
  };
}

/** Around `mean`, differently for each seed. */
function around(mean: number, seed: number): Series {
  const rng = createRng(seed);
  const values = Array.from({ length: 200 }, () => mean + next(rng) - 0.5);
  return { values: (index) => values[index] };
}
const healthy: World = (query) => [around(10, query.length + (query.includes("v2") ? 1 : 0))];
const failing: World = (query) =>
  query.includes("errors") && query.includes("v2") ? [around(20, 9)] : healthy(query);

describeMetricProvider(kayentaJudgeProvider, async () => {
  const server = await loopback(prometheus(healthy));
  return {
    context: await contextWith([]),
    good: metric(server.url),
    unanswerable: metric("http://127.0.0.1:1"),
    misconfigured: metric(server.url, { configuration: {} }),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

const basicAuth = { username: "ann", password: "hush-hush" };
describeHttpProvider({
  factory: kayentaJudgeProvider,
  setUp: async (address) => ({
    metric: metric("", { prometheus: { address, authentication: { basicAuth } } }),
    context: await contextWith([]),
  }),
  good: prometheus(healthy),
  secrets: ["hush-hush", btoa("ann:hush-hush")],
  followsRedirects: true,
});

const serve = testServers();

async function ask(
  world: World,
  more: object = {},
  { context, startedAt }: { context?: ProviderContext; startedAt?: string } = {},
) {
  const server = await serve(prometheus(world));
  const asked = metric(server.url, more);
  const provider = kayentaJudgeProvider.create(asked, context ?? (await contextWith([])));
  const { run, ...question } = questionOf({ now }, asked);
  const status = startedAt === undefined ? {} : { status: { startedAt } };
  const answer = await provider.measure({ ...question, run: { ...run, ...status } });
  return {
    answer,
    forms: server.heard.map(({ body }) => Object.fromEntries(new URLSearchParams(body))),
  };
}

function metricsOf(answer: MetricAnswer): unknown {
  return JSON.parse(answer.metadata?.["metrics"] ?? "null");
}

describe("a judgement", () => {
  it("asks both sides over the same steps, and passes a healthy canary", async () => {
    const { answer, forms } = await ask(healthy);
    expect(answer).toMatchObject({
      kind: "phase",
      phase: "Successful",
      text: "100",
      message: "Pass: score 100 (pass 95, marginal 75); 2 of 2 metrics passed",
      metadata: {
        classification: "Pass",
        mode: "strict",
        from: "2026-11-20T23:01:00Z",
        to: "2026-11-21T00:00:00Z",
        points: "60",
        groups: '{"all":{"score":100,"weight":100}}',
      },
    });
    const times = { start: String(now / 1000 - 59 * 60), end: String(now / 1000), step: "60" };
    expect(forms).toHaveLength(4);
    expect(forms).toContainEqual({ query: 'sum(rate(errors_total{version="v1"}[1m]))', ...times });
    expect(forms).toContainEqual({ query: 'sum(rate(latency_total{version="v2"}[1m]))', ...times });
  });

  it.each<[string, World, object, string, string, string]>([
    ["worse in one of two", failing, {}, "Failed", "50", "Fail"],
    [
      "worse in one of two, and that is marginal",
      failing,
      { threshold: { pass: 95, marginal: 50 } },
      "Inconclusive",
      "50",
      "Marginal",
    ],
    [
      "worse in one of two, and that is enough",
      failing,
      { threshold: { pass: 50, marginal: 50 } },
      "Successful",
      "50",
      "Pass",
    ],
    ["judged as Kayenta does", failing, { mode: "parity" }, "Failed", "50", "Fail"],
  ])("%s", async (...[, world, more, phase, text, classification]) => {
    const { answer } = await ask(world, more);
    expect(answer).toMatchObject({ phase, text, metadata: { classification } });
    expect(metricsOf(answer)).toMatchObject([
      { name: "errors", classification: "High", effect: expect.closeTo(2, 1) as number },
      { name: "latency", classification: "Pass" },
    ]);
  });

  it("steps and the way back are whole steps, whenever one asks within one", async () => {
    const { forms } = await ask(healthy, { step: "7s", lookback: "1m" });
    const { start, end } = forms[0]!;
    expect(Number(end) % 7).toBe(0);
    expect(Number(end) - Number(start)).toBe(7 * 7);
  });

  it("looks back to the start of the run, when asked to", async () => {
    const { forms } = await ask(healthy, { lookback: true }, { startedAt: "2026-11-20T23:50:00Z" });
    expect(forms[0]).toMatchObject({ start: String(now / 1000 - 9 * 60) });
  });

  it("looks back over the metric's interval, when nothing is said", async () => {
    const server = await serve(prometheus(healthy));
    const asked = metric(server.url, { lookback: null }, { interval: "20m" });
    await kayentaJudgeProvider
      .create(asked, await contextWith([]))
      .measure(questionOf({ now }, asked));
    expect(new URLSearchParams(server.heard[0]?.body).get("start")).toBe(
      String(now / 1000 - 19 * 60),
    );
  });

  it("several series of a metric are paired by their labels; one without a partner has no data", async () => {
    const world: World = (query) => {
      const zones = query.includes("v2") ? ["a", "b"] : ["a", "c"];
      return zones.map((zone) => ({ ...around(10, zone.charCodeAt(0)), labels: { zone } }));
    };
    const { answer } = await ask(world, {
      configuration: { ...configuration, metrics: [metricConfig("errors")] },
    });
    expect(answer).toMatchObject({ phase: "Inconclusive", text: "33.33" });
    expect(metricsOf(answer)).toMatchObject([
      { tags: '{zone="a"}', classification: "Pass" },
      { tags: '{zone="b"}', classification: "Nodata" },
      { tags: '{zone="c"}', classification: "Nodata" },
    ]);
  });

  it("a gap is no point, and a zero where the configuration says so and something else was measured", async () => {
    const rare: World = (query) => {
      if (!query.includes("errors")) {
        // The canary has run for half an hour.
        const { values } = around(10, query.length);
        return [
          { values: (index) => (query.includes("v2") && index < 30 ? undefined : values(index)) },
        ];
      }
      return query.includes("v2")
        ? [{ values: (index) => (index >= 30 && index % 2 === 0 ? 1 : undefined) }]
        : [];
    };
    const zeros = {
      ...configuration,
      metrics: [metricConfig("errors", { nanStrategy: "replace" }), metricConfig("latency")],
    };
    const { answer } = await ask(rare, { configuration: zeros });
    expect(metricsOf(answer)).toMatchObject([
      // Half of its points, not a quarter: it did not answer without errors before it was there.
      {
        classification: "High",
        reason: expect.stringContaining("is 0.5 on average, the control 0") as string,
      },
      { classification: "Pass" },
    ]);
    const { answer: removed } = await ask(rare);
    expect(metricsOf(removed)).toMatchObject([
      { classification: "Nodata" },
      { classification: "Pass" },
    ]);
  });

  it.each(["strict", "parity"])(
    "no data of a side is an error, never a pass (%s)",
    async (mode) => {
      const zeros = {
        ...configuration,
        metrics: [metricConfig("errors", { nanStrategy: "replace" })],
      };
      const none = await ask(() => [], { configuration: zeros, mode });
      expect(none.answer).toEqual({
        kind: "error",
        message:
          "no data: not one metric has a value of the experiment in the last 60 steps of 60 s",
      });
      const half = await ask((query) => (query.includes("v2") ? healthy(query) : []), {
        configuration: zeros,
        mode,
      });
      expect(half.answer).toMatchObject({
        kind: "error",
        message: expect.stringContaining("a value of the control") as string,
      });
    },
  );

  it("values that are no figures do not pass strictly, and count as nothing in parity", async () => {
    const world: World = (query) =>
      query.includes("errors") && query.includes("v2")
        ? [{ values: () => Infinity }]
        : healthy(query);
    expect((await ask(world)).answer).toMatchObject({ phase: "Failed", text: "50" });
    expect((await ask(world, { mode: "parity" })).answer).toMatchObject({
      phase: "Successful",
      text: "100",
    });
  });

  it("what passed is left out of metadata that has no room for it", async () => {
    const metrics = Array.from({ length: 60 }, (_, index) => metricConfig(`errors${index}`));
    const world: World = (query) => (query.includes("errors7_") ? failing(query) : healthy(query));
    const { answer } = await ask(world, { configuration: { ...configuration, metrics } });
    expect(metricsOf(answer)).toMatchObject([{ name: "errors7", classification: "High" }]);
  });

  it("native histograms are refused with a way out", async () => {
    const server = await serve({
      body: JSON.stringify({
        status: "success",
        data: {
          resultType: "matrix",
          result: [{ metric: {}, histograms: [[1, { count: "1", sum: "1" }]] }],
        },
      }),
    });
    const asked = metric(server.url);
    const answer = await kayentaJudgeProvider
      .create(asked, await contextWith([]))
      .measure(questionOf({ now }, asked));
    expect(answer).toMatchObject({
      kind: "error",
      message: expect.stringContaining("ask for histogram_quantile") as string,
    });
  });

  it("Prometheus' own error says which metric it is about", async () => {
    const body = '{"status":"error","errorType":"bad_data","error":"parse error"}';
    const server = await serve({ status: 400, body });
    const asked = metric(server.url);
    const answer = await kayentaJudgeProvider
      .create(asked, await contextWith([]))
      .measure(questionOf({ now }, asked));
    expect(answer).toEqual({ kind: "error", message: 'metric "errors": bad_data: parse error' });
  });
});

describe("queries of a canary configuration", () => {
  const queried = async (query: JsonObject, more: object = {}, templates: object = {}) => {
    const { forms } = await ask(healthy, {
      configuration: {
        ...configuration,
        templates,
        metrics: [{ ...metricConfig("m"), query: { type: "prometheus", ...query } }],
      },
      ...more,
    });
    return forms.find((form) => form["query"]!.includes("v2"))?.["query"];
  };

  it.each<[string, JsonObject, string]>([
    ["a whole query", { customInlineTemplate: 'PromQL: up{v="${scope}"}' }, 'up{v="v2"}'],
    ["as Spinnaker has it", { customInlineTemplate: 'PromQL:up{v="$\\{scope}"}' }, 'up{v="v2"}'],
    ["a filter", { metricName: "up", customInlineTemplate: 'v="${scope}"' }, 'avg (up{v="v2"})'],
    [
      "a filter beside labels, in groups",
      {
        metricName: "up",
        labelBindings: ['a="b"'],
        groupByFields: ["zone", "cell"],
        customFilterTemplate: "pods",
      },
      'avg by (zone, cell) (up{a="b",pod=~"v2-.*"})',
    ],
    ["a template with a whole query", { customFilterTemplate: "all" }, 'sum(up{v="v2",zone="eu"})'],
  ])("%s", async (_name, query, promQl) => {
    const templates = {
      pods: 'pod=~"${scope}-.*"',
      all: 'PromQL:sum(up{v="${scope}",zone="${location}"})',
    };
    const experiment = { scope: "v2", location: "eu" };
    const control = { scope: "v1", location: "eu" };
    expect(await queried(query, { experiment, control }, templates)).toBe(promQl);
  });

  it("extended scope parameters are variables, too", async () => {
    const extendedScopeParams = { namespace: "shop" };
    const sides = {
      control: { scope: "v1", extendedScopeParams },
      experiment: { scope: "v2", extendedScopeParams },
    };
    const query = { customInlineTemplate: 'PromQL:up{v="${scope}",ns="${namespace}"}' };
    expect(await queried(query, sides)).toBe('up{v="v2",ns="shop"}');
  });

  it("metrics are asked for the scope they name", async () => {
    const metrics = [metricConfig("errors"), { ...metricConfig("latency"), scopeName: "db" }];
    const scopes = { db: { control: { scope: "db1" }, experiment: { scope: "db2" } } };
    const { forms } = await ask(healthy, { configuration: { ...configuration, metrics }, scopes });
    expect(forms.map(({ query }) => /version="(\w+)"/.exec(query!)?.[1]).sort()).toEqual([
      "db1",
      "db2",
      "v1",
      "v2",
    ]);
  });
});

describe("a configuration in a ConfigMap", () => {
  const contextOf = async (data: Record<string, string>): Promise<ProviderContext> => {
    const store = testStore();
    await store.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "shop", namespace: "default" },
      data,
    } as never);
    return { store, env: {}, traffic: undefined };
  };
  const from = (more: object = {}) => ({
    configuration: null,
    configMap: { name: "shop", ...more },
  });

  it("is read", async () => {
    const context = await contextOf({ "canary.json": JSON.stringify(configuration) });
    expect((await ask(healthy, from(), { context })).answer).toMatchObject({ phase: "Successful" });
  });

  it.each<[string, Record<string, string>, object, string]>([
    ["is not there", {}, { name: "other" }, 'configmaps "other" not found'],
    ["has no such key", { a: "{}" }, {}, 'configmaps "shop" has no key canary.json; its keys: a'],
    ["is no JSON", { "canary.json": "{" }, {}, 'configmaps "shop", key canary.json: no JSON: '],
    [
      "is none",
      {
        "canary.json":
          '{"metrics":[{"name":"a","groups":["g"],"query":{"type":"prometheus"},"analysisConfigurations":{"canary":{"direction":"up"}}}]}',
      },
      {},
      'configmaps "shop", key canary.json: metrics[0].analysisConfigurations.canary.direction: must be one of increase, decrease, either, not "up"',
    ],
    [
      "asks nothing",
      {
        "canary.json": JSON.stringify({
          ...configuration,
          metrics: [metricConfig("a", {}, { customInlineTemplate: "" })],
        }),
      },
      {},
      "metrics[0].query.metricName: is missing",
    ],
  ])("error: it %s", async (_name, data, more, message) => {
    const { answer } = await ask(healthy, from(more), { context: await contextOf(data) });
    expect(answer).toMatchObject({
      kind: "error",
      message: expect.stringContaining(message) as string,
    });
  });
});

describe("what cannot be used is refused", () => {
  const good = metricConfig("a");
  const withQuery = (query: object) => ({
    configuration: { ...configuration, metrics: [{ ...good, query }] },
  });
  it.each<[string, object, string]>([
    [
      "no configuration",
      { configuration: null },
      "configuration: write Kayenta's canary configuration here, or configMap, not both",
    ],
    ["two configurations", { configMap: { name: "x" } }, "not both"],
    [
      "a configuration that is wrong",
      { configuration: { metrics: [] } },
      "metric 'm': provider.plugin[\"haldane.dev/kayenta\"].configuration: metrics: must have one at least",
    ],
    ["text that is no JSON", { configuration: "metrics" }, "configuration: no JSON: "],
    [
      "a misspelt field",
      { lookbak: "1m" },
      "lookbak: is not known; did you mean lookback? (known: ",
    ],
    [
      "a mode there is not",
      { mode: "strickt" },
      'mode: must be one of strict, parity (did you mean strict?), not "strickt"',
    ],
    ["no control", { control: null }, "control.scope: is missing"],
    ["no way back", { lookback: null }, "lookback: is missing"],
    ["a way back that is none", { lookback: "soon" }, "lookback: must be a duration"],
    ["half a second", { step: "500ms" }, "step: must be a whole number of seconds"],
    [
      "a threshold of nothing",
      { threshold: { pass: 0, marginal: 0 } },
      "threshold.pass: must be above 0",
    ],
    ["no address", { prometheus: {} }, "prometheus: prometheus address is not configured"],
    [
      "another store",
      withQuery({ type: "datadog" }),
      'metrics[0].query.type: must be one of prometheus, not "datadog"',
    ],
    [
      "an unknown variable",
      withQuery({ type: "prometheus", customInlineTemplate: 'PromQL:up{a="${scop}"}' }),
      "metrics[0].query.customInlineTemplate: ${scop} has no value; known: scope",
    ],
    [
      "an unknown template",
      withQuery({ type: "prometheus", metricName: "up", customFilterTemplate: "x" }),
      "metrics[0].query.customFilterTemplate: there is no template x; templates: none",
    ],
    [
      "the same question twice",
      withQuery({ type: "prometheus", metricName: "up" }),
      "metrics[0].query: asks the same of control and experiment; put ${scope} into it",
    ],
    [
      "an unknown scope",
      { configuration: { ...configuration, metrics: [{ ...good, scopeName: "db" }] } },
      "metrics[0].scopeName: there is no scope db; scopes: default",
    ],
  ])("%s", async (_name, more, message) => {
    const context = await contextWith([]);
    const build = () => kayentaJudgeProvider.create(metric("http://x", more), context);
    expect(build).toThrow(ProviderError);
    expect(build).toThrow(message);
  });

  it("conditions, which nobody would read", async () => {
    const context = await contextWith([]);
    const asked = metric("http://x", {}, { successCondition: "result > 90" });
    expect(() => kayentaJudgeProvider.create(asked, context)).toThrow(
      "conditions are not read, threshold decides",
    );
  });

  it.each<[object, string]>([
    [{ configuration: { metrics: [good] } }, "threshold: is missing"],
    [{ lookback: "30s" }, "there is not one step of 60 s to look back at yet"],
    [{ lookback: true }, "there is not one step of 60 s to look back at yet"],
    [
      { step: "1s", lookback: "4h" },
      "lookback holds 14400 steps and Prometheus answers 11000 at most; write a longer step",
    ],
  ])("%j, when it is asked", async (more, message) => {
    expect((await ask(healthy, more)).answer).toMatchObject({
      kind: "error",
      message: expect.stringContaining(message) as string,
    });
  });
});
