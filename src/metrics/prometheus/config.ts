import type { Metric } from "../../api/argo/analysis.ts";
import { evaluateTime } from "../../lib/expr/expr.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { isJsonObject, ownProperty, type JsonObject } from "../../lib/json.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { AwsWish } from "../../runtime/aws/credentials.ts";
import { blockOf, headersOf, numberOf, textOf } from "../http-config.ts";
import { oauth2Of, type OAuth2Config } from "../http-oauth2.ts";
import { ProviderError, type ProviderContext } from "../provider.ts";

type Authentication =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "oauth2"; readonly oauth2: OAuth2Config }
  | { readonly kind: "sigv4"; readonly sigv4: AwsWish };

interface RangeQuery {
  readonly start: string;
  readonly end: string;
  readonly step: string;
}

export interface PrometheusConfig {
  readonly address: string;
  readonly query: string;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly rangeQuery: RangeQuery | undefined;
  readonly authentication: Authentication;
}

const defaultTimeoutSeconds = 30;
const addressVariable = "ARGO_ROLLOUTS_PROMETHEUS_ADDRESS";

function addressOf(config: JsonObject, { env }: ProviderContext): string {
  const address = textOf(config, "address") || (env[addressVariable] ?? "");
  if (address === "") throw new ProviderError("prometheus address is not configured");
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.host === "") {
    throw new ProviderError("prometheus address is not is url format");
  }
  return address.replace(/\/+$/, "");
}

function basicOf(config: JsonObject): Authentication | undefined {
  const [username, password] = [textOf(config, "username"), textOf(config, "password")];
  if (username === "" && password === "") return undefined;
  const missing = username === "" ? "username" : "password";
  if (username === "" || password === "") {
    throw new ProviderError(
      `missing mandatory parameter in metric for basic auth setup: ${missing}`,
    );
  }
  return { kind: "basic", username, password };
}

/** Only addresses of Amazon's managed Prometheus are signed for. */
function sigv4Of(config: JsonObject, address: string): Authentication | undefined {
  const sigv4 = {
    region: textOf(config, "region"),
    profile: textOf(config, "profile"),
    roleArn: textOf(config, "roleArn"),
  };
  const isEmpty = Object.values(sigv4).every((value) => value === "");
  return isEmpty || !address.includes("aps-workspaces") ? undefined : { kind: "sigv4", sigv4 };
}

function authenticationOf(config: JsonObject, address: string): Authentication {
  const authentication = blockOf(config, "authentication");
  const oauth2 = oauth2Of(authentication);
  return (
    sigv4Of(blockOf(authentication, "sigv4"), address) ??
    (oauth2 === undefined ? undefined : { kind: "oauth2", oauth2 }) ??
    basicOf(blockOf(authentication, "basicAuth")) ?? { kind: "none" }
  );
}

/** The metric's configuration. Throws a ProviderError (argo-metric-providers.md §3). */
export function prometheusConfigOf(metric: Metric, context: ProviderContext): PrometheusConfig {
  const config = blockOf(metric.provider, "prometheus");
  const timeoutSeconds = numberOf(config, "timeout") ?? defaultTimeoutSeconds;
  if (timeoutSeconds < 0) throw new ProviderError("prometheus timeout should not be negative");
  const address = addressOf(config, context);
  const range = ownProperty(config, "rangeQuery");
  return {
    address,
    query: textOf(config, "query"),
    timeoutMs: timeoutSeconds * 1000,
    insecure: ownProperty(config, "insecure") === true,
    headers: headersOf(config),
    rangeQuery: isJsonObject(range)
      ? { start: textOf(range, "start"), end: textOf(range, "end"), step: textOf(range, "step") }
      : undefined,
    authentication: authenticationOf(config, address),
  };
}

export interface PrometheusCall {
  readonly path: "/api/v1/query" | "/api/v1/query_range";
  readonly form: Readonly<Record<string, string>>;
}

function unixSeconds(atMs: EpochMs): string {
  return String(Math.round(atMs) / 1000);
}

function timeOf(field: "start" | "end", text: string, now: EpochMs): string {
  const time = evaluateTime(text, now);
  if (time.ok) return unixSeconds(time.epochMs);
  throw new ProviderError(`failed to parse rangeQuery.${field} as time: ${time.message}`);
}

/** What is sent. Throws a ProviderError for a range that cannot be read. */
export function callOf({ query, rangeQuery }: PrometheusConfig, now: EpochMs): PrometheusCall {
  if (rangeQuery === undefined) {
    return { path: "/api/v1/query", form: { query, time: unixSeconds(now) } };
  }
  const start = timeOf("start", rangeQuery.start, now);
  const end = timeOf("end", rangeQuery.end, now);
  const step = parseGoDuration(rangeQuery.step);
  if (!step.ok) {
    throw new ProviderError(`failed to parse rangeQuery.step as duration: ${step.message}`);
  }
  return {
    path: "/api/v1/query_range",
    form: { query, start, end, step: String(step.ms / 1000) },
  };
}
