import { describe, expect, it } from "vitest";
import { contextWith, now } from "../http-sheet.test-support.ts";
import { loopback, type Reply } from "../loopback.test-support.ts";
import { testServers } from "../provider-server.test-support.ts";
import { describeCountsSource } from "./conformance.ts";
import type { CountedMetric } from "./counts.ts";
import { beginsAnew, rawPrometheus, steady, type RawSeries } from "./counts-world.test-support.ts";
import { countsSourceOf } from "./sources.ts";

const errors: CountedMetric = { name: "errors", kind: "errors" };
const latency: CountedMetric = { name: "latency", kind: "latency", edgesMs: [10, 100] };
const versions = { canary: "v2", stable: "v1" };
const sinceMs = now - 120_000;
const where = "metric 'm': source.prometheus";

async function sourceOf(
  address: string,
  config: object = {},
  metrics: readonly CountedMetric[] = [errors],
) {
  const all = { address, metrics: counted, ...config };
  return countsSourceOf({ kind: "prometheus", config: all, where }, metrics, await contextWith([]));
}
const counted = {
  errors: {
    requests: 'requests_total{version="${version}"}',
    failed: 'requests_total{version="${version}",code=~"5.."}',
  },
};

/** Each version has two pods that are scraped every 10 s, at different moments: 100 requests, of v2 five fail. */
function shop(query: string): readonly RawSeries[] {
  const isCanary = query.includes('"v2"');
  return ["a", "b"].flatMap((pod, index) => {
    const at = { everyMs: 10_000, offsetMs: 3000 * index + (isCanary ? 1000 : 0) };
    const series = (code: string, perScrape: number): RawSeries => ({
      labels: { __name__: "requests_total", job: "shop", instance: pod, code },
      samples: steady({ ...at, perScrape }),
    });
    const bad = series("500", isCanary ? 5 : 0);
    return query.includes("code=~") ? [bad] : [series("200", 100), bad];
  });
}

describeCountsSource("prometheus", async () => {
  const [full, none] = [
    await loopback(rawPrometheus(shop)),
    await loopback(rawPrometheus(() => [])),
  ];
  return {
    source: await sourceOf(full.url),
    empty: await sourceOf(none.url),
    unreachable: await sourceOf("http://127.0.0.1:1"),
    sinceMs,
    now,
    close: async () => {
      await full.close();
      await none.close();
    },
  };
});

const serve = testServers();

async function count(
  world: (query: string) => readonly RawSeries[],
  config: object = {},
  metrics: readonly CountedMetric[] = [errors],
) {
  const server = await serve(rawPrometheus(world));
  const source = await sourceOf(server.url, config, metrics);
  const answer = await source.count({
    versions,
    sinceMs,
    now,
    signal: new AbortController().signal,
  });
  return { ...answer, heard: server.heard };
}

