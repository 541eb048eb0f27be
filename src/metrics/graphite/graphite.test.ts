import { describe, expect, it } from "vitest";
import { describeMetricProvider } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback, type Reply } from "../loopback.test-support.ts";
import { measure, metricOf, testServers } from "../provider-server.test-support.ts";
import { graphiteProvider } from "./graphite.ts";

const metric = (config: object) => metricOf("graphite", config);
const render = (...points: readonly unknown[]) =>
  JSON.stringify([
    { target: "t", datapoints: points },
    { target: "u", datapoints: [[9, 1]] },
  ]);

const serve = testServers();

async function ask(reply: Reply, query = "target=x&from=-5min", path = "") {
  const server = await serve(reply);
  const asked = metric({ address: `${server.url}${path}`, query });
  const answer = await measure(graphiteProvider, asked, await contextWith([]));
  return { answer, heard: server.heard };
}

describeMetricProvider(graphiteProvider, async () => {
  const server = await loopback(() => ({ body: render([1, 2]) }));
  return {
    context: await contextWith([]),
    good: metric({ address: server.url, query: "target=x" }),
    unanswerable: metric({ address: "http://127.0.0.1:1", query: "target=x" }),
    misconfigured: metric({ address: "invalid address", query: "target=x" }),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describeHttpProvider({
  factory: graphiteProvider,
  setUp: async (address) => ({
    metric: metric({ address, query: "target=x" }),
    context: await contextWith([]),
  }),
  good: () => ({ body: render([1, 2]) }),
  secrets: [],
  followsRedirects: true,
});

it("the query is the request's own, without space; # is no fragment", async () => {
  const query = "target=sumSeries(\n  a.*,\n  b#1)\n&from=-5min";
  const { heard } = await ask({ body: render([1, 2]) }, query, "/graphite/");
  expect(heard).toMatchObject([{ method: "GET", path: "/graphite/render" }]);
  expect([...(heard[0]?.query ?? [])]).toEqual([
    ["target", "sumSeries(a.*,b#1)"],
    ["from", "-5min"],
    ["format", "json"],
  ]);
});

it.each(["", "invalid address", "ftp://x", "http://"])(
  "refuses the address %j",
  async (address) => {
    const context = await contextWith([]);
    expect(() => graphiteProvider.create(metric({ address, query: "q" }), context)).toThrow(
      `Graphite address ${address} is not a valid URL`,
    );
  },
);

describe("results", () => {
  it.each<[string, string, object]>([
    [
      "the first target without gaps, texts taken for numbers",
      render([1, 1], [null, 2], ["2.5", 3]),
      { text: "[1.000000,2.500000]", result: { kind: "floats", values: [1, 2.5] } },
    ],
    ["only gaps", render([null, 1]), { text: "[]", result: { kind: "floats", values: [] } }],
    ["no points", render(), { kind: "error", message: "no values found" }],
    ["no target", "[]", { kind: "error", message: "no values found" }],
    [
      "a point that is none",
      render(["many", 1]),
      { kind: "error", message: expect.stringContaining("no pair of value and timestamp") },
    ],
  ])("%s", async (_name, body, expected) => {
    expect((await ask({ body })).answer).toMatchObject(expected);
  });

  it("what Graphite refuses is told in its words", async () => {
    const { answer } = await ask({ status: 400, body: "no such function" });
    expect(answer).toEqual({ kind: "error", message: "error response: no such function" });
  });
});
