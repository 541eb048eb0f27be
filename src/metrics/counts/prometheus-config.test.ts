import { describe, expect, it } from "vitest";
import { contextWith, now } from "../http-sheet.test-support.ts";
import { testServers } from "../provider-server.test-support.ts";
import { ProviderError } from "../provider.ts";
import type { CountedMetric } from "./counts.ts";
import { rawPrometheus } from "./counts-world.test-support.ts";
import { countedEdgesMs, countsSourceOf } from "./sources.ts";

const errors: CountedMetric = { name: "errors", kind: "errors" };
const where = "metric 'm': source.prometheus";
const serve = testServers();
const counted = {
  errors: {
    requests: 'requests_total{version="${version}"}',
    failed: 'requests_total{version="${version}",code=~"5.."}',
  },
};

/** The queries that are sent. */
async function queriesOf(config: object, metrics: readonly CountedMetric[]) {
  const server = await serve(rawPrometheus(() => []));
  const block = { kind: "prometheus", config: { address: server.url, ...config }, where } as const;
  const source = countsSourceOf(block, metrics, await contextWith([]));
  const { signal } = new AbortController();
  const versions = { canary: "v2", stable: "v1" };
  await source.count({ versions, sinceMs: now - 120_000, now, signal });
  return server.heard.map(({ body }) => new URLSearchParams(body).get("query") ?? "");
}

describe("presets", () => {
  const asked = async (config: object) => {
    const queries = await queriesOf(config, [errors, { name: "latency", kind: "latency" }]);
    return queries.filter((query) => /v2|shop-canary/.test(query)).sort();
  };

  it("istio: the sidecars' metrics, by the pods' names", async () => {
    const own = 'reporter="destination",pod=~".+-v2-.+",destination_service_name="shop"';
    expect(await asked({ preset: "istio", labels: 'destination_service_name="shop"' })).toEqual([
      `istio_request_duration_milliseconds_bucket{${own}}[180s]`,
      `istio_requests_total{${own},response_code=~"5..|0"}[180s]`,
      `istio_requests_total{${own}}[180s]`,
    ]);
  });

  it("nginx: by the names of the two Services", async () => {
    const own = 'service="shop-canary",exported_namespace="shop"';
    const named = { canary: "shop-canary", stable: "shop", labels: 'exported_namespace="shop"' };
    expect(await asked({ preset: "nginx", ...named })).toEqual([
      `nginx_ingress_controller_request_duration_seconds_bucket{${own}}[180s]`,
      `nginx_ingress_controller_requests{${own},status=~"5.."}[180s]`,
      `nginx_ingress_controller_requests{${own}}[180s]`,
    ]);
  });

  it("know the borders of their histograms", () => {
    const of = (config: object) => countedEdgesMs({ kind: "prometheus", config: config as never });
    expect(of({ preset: "istio" })).toContain(250);
    expect(of({})).toHaveLength(16);
    expect(countedEdgesMs({ kind: "web", config: {} })).toHaveLength(16);
  });

  it.each<[string, object, readonly CountedMetric[], string]>([
    [
      "an unknown one",
      { preset: "istioo" },
      [errors],
      "preset: must be one of istio, nginx (did you mean istio?)",
    ],
    [
      "nginx without Services",
      { preset: "nginx" },
      [errors],
      "canary: the ingress controller counts by Service",
    ],
    ["one name of two", { canary: "a" }, [errors], "stable: is missing: write both or none"],
    ["the same twice", { canary: "a", stable: "a" }, [errors], "stable: is the same as canary"],
    [
      "a metric nobody counts",
      { metrics: {} },
      [errors],
      "metrics.errors: is missing: how errors are counted, by requests and failed",
    ],
    [
      "half a metric",
      { metrics: { errors: { requests: 'x{v="${version}"}' } } },
      [errors],
      "metrics.errors: needs requests and failed",
    ],
    [
      "no version",
      { metrics: { errors: { requests: "x{}", failed: 'x{v="${version}"}' } } },
      [errors],
      "metrics.errors.requests: must have ${version} in it",
    ],
    [
      "a query",
      {
        metrics: {
          errors: { requests: 'rate(x{v="${version}"}[1m])', failed: 'x{v="${version}"}' },
        },
      },
      [errors],
      "must be a selector",
    ],
    [
      "a metric the judge has not",
      { metrics: { ...counted, erors: {} } },
      [errors],
      "metrics.erors: is not known; did you mean errors?",
    ],
    ["half a second", { tick: "500ms" }, [errors], "tick: must be whole seconds"],
    ["an unknown field", { adress: "x" }, [errors], "adress: is not known; did you mean address?"],
  ])("refuses %s", async (_name, config, metrics, message) => {
    const context = await contextWith([]);
    const all = { address: "http://x", metrics: counted, ...config } as never;
    const build = () =>
      countsSourceOf({ kind: "prometheus", config: all, where }, metrics, context);
    expect(build).toThrow(ProviderError);
    expect(build).toThrow(message);
    expect(build).toThrow(where);
  });
});
