import type { Metric } from "../../api/argo/analysis.ts";
import { isJsonObject, ownProperty, type JsonObject } from "../../lib/json.ts";
import { blockOf, headersOf, numberOf, textOf } from "../http-config.ts";
import { oauth2Of, type OAuth2Config } from "../http-oauth2.ts";
import { ProviderError } from "../provider.ts";

const methods = ["GET", "POST", "PUT"] as const;
type WebMethod = (typeof methods)[number];

export interface WebConfig {
  readonly url: string;
  readonly method: WebMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly jsonPath: string;
  readonly insecure: boolean;
  readonly oauth2: OAuth2Config | undefined;
}

const defaultTimeoutSeconds = 10;

function methodOf(config: JsonObject): WebMethod {
  const written = textOf(config, "method");
  const method = methods.find((known) => known === (written === "" ? "GET" : written));
  if (method !== undefined) return method;
  throw new ProviderError(`provider.web.method is ${written}; use one of ${methods.join(", ")}`);
}

interface Payload {
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

function payloadOf(config: JsonObject, method: WebMethod): Payload {
  const body = textOf(config, "body");
  const jsonBody = ownProperty(config, "jsonBody");
  const hasJson = isJsonObject(jsonBody);
  if (body !== "" && hasJson) {
    throw new ProviderError(
      "use either Body or JSONBody; both cannot exists for WebMetric payload",
    );
  }
  if ((body !== "" || hasJson) && method === "GET") {
    throw new ProviderError(
      "Body/JSONBody can only be used with POST or PUT WebMetric Method types",
    );
  }
  const headers = headersOf(config);
  if (hasJson) {
    const json = { ...headers, "content-type": "application/json" };
    return { body: JSON.stringify(jsonBody), headers: json };
  }
  return { body: body === "" ? undefined : body, headers };
}

/** The metric's configuration. Throws a ProviderError (argo-metric-providers.md §4). */
export function webConfigOf(metric: Metric): WebConfig {
  const config = blockOf(metric.provider, "web");
  const method = methodOf(config);
  const seconds = numberOf(config, "timeoutSeconds") ?? 0;
  const jsonPath = textOf(config, "jsonPath");
  return {
    url: textOf(config, "url"),
    method,
    ...payloadOf(config, method),
    timeoutMs: (seconds > 0 ? seconds : defaultTimeoutSeconds) * 1000,
    jsonPath: jsonPath === "" ? "{$}" : jsonPath,
    insecure: ownProperty(config, "insecure") === true,
    oauth2: oauth2Of(ownProperty(config, "authentication")),
  };
}
