import { describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import {
  latencyBucketCount,
  latencyBucketOf,
  latencyHistogramOf,
  subtractSnapshots,
  type CounterPast,
  type CounterSeries,
  type CounterSnapshot,
} from "../../lib/latency-histogram.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { describeMetricProvider, questionOf, type ProviderWorld } from "../conformance.ts";
import type { ProviderContext } from "../provider.ts";
import { trafficHistory, type TrafficHistory } from "./history.ts";
import { trafficProvider } from "./traffic.ts";

const now = Date.parse("2026-11-21T01:00:00Z");

function latency(valueMs: number, count: number) {
  const buckets = new Float64Array(latencyBucketCount);
  buckets[latencyBucketOf(valueMs)] = count;
  return latencyHistogramOf(buckets);
}

interface Rate {
  readonly ok?: number;
  readonly bad?: number;
  readonly lost?: number;
  readonly aborted?: number;
  readonly ms?: number;
}

/** A series after `seconds` of steady traffic. */
function series(
  backend: string,
  version: string,
  seconds: number,
  { ok = 0, bad = 0, lost = 0, aborted = 0, ms = 10 }: Rate,
): CounterSeries {
  const counters = {
    requests: (ok + bad + lost + aborted) * seconds,
    responses2xx: ok * seconds,
    responses5xx: bad * seconds,
    lost: lost * seconds,
    clientAborts: aborted * seconds,
  };
  return { backend, version, counters, latency: latency(ms, (ok + bad) * seconds) };
}

const ownerOf = (backend: string) => {
  const [namespace = "", service = ""] = backend.split("/");
  return backend === "unknown" ? undefined : { namespace, service };
};

type Traffic = Readonly<Record<string, Rate>>;

/** Feeds one snapshot per second from `fromSecond` to `toSecond` before now; keys are `backend version`. */
function feed(
  history: TrafficHistory,
  traffic: Traffic,
  fromSecond: number,
  toSecond: number,
  epoch = "1",
): void {
  for (let second = fromSecond; second >= toSecond; second -= 1) {
    history.record(snapshot(traffic, fromSecond - second, now - second * 1000, epoch));
  }
}

function snapshot(traffic: Traffic, seconds: number, nowMs: number, epoch = "1"): CounterSnapshot {
  const rows = Object.entries(traffic).map(([key, rate]) => {
    const [backend = "", version = ""] = key.split(" ");
    return series(backend, version, seconds, rate);
  });
  return { epoch, startedAtMs: nowMs - seconds * 1000 - 60_000, nowMs, series: rows };
}

const steady: Traffic = {
  "default/shop new": { ok: 8, bad: 1, lost: 1, ms: 200 },
  "default/shop old": { ok: 90, ms: 20 },
  "default/cart new": { ok: 5 },
  "other/shop new": { bad: 100 },
  "unknown new": { bad: 100 },
};

function metric(config: object): Metric {
  return {
    name: "m",
    successCondition: "result < 1",
    provider: { plugin: { "haldane.dev/traffic": config } },
  } as Metric;
}

function contextOf(history: TrafficHistory | undefined): ProviderContext {
  const store = memoryStore({
    clock: new VirtualClock(now),
    rng: createRng(1),
    newUid: () => "uid",
  });
  return { store, env: {}, traffic: history };
}

function watched(traffic: Traffic = steady, fromSecond = 60, toSecond = 0): TrafficHistory {
  const history = trafficHistory({ ownerOf });
  feed(history, traffic, fromSecond, toSecond);
  return history;
}

async function ask(config: object, history: TrafficHistory = watched()) {
  const asked = metric(config);
  return trafficProvider.create(asked, contextOf(history)).measure(questionOf({ now }, asked));
}

const ofNew = { service: "shop", version: "new" };
const noData = { kind: "value", result: { kind: "nil" } };

describeMetricProvider(trafficProvider, async (): Promise<ProviderWorld> => ({
  context: contextOf(watched()),
  good: metric({ ...ofNew, query: "errorRate" }),
  unanswerable: metric({ ...ofNew, version: "never-seen", query: "errorRate" }),
  misconfigured: metric({ query: "errors" }),
  made: async () => 0,
  finish: async () => undefined,
  now,
  close: async () => undefined,
}));

describe("figures", () => {
  it.each([
    ["errorRate", {}, 0.2],
    ["errorRate", { gatewayErrors: "exclude" }, 1 / 9],
    ["successRate", {}, 0.8],
    ["requests", {}, 300],
    ["requests", { window: "10s" }, 100],
    ["requests", { gatewayErrors: "exclude" }, 270],
    ["failedRequests", {}, 60],
    ["requestsPerSecond", {}, 10],
    ["requestsPerSecond", { service: undefined }, 15],
    ["requestsPerSecond", { version: undefined }, 100],
  ])("%s %j", async (query, over, figure) => {
    const config = Object.fromEntries(
      Object.entries({ ...ofNew, query, ...over }).filter(([, value]) => value !== undefined),
    );
    const answer = await ask(config);
    expect(answer).toMatchObject({ kind: "value", result: { kind: "float" } });
    if (answer.kind === "value" && answer.result.kind === "float")
      expect(answer.result.value).toBeCloseTo(figure, 9);
  });

  it("latency is a quantile in milliseconds, within 1 %", async () => {
    const answer = await ask({ ...ofNew, query: "latency", quantile: 0.99 });
    if (answer.kind !== "value" || answer.result.kind !== "float")
      throw new Error(JSON.stringify(answer));
    expect(Math.abs(answer.result.value - 200)).toBeLessThanOrEqual(2);
  });

  it("with a baseline the result is both versions'", async () => {
    expect(await ask({ ...ofNew, query: "errorRate", baseline: { version: "old" } })).toMatchObject(
      {
        text: '{"canary":0.2,"stable":0}',
        result: { kind: "json", value: { canary: 0.2, stable: 0 } },
      },
    );
  });

  it("aliases say the same", async () => {
    expect(await ask({ backend: "shop", podTemplateHash: "new", query: "requests" })).toMatchObject(
      { text: "300" },
    );
  });

  it("clients that went away count neither way", async () => {
    const history = watched({ "default/shop new": { ok: 9, bad: 1, aborted: 90 } });
    expect(await ask({ ...ofNew, query: "errorRate" }, history)).toMatchObject({ text: "0.1" });
  });
});

describe("no data is never a pass", () => {
  it.each<[string, object, TrafficHistory]>([
    ["nothing recorded", { ...ofNew, query: "errorRate" }, trafficHistory({ ownerOf })],
    ["the version had no request", { ...ofNew, version: "nobody", query: "errorRate" }, watched()],
    [
      "zero requests and minRequests 0",
      { ...ofNew, version: "nobody", query: "errorRate", minRequests: 0 },
      watched(),
    ],
    ["fewer than minRequests", { ...ofNew, query: "errorRate", minRequests: 301 }, watched()],
    [
      "the baseline has too few",
      {
        service: "shop",
        version: "old",
        query: "errorRate",
        minRequests: 301,
        baseline: { version: "new" },
      },
      watched(),
    ],
    [
      "nobody has watched for five seconds",
      { ...ofNew, query: "errorRate" },
      watched(steady, 60, 5),
    ],
    [
      "a count over a window watched only in part",
      { ...ofNew, query: "failedRequests", window: "5m" },
      watched(),
    ],
  ])("%s", async (_name, config, history) => {
    expect(await ask(config, history)).toMatchObject(noData);
  });

  it("a rate over the part that was watched is data", async () => {
    expect(await ask({ ...ofNew, query: "errorRate", window: "5m" })).toMatchObject({
      text: "0.2",
    });
  });

  it("minRequests 0 makes no request a count", async () => {
    expect(
      await ask({ ...ofNew, version: "nobody", query: "requests", minRequests: 0 }),
    ).toMatchObject({ text: "0" });
  });
});

describe("history", () => {
  const bad: Traffic = { "default/shop new": { bad: 10 } };
  const good: Traffic = { "default/shop new": { ok: 10 } };

  it("counts by the gateway's own time: what is older than the window is left out", () => {
    const history = trafficHistory({ ownerOf });
    feed(history, bad, 60, 30);
    feed(history, good, 29, 0, "2");
    expect(history.window({ namespace: "default" }, 20_000, now)).toMatchObject({
      requests: 200,
      failed: 0,
    });
  });

  it("a gateway that began anew leaves a gap, and only what comes after it counts", () => {
    const history = trafficHistory({ ownerOf });
    feed(history, bad, 60, 20);
    history.record({ ...snapshot(good, 1, now - 9000, "2"), startedAtMs: now - 10_000 });
    for (let second = 8; second >= 0; second -= 1) {
      history.record({
        ...snapshot(good, 10 - second, now - second * 1000, "2"),
        startedAtMs: now - 10_000,
      });
    }
    expect(history.window({ namespace: "default" }, 60_000, now)).toMatchObject({
      fromMs: now - 10_000,
      failed: 0,
      requests: 100,
    });
  });

  it("missed snapshots make one longer interval and no gap", () => {
    const history = trafficHistory({ ownerOf });
    for (const second of [60, 59, 40, 2, 1, 0])
      history.record(snapshot(good, 60 - second, now - second * 1000));
    expect(history.window({ namespace: "default" }, 50_000, now)?.requests).toBe(400);
  });

  it("what a gateway counted before anybody watched is used only if it had just begun", () => {
    const old = trafficHistory({ ownerOf });
    old.record({ ...snapshot(good, 3, now), startedAtMs: now - 3000 });
    expect(old.window({ namespace: "default" }, 30_000, now)).toMatchObject({
      fromMs: now - 3000,
      requests: 30,
    });
    const stale = trafficHistory({ ownerOf });
    stale.record({ ...snapshot(good, 300, now), startedAtMs: now - 300_000 });
    expect(stale.window({ namespace: "default" }, 30_000, now)).toBeUndefined();
  });

  /** A gateway's memory of the same feed, up to `toSecond` before now. */
  function pastOf(
    traffic: Traffic,
    fromSecond: number,
    toSecond: number,
    epoch = "1",
  ): CounterPast {
    const at = (second: number): CounterSnapshot =>
      snapshot(traffic, fromSecond - second, now - second * 1000, epoch);
    const intervals = [];
    for (let second = fromSecond; second > toSecond; second -= 1) {
      const { fromMs, toMs, series } = subtractSnapshots(at(second - 1), at(second));
      intervals.push({ fromMs, toMs, series });
    }
    return { intervals, snapshot: at(toSecond) };
  }

  it("a controller that has just begun judges on by what the gateway remembers", () => {
    const history = trafficHistory({ ownerOf });
    history.resume(pastOf(bad, 60, 3));
    for (const second of [2, 1, 0]) history.record(snapshot(bad, 60 - second, now - second * 1000));
    expect(history.window({ namespace: "default" }, 30_000, now)).toMatchObject({
      fromMs: now - 30_000,
      toMs: now,
      requests: 300,
      failed: 300,
    });
  });

  it("what is remembered stands in for what was recorded, and counts nothing twice", () => {
    const history = trafficHistory({ ownerOf });
    feed(history, good, 60, 20);
    history.resume(pastOf(good, 60, 0));
    expect(history.window({ namespace: "default" }, 50_000, now)).toMatchObject({
      fromMs: now - 50_000,
      requests: 500,
    });
  });

  it("what a gateway forgot stays as it was recorded; another gateway's past leaves a gap", () => {
    const history = trafficHistory({ ownerOf });
    feed(history, bad, 60, 30);
    history.resume(pastOf(good, 20, 0, "2"));
    expect(history.window({ namespace: "default" }, 60_000, now)).toMatchObject({
      fromMs: now - 20_000,
      requests: 200,
      failed: 0,
    });
    expect(history.window({ namespace: "default" }, 20_000, now - 30_000)?.failed).toBe(200);
  });

  it("is told moment by moment, with gaps where nobody watched", () => {
    const history = trafficHistory({ ownerOf });
    feed(history, bad, 40, 30);
    feed(history, bad, 10, 0, "2");
    const filter = { namespace: "default" };
    const ticks = history.ticks(filter, now - 33_000, now);
    expect(ticks.slice(0, 4).map(({ fromMs, toMs }) => [fromMs - now, toMs - now])).toEqual([
      [-33_000, -32_000],
      [-32_000, -31_000],
      [-31_000, -30_000],
      [-10_000, -9000],
    ]);
    expect(ticks.every(({ requests, failed }) => requests === 10 && failed === 10)).toBe(true);
    expect(history.ticks({ namespace: "nobody's" }, now - 2000, now)).toMatchObject([
      { fromMs: now - 2000, requests: 0 },
      { fromMs: now - 1000, requests: 0 },
    ]);
    expect(history.ticks(filter, now - 5000, now - 3000)).toHaveLength(2);
    expect(history.ticks(filter, now, now)).toEqual([]);
  });

  it("a past that ends before now is no news of now", () => {
    const history = trafficHistory({ ownerOf });
    history.resume(pastOf(good, 60, 10));
    expect(history.window({ namespace: "default" }, 30_000, now)).toBeUndefined();
  });

  it("ignores a snapshot that is not newer, and forgets after an hour", () => {
    const history = trafficHistory({ ownerOf, keepMs: 10_000 });
    feed(history, good, 60, 0);
    history.record(snapshot(bad, 100, now - 5000));
    const counts = history.window({ namespace: "default" }, 60_000, now);
    expect(counts?.failed).toBe(0);
    expect(counts?.fromMs).toBeGreaterThanOrEqual(now - 12_000);
  });
});

describe("configuration", () => {
  it.each([
    [{ query: "errorRat" }, "query: must be one of errorRate, successRate"],
    [{}, "query: must be one of"],
    [
      { query: "errorRate", windw: "3s" },
      "windw: unknown field (did you mean window?); known: service, backend",
    ],
    [{ query: "errorRate", window: "3" }, 'window: must be a positive duration such as "30s"'],
    [{ query: "errorRate", window: "2h" }, "window: may not be longer than 1h"],
    [{ query: "latency", quantile: 1.5 }, "quantile: must be above 0 and at most 1"],
    [{ query: "errorRate", minRequests: -1 }, "minRequests: must not be negative"],
    [{ query: "errorRate", minRequests: "many" }, "minRequests: must be a number"],
    [{ query: "errorRate", version: "" }, "version: must be a text that is not empty"],
    [{ query: "errorRate", baseline: {} }, "baseline: must be { version:"],
    [{ query: "errorRate", gatewayErrors: "no" }, "gatewayErrors: must be one of include, exclude"],
  ])("refuses %j", (config, problem) => {
    expect(() => trafficProvider.create(metric(config), contextOf(watched()))).toThrow(problem);
  });

  it("numbers may be texts, as arguments leave them", async () => {
    expect(await ask({ ...ofNew, query: "errorRate", minRequests: "301" })).toMatchObject(noData);
  });

  it("needs a gateway and a condition", () => {
    const config = { ...ofNew, query: "errorRate" };
    expect(() => trafficProvider.create(metric(config), contextOf(undefined))).toThrow(
      "none runs here",
    );
    const { successCondition: _none, ...bare } = metric(config);
    expect(() => trafficProvider.create(bare, contextOf(watched()))).toThrow(
      "needs a successCondition",
    );
  });
});
