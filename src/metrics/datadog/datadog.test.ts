import { describe, expect, it } from "vitest";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import {
  contextWith,
  describeHttpProvider,
  now,
  type GivenSecret,
} from "../http-sheet.test-support.ts";
import { loopback, type Heard, type Reply } from "../loopback.test-support.ts";
import type { ProviderContext } from "../provider.ts";
import { measure, metricOf, testServers } from "../provider-server.test-support.ts";
import { datadogProvider } from "./datadog.ts";

const keys = { "api-key": "the-api-key", "app-key": "the-app-key" };
const secret = (address: string): GivenSecret => ({ name: "datadog", keys: { ...keys, address } });
const metric = (config: object) => metricOf("datadog", config);
const v1Answer = (...points: readonly unknown[]) =>
  JSON.stringify({ status: "ok", series: [{ metric: "m", pointlist: points }] });
const v2Answer = (...columns: readonly object[]) =>
  JSON.stringify({ data: { type: "scalar_response", attributes: { columns } } });

const serve = testServers();

async function ask(config: object, reply: Reply | ((heard: Heard) => Reply)) {
  const server = await serve(reply);
  const context = await contextWith([secret(server.url)]);
  return { answer: await measure(datadogProvider, metric(config), context), heard: server.heard };
}

describeMetricProvider(datadogProvider, async () => {
  const server = await loopback(() => ({ body: v1Answer([1, 0.5]) }));
  const nowhere = { name: "nowhere", keys: { ...keys, address: "http://127.0.0.1:1" } };
  return {
    context: await contextWith([secret(server.url), nowhere]),
    good: metric({ query: "q" }),
    unanswerable: metric({ query: "q", secretRef: { name: "nowhere" } }),
    misconfigured: metric({}),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describe.each(["v1", "v2"])("%s", (apiVersion) => {
  describeHttpProvider({
    factory: datadogProvider,
    setUp: async (url) => ({
      metric: metric({ query: "q", apiVersion }),
      context: await contextWith([secret(url)]),
    }),
    good: () => ({
      body:
        apiVersion === "v1"
          ? v1Answer([1, 2])
          : v2Answer({ type: "number", name: "q", values: [2] }),
    }),
    secrets: Object.values(keys),
  });
});

describe("what is sent", () => {
  it("v1: the query and the window in seconds", async () => {
    const { heard } = await ask({ query: "avg:x{a:b}", interval: "10m" }, { body: v1Answer() });
    expect(heard).toMatchObject([
      {
        method: "GET",
        path: "/api/v1/query",
        headers: {
          "content-type": "application/json",
          "dd-api-key": "the-api-key",
          "dd-application-key": "the-app-key",
        },
      },
    ]);
    expect(heard[0]?.query.toString()).toBe(
      `from=${String(now / 1000 - 600)}&query=avg%3Ax%7Ba%3Ab%7D&to=${String(now / 1000)}`,
    );
  });

  it("v2: one query, named query, without formulas", async () => {
    const { heard } = await ask({ query: "q", apiVersion: "v2" }, { body: v2Answer() });
    expect(heard).toMatchObject([{ method: "POST", path: "/api/v2/query/scalar" }]);
    expect(JSON.parse(heard[0]?.body ?? "")).toEqual({
      data: {
        attributes: {
          from: now - 300_000,
          to: now,
          queries: [{ aggregator: "last", data_source: "metrics", name: "query", query: "q" }],
          formulas: [],
        },
        type: "scalar_request",
      },
    });
  });

  it("v2: several queries and a formula", async () => {
    const config = {
      apiVersion: "v2",
      queries: { b: "qb", a: "qa" },
      formula: "a / b",
      aggregator: "sum",
    };
    const { heard } = await ask(config, { body: v2Answer() });
    expect(JSON.parse(heard[0]?.body ?? "")).toMatchObject({
      data: {
        attributes: {
          queries: [
            { aggregator: "sum", data_source: "metrics", name: "a", query: "qa" },
            { aggregator: "sum", data_source: "metrics", name: "b", query: "qb" },
          ],
          formulas: [{ formula: "a / b" }],
        },
      },
    });
  });

  it("waits no longer than requestTimeout", async () => {
    const { answer } = await ask({ query: "q", requestTimeout: "300ms" }, { silent: true });
    expect(answer).toMatchObject({ message: expect.stringContaining("context deadline exceeded") });
  });
});

describe("keys", () => {
  const found = async (
    secrets: readonly GivenSecret[],
    secretRef?: object,
    env: ProviderContext["env"] = {},
  ) => {
    const server = await serve({ body: v1Answer([1, 2]) });
    const withAddress = secrets.map(({ keys: given, ...rest }) => ({
      ...rest,
      keys: { address: server.url, ...given },
    }));
    const environment = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value?.replace("HERE", server.url)]),
    );
    const context = await contextWith(withAddress, environment);
    const asked = metric({ query: "q", ...(secretRef === undefined ? {} : { secretRef }) });
    const answer = await datadogProvider.create(asked, context).measure(questionOf({ now }, asked));
    return answer.kind === "error" ? answer.message : server.heard[0]?.headers["dd-api-key"];
  };
  const none = "failed to find the credentials for datadog metrics provider";
  const named = (name: string, namespace: string, apiKey: string): GivenSecret => ({
    name,
    namespace,
    keys: { "api-key": apiKey, "app-key": "app" },
  });
  const environment = { DD_API_KEY: "env", DD_APP_KEY: "app", DD_ADDRESS: "HERE" };
  const usual = named("datadog", "argo-rollouts", "usual");
  const { DD_ADDRESS: _address, ...withoutAddress } = environment;

  it.each<[string, () => Promise<unknown>, string]>([
    ["the environment first", async () => found([usual], undefined, environment), "env"],
    [
      "the environment only as a whole",
      async () => found([usual], undefined, withoutAddress),
      "usual",
    ],
    [
      "the controller's namespace may be another",
      async () =>
        found([usual, named("datadog", "own", "own")], undefined, { POD_NAMESPACE: "own" }),
      "own",
    ],
    [
      "a named Secret, in the controller's namespace",
      async () =>
        found(
          [named("team", "argo-rollouts", "ours"), named("team", "default", "theirs")],
          { name: "team" },
          environment,
        ),
      "ours",
    ],
    [
      "a named Secret, in the run's namespace",
      async () =>
        found([named("team", "argo-rollouts", "ours"), named("team", "default", "theirs")], {
          name: "team",
          namespaced: true,
        }),
      "theirs",
    ],
    [
      "a named Secret that is missing: no other is taken",
      async () => found([usual], { name: "team" }, environment),
      none,
    ],
    ["half of the keys", async () => found([{ name: "datadog", keys: { "api-key": "a" } }]), none],
    ["nothing", async () => found([]), none],
  ])("%s", async (_name, work, expected) => {
    expect(await work()).toBe(expected);
  });
});

