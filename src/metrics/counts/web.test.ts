import { describe, expect, it } from "vitest";
import { contextWith, now } from "../http-sheet.test-support.ts";
import { loopback, type Heard, type Reply } from "../loopback.test-support.ts";
import { testServers } from "../provider-server.test-support.ts";
import { describeCountsSource } from "./conformance.ts";
import type { CountedMetric } from "./counts.ts";
import { countsSourceOf } from "./sources.ts";

const errors: CountedMetric = { name: "errors", kind: "errors" };
const latency: CountedMetric = { name: "latency", kind: "latency", edgesMs: [10, 100] };
const versions = { canary: "v2", stable: "v1" };
const sinceMs = now - 120_000;
const where = "metric 'm': source.web";
const serve = testServers();

const tick = (index: number, samples: object = {}) => ({
  from: now - 120_000 + index * 10_000,
  to: new Date(now - 110_000 + index * 10_000).toISOString(),
  requests: { canary: 10, stable: 90 },
  canaryShare: 0.1,
  samples: {
    errors: { canary: { total: 10, count: 1 }, stable: { total: 90, count: 0 } },
    ...samples,
  },
});
const ticks = [0, 1, 2, 3, 4, 5].map((index) => tick(index));

async function webSource(
  url: string,
  more: object = {},
  metrics: readonly CountedMetric[] = [errors, latency],
) {
  return countsSourceOf(
    { kind: "web", config: { url, ...more }, where },
    metrics,
    await contextWith([]),
  );
}

describeCountsSource("web", async () => {
  const full = await loopback(() => ({ body: JSON.stringify({ ticks }) }));
  const none = await loopback(() => ({ body: '{"ticks":[]}' }));
  return {
    source: await webSource(full.url),
    empty: await webSource(none.url),
    unreachable: await webSource("http://127.0.0.1:1"),
    sinceMs,
    now,
    close: async () => {
      await full.close();
      await none.close();
    },
  };
});

describe("counts from a web endpoint", () => {
  const from = async (reply: Reply | ((heard: Heard) => Reply), path = "", more: object = {}) => {
    const server = await serve(reply);
    const source = await webSource(`${server.url}${path}`, more);
    const answer = await source.count({
      versions,
      sinceMs,
      now,
      signal: new AbortController().signal,
    });
    return { answer, heard: server.heard };
  };

  it("are told as they are, in order", async () => {
    const { answer } = await from({ body: JSON.stringify({ ticks: ticks.toReversed() }) });
    expect(answer.ticks).toHaveLength(6);
    expect(answer.ticks[0]).toEqual({
      fromMs: now - 120_000,
      toMs: now - 110_000,
      requests: { canary: 10, stable: 90 },
      canaryShare: 0.1,
      samples: { errors: { canary: { total: 10, count: 1 }, stable: { total: 90, count: 0 } } },
    });
  });

  it("are asked for with versions and times in the address, and a token", async () => {
    const reply = ({ path }: Heard): Reply =>
      path === "/token" ? { body: '{"access_token":"t0k"}' } : { body: '{"ticks":[]}' };
    const server = await serve(reply);
    const oauth2 = { tokenUrl: `${server.url}/token`, clientId: "a", clientSecret: "b" };
    const source = await webSource(
      `${server.url}/c?canary=\${canary}&stable=\${stable}&since=\${since}&until=\${until}`,
      { authentication: { oauth2 } },
    );
    await source.count({
      versions: { canary: "a&b", stable: "v1" },
      sinceMs,
      now,
      signal: new AbortController().signal,
    });
    expect(Object.fromEntries(server.heard[1]!.query)).toEqual({
      canary: "a&b",
      stable: "v1",
      since: "2026-11-20T23:58:00Z",
      until: "2026-11-21T00:00:00Z",
    });
    expect(server.heard[1]!.headers.authorization).toBe("Bearer t0k");
  });

  it.each<[string, object | string, string]>([
    ["no JSON", "<html>", "the answer is no JSON: "],
    ["no ticks", {}, 'the answer must be { "ticks": [ … ] }'],
    ["no tick", { ticks: [7] }, "ticks[0]: is no object"],
    [
      "no time",
      { ticks: [{ ...ticks[0], from: "soon" }] },
      "ticks[0]: from is neither an RFC 3339 time nor milliseconds",
    ],
    [
      "backwards",
      { ticks: [{ ...ticks[0], to: now - 200_000 }] },
      "ticks[0]: to must be after from",
    ],
    [
      "half a sample",
      { ticks: [tick(0, { latency: { canary: { buckets: [1] }, stable: {} } })] },
      "ticks[0]: samples.latency needs buckets (latency)",
    ],
    [
      "requests of one",
      { ticks: [{ ...ticks[0], requests: { canary: 1 } }] },
      "requests must be { canary, stable }",
    ],
    [
      "a share in percent",
      { ticks: [{ ...ticks[0], canaryShare: 10 }] },
      "canaryShare must be a number from 0 to 1",
    ],
    ["overlapping", { ticks: [ticks[0], ticks[0]] }, "ticks overlap"],
  ])("a problem: %s", async (_name, body, problem) => {
    const { answer } = await from({ body: typeof body === "string" ? body : JSON.stringify(body) });
    expect(answer).toEqual({ ticks: [], problem: expect.stringContaining(problem) as string });
  });

  it("a refusal is a problem", async () => {
    expect((await from({ status: 503, body: "later" })).answer.problem).toBe(
      "received non 2xx response code: 503 later",
    );
  });

  it.each<[object, string]>([
    [{}, "url: is missing"],
    [{ url: "ftp://x" }, "url: must be an http or https address"],
    [{ url: "http://x", timeout: 1 }, "timeout: is not known"],
  ])("refuses %j", async (config, message) => {
    const context = await contextWith([]);
    const build = () =>
      countsSourceOf({ kind: "web", config: config as never, where }, [errors], context);
    expect(build).toThrow(`${where}: ${message}`);
  });
});
