import type { Metric } from "../../api/argo/analysis.ts";
import { sequentialKind } from "../../api/argo/keys.ts";
import { ProviderError } from "../../metrics/provider.ts";
import { sequentialObjectOf, sequentialSettingsOf } from "../../metrics/sequential/config.ts";

/** What is wrong with a metric of the sequential judge. Fields that wait for an argument are left out. */
export function judgeProblem(metric: Metric): string | undefined {
  const config = sequentialObjectOf(metric);
  if (config === undefined) return undefined;
  const known = Object.entries(config).filter(([, value]) => !JSON.stringify(value).includes("{{"));
  const plugin = { [sequentialKind]: Object.fromEntries(known) };
  try {
    sequentialSettingsOf({ ...metric, provider: { plugin } });
    return undefined;
  } catch (error) {
    if (error instanceof ProviderError) return error.message;
    throw error;
  }
}
