import { describe, expect, it } from "vitest";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback } from "../loopback.test-support.ts";
import { testServers } from "../provider-server.test-support.ts";
import type { MetricAnswer } from "../provider.ts";
import {
  around,
  askIn,
  configuration,
  failing,
  healthy,
  metric,
  metricConfig,
  prometheus,
  type World,
} from "./judged-world.test-support.ts";
import { kayentaJudgeProvider } from "./kayenta-judge.ts";

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
const ask = async (world: World, ...rest: [object?, { startedAt?: string }?]) =>
  askIn(await serve(prometheus(world)), ...rest);

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