describe("counts from Prometheus", () => {
  it("asks for the raw samples of each version, and one scrape more than it needs", async () => {
    const { heard } = await count(shop);
    const forms = heard.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    expect(forms.map(({ query }) => query).sort()).toEqual([
      'requests_total{version="v1",code=~"5.."}[180s]',
      'requests_total{version="v1"}[180s]',
      'requests_total{version="v2",code=~"5.."}[180s]',
      'requests_total{version="v2"}[180s]',
    ]);
    expect(new Set(forms.map(({ time }) => time))).toEqual(new Set([String(now / 1000)]));
  });

  it("counts pods that are scraped at different moments on one grid", async () => {
    const { ticks } = await count(shop, { tick: "20s" });
    expect(ticks.map(({ fromMs }) => fromMs - now)).toEqual(
      [-120, -100, -80, -60, -40].map((s) => s * 1000),
    );
    for (const { fromMs, toMs, samples, requests } of ticks) {
      expect(toMs - fromMs).toBe(20_000);
      expect(samples).toEqual({
        errors: { canary: { total: 420, count: 20 }, stable: { total: 400, count: 0 } },
      });
      expect(requests).toEqual({ canary: 420, stable: 400 });
    }
  });

  it("a counter that is begun anew goes on from zero", async () => {
    const { ticks } = await count(beginsAnew(shop, now - 60_000), { tick: "20s" });
    for (const { samples } of ticks) {
      expect(samples["errors"]!.canary).toMatchObject({
        total: expect.toSatisfy((n) => n >= 380 && n <= 460) as number,
      });
    }
  });

  it("where nobody scraped the canary there are no ticks, and what came meanwhile is not counted at once", async () => {
    const gap = (query: string) =>
      shop(query).map(({ labels, samples }) => ({
        labels,
        samples: query.includes('"v2"')
          ? samples.filter(([atMs]) => atMs < now - 100_000 || atMs > now - 50_000)
          : samples,
      }));
    const { ticks } = await count(gap, { tick: "10s" });
    const inside = ticks.filter(
      ({ fromMs, toMs }) => fromMs >= now - 95_000 && toMs <= now - 50_000,
    );
    expect(inside).toEqual([]);
    expect(ticks.length).toBeGreaterThan(4);
    for (const { samples } of ticks) {
      expect(samples["errors"]!.canary).toMatchObject({
        total: expect.toSatisfy((n) => n <= 215) as number,
      });
    }
  });

  it("the first failure counts: its counter was not there before", async () => {
    const late = (query: string) =>
      shop(query).map((series) => {
        const isBad = series.labels["code"] === "500" && query.includes('"v2"');
        return isBad
          ? { ...series, samples: series.samples.slice(-1).map(([at]) => [at, 3] as const) }
          : series;
      });
    const { ticks } = await count(late, { tick: "5s" });
    const failed = ticks.map(
      ({ samples }) => (samples["errors"]!.canary as { count: number }).count,
    );
    expect(failed.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0);
    expect(failed.slice(0, -4).every((one) => one === 0)).toBe(true);
  });

  it("latency: the buckets of a histogram, classic or native", async () => {
    const histogram = { latency: { histogram: 'duration_seconds_bucket{version="${version}"}' } };
    const world =
      (isNative: boolean) =>
      (query: string): readonly RawSeries[] => {
        const labels = { __name__: "duration_seconds_bucket", instance: "a" };
        const slow = query.includes('"v2"') ? 4 : 1;
        const at = { everyMs: 10_000, offsetMs: 0 };
        if (!isNative) {
          return [
            ["0.01", 10],
            ["0.1", 10 + slow],
            ["+Inf", 10 + slow],
          ].map(([le, perScrape]) => ({
            labels: { ...labels, le: String(le) },
            samples: steady({ ...at, perScrape: Number(perScrape) }),
          }));
        }
        const buckets = ([atMs]: readonly [number, number]) => {
          const n = (atMs - now) / 10_000 + 1000;
          return [
            [0, "0.002", "0.004", String(10 * n)],
            [0, "0.032", "0.064", String(slow * n)],
          ];
        };
        return [
          {
            labels,
            samples: [],
            histograms: steady({ ...at, perScrape: 1 }).map((sample) => [
              sample[0],
              { count: "1", sum: "1", buckets: buckets(sample) },
            ]),
          },
        ];
      };
    for (const isNative of [false, true]) {
      const { ticks } = await count(world(isNative), { metrics: histogram, tick: "10s" }, [
        latency,
      ]);
      expect(ticks.length).toBeGreaterThan(8);
      for (const { samples } of ticks) {
        expect(samples["latency"]).toEqual({
          canary: { buckets: [10, 4, 0] },
          stable: { buckets: [10, 1, 0] },
        });
      }
    }
  });

  it("versions that count in different buckets are not compared, and that is said", async () => {
    const world = (query: string): readonly RawSeries[] =>
      (query.includes('"v2"') ? ["0.2", "+Inf"] : ["0.1", "+Inf"]).map((le) => ({
        labels: { le, instance: "a" },
        samples: steady({ everyMs: 10_000, offsetMs: 0, perScrape: 1 }),
      }));
    const metrics = { latency: { histogram: 'd_bucket{v="${version}"}' } };
    expect(await count(world, { metrics }, [latency])).toMatchObject({
      ticks: [],
      problem:
        "latency: canary and stable count in different buckets (le 0.2 Infinity and 0.1 Infinity)",
    });
  });

  it("means, counted events and levels", async () => {
    const metrics = {
      engagement: { sum: 's{v="${version}"}', count: 'n{v="${version}"}' },
      score: { gauge: 'g{v="${version}"}' },
      sales: { requests: 'n{v="${version}"}', counted: 'c{v="${version}"}' },
      memory: { gauge: 'm{v="${version}"}' },
    };
    const asked: readonly CountedMetric[] = [
      { name: "engagement", kind: "mean", better: "higher" },
      { name: "score", kind: "mean", better: "higher" },
      { name: "sales", kind: "count" },
      { name: "memory", kind: "slope" },
    ];
    const perScrape: Readonly<Record<string, number>> = { s: 2.5, n: 10, c: 2, m: 100, g: 0 };
    const world = (query: string): readonly RawSeries[] => [
      {
        labels: { instance: "a" },
        samples: steady({
          everyMs: 10_000,
          offsetMs: 0,
          perScrape: perScrape[query[0]!] ?? 0,
          from: query.startsWith("g") ? 7 : 0,
        }),
      },
    ];
    const { ticks } = await count(world, { metrics, tick: "20s" }, asked);
    expect(ticks.length).toBeGreaterThan(3);
    for (const { samples, requests } of ticks) {
      expect(requests).toBeUndefined();
      expect(samples).toMatchObject({
        engagement: { canary: { values: 20, sum: 5 } },
        score: { canary: { values: 2, sum: 14 } },
        sales: { stable: { total: 20, count: 4 } },
      });
    }
    const levels = ticks.map(
      ({ samples }) => (samples["memory"]!.canary as { level: number }).level,
    );
    expect(levels.slice(1).map((level, index) => level - levels[index]!)).toEqual(
      levels.slice(1).map(() => 200),
    );
  });

  it.each<[string, Reply, string]>([
    [
      "Prometheus' own words",
      { status: 400, body: '{"status":"error","errorType":"bad_data","error":"parse error"}' },
      "bad_data: parse error",
    ],
    [
      "no matrix",
      { body: '{"status":"success","data":{"resultType":"vector","result":[]}}' },
      "no matrix",
    ],
    [
      "a counter that is none",
      {
        body: '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x"},"values":[[1,"NaN"]]}]}}',
      },
      "x is NaN at a time, which no counter is",
    ],
  ])("a problem: %s", async (_name, reply, problem) => {
    const server = await serve(reply);
    const source = await sourceOf(server.url);
    const answer = await source.count({
      versions,
      sinceMs,
      now,
      signal: new AbortController().signal,
    });
    expect(answer).toEqual({ ticks: [], problem: expect.stringContaining(problem) as string });
  });
});
