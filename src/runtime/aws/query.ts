// One question to an AWS service that speaks the Query protocol: a signed form, an answer in XML.
import { parseXml, textAt, type XmlElement } from "../../lib/xml.ts";
import { exchange } from "../http-exchange.ts";
import { AwsError, type AwsContext, type Credentials } from "./context.ts";
import { signedHeaders } from "./sigv4.ts";

export interface AwsQuestion {
  /** As signatures and host names say it: `monitoring`, `elasticloadbalancing`. */
  readonly service: string;
  /** As the environment says it (`AWS_ENDPOINT_URL_<…>`): `CLOUDWATCH`, `ELASTIC_LOAD_BALANCING_V2`. */
  readonly endpointVariable: string;
  /** As errors say it: `CloudWatch`. */
  readonly title: string;
  readonly action: string;
  readonly version: string;
  readonly parameters: readonly (readonly [string, string])[];
}

function endpointOf(
  { service, endpointVariable }: AwsQuestion,
  region: string,
  env: AwsContext["env"],
): string {
  const given = env[`AWS_ENDPOINT_URL_${endpointVariable}`] ?? env["AWS_ENDPOINT_URL"];
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return `${(given ?? `https://${service}.${region}.${suffix}`).replace(/\/+$/, "")}/`;
}

const longestQuote = 500;

/** `<Code>: <Message>` of an ErrorResponse; the beginning of the text where it is none. */
export function errorOfXml(text: string): string {
  const xml = parseXml(text);
  const error = xml.ok ? xml.root.children.find(({ name }) => name === "Error") : undefined;
  if (error === undefined) return text.trim().slice(0, longestQuote);
  return `${textAt(error, "Code")}: ${textAt(error, "Message")}`;
}

/**
 * Asks and gives the answer's root element. Rejects with an AwsError worded as Amazon's Go client
 * words it: `operation error CloudWatch: GetMetricData, https response error StatusCode: 400, api
 * error ValidationError: …`.
 */
export async function awsQuery(
  question: AwsQuestion,
  credentials: Credentials,
  { env, now, transport }: AwsContext,
): Promise<XmlElement> {
  const { service, title, action, version, parameters } = question;
  const form = new URLSearchParams([
    ["Action", action],
    ["Version", version],
    ...parameters.map(([name, value]): [string, string] => [name, value]),
  ]);
  const request = {
    method: "POST",
    url: endpointOf(question, credentials.region, env),
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: form.toString(),
  } as const;
  const headers = signedHeaders(request, { ...credentials, service, now });
  const { status, text } = await exchange({
    ...transport,
    ...request,
    headers,
    redirects: "answer",
  });
  const operation = `operation error ${title}: ${action}`;
  if (status !== 200) {
    const cause = errorOfXml(text);
    throw new AwsError(
      `${operation}, https response error StatusCode: ${status}, api error ${cause}`,
    );
  }
  const xml = parseXml(text);
  if (xml.ok) return xml.root;
  throw new AwsError(`${operation}: the answer is no XML: ${xml.problem}`);
}
