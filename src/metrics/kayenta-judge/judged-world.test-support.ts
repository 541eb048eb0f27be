// A stand-in Prometheus for range queries, and metrics that ask it. Only for tests.
import type { Metric } from "../../api/argo/analysis.ts";
import type { JsonObject } from "../../lib/json.ts";
import { createRng, next } from "../../lib/rng.ts";
import { questionOf } from "../conformance.ts";
import { contextWith, now } from "../http-sheet.test-support.ts";
import type { Heard, Loopback, Reply } from "../loopback.test-support.ts";
import type { ProviderContext } from "../provider.ts";
import { kayentaJudgeProvider } from "./kayenta-judge.ts";

export const metricConfig = (name: string, more: JsonObject = {}, query: JsonObject = {}) => ({
  name,
  groups: ["all"],
  query: {
    type: "prometheus",
    customInlineTemplate: `PromQL:sum(rate(${name}_total{version="\${scope}"}[1m]))`,
    ...query,
  },
  analysisConfigurations: { canary: { direction: "increase", ...more } },
});
export const configuration = {
  metrics: [metricConfig("errors"), metricConfig("latency")],
  classifier: { scoreThresholds: { pass: 95, marginal: 75 } },
} as const;

export function metric(address: string, more: object = {}, rest: Partial<Metric> = {}): Metric {
  const config = {
    configuration,
    prometheus: { address },
    control: { scope: "v1" },
    experiment: { scope: "v2" },
    lookback: "60m",
    ...more,
  };
  return { name: "m", provider: { plugin: { "haldane.dev/kayenta": config } }, ...rest };
}

export type Series = {
  readonly labels?: object;
  readonly values: (index: number) => number | undefined;
};
export type World = (query: string) => readonly Series[];

/** A stand-in that answers range queries from functions of the point's number. */
export function prometheus(world: World): (heard: Heard) => Reply {
  return ({ body }) => {
    const form = new URLSearchParams(body);
    const number = (key: string): number => Number(form.get(key));
    const [start, end, step] = [number("start"), number("end"), number("step")];
    const count = Math.round((end - start) / step) + 1;
    const result = world(form.get("query") ?? "").map(({ labels = {}, values }) => ({
      metric: labels,
      values: Array.from({ length: count }, (_, index) => [start + index * step, values(index)])
        .filter(([, value]) => value !== undefined)
        .map(([at, value]) => [at, String(value === Infinity ? "+Inf" : value)]),
    }));
    return { body: JSON.stringify({ status: "success", data: { resultType: "matrix", result } }) };
  };
}

/** Around `mean`, differently for each seed. */
export function around(mean: number, seed: number): Series {
  const rng = createRng(seed);
  const values = Array.from({ length: 200 }, () => mean + next(rng) - 0.5);
  return { values: (index) => values[index] };
}
export const healthy: World = (query) => [
  around(10, query.length + (query.includes("v2") ? 1 : 0)),
];
export const failing: World = (query) =>
  query.includes("errors") && query.includes("v2") ? [around(20, 9)] : healthy(query);

/** One measurement in a world, and what Prometheus was asked for it. */
export async function askIn(
  server: Loopback,
  more: object = {},
  { context, startedAt }: { context?: ProviderContext; startedAt?: string } = {},
) {
  const asked = metric(server.url, more);
  const provider = kayentaJudgeProvider.create(asked, context ?? (await contextWith([])));
  const { run, ...question } = questionOf({ now }, asked);
  const status = startedAt === undefined ? {} : { status: { startedAt } };
  const answer = await provider.measure({ ...question, run: { ...run, ...status } });
  return {
    answer,
    forms: server.heard.map(({ body }) => Object.fromEntries(new URLSearchParams(body))),
  };
}
