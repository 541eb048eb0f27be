import type { ConfigMap } from "../../api/kubernetes/workloads.ts";
import {
  readConfiguration,
  type CanaryConfiguration,
} from "../../core/judge/kayenta/read-configuration.ts";
import { parseJson, type Json } from "../../lib/json.ts";
import { ProviderError, type ProviderContext } from "../provider.ts";
import type { ConfigurationSource } from "./config.ts";

const mostTold = 5;

/** The configuration in a JSON value or text. Throws a ProviderError with all that is wrong, and where. */
export function configurationIn(json: Json, where: string): CanaryConfiguration {
  const parsed = typeof json === "string" ? parseJson(json) : { ok: true as const, value: json };
  if (!parsed.ok) throw new ProviderError(`${where}: no JSON: ${parsed.problem}`);
  const read = readConfiguration(parsed.value);
  if (read.ok) return read.configuration;
  const { problems } = read;
  const more = problems.length > mostTold ? [`and ${problems.length - mostTold} more`] : [];
  throw new ProviderError(`${where}: ${[...problems.slice(0, mostTold), ...more].join("; ")}`);
}

/** Read for each measurement, so that a changed ConfigMap counts from the next one on. */
export async function configurationFrom(
  source: ConfigurationSource,
  namespace: string,
  { store }: Pick<ProviderContext, "store">,
): Promise<CanaryConfiguration> {
  if (source.kind === "inline") return configurationIn(source.json, "configuration");
  const { name, key } = source;
  const at = { apiVersion: "v1", kind: "ConfigMap", namespace, name };
  const found = await store.get<ConfigMap>(at);
  if (found === undefined) throw new ProviderError(`configmaps "${name}" not found`);
  const data = found.data ?? {};
  const text = Object.hasOwn(data, key) ? data[key] : undefined;
  if (text !== undefined) return configurationIn(text, `configmaps "${name}", key ${key}`);
  const keys = Object.keys(data).join(", ") || "none";
  throw new ProviderError(`configmaps "${name}" has no key ${key}; its keys: ${keys}`);
}