describe("v1 results", () => {
  it.each<[string, string, object]>([
    [
      "the last point of the first series",
      v1Answer([1, 5], [2, 0.25]),
      { text: "0.25", result: { kind: "float", value: 0.25 } },
    ],
    ["no points", v1Answer(), { text: '[{"pointlist":[]}]', result: { kind: "nil" } }],
    ["no series", '{"series":[]}', { text: "[]", result: { kind: "nil" } }],
    ["not even a list", "{}", { text: "null", result: { kind: "nil" } }],
    ["a last point without value", v1Answer([1, 5], [2, null]), { result: { kind: "nil" } }],
    [
      "a point of one",
      v1Answer([1]),
      { kind: "error", message: "Datapoint does not have 2 values" },
    ],
    [
      "a text for a value",
      v1Answer([1, "x"]),
      { kind: "error", message: 'Could not parse JSON body: "x" is no number' },
    ],
    [
      "an error with status 200",
      '{"status":"error","error":"bad query"}',
      { kind: "error", message: "There were errors in your query: bad query" },
    ],
  ])("%s", async (_name, body, expected) => {
    expect((await ask({ query: "q" }, { body })).answer).toMatchObject(expected);
  });

  it.each([401, 403])("status %i", async (status) => {
    const { answer } = await ask({ query: "q" }, { status, body: "no" });
    expect(answer).toEqual({
      kind: "error",
      message: `received authentication error response code: ${String(status)} no`,
    });
  });

  it("any status but 200", async () => {
    const { answer } = await ask({ query: "q" }, { status: 201, body: v1Answer([1, 2]) });
    expect(answer).toMatchObject({
      message: expect.stringMatching(/^received non 2xx response code: 201 \{/),
    });
  });
});

describe("v2 results", () => {
  const numbers = (...values: readonly unknown[]) => ({ name: "query", type: "number", values });
  const groups = (...values: readonly unknown[]) => ({ name: "env", type: "group", values });
  const many = Array.from({ length: 101 }, (_, index) => 100 - index);

  it.each<[string, string, object]>([
    ["a number", v2Answer(numbers(1.5, 7)), { text: "1.5", result: { kind: "float", value: 1.5 } }],
    ["a column without type", v2Answer({ name: "x", values: [2] }), { text: "2" }],
    ["a gap is skipped", v2Answer(numbers(null, 7)), { text: "7" }],
    ["only gaps", v2Answer(numbers(null)), { text: "[]", result: { kind: "nil" } }],
    ["no columns", v2Answer(), { text: "[]", result: { kind: "nil" } }],
    [
      "one group is a list too",
      v2Answer(groups(["env:prod"]), numbers(1)),
      {
        text: "[1]",
        result: { kind: "floats", values: [1] },
        metadata: { groups: '[{"name":"env:prod","value":1}]' },
      },
    ],
    [
      "groups over two columns, one without value",
      v2Answer(groups(["a"], ["b"], ["c"]), groups(["x", "y"], ["z"], "w"), numbers(1, null, 2.5)),
      {
        text: "[1,2.5]",
        metadata: { groups: '[{"name":"a,x,y","value":1},{"name":"c,w","value":2.5}]' },
      },
    ],
    [
      "a label that is none",
      v2Answer(groups(5), numbers(1)),
      { kind: "error", message: "could not parse group label at index 0" },
    ],
    [
      "a value that is none",
      v2Answer(numbers("x")),
      {
        kind: "error",
        message: String.raw`could not parse numeric value "\"x\"" in column "query": invalid syntax`,
      },
    ],
    [
      "errors of the query",
      '{"data":{"errors":"no such metric"}}',
      { kind: "error", message: "There were errors in your query: no such metric" },
    ],
  ])("%s", async (_name, body, expected) => {
    const { answer } = await ask({ query: "q", apiVersion: "v2" }, { body });
    expect(answer).toMatchObject(expected);
  });

  it("of more than a hundred groups, the fifty lowest and the fifty highest are named", async () => {
    const labels = many.map((value) => [`g${String(value)}`]);
    const { answer } = await ask(
      { query: "q", apiVersion: "v2" },
      { body: v2Answer(groups(...labels), numbers(...many)) },
    );
    if (answer.kind !== "value" || answer.result.kind !== "floats") throw new Error("no list");
    expect(answer.result.values).toHaveLength(101);
    const named = JSON.parse(answer.metadata?.["groups"] ?? "") as readonly { value: number }[];
    expect(named.map(({ value }) => value)).toEqual(
      many.toSorted((a, b) => a - b).filter((value) => value !== 50),
    );
    expect(answer.metadata?.["groups_truncated"]).toBe("true");
  });
});

const review = "Please review the Analysis Template.";
it.each([
  [{}, `Must have either a query or queries. ${review}`],
  [{ query: "q", queries: { a: "q" } }, `Cannot have both a query and queries. ${review}`],
  [
    { queries: { a: "q" } },
    "Query is empty. API Version v1 only supports using the query parameter in your Analysis Template.",
  ],
  [{ query: "q", formula: "a" }, `Formula are only valid when queries are set. ${review}`],
  [
    { queries: { a: "q", b: "q" }, apiVersion: "v2" },
    "When multiple queries are provided you must include a formula.",
  ],
  [{ query: "q", aggregator: "sum" }, `Aggregator is not supported in v1. ${review}`],
  [
    { query: "q", requestTimeout: "soon" },
    `Could not parse the request timeout: time: invalid duration "soon". ${review}`,
  ],
  [
    { query: "q", requestTimeout: "0s" },
    `Request timeout must be a positive duration (e.g. 30s). ${review}`,
  ],
  [{ query: "q", apiVersion: "v3" }, "provider.datadog.apiVersion is v3; use v1 or v2"],
  [{ query: "q", interval: "x" }, 'time: invalid duration "x"'],
  [
    { query: "q", secretRef: { namespaced: true } },
    "secret name is required for namespaced credentials",
  ],
])("refuses %j", async (config, message) => {
  const context = await contextWith([]);
  expect(() => datadogProvider.create(metric(config), context)).toThrow(message);
});
