import type { AnalysisRun, Metric } from "../../api/argo/analysis.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import {
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../../lib/json.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import { blockOf, isHttpAddress, numberOf, textOf } from "../http-config.ts";
import { ProviderError } from "../provider.ts";

interface Side {
  readonly scope: string;
  readonly region: string;
  readonly step: number;
  readonly start: string;
  readonly end: string;
}

interface Scope {
  readonly name: string;
  readonly controlScope: Side;
  readonly experimentScope: Side;
}

export interface KayentaConfig {
  readonly address: string;
  readonly application: string;
  readonly canaryConfigName: string;
  readonly metricsAccountName: string;
  readonly configurationAccountName: string;
  readonly storageAccountName: string;
  readonly threshold: { readonly pass: number; readonly marginal: number };
  readonly scopes: readonly Scope[];
  /** From the start of the run on, instead of the metric's interval. */
  readonly isLookingBack: boolean;
}

function required(config: JsonObject, key: string): string {
  const text = textOf(config, key);
  if (text !== "") return text;
  throw new ProviderError(`provider.kayenta.${key} is not set`);
}

function thresholdOf(config: JsonObject): KayentaConfig["threshold"] {
  const threshold = blockOf(config, "threshold");
  const [pass, marginal] = [numberOf(threshold, "pass"), numberOf(threshold, "marginal")];
  if (pass !== undefined && marginal !== undefined) return { pass, marginal };
  throw new ProviderError("provider.kayenta.threshold needs pass and marginal");
}

function sideOf(scope: JsonObject, key: "controlScope" | "experimentScope"): Side {
  const side = blockOf(scope, key);
  return {
    scope: textOf(side, "scope"),
    region: textOf(side, "region"),
    step: numberOf(side, "step") ?? 0,
    start: textOf(side, "start"),
    end: textOf(side, "end"),
  };
}

function refuseOneSided({ controlScope, experimentScope }: Scope, key: "start" | "end"): void {
  if ((controlScope[key] === "") === (experimentScope[key] === "")) return;
  throw new ProviderError(
    `controlScope.${key} and experimentScope.${key} must both be set or be empty`,
  );
}

function scopeOf(written: Json): Scope {
  const config = isJsonObject(written) ? written : {};
  const scope: Scope = {
    name: textOf(config, "name"),
    controlScope: sideOf(config, "controlScope"),
    experimentScope: sideOf(config, "experimentScope"),
  };
  refuseOneSided(scope, "start");
  refuseOneSided(scope, "end");
  return scope;
}

function scopesOf(config: JsonObject): readonly Scope[] {
  const scopes = ownProperty(config, "scopes");
  if (isJsonArray(scopes) && scopes.length > 0) return scopes.map(scopeOf);
  throw new ProviderError("provider.kayenta.scopes is empty; write one at least");
}

/** The metric's configuration. Throws a ProviderError (argo-metric-providers.md §8). */
export function kayentaConfigOf(metric: Metric): KayentaConfig {
  const config = blockOf(metric.provider, "kayenta");
  const address = required(config, "address");
  if (!isHttpAddress(address)) {
    throw new ProviderError(`provider.kayenta.address "${address}" is no http or https address`);
  }
  return {
    address: address.replace(/\/+$/, ""),
    application: required(config, "application"),
    canaryConfigName: required(config, "canaryConfigName"),
    metricsAccountName: required(config, "metricsAccountName"),
    configurationAccountName: required(config, "configurationAccountName"),
    storageAccountName: required(config, "storageAccountName"),
    threshold: thresholdOf(config),
    scopes: scopesOf(config),
    isLookingBack: ownProperty(config, "lookback") === true,
  };
}

function startOf(config: KayentaConfig, run: AnalysisRun, metric: Metric, now: EpochMs): string {
  const { startedAt } = run.status ?? {};
  if (config.isLookingBack) return startedAt ?? formatTime(now);
  const text = metric.interval ?? "";
  const interval = parseGoDuration(text);
  if (interval.ok) return formatTime(now - interval.ms);
  throw new ProviderError(`Invalid duration "${text}": ${interval.message}`);
}

/** What is to be judged, as Kayenta takes it. Throws a ProviderError when there is no start. */
export function executionOf(
  config: KayentaConfig,
  run: AnalysisRun,
  metric: Metric,
  now: EpochMs,
): JsonObject {
  const wire = ({ scope, region, step, start, end }: Side): JsonObject => ({
    scope,
    location: region,
    step,
    start: start === "" ? startOf(config, run, metric, now) : start,
    end: end === "" ? formatTime(now) : end,
  });
  const scopes = config.scopes.map(
    ({ name, controlScope, experimentScope }): [string, JsonObject] => [
      name,
      { controlScope: wire(controlScope), experimentScope: wire(experimentScope) },
    ],
  );
  return { scopes: Object.fromEntries(scopes), thresholds: config.threshold };
}
