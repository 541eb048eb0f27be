import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  loopback,
  type Heard,
  type Loopback,
  type Reply,
} from "../../metrics/loopback.test-support.ts";
import { sectionOf } from "./config-file.ts";
import { awsCredentials, type AwsWish } from "./credentials.ts";

const now = Date.parse("2026-11-21T00:00:00Z");
const nothing: AwsWish = { region: "", profile: "", roleArn: "" };
let folder: string;
let servers: Loopback[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "haldane-aws-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  for (const server of servers) await server.close();
  servers = [];
});

async function serve(answer: (heard: Heard) => Reply): Promise<Loopback> {
  const server = await loopback(answer);
  servers.push(server);
  return server;
}

function file(name: string, text: string): string {
  const where = path.join(folder, name);
  writeFileSync(where, text);
  return where;
}

/** Nothing of the machine the tests run on counts. */
function bare(env: Record<string, string>): Record<string, string> {
  return {
    AWS_SHARED_CREDENTIALS_FILE: path.join(folder, "none"),
    AWS_CONFIG_FILE: path.join(folder, "none"),
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: "eu-west-1",
    ...env,
  };
}

async function find(env: Record<string, string>, wish: Partial<AwsWish> = {}) {
  const signal = new AbortController().signal;
  const transport = { timeoutMs: 5000, signal };
  return awsCredentials({ ...nothing, ...wish }, { env: bare(env), now, transport });
}

const handedOut = JSON.stringify({ AccessKeyId: "AK", SecretAccessKey: "SK", Token: "T" });
const temporary = { accessKeyId: "AK", secretAccessKey: "SK", sessionToken: "T" };
const stsAnswer =
  "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AK</AccessKeyId><SecretAccessKey>SK</SecretAccessKey><SessionToken>T</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>";

