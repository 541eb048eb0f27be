import { isJsonObject, ownProperty, parseJson, type Json } from "../lib/json.ts";
import { redactorOf } from "../lib/redact.ts";
import { exchange, type HttpAnswer, type HttpExchange } from "../runtime/http-exchange.ts";
import { quoted } from "./http-status.ts";
import { ProviderError } from "./provider.ts";

export interface OAuth2Config {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
}

function textAt(config: Json | undefined, key: string): string {
  const value = isJsonObject(config) ? ownProperty(config, key) : undefined;
  return typeof value === "string" ? value : "";
}

/** The `authentication.oauth2` block; undefined when it names no tokenUrl. Throws when it is incomplete. */
export function oauth2Of(authentication: Json | undefined): OAuth2Config | undefined {
  const config = isJsonObject(authentication) ? ownProperty(authentication, "oauth2") : undefined;
  const tokenUrl = textAt(config, "tokenUrl");
  if (tokenUrl === "") return undefined;
  const [clientId, clientSecret] = [textAt(config, "clientId"), textAt(config, "clientSecret")];
  if (clientId === "" || clientSecret === "") {
    throw new ProviderError("missing mandatory parameter in metric for OAuth2 setup");
  }
  const scopes = isJsonObject(config) ? ownProperty(config, "scopes") : undefined;
  const names = Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : [];
  return { tokenUrl, clientId, clientSecret, scopes: names };
}

function tokenIn({ status, text }: HttpAnswer): string {
  if (status < 200 || status > 299) {
    throw new Error(`oauth2: cannot fetch token: ${status}\nResponse: ${quoted(text)}`);
  }
  const json = parseJson(text);
  const token = textAt(json.ok ? json.value : undefined, "access_token");
  if (token === "") throw new Error("oauth2: server response missing access_token");
  return token;
}

async function askForToken(
  { tokenUrl, clientId, clientSecret, scopes }: OAuth2Config,
  basic: string,
  transport: Pick<HttpExchange, "timeoutMs" | "insecure" | "signal">,
): Promise<string> {
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (scopes.length > 0) form.set("scope", scopes.join(" "));
  const ask = async (body: URLSearchParams, headers: Record<string, string>): Promise<HttpAnswer> =>
    exchange({
      ...transport,
      method: "POST",
      url: tokenUrl,
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body: body.toString(),
    });
  const answer = await ask(form, { authorization: `Basic ${basic}` });
  if (answer.status !== 400 && answer.status !== 401) return tokenIn(answer);
  const withSecret = new URLSearchParams([
    ...form,
    ["client_id", clientId],
    ["client_secret", clientSecret],
  ]);
  return tokenIn(await ask(withSecret, {}));
}

/**
 * Client credentials in the Authorization header first; servers that refuse that get them in the
 * form. What a refusal says is told without the secret.
 */
export async function bearerToken(
  config: OAuth2Config,
  transport: Pick<HttpExchange, "timeoutMs" | "insecure" | "signal">,
): Promise<string> {
  const { clientId, clientSecret } = config;
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  const basic = Buffer.from(pair).toString("base64");
  try {
    return await askForToken(config, basic, transport);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(redactorOf([clientSecret, basic]).message(message), { cause: error });
  }
}
