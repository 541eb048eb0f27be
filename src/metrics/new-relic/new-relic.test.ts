import { describe, expect, it } from "vitest";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback, type Reply } from "../loopback.test-support.ts";
import { measure, metricOf, testServers } from "../provider-server.test-support.ts";
import { newRelicProvider } from "./new-relic.ts";

const apiKey = "NRAK-the-key";
const account = { "personal-api-key": apiKey, "account-id": "42" };
const metric = (config: object) => metricOf("newRelic", config);
const rows = (...results: readonly unknown[]) =>
  JSON.stringify({ data: { actor: { account: { nrql: { results } } } } });
const secretFor = (url: string, name = "newrelic") => ({
  name,
  keys: { ...account, "base-url-nerdgraph": `${url}/graphql` },
});

const serve = testServers();

async function ask(config: object, reply: Reply) {
  const server = await serve(reply);
  const context = await contextWith([secretFor(server.url), secretFor(server.url, "team")]);
  return { answer: await measure(newRelicProvider, metric(config), context), heard: server.heard };
}

describeMetricProvider(newRelicProvider, async () => {
  const server = await loopback(() => ({ body: rows({ count: 3 }) }));
  return {
    context: await contextWith([secretFor(server.url), secretFor("http://127.0.0.1:1", "nowhere")]),
    good: metric({ query: "q" }),
    unanswerable: metric({ query: "q", profile: "nowhere" }),
    misconfigured: metric({ query: "q", timeout: -1 }),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describeHttpProvider({
  factory: newRelicProvider,
  setUp: async (url) => ({
    metric: metric({ query: "q" }),
    context: await contextWith([secretFor(url)]),
  }),
  good: () => ({ body: rows({ count: 3 }) }),
  secrets: [apiKey],
});

it("asks NerdGraph with the account, the query and its limit", async () => {
  const query = "SELECT count(*) FROM T";
  const { heard } = await ask({ query, profile: "team", timeout: 20 }, { body: rows({ n: 1 }) });
  expect(heard).toMatchObject([
    { method: "POST", path: "/graphql", headers: { "api-key": apiKey, "user-agent": "haldane" } },
  ]);
  const { query: graphql, variables } = JSON.parse(heard[0]?.body ?? "") as Record<string, unknown>;
  expect(variables).toEqual({ accountId: 42, query, timeout: 20 });
  expect(String(graphql).replace(/\s+/g, " ")).toContain(
    "actor { account(id: $accountId) { nrql(query: $query, timeout: $timeout) { results } } }",
  );
});

it("five seconds are the limit when none is given", async () => {
  const { heard } = await ask({ query: "q" }, { body: rows({ n: 1 }) });
  expect(JSON.parse(heard[0]?.body ?? "")).toMatchObject({ variables: { timeout: 5 } });
});

describe("results", () => {
  it.each<[string, string, object]>([
    [
      "one row is an object",
      rows({ count: 3, "average.duration": 0.5 }),
      {
        kind: "value",
        text: '{"average.duration":0.5,"count":3}',
        result: { kind: "json", value: { count: 3, "average.duration": 0.5 } },
      },
    ],
    [
      "several are a list",
      rows({ n: 1 }, { n: 2 }),
      { text: '[{"n":1},{"n":2}]', result: { kind: "json", value: [{ n: 1 }, { n: 2 }] } },
    ],
    ["no row", rows(), { kind: "error", message: "no results returned from NRQL query" }],
    ["an empty row", rows({}), { kind: "error", message: "no results returned from NRQL query" }],
    ["another answer", '{"data":{}}', { message: "no results returned from NRQL query" }],
    [
      "errors",
      '{"errors":[{"message":"NRQL Syntax Error"},{"message":"and more"}]}',
      { kind: "error", message: "NRQL Syntax Error, and more" },
    ],
  ])("%s", async (_name, body, expected) => {
    expect((await ask({ query: "q" }, { body })).answer).toMatchObject(expected);
  });
});

describe("the account", () => {
  it.each<[object, string]>([
    [{ "account-id": "42" }, "account ID or personal API key not found"],
    [{ "personal-api-key": apiKey }, "account ID or personal API key not found"],
    [
      { ...account, "account-id": "x" },
      'could not parse account ID: strconv.Atoi: parsing "x": invalid syntax',
    ],
    [{ ...account, region: "mars" }, "region mars of New Relic is not known; use one of us, eu"],
  ])("%j", async (keys, message) => {
    const context = await contextWith([{ name: "newrelic", keys: keys as Record<string, string> }]);
    const asked = metric({ query: "q" });
    const provider = newRelicProvider.create(asked, context);
    expect(await provider.measure(questionOf({ now }, asked))).toMatchObject({
      kind: "error",
      message: expect.stringContaining(message),
    });
    // What was never put is not shown as resolved.
    expect(provider.describe?.(asked)).toBeUndefined();
  });

  it("in a Secret that is not there", async () => {
    const context = await contextWith([]);
    expect(await measure(newRelicProvider, metric({ query: "q" }), context)).toEqual({
      kind: "error",
      message: 'secrets "newrelic" not found',
    });
  });
});

it("describes itself by its query once it was put", async () => {
  const server = await serve({ body: rows({ n: 1 }) });
  const asked = metric({ query: "SELECT 1" });
  const provider = newRelicProvider.create(asked, await contextWith([secretFor(server.url)]));
  await provider.measure(questionOf({ now }, asked));
  expect(provider.describe?.(asked)).toEqual({ ResolvedNewRelicQuery: "SELECT 1" });
});