describe("keys", () => {
  it("of the environment", async () => {
    const env = { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "SK", AWS_SESSION_TOKEN: "T" };
    expect(await find(env)).toEqual({ ...temporary, region: "eu-west-1" });
  });

  it("of a profile, which wins over the environment when it was asked for", async () => {
    const credentials = file(
      "credentials",
      "[default]\naws_access_key_id = D\naws_secret_access_key = d\n[team]\naws_access_key_id=A\naws_secret_access_key=a\naws_session_token=t\n",
    );
    const env = { AWS_SHARED_CREDENTIALS_FILE: credentials };
    expect(await find(env)).toMatchObject({ accessKeyId: "D", secretAccessKey: "d" });
    expect(await find({ ...env, AWS_PROFILE: "team" })).toMatchObject({ accessKeyId: "A" });
    const both = { ...env, AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "SK" };
    expect(await find(both, { profile: "team" })).toMatchObject({
      accessKeyId: "A",
      sessionToken: "t",
    });
    expect(await find(both)).toMatchObject({ accessKeyId: "AK" });
    await expect(find(env, { profile: "nobody" })).rejects.toThrow(
      `AWS credentials: profile nobody in ${credentials} has no aws_access_key_id`,
    );
  });

  it("of a web identity, as EKS gives it to pods", async () => {
    const sts = await serve(() => ({ body: stsAnswer }));
    const env = {
      AWS_ROLE_ARN: "arn:aws:iam::1:role/r",
      AWS_WEB_IDENTITY_TOKEN_FILE: file("token", "jwt\n"),
      AWS_ENDPOINT_URL_STS: sts.url,
    };
    expect(await find(env)).toEqual({ ...temporary, region: "eu-west-1" });
    expect(Object.fromEntries(new URLSearchParams(sts.heard[0]?.body))).toEqual({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::1:role/r",
      RoleSessionName: "haldane",
      WebIdentityToken: "jwt",
    });
    expect(sts.heard[0]?.headers.authorization).toBeUndefined();
  });

  it("a refused web identity is told without the token", async () => {
    const sts = await serve(({ body }) => ({
      status: 403,
      body: `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no: ${new URLSearchParams(body).get("WebIdentityToken") ?? ""}</Message></Error></ErrorResponse>`,
    }));
    const env = {
      AWS_ROLE_ARN: "arn:r",
      AWS_WEB_IDENTITY_TOKEN_FILE: file("token", "secret-jwt"),
      AWS_ENDPOINT_URL_STS: sts.url,
    };
    await expect(find(env)).rejects.toThrow(
      "AWS credentials: STS refused role arn:r: 403 AccessDenied: no: *****",
    );
  });

  it("of a container's endpoint, with its token", async () => {
    const endpoint = await serve(() => ({ body: handedOut }));
    const env = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${endpoint.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file("token", "pod\n"),
    };
    expect(await find(env)).toEqual({ ...temporary, region: "eu-west-1" });
    expect(endpoint.heard).toMatchObject([
      { path: "/v1/credentials", headers: { authorization: "pod" } },
    ]);
  });

  it("of the machine, by a session", async () => {
    const machine = await serve(({ path: where, method, headers }) => {
      if (method === "PUT" && where === "/latest/api/token") return { body: "session" };
      if (headers["x-aws-ec2-metadata-token"] !== "session") return { status: 401 };
      return { body: where.endsWith("/role") ? handedOut : "role" };
    });
    const env = { AWS_EC2_METADATA_DISABLED: "", AWS_EC2_METADATA_SERVICE_ENDPOINT: machine.url };
    expect(await find(env)).toEqual({ ...temporary, region: "eu-west-1" });
  });

  it.each([
    ["nobody answers", "http://127.0.0.1:1"],
    ["there is no such thing", undefined],
  ])("no keys anywhere (%s): an error that says how to give some", async (_name, given) => {
    const metadata = given ?? (await serve(() => ({ status: 404 }))).url;
    const env = { AWS_EC2_METADATA_DISABLED: "", AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata };
    await expect(find(env)).rejects.toThrow(
      "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_ROLE_ARN",
    );
  });

  it.each<[string, Reply, string]>([
    ["no JSON", { body: "<x>" }, "answered no JSON"],
    ["half of the keys", { body: '{"AccessKeyId":"AK"}' }, "has no SecretAccessKey"],
    ["refused", { status: 500 }, "answered 500"],
  ])("a container's endpoint that answers %s", async (_name, reply, message) => {
    const { url } = await serve(() => reply);
    await expect(find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url })).rejects.toThrow(message);
  });
});

describe("the region", () => {
  const keys = { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "SK" };

  it("is the wish, the environment's, or the profile's", async () => {
    const config = file(
      "config",
      "[default]\nregion = us-west-2\n[profile team]\nregion = sa-east-1\n",
    );
    const env = { ...keys, AWS_CONFIG_FILE: config };
    expect((await find(env, { region: "ap-south-1" })).region).toBe("ap-south-1");
    expect((await find(env)).region).toBe("eu-west-1");
    const without = { ...env, AWS_REGION: "" };
    expect((await find({ ...without, AWS_DEFAULT_REGION: "ca-west-1" })).region).toBe("ca-west-1");
    expect((await find(without)).region).toBe("us-west-2");
    expect((await find({ ...without, AWS_PROFILE: "team" })).region).toBe("sa-east-1");
  });

  it("is asked for when nobody knows", async () => {
    await expect(find({ ...keys, AWS_REGION: "" })).rejects.toThrow("set AWS_REGION");
  });
});

it("reads one section of a file", () => {
  const text =
    "[default]\naws_access_key_id = A\n\n[profile other]\naws_access_key_id=B\naws_secret_access_key = C = D\n";
  expect([...(sectionOf(text, "other") ?? [])]).toEqual([
    ["aws_access_key_id", "B"],
    ["aws_secret_access_key", "C = D"],
  ]);
  expect(sectionOf(text, "nope")).toBeUndefined();
});
