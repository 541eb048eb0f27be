// The judge on counts from elsewhere: business figures (S3.4), levels (S4.4), and a Prometheus that is asked for them.
import { afterEach, describe, expect, it } from "vitest";
import type { Measurement, Metric, MetricResult } from "../../api/argo/analysis.ts";
import { createRng } from "../../lib/rng.ts";
import { formatTime } from "../../lib/time.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { questionOf } from "../conformance.ts";
import { loopback, type Loopback, type Reply } from "../loopback.test-support.ts";
import type { MetricAnswer } from "../provider.ts";
import { sequentialProvider } from "./sequential.ts";

const startMs = Date.parse("2026-11-21T01:00:00Z");
const servers: Loopback[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** An endpoint that counts in ticks of ten seconds. */
async function endpoint(samples: (tick: number) => object): Promise<Loopback> {
  const server = await loopback(({ query }): Reply => {
    const since = Date.parse(query.get("since") ?? "");
    const until = Date.parse(query.get("until") ?? "");
    const first = Math.ceil(since / 10_000);
    const count = Math.max(0, Math.floor(until / 10_000) - first);
    const ticks = Array.from({ length: count }, (_, index) => ({
      from: (first + index) * 10_000,
      to: (first + index + 1) * 10_000,
      samples: samples(first + index),
    }));
    return { body: JSON.stringify({ ticks }) };
  });
  servers.push(server);
  return server;
}

function metricOf(source: object, metrics: readonly object[]): Metric {
  const judge = { canary: "new", stable: "old", source, metrics, noDataAfter: "2m" };
  return {
    name: "judge",
    interval: "1h",
    provider: { plugin: { "haldane.dev/sequential": judge } },
  } as unknown as Metric;
}

/** Looks every ten seconds until the measurement ends or the time is over. */
async function watch(asked: Metric, minutes: number): Promise<MetricAnswer> {
  const store = memoryStore({
    clock: new VirtualClock(startMs),
    rng: createRng(1),
    newUid: () => "uid",
  });
  const provider = sequentialProvider.create(asked, { store, env: {}, traffic: undefined });
  let measurement: Measurement = { phase: "Running", startedAt: formatTime(startMs) };
  let result: MetricResult = { name: "judge", phase: "Running" };
  let answer: MetricAnswer = { kind: "error", message: "never asked" };
  for (let now = startMs; now <= startMs + minutes * 60_000; now += 10_000) {
    const question = questionOf({ now }, asked);
    const run = { ...question.run, status: { metricResults: [result] } };
    answer = (await provider.resume?.({ ...question, run }, measurement)) ?? answer;
    measurement = { ...measurement, ...(answer.metadata && { metadata: answer.metadata }) };
    result = { ...result, metadata: { ...result.metadata, ...answer.record } };
    if (answer.kind === "phase") break;
  }
  return answer;
}

describe("counts from a web endpoint", () => {
  const url = (server: Loopback) => `${server.url}/?since=\${since}&until=\${until}&v=\${canary}`;

  it("a conversion that falls rolls back; one that is alike does not", async () => {
    const conversions = [{ kind: "count", name: "conversion", better: "higher", margin: "2%" }];
    const selling = async (canary: number) =>
      endpoint(() => ({
        conversion: { canary: { total: 500, count: canary }, stable: { total: 4500, count: 225 } },
      }));
    const worse = await selling(10);
    const bad = await watch(metricOf({ web: { url: url(worse) } }, conversions), 20);
    expect(bad).toMatchObject({ kind: "phase", phase: "Failed" });
    expect(worse.heard[0]?.query.get("v")).toBe("new");
    const same = await selling(25);
    const good = await watch(metricOf({ web: { url: url(same) } }, conversions), 20);
    expect(good).toMatchObject({ kind: "running" });
  });

  it("memory that grows faster than stable's rolls back", async () => {
    const wobble = (tick: number) => ((tick * 7) % 5) / 100;
    const server = await endpoint((tick) => {
      const sinceStart = tick - startMs / 10_000;
      return {
        memory: {
          canary: { level: 100 + sinceStart * 0.5 + wobble(tick) },
          stable: { level: 100 + wobble(tick + 3) },
        },
      };
    });
    const metrics = [{ kind: "slope", name: "memory", marginPerHour: "10%" }];
    const leaking = await watch(metricOf({ web: { url: url(server) } }, metrics), 60);
    expect(leaking).toMatchObject({ kind: "phase", phase: "Failed" });
  });

  it("an endpoint that does not answer is no data, with its reason, and no verdict", async () => {
    const server = await loopback(() => ({ status: 500 }));
    servers.push(server);
    const answer = await watch(metricOf({ web: { url: server.url } }, [{ kind: "errors" }]), 5);
    expect(answer).toMatchObject({ kind: "phase", phase: "Inconclusive" });
    expect(JSON.stringify(answer)).toMatch(/no data.*500/);
  });
});

describe("numbers that cannot be", () => {
  const stable = { total: 4500, count: 9 };

  it.each<[string, object, string]>([
    ["are negative", { total: -5, count: 0 }, "errors, canary: total is -5, not a whole number"],
    ["are more failures than requests", { total: 5, count: 6 }, "count is 6, more than the total"],
    ["are no counts", { total: 4.5, count: 0 }, "total is 4.5, not a whole number"],
    ["are no numbers", { total: "NaN", count: 0 }, "samples.errors needs total and count"],
  ])("%s: no data, with the reason, and neither pass nor rollback", async (_what, canary, why) => {
    const server = await endpoint(() => ({ errors: { canary, stable } }));
    const asked = metricOf({ web: { url: `${server.url}/?since=\${since}&until=\${until}` } }, [
      { kind: "errors" },
    ]);
    const answer = await watch(asked, 5);
    expect(answer).toMatchObject({ kind: "phase", phase: "Inconclusive" });
    expect(answer).toHaveProperty("message", expect.stringContaining("no data of both versions"));
    expect(answer).toHaveProperty("message", expect.stringContaining(why));
  });

  it("now and then are said, and the rest is judged", async () => {
    const bad = { total: 500, count: 5 };
    const server = await endpoint((tick) => ({
      errors: { canary: tick % 2 === 0 ? bad : { total: 5, count: 6 }, stable },
    }));
    const url = `${server.url}/?since=\${since}&until=\${until}`;
    const answer = await watch(metricOf({ web: { url } }, [{ kind: "errors" }]), 5);
    expect(answer).toMatchObject({ kind: "phase", phase: "Failed" });
    expect(answer.metadata).toMatchObject({
      dataErrors: expect.stringMatching(/^[1-9]/) as string,
      dataError: expect.stringContaining("more than the total") as string,
    });
  });

  it("a counter of Prometheus that is NaN is no data, with the reason", async () => {
    const server = await loopback((): Reply => {
      const values = Array.from({ length: 20 }, (_, index) => [startMs / 1000 + index * 15, "NaN"]);
      const result = [{ metric: { __name__: "istio_requests_total", pod: "p" }, values }];
      const data = { resultType: "matrix", result };
      return { body: JSON.stringify({ status: "success", data }) };
    });
    servers.push(server);
    const source = { prometheus: { address: server.url, preset: "istio" } };
    const answer = await watch(metricOf(source, [{ kind: "errors" }]), 5);
    expect(answer).toMatchObject({ kind: "phase", phase: "Inconclusive" });
    expect(JSON.stringify(answer)).toContain("istio_requests_total is NaN at a time");
  });
});

describe("a million requests a tick", () => {
  const buckets = (fast: number, slow: number) => ({ buckets: [fast, slow, 0] });
  const busy = async (canaryFailed: number, canarySlow: number) => {
    const server = await endpoint(() => ({
      errors: {
        canary: { total: 100_000, count: canaryFailed },
        stable: { total: 900_000, count: 900 },
      },
      latency: {
        canary: buckets(100_000 - canarySlow, canarySlow),
        stable: buckets(891_000, 9_000),
      },
    }));
    const url = `${server.url}/?since=\${since}&until=\${until}`;
    const metrics = [{ kind: "errors" }, { kind: "latency", edges: [50, 500] }];
    return watch(metricOf({ web: { url } }, metrics), 10);
  };

  it("are judged as few are: figures stay figures", async () => {
    const fine = await busy(100, 1_000);
    expect(fine).toMatchObject({ kind: "running", metadata: { action: "safe" } });
    const failing = await busy(10_000, 1_000);
    expect(failing).toMatchObject({ kind: "phase", phase: "Failed" });
    const slow = await busy(100, 50_000);
    expect(slow).toMatchObject({ kind: "phase", phase: "Failed" });
    for (const { metadata = {}, record = {} } of [fine, failing, slow]) {
      expect(Number.isFinite(Number(metadata["evidence"]))).toBe(true);
      expect(JSON.stringify([metadata, record])).not.toMatch(/NaN|Infinity|null/);
    }
  });
});

describe("counts from a Prometheus", () => {
  it("are judged by the preset of a mesh, at the borders of its histogram", async () => {
    const server = await loopback(({ body }): Reply => {
      const form = new URLSearchParams(body);
      const query = form.get("query") ?? "";
      const untilMs = Number(form.get("time")) * 1000;
      const perScrape = query.includes("new") ? 100 : 900;
      const isFailed = query.includes("response_code");
      const isBad = query.includes("new") && isFailed;
      const step = isFailed ? (isBad ? 20 : 0) : perScrape;
      const values = Array.from({ length: 40 }, (_, index) => {
        const atMs = Math.floor(untilMs / 15_000) * 15_000 - (39 - index) * 15_000;
        return [atMs / 1000, String(((atMs - startMs) / 15_000 + 100) * step)];
      });
      const result = [{ metric: { __name__: "istio_requests_total", pod: "p" }, values }];
      return {
        body: JSON.stringify({ status: "success", data: { resultType: "matrix", result } }),
      };
    });
    servers.push(server);
    const source = { prometheus: { address: server.url, preset: "istio" } };
    const answer = await watch(metricOf(source, [{ kind: "errors" }]), 10);
    expect(answer).toMatchObject({ kind: "phase", phase: "Failed" });
    expect(JSON.stringify(answer)).toContain("The canary is worse. errors: canary ");
  });

  it.each([
    [{ prometheus: {} }, "source.prometheus"],
    [{ prometheus: { address: "http://p", preset: "istoi" } }, "source.prometheus"],
    [{ prometheus: { address: "http://p" }, web: {} }, "source: must be traffic, { prometheus"],
    [{ web: { url: "ftp://x" } }, "source.web"],
  ])("%j is refused, with its place", (source, problem) => {
    const store = memoryStore({ clock: new VirtualClock(0), rng: createRng(1), newUid: () => "u" });
    const context = { store, env: {}, traffic: undefined };
    const create = () => sequentialProvider.create(metricOf(source, [{ kind: "errors" }]), context);
    expect(create).toThrow(problem);
  });
});
