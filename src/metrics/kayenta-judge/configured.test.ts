// What a metric and its canary configuration may say, and what is refused.
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { contextWith, testStore } from "../http-sheet.test-support.ts";
import { testServers } from "../provider-server.test-support.ts";
import { ProviderError, type ProviderContext } from "../provider.ts";
import {
  askIn,
  configuration,
  healthy,
  metric,
  metricConfig,
  prometheus,
  type World,
} from "./judged-world.test-support.ts";
import { kayentaJudgeProvider } from "./kayenta-judge.ts";

const serve = testServers();
const ask = async (world: World, ...rest: [object?, { context?: ProviderContext }?]) =>
  askIn(await serve(prometheus(world)), ...rest);

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
