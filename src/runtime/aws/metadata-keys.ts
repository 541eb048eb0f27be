// Keys that the surroundings hand out: the endpoint of a container (ECS, EKS pod identity) and the
// metadata service of a machine (EC2, its second version).
import { readFile } from "node:fs/promises";
import { isJsonObject, ownProperty, type Json } from "../../lib/json.ts";
import { exchange, type HttpAnswer } from "../http-exchange.ts";
import { AwsError, type AwsContext, type AwsKeys } from "./context.ts";

const machineTimeoutMs = 1000;

function keysIn(text: string, from: string): AwsKeys {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    throw new AwsError(`AWS credentials: ${from} answered no JSON`, { cause: error });
  }
  const valueOf = (name: string): string => {
    const value = isJsonObject(json) ? ownProperty(json, name) : undefined;
    if (typeof value === "string" && value !== "") return value;
    throw new AwsError(`AWS credentials: the answer of ${from} has no ${name}`);
  };
  return {
    accessKeyId: valueOf("AccessKeyId"),
    secretAccessKey: valueOf("SecretAccessKey"),
    sessionToken: valueOf("Token"),
  };
}

function containerUrl({ env }: AwsContext): string {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative = "" } = env;
  if (relative !== "") return `http://169.254.170.2${relative}`;
  return env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? "";
}

async function containerToken({ env }: AwsContext): Promise<string> {
  const file = env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] ?? "";
  if (file === "") return env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] ?? "";
  return (await readFile(file, "utf8")).trim();
}

/** undefined where no container endpoint is named in the environment. */
export async function containerKeys(context: AwsContext): Promise<AwsKeys | undefined> {
  const url = containerUrl(context);
  if (url === "") return undefined;
  const token = await containerToken(context);
  const headers: Record<string, string> = token === "" ? {} : { authorization: token };
  const { status, text } = await exchange({
    ...context.transport,
    method: "GET",
    url,
    headers,
    redirects: "answer",
  });
  const from = `the container's credentials endpoint ${url}`;
  if (status !== 200) throw new AwsError(`AWS credentials: ${from} answered ${status}`);
  return keysIn(text, from);
}

/** The metadata service of the machine; undefined where there is none, which is most places. */
export async function machineKeys({ env, transport }: AwsContext): Promise<AwsKeys | undefined> {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  const base = (env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254").replace(
    /\/+$/,
    "",
  );
  const ask = async (
    method: "GET" | "PUT",
    where: string,
    headers: Record<string, string>,
  ): Promise<HttpAnswer> =>
    exchange({
      ...transport,
      timeoutMs: machineTimeoutMs,
      method,
      url: `${base}/latest/${where}`,
      headers,
      redirects: "answer",
    });
  let session: HttpAnswer;
  try {
    session = await ask("PUT", "api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "60" });
  } catch (error) {
    // Nobody answers there: this is no machine of Amazon's, and the caller says what else to do.
    if (error instanceof Error) return undefined;
    throw error;
  }
  if (session.status !== 200) return undefined;
  const headers = { "x-aws-ec2-metadata-token": session.text };
  const folder = "meta-data/iam/security-credentials/";
  const role = await ask("GET", folder, headers);
  const [name = ""] = role.text.split("\n");
  if (role.status !== 200 || name === "") return undefined;
  const answer = await ask("GET", `${folder}${name}`, headers);
  return keysIn(answer.text, "the machine's metadata service");
}
