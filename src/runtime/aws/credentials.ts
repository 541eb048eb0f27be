// The keys to sign with, found where Amazon's own clients look: a profile that was asked for, the
// environment, a web identity (EKS), the shared credentials file, the container's endpoint (ECS, EKS
// pod identity), the machine's metadata (EC2). Then, if a role is to be assumed, that role's keys.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { exchange } from "../http-exchange.ts";
import { sectionOf, type Settings } from "./config-file.ts";
import { AwsError, type AwsContext, type AwsKeys, type Credentials } from "./context.ts";
import { containerKeys, machineKeys } from "./metadata-keys.ts";
import { signedHeaders } from "./sigv4.ts";
import { keysOfSts, stsEndpoint } from "./sts.ts";

/** What the configuration asks for; "" = nothing in particular. */
export interface AwsWish {
  readonly region: string;
  readonly profile: string;
  readonly roleArn: string;
}

type Env = AwsContext["env"];

function fileOf(env: Env, variable: string, name: string): string {
  return env[variable] ?? path.join(homedir(), ".aws", name);
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AwsError(`AWS credentials: ${file} cannot be read: ${String(error)}`, {
      cause: error,
    });
  }
}

function keysIn(settings: Settings | undefined): AwsKeys | undefined {
  const accessKeyId = settings?.get("aws_access_key_id") ?? "";
  const secretAccessKey = settings?.get("aws_secret_access_key") ?? "";
  if (accessKeyId === "" || secretAccessKey === "") return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: settings?.get("aws_session_token") };
}

function profileName({ profile }: AwsWish, env: Env): string {
  return profile === "" ? (env["AWS_PROFILE"] ?? "default") : profile;
}

async function profileKeys(wish: AwsWish, env: Env): Promise<AwsKeys | undefined> {
  const file = fileOf(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const name = profileName(wish, env);
  const text = await textOf(file);
  const keys = keysIn(sectionOf(text ?? "", name));
  if (keys !== undefined || wish.profile === "") return keys;
  throw new AwsError(
    `AWS credentials: profile ${name} in ${file} has no aws_access_key_id and aws_secret_access_key`,
  );
}

function environmentKeys(env: Env): AwsKeys | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId = "", AWS_SECRET_ACCESS_KEY: secretAccessKey = "" } = env;
  if (accessKeyId === "" || secretAccessKey === "") return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: env["AWS_SESSION_TOKEN"] };
}

/** EKS puts a token into the pod that STS takes for a role. */
async function webIdentityKeys(region: string, context: AwsContext): Promise<AwsKeys | undefined> {
  const { env, transport } = context;
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file = "", AWS_ROLE_ARN: roleArn = "" } = env;
  if (file === "" || roleArn === "") return undefined;
  const token = await textOf(file);
  if (token === undefined) throw new AwsError(`AWS credentials: ${file} does not exist`);
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: env["AWS_ROLE_SESSION_NAME"] ?? "haldane",
    WebIdentityToken: token.trim(),
  });
  const answer = await exchange({
    ...transport,
    method: "POST",
    url: stsEndpoint(region, env),
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
    redirects: "answer",
  });
  return keysOfSts(answer, roleArn, [token.trim()]);
}

async function ownKeys(wish: AwsWish, region: string, context: AwsContext): Promise<AwsKeys> {
  const { env } = context;
  const keys =
    (wish.profile === "" ? environmentKeys(env) : undefined) ??
    (wish.profile === "" ? await webIdentityKeys(region, context) : undefined) ??
    (await profileKeys(wish, env)) ??
    (await containerKeys(context)) ??
    (await machineKeys(context));
  if (keys !== undefined) return keys;
  throw new AwsError(
    "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_ROLE_ARN and " +
      `AWS_WEB_IDENTITY_TOKEN_FILE, or write a profile into ${fileOf(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials")}`,
  );
}

async function assumeRole(
  roleArn: string,
  credentials: Credentials,
  { env, now, transport }: AwsContext,
): Promise<AwsKeys> {
  const form = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: "haldane",
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const url = stsEndpoint(credentials.region, env);
  const request = { method: "POST", url, headers, body: form.toString() } as const;
  const signed = signedHeaders(request, { ...credentials, service: "sts", now });
  const answer = await exchange({
    ...request,
    ...transport,
    headers: signed,
    redirects: "answer",
  });
  return keysOfSts(answer, roleArn, []);
}

async function regionOf(wish: AwsWish, env: Env): Promise<string> {
  const known = [wish.region, env["AWS_REGION"], env["AWS_DEFAULT_REGION"]].find(
    (region) => region !== undefined && region !== "",
  );
  if (known !== undefined) return known;
  const text = await textOf(fileOf(env, "AWS_CONFIG_FILE", "config"));
  const region = sectionOf(text ?? "", profileName(wish, env))?.get("region") ?? "";
  if (region !== "") return region;
  throw new AwsError("the AWS region is not set; set AWS_REGION in the controller's environment");
}

/** The keys to sign with, and the region. Throws with a way out when there are none. */
export async function awsCredentials(wish: AwsWish, context: AwsContext): Promise<Credentials> {
  const region = await regionOf(wish, context.env);
  const own = { ...(await ownKeys(wish, region, context)), region };
  if (wish.roleArn === "") return own;
  return { ...(await assumeRole(wish.roleArn, own, context)), region };
}
