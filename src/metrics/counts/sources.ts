// The sources of counts there are, by the key people write under `source`.
import type { JsonObject } from "../../lib/json.ts";
import type { ProviderContext } from "../provider.ts";
import type { CountedMetric, CountsSource } from "./counts.ts";
import { edgesOf, prometheusCountsOf } from "./prometheus-config.ts";
import { prometheusCounts } from "./prometheus.ts";
import { defaultEdgesMs } from "../../core/judge/sequential/settings.ts";
import { webCounts, webCountsOf } from "./web.ts";

export type CountsSourceKind = "prometheus" | "web";

/** A block of configuration and its place, for messages: `metric 'x': …source.prometheus`. */
export interface SourceBlock {
  readonly kind: CountsSourceKind;
  readonly config: JsonObject;
  readonly where: string;
}

/** The source of a block for these metrics. Throws a ProviderError that names what is not usable. */
export function countsSourceOf(
  { kind, config, where }: SourceBlock,
  metrics: readonly CountedMetric[],
  context: ProviderContext,
): CountsSource {
  switch (kind) {
    case "prometheus":
      return prometheusCounts(prometheusCountsOf(config, where, metrics, context), context);
    case "web":
      return webCounts(webCountsOf(config, where, metrics));
  }
}

/** The borders a latency metric that names none is counted by: the judge has to compare the same ones. */
export function countedEdgesMs({
  kind,
  config,
}: Pick<SourceBlock, "kind" | "config">): readonly number[] {
  return kind === "prometheus" ? edgesOf(config) : defaultEdgesMs;
}
