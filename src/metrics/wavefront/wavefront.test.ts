import { describe, expect, it } from "vitest";
import { describeMetricProvider } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback, type Reply } from "../loopback.test-support.ts";
import { measure, metricOf, testServers } from "../provider-server.test-support.ts";
import { wavefrontProvider } from "./wavefront.ts";

const seconds = now / 1000;
const token = "the-wavefront-token";
const tokens = { name: "wavefront-api-tokens", keys: { "127.0.0.1": token } };
const metric = (config: object) => metricOf("wavefront", config);
const chart = (...series: readonly (readonly (readonly [number, unknown])[])[]) =>
  JSON.stringify({ timeseries: series.map((data) => ({ label: "l", data })) });

const serve = testServers();

async function ask(reply: Reply) {
  const server = await serve(reply);
  const asked = metric({ address: server.url, query: "ts(x)" });
  const answer = await measure(wavefrontProvider, asked, await contextWith([tokens]));
  return { answer, heard: server.heard };
}

describeMetricProvider(wavefrontProvider, async () => {
  const server = await loopback(() => ({ body: chart([[seconds, 1]]) }));
  return {
    context: await contextWith([tokens]),
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
  factory: wavefrontProvider,
  setUp: async (url) => ({
    metric: metric({ address: url.replace(/^https:\/\//, ""), query: "q" }),
    context: await contextWith([tokens]),
  }),
  good: () => ({ body: chart([[seconds, 1]]) }),
  secrets: [token],
});

it("asks for the newest point, with the address' token", async () => {
  const { heard } = await ask({ body: chart([[seconds, 1]]) });
  expect(heard).toMatchObject([
    { method: "GET", path: "/api/v2/chart/api", headers: { authorization: `Bearer ${token}` } },
  ]);
  expect(Object.fromEntries(heard[0]?.query ?? [])).toMatchObject({
    q: "ts(x)",
    s: String(now),
    e: String(now),
    p: "1",
    g: "s",
    i: "true",
    strict: "false",
  });
});

it.each([
  ["no such key", [{ ...tokens, keys: { "other.wavefront.com": token } }], "API token not found"],
  ["no such Secret", [], 'secrets "wavefront-api-tokens" not found'],
])("%s", async (_name, secrets, message) => {
  const asked = metric({ address: "example.wavefront.com", query: "q" });
  const answer = await measure(wavefrontProvider, asked, await contextWith(secrets));
  expect(answer).toEqual({ kind: "error", message });
});

describe("results", () => {
  it.each<[string, string, object]>([
    [
      "one series: its point nearest to now",
      chart([
        [seconds - 300, 1],
        [seconds - 60, 2.345],
        [seconds + 90, 3],
      ]),
      {
        text: "2.35",
        result: { kind: "float", value: 2.345 },
        metadata: { timestamps: String(seconds - 60), drift: "60" },
      },
    ],
    [
      "several: a list",
      chart([[seconds, 1]], [[seconds - 10, 2]]),
      {
        text: "[1.00,2.00]",
        result: { kind: "floats", values: [1, 2] },
        metadata: {
          timestamps: `[${String(seconds)},${String(seconds - 10)}]`,
          drift: "[0,10]",
        },
      },
    ],
    ["a series without points does not count", chart([], [[seconds, 2]]), { text: "2.00" }],
    ["none", chart(), { kind: "error", message: "No TimeSeries found in response from Wavefront" }],
    ["only one without points", chart([]), { kind: "error" }],
    ["a point without value", chart([[seconds, null]]), { kind: "error" }],
  ])("%s", async (_name, body, expected) => {
    expect((await ask({ body })).answer).toMatchObject(expected);
  });

  it.each([
    ["with a value", [{ data: [[seconds, 1]] }]],
    ["without one", []],
  ])("warnings go into the metadata, %s", async (_name, timeseries) => {
    const { answer } = await ask({ body: JSON.stringify({ timeseries, warnings: "slow query" }) });
    expect(answer).toMatchObject({ metadata: { warnings: "slow query" } });
  });
});
