// Amazon's token service: temporary keys for a role.
import { redactorOf } from "../../lib/redact.ts";
import { parseXml, textAt } from "../../lib/xml.ts";
import type { HttpAnswer } from "../http-exchange.ts";
import { AwsError, type AwsContext, type AwsKeys } from "./context.ts";
import { errorOfXml } from "./query.ts";

export function stsEndpoint(region: string, env: AwsContext["env"]): string {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const endpoint = env["AWS_ENDPOINT_URL_STS"] ?? `https://sts.${region}.${suffix}`;
  return `${endpoint.replace(/\/+$/, "")}/`;
}

/** The keys in an answer to AssumeRole or AssumeRoleWithWebIdentity; errors hold none of `secrets`. */
export function keysOfSts(
  { status, text }: HttpAnswer,
  roleArn: string,
  secrets: readonly string[],
): AwsKeys {
  if (status !== 200) {
    const cause = redactorOf(secrets).message(errorOfXml(text));
    throw new AwsError(`AWS credentials: STS refused role ${roleArn}: ${status} ${cause}`);
  }
  const xml = parseXml(text);
  const root = xml.ok ? xml.root : undefined;
  const credentials = root?.children
    .flatMap(({ children }) => children)
    .find(({ name }) => name === "Credentials");
  const keyOf = (name: string): string => {
    const value = credentials === undefined ? "" : textAt(credentials, name);
    if (value !== "") return value;
    throw new AwsError(`AWS credentials: the answer of STS has no ${name}`);
  };
  return {
    accessKeyId: keyOf("AccessKeyId"),
    secretAccessKey: keyOf("SecretAccessKey"),
    sessionToken: keyOf("SessionToken"),
  };
}
