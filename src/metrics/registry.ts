// The providers there are, by the key people write under a metric's `provider` (or under
// provider.plugin). An unknown one is an error that lists these; there is no default.
import type { Metric } from "../api/argo/analysis.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { isJsonObject, ownProperty } from "../lib/json.ts";
import { jobProvider } from "./job/job.ts";
import { cloudWatchProvider } from "./cloud-watch/cloud-watch.ts";
import { datadogProvider } from "./datadog/datadog.ts";
import { graphiteProvider } from "./graphite/graphite.ts";
import { influxdbProvider } from "./influxdb/influxdb.ts";
import { kayentaProvider } from "./kayenta/kayenta.ts";
import { kayentaJudgeProvider } from "./kayenta-judge/kayenta-judge.ts";
import { newRelicProvider } from "./new-relic/new-relic.ts";
import { sequentialProvider } from "./sequential/sequential.ts";
import { skywalkingProvider } from "./skywalking/skywalking.ts";
import { prometheusProvider } from "./prometheus/prometheus.ts";
import {
  ProviderError,
  type MetricProvider,
  type ProviderContext,
  type ProviderFactory,
} from "./provider.ts";
import { trafficProvider } from "./traffic/traffic.ts";
import { wavefrontProvider } from "./wavefront/wavefront.ts";
import { webProvider } from "./web/web.ts";

export const providers = {
  prometheus: prometheusProvider,
  job: jobProvider,
  kayenta: kayentaProvider,
  web: webProvider,
  datadog: datadogProvider,
  wavefront: wavefrontProvider,
  newRelic: newRelicProvider,
  cloudWatch: cloudWatchProvider,
  graphite: graphiteProvider,
  influxdb: influxdbProvider,
  skywalking: skywalkingProvider,
  "haldane.dev/traffic": trafficProvider,
  "haldane.dev/kayenta": kayentaJudgeProvider,
  "haldane.dev/sequential": sequentialProvider,
} as const satisfies Record<string, ProviderFactory>;

export const providerKinds: readonly string[] = Object.keys(providers);

export function providerFactory(kind: string): ProviderFactory | undefined {
  return Object.entries(providers).find(([name]) => name === kind)?.[1];
}

/** The keys of a metric's provider, plugins by their own names; several are told by validation. */
function kindsOf({ provider }: Metric): readonly string[] {
  const keys = Object.keys(provider).filter((key) => ownProperty(provider, key) !== undefined);
  return keys.flatMap((key) => {
    const plugins = key === "plugin" ? ownProperty(provider, key) : undefined;
    if (!isJsonObject(plugins)) return [key];
    // A plugin's name has a slash; one without must not be taken for a provider of Argo's own.
    return Object.keys(plugins).map((name) => (name.includes("/") ? name : `plugin.${name}`));
  });
}

/** Go's net/rpc speaks gob, which nothing but Go does. */
function foreignPlugin(metric: Metric, name: string): string {
  return (
    `metric '${metric.name}': provider.plugin["${name}"] is an external plugin of Argo Rollouts, a ` +
    "Go program that only Go can talk to; ask its source through provider.web or " +
    "provider.prometheus, or measure in a Job (provider.job)"
  );
}

function refusal(metric: Metric, kind: string | undefined): ProviderError {
  const known = `providers: ${providerKinds.join(", ")}`;
  const invalid = `no valid provider in metric '${metric.name}'`;
  if (kind === undefined) return new ProviderError(`${invalid}; ${known}`);
  const meant = didYouMean(kind, providerKinds);
  if (meant === undefined && kind.includes("/")) {
    return new ProviderError(`${foreignPlugin(metric, kind)}; ${known}`);
  }
  const hint = meant === undefined ? "" : `, did you mean ${meant}?`;
  return new ProviderError(`${invalid}: ${kind} is not known${hint}; ${known}`);
}

/** Builds the provider of one measurement. Throws a ProviderError for what is unknown or not usable. */
export function createProvider(metric: Metric, context: ProviderContext): MetricProvider {
  const [kind] = kindsOf(metric);
  const factory = kind === undefined ? undefined : providerFactory(kind);
  if (factory === undefined) throw refusal(metric, kind);
  return factory.create(metric, context);
}
