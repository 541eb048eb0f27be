import { describe, expect, it } from "vitest";
import { describeMetricProvider } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback, type Reply } from "../loopback.test-support.ts";
import { measure, metricOf, testServers } from "../provider-server.test-support.ts";
import { skywalkingProvider } from "./skywalking.ts";

const metric = (config: object) => metricOf("skywalking", { interval: "5m", ...config });
const data = (value: unknown) => JSON.stringify({ data: value });

const serve = testServers();

async function ask(reply: Reply, config: object = {}) {
  const server = await serve(reply);
  const asked = metric({ address: `${server.url}/`, query: "query queryData { x }", ...config });
  const answer = await measure(skywalkingProvider, asked, await contextWith([]));
  return { answer, heard: server.heard };
}

describeMetricProvider(skywalkingProvider, async () => {
  const server = await loopback(() => ({ body: data({ x: 1 }) }));
  return {
    context: await contextWith([]),
    good: metric({ address: server.url, query: "q" }),
    unanswerable: metric({ address: "http://127.0.0.1:1", query: "q" }),
    misconfigured: metric({ query: "q" }),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describeHttpProvider({
  factory: skywalkingProvider,
  setUp: async (address) => ({
    metric: metric({ address, query: "q" }),
    context: await contextWith([]),
  }),
  good: () => ({ body: data({ x: 1 }) }),
  secrets: [],
  followsRedirects: true,
});

/** What the other side would read out of a minute without a time zone, in the zone of this process. */
function momentOf(minute: unknown): number {
  const [, day = "", hour = "", rest = ""] = /^(\S+) (\d\d)(\d\d)$/.exec(String(minute)) ?? [];
  return new Date(`${day}T${hour}:${rest}:00`).getTime();
}

it("asks about the interval, in minutes of local time", async () => {
  const { heard } = await ask({ body: data({ x: 1 }) }, { interval: "15m" });
  expect(heard).toMatchObject([{ method: "POST", path: "/graphql" }]);
  const { query, variables } = JSON.parse(heard[0]?.body ?? "") as {
    query: string;
    variables: { duration: { start: unknown; end: unknown; step: string } };
  };
  expect(query).toBe("query queryData { x }");
  expect(variables.duration.step).toBe("MINUTE");
  expect(momentOf(variables.duration.start)).toBe(now - 900_000);
  expect(momentOf(variables.duration.end)).toBe(now);
});

it("has no default interval", async () => {
  const context = await contextWith([]);
  const asked = metric({ address: "http://x", query: "q", interval: "" });
  expect(() => skywalkingProvider.create(asked, context)).toThrow('time: invalid duration ""');
});

describe("results", () => {
  it.each<[string, Reply, object]>([
    [
      "the data as it is",
      { body: data({ service_apdex: { values: { values: [{ value: 9000 }] } } }) },
      {
        text: '{"service_apdex":{"values":{"values":[{"value":9000}]}}}',
        result: {
          kind: "json",
          value: { service_apdex: { values: { values: [{ value: 9000 }] } } },
        },
      },
    ],
    ["null", { body: data(null) }, { message: "no results returned from SkyWalking query" }],
    ["none", { body: "{}" }, { message: "no results returned from SkyWalking query" }],
    [
      "errors, the first of them",
      { body: '{"data":{},"errors":[{"message":"no such field"},{"message":"x"}]}' },
      { kind: "error", message: "graphql: no such field" },
    ],
    [
      "another status",
      { status: 502, body: "<html>" },
      { kind: "error", message: "graphql: server returned a non-200 status code: 502" },
    ],
    [
      "no JSON",
      { body: "<html>" },
      { kind: "error", message: expect.stringMatching(/^decoding response: /) },
    ],
  ])("%s", async (_name, reply, expected) => {
    expect((await ask(reply)).answer).toMatchObject(expected);
  });
});
