// Where the keys for signing come from: the environment, or a profile in the shared credentials
// file; then, if a role is to be assumed, that role's temporary keys from STS.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import type { EpochMs } from "../../lib/time.ts";
import { exchange, type HttpExchange } from "../http.ts";
import { ProviderError } from "../provider.ts";
import type { SigV4Config } from "./config.ts";
import { signedHeaders, type Credentials } from "./sigv4.ts";

export interface CredentialsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: EpochMs;
  readonly transport: Pick<HttpExchange, "timeoutMs" | "insecure" | "signal">;
}

type Keys = Omit<Credentials, "region">;
type Settings = ReadonlyMap<string, string>;

/** The `name = value` lines of one `[section]`. */
export function sectionOf(text: string, section: string): Settings | undefined {
  const settings = new Map<string, string>();
  let isFound = false;
  let isInside = false;
  for (const line of text.split(/\r?\n/)) {
    const title = /^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/.exec(line)?.[1];
    if (title !== undefined) isInside = title === section;
    isFound ||= isInside;
    const setting = isInside ? /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) : null;
    if (setting) settings.set(setting[1] ?? "", setting[2] ?? "");
  }
  return isFound ? settings : undefined;
}

async function profileKeys(profile: string, env: CredentialsContext["env"]): Promise<Keys> {
  const file = env["AWS_SHARED_CREDENTIALS_FILE"] ?? path.join(homedir(), ".aws", "credentials");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new ProviderError(
      `sigv4: no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write a profile into ${file}`,
      { cause: error },
    );
  }
  const settings = sectionOf(text, profile);
  const accessKeyId = settings?.get("aws_access_key_id") ?? "";
  const secretAccessKey = settings?.get("aws_secret_access_key") ?? "";
  if (accessKeyId === "" || secretAccessKey === "") {
    throw new ProviderError(
      `sigv4: profile ${profile} in ${file} has no aws_access_key_id and aws_secret_access_key`,
    );
  }
  return { accessKeyId, secretAccessKey, sessionToken: settings?.get("aws_session_token") };
}

async function ownKeys({ profile }: SigV4Config, env: CredentialsContext["env"]): Promise<Keys> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = env;
  if (profile === "" && accessKeyId !== "" && secretAccessKey !== "") {
    return { accessKeyId, secretAccessKey, sessionToken: env["AWS_SESSION_TOKEN"] };
  }
  return profileKeys(profile === "" ? (env["AWS_PROFILE"] ?? "default") : profile, env);
}

function tagIn(xml: string, tag: string): string {
  const found = new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1];
  if (found === undefined) throw new Error(`sigv4: the answer of STS has no ${tag}`);
  return found;
}

async function assumeRole(
  roleArn: string,
  credentials: Credentials,
  { env, now, transport }: CredentialsContext,
): Promise<Keys> {
  const endpoint = env["AWS_ENDPOINT_URL_STS"] ?? `https://sts.${credentials.region}.amazonaws.com`;
  const form = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: "haldane",
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const request = {
    method: "POST",
    url: `${endpoint.replace(/\/+$/, "")}/`,
    headers,
    body: form.toString(),
  } as const;
  const signed = signedHeaders(request, { ...credentials, service: "sts", now });
  const { status, text } = await exchange({ ...request, ...transport, headers: signed });
  if (status !== 200) throw new Error(`sigv4: STS refused role ${roleArn}: ${status} ${text}`);
  return {
    accessKeyId: tagIn(text, "AccessKeyId"),
    secretAccessKey: tagIn(text, "SecretAccessKey"),
    sessionToken: tagIn(text, "SessionToken"),
  };
}

/** The keys to sign with, and the region. Throws with a way out when there are none. */
export async function awsCredentials(
  config: SigV4Config,
  context: CredentialsContext,
): Promise<Credentials> {
  const { env } = context;
  const region = config.region || (env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? "");
  if (region === "")
    throw new ProviderError("sigv4: region is not set; set authentication.sigv4.region");
  const own = { ...(await ownKeys(config, env)), region };
  if (config.roleArn === "") return own;
  return { ...(await assumeRole(config.roleArn, own, context)), region };
}
