// provider.plugin["…"] of a metric: how providers that Argo's schemas do not know are configured.
import { isJsonObject, ownProperty, type Json } from "../../lib/json.ts";
import type { Metric } from "./analysis.ts";
import { sequentialKind } from "./keys.ts";

type WithProvider = Pick<Metric, "provider">;

/** What is written for the plugin of that name; undefined = the metric does not ask it. */
export function pluginConfigOf({ provider }: WithProvider, name: string): Json | undefined {
  const plugins = ownProperty(provider, "plugin");
  return isJsonObject(plugins) ? ownProperty(plugins, name) : undefined;
}

/** Whether the sequential judge looks at it. */
export function isJudgedSequentially(metric: WithProvider): boolean {
  return pluginConfigOf(metric, sequentialKind) !== undefined;
}
