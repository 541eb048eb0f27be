// How a Prometheus is reached: address, time limit, sign-in. Shared by all that ask one; what is asked is theirs.
import { ownProperty, type JsonObject } from "../lib/json.ts";
import type { EpochMs } from "../lib/time.ts";
import { awsCredentials, type AwsWish } from "../runtime/aws/credentials.ts";
import { signedHeaders } from "../runtime/aws/sigv4.ts";
import { exchange, type HttpAnswer, type HttpExchange } from "../runtime/http-exchange.ts";
import { blockOf, headersOf, numberOf, textOf } from "./http-config.ts";
import { bearerToken, oauth2Of, type OAuth2Config } from "./http-oauth2.ts";
import { ProviderError, type ProviderContext } from "./provider.ts";

type Authentication =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "oauth2"; readonly oauth2: OAuth2Config }
  | { readonly kind: "sigv4"; readonly sigv4: AwsWish };

export interface PrometheusConnection {
  readonly address: string;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly headers: Readonly<Record<string, string>>;
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

/**
 * The connection a block describes: `address`, `timeout` (seconds, 30), `insecure`, `headers` and `authentication`
 * (argo-metric-providers.md §3). Throws a ProviderError.
 */
export function prometheusConnectionOf(
  config: JsonObject,
  context: ProviderContext,
): PrometheusConnection {
  const timeoutSeconds = numberOf(config, "timeout") ?? defaultTimeoutSeconds;
  if (timeoutSeconds < 0) throw new ProviderError("prometheus timeout should not be negative");
  const address = addressOf(config, context);
  return {
    address,
    timeoutMs: timeoutSeconds * 1000,
    insecure: ownProperty(config, "insecure") === true,
    headers: headersOf(config),
    authentication: authenticationOf(config, address),
  };
}

export interface PrometheusCall {
  readonly path: "/api/v1/query" | "/api/v1/query_range";
  readonly form: Readonly<Record<string, string>>;
}

/** Servers and proxies that do not take POST get the same question as GET. */
const asksForGet: readonly number[] = [403, 405, 501];

type Unsigned = Pick<HttpExchange, "method" | "url" | "headers" | "body">;

function requestOf(
  method: "GET" | "POST",
  { path, form }: PrometheusCall,
  { address, headers }: PrometheusConnection,
): Unsigned {
  const encoded = new URLSearchParams(form).toString();
  const url = `${address}${path}`;
  if (method === "GET") return { method, url: `${url}?${encoded}`, headers };
  const ofForm = { "content-type": "application/x-www-form-urlencoded", ...headers };
  return { method, url, headers: ofForm, body: encoded };
}

/** How one measurement signs in; `secrets` must not be told. */
interface SignIn {
  readonly headersOf: (request: Unsigned) => HttpExchange["headers"];
  readonly secrets: readonly string[];
}

function withAuthorization(value: string): SignIn["headersOf"] {
  return ({ headers }) => ({ authorization: value, ...headers });
}

/** When a measurement asks, in which environment, and until when. */
export interface Asking {
  readonly env: ProviderContext["env"];
  readonly now: EpochMs;
  readonly signal: AbortSignal;
}

type Transport = Pick<HttpExchange, "timeoutMs" | "insecure" | "signal">;

async function signInOf(
  { authentication }: PrometheusConnection,
  { env, now }: Asking,
  transport: Transport,
): Promise<SignIn> {
  switch (authentication.kind) {
    case "none":
      return { headersOf: ({ headers }) => headers, secrets: [] };
    case "basic": {
      const { username, password } = authentication;
      const pair = Buffer.from(`${username}:${password}`).toString("base64");
      return { headersOf: withAuthorization(`Basic ${pair}`), secrets: [password, pair] };
    }
    case "oauth2": {
      const token = await bearerToken(authentication.oauth2, transport);
      return { headersOf: withAuthorization(`Bearer ${token}`), secrets: [token] };
    }
    case "sigv4": {
      const credentials = await awsCredentials(authentication.sigv4, { env, now, transport });
      const { secretAccessKey, sessionToken = "" } = credentials;
      return {
        headersOf: (request) => signedHeaders(request, { ...credentials, service: "aps", now }),
        secrets: [secretAccessKey, sessionToken],
      };
    }
  }
}

/** A Prometheus one has signed in at; what it answers may repeat the secrets. */
export interface PrometheusSession {
  readonly ask: (call: PrometheusCall) => Promise<HttpAnswer>;
  readonly secrets: readonly string[];
}

/** Signs in. Rejects with the network's or the token endpoint's words. */
export async function prometheusSession(
  connection: PrometheusConnection,
  asking: Asking,
): Promise<PrometheusSession> {
  const { timeoutMs, insecure } = connection;
  const transport = { timeoutMs, insecure, signal: asking.signal };
  const { headersOf: signed, secrets } = await signInOf(connection, asking, transport);
  const send = async (method: "GET" | "POST", call: PrometheusCall): Promise<HttpAnswer> => {
    const request = requestOf(method, call, connection);
    return exchange({ ...request, ...transport, headers: signed(request) });
  };
  const ask = async (call: PrometheusCall): Promise<HttpAnswer> => {
    const posted = await send("POST", call);
    return asksForGet.includes(posted.status) ? send("GET", call) : posted;
  };
  return { ask, secrets };
}
