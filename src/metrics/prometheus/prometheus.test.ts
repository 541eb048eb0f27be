import { afterEach, describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import { describeHttpProvider, testStore } from "../http-sheet.test-support.ts";
import { loopback, type Heard, type Loopback, type Reply } from "../loopback.test-support.ts";
import type { ProviderContext } from "../provider.ts";
import { prometheusProvider } from "./prometheus.ts";

const now = Date.parse("2026-11-21T00:00:00.250Z");

function contextOf(env: ProviderContext["env"] = {}): ProviderContext {
  return { store: testStore(), env, traffic: undefined };
}

function metric(config: object): Metric {
  return { name: "m", provider: { prometheus: config } } as Metric;
}

const vector = (...values: readonly string[]) => ({
  resultType: "vector",
  result: values.map((value) => ({ metric: {}, value: [now / 1000, value] })),
});
const success = (data: object, more: object = {}) =>
  JSON.stringify({ status: "success", data, ...more });

let servers: Loopback[] = [];
afterEach(async () => {
  for (const server of servers) await server.close();
  servers = [];
});

async function serve(answer: (heard: Heard) => Reply): Promise<Loopback> {
  const server = await loopback(answer);
  servers.push(server);
  return server;
}

async function ask(config: object, env?: ProviderContext["env"]) {
  const asked = metric(config);
  return prometheusProvider.create(asked, contextOf(env)).measure(questionOf({ now }, asked));
}

describeMetricProvider(prometheusProvider, async () => {
  const server = await loopback(() => ({ body: success(vector("0.9")) }));
  return {
    context: contextOf(),
    good: metric({ address: server.url, query: "up" }),
    unanswerable: metric({ address: "http://127.0.0.1:1", query: "up" }),
    misconfigured: metric({ query: "up" }),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describeHttpProvider({
  factory: prometheusProvider,
  setUp: async (address) => ({
    metric: metric({
      address,
      query: "up",
      authentication: { basicAuth: { username: "ann", password: "hush-hush" } },
    }),
    context: contextOf(),
  }),
  good: () => ({ body: success(vector("1")) }),
  secrets: ["hush-hush", btoa("ann:hush-hush")],
  followsRedirects: true,
});

describe("what is sent", () => {
  it("POSTs the query as a form, custom headers in place", async () => {
    const server = await serve(() => ({ body: success(vector("1")) }));
    const headers = [
      { key: "X-Scope-OrgID", value: "team" },
      { key: "X-Scope-OrgID", value: "last" },
    ];
    await ask({ address: `${server.url}/prom/`, query: "sum(up) > 1", headers });
    expect(server.heard).toMatchObject([{ method: "POST", path: "/prom/api/v1/query" }]);
    const [heard] = server.heard;
    expect(Object.fromEntries(new URLSearchParams(heard?.body))).toEqual({
      query: "sum(up) > 1",
      time: String(now / 1000),
    });
    expect(heard?.headers).toMatchObject({
      "x-scope-orgid": "last",
      "content-type": "application/x-www-form-urlencoded",
    });
  });

  it("a range query computes its bounds", async () => {
    const matrix = {
      resultType: "matrix",
      result: [
        {
          metric: {},
          values: [
            [1, "1"],
            [2, "2"],
          ],
        },
        { metric: {}, values: [[1, "3"]] },
      ],
    };
    const server = await serve(() => ({ body: success(matrix) }));
    const rangeQuery = { start: 'now() - duration("1h")', end: "now()", step: "1m30s" };
    const answer = await ask({ address: server.url, query: "up", rangeQuery });
    expect(server.heard[0]?.path).toBe("/api/v1/query_range");
    expect(Object.fromEntries(new URLSearchParams(server.heard[0]?.body))).toEqual({
      query: "up",
      start: String(now / 1000 - 3600),
      end: String(now / 1000),
      step: "90",
    });
    expect(answer).toEqual({
      kind: "value",
      text: "[1,2,3]",
      result: { kind: "floats", values: [1, 2, 3] },
    });
  });

  it.each([403, 405, 501])("asks again with GET after %i", async (status) => {
    const server = await serve(({ method }) =>
      method === "POST" ? { status } : { body: success(vector("1")) },
    );
    expect(await ask({ address: server.url, query: "a+b" })).toMatchObject({
      kind: "value",
      text: "[1]",
    });
    expect(server.heard.map(({ method }) => method)).toEqual(["POST", "GET"]);
    expect(server.heard[1]?.query.get("query")).toBe("a+b");
  });

  it("takes the address from the environment", async () => {
    const server = await serve(() => ({ body: success(vector("1")) }));
    await ask({ query: "up" }, { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: server.url });
    expect(server.heard).toHaveLength(1);
  });

  it("basic authentication", async () => {
    const server = await serve(() => ({ body: success(vector("1")) }));
    await ask({
      address: server.url,
      query: "up",
      authentication: { basicAuth: { username: "u", password: "p" } },
    });
    expect(server.heard[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from("u:p").toString("base64")}`,
    );
  });

  it("oauth2: the token first, then the question with it", async () => {
    const server = await serve(({ path: at }) =>
      at === "/token"
        ? { body: JSON.stringify({ access_token: "t0k", token_type: "bearer" }) }
        : { body: success(vector("1")) },
    );
    const oauth2 = {
      tokenUrl: `${server.url}/token`,
      clientId: "id",
      clientSecret: "s/ecret",
      scopes: ["a", "b"],
    };
    expect(
      await ask({ address: server.url, query: "up", authentication: { oauth2 } }),
    ).toMatchObject({ kind: "value" });
    const [token, question] = server.heard;
    expect(token?.body).toBe("grant_type=client_credentials&scope=a+b");
    expect(token?.headers.authorization).toBe(
      `Basic ${Buffer.from("id:s%2Fecret").toString("base64")}`,
    );
    expect(question?.headers.authorization).toBe("Bearer t0k");
  });

  it("oauth2: credentials in the form where the header is refused", async () => {
    const server = await serve(({ path: at, headers, body }) => {
      if (at !== "/token") return { body: success(vector("1")) };
      if (headers.authorization !== undefined) return { status: 401 };
      return {
        body: JSON.stringify({ access_token: new URLSearchParams(body).get("client_secret") }),
      };
    });
    const oauth2 = { tokenUrl: `${server.url}/token`, clientId: "id", clientSecret: "sec" };
    await ask({ address: server.url, query: "up", authentication: { oauth2 } });
    expect(server.heard.at(-1)?.headers.authorization).toBe("Bearer sec");
  });

  it("sigv4 only for Amazon's addresses; a role's keys come from STS", async () => {
    const server = await serve(({ path: at }) =>
      at === "/"
        ? {
            body: "<R><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>rs</SecretAccessKey><SessionToken>st</SessionToken></Credentials></AssumeRoleResult></R>",
          }
        : { body: success(vector("1")) },
    );
    const env = {
      AWS_ACCESS_KEY_ID: "AK",
      AWS_SECRET_ACCESS_KEY: "SK",
      AWS_ENDPOINT_URL_STS: server.url,
    };
    const sigv4 = { region: "eu-west-1" };
    await ask({ address: server.url, query: "up", authentication: { sigv4 } }, env);
    await ask(
      { address: `${server.url}/aps-workspaces/w`, query: "up", authentication: { sigv4 } },
      env,
    );
    await ask(
      {
        address: `${server.url}/aps-workspaces/w`,
        query: "up",
        authentication: { sigv4: { ...sigv4, roleArn: "arn:x" } },
      },
      env,
    );
    const authorizations = server.heard.map(({ headers }) =>
      headers.authorization?.replace(/,.*/, ""),
    );
    expect(authorizations).toEqual([
      undefined,
      "AWS4-HMAC-SHA256 Credential=AK/20261121/eu-west-1/aps/aws4_request",
      "AWS4-HMAC-SHA256 Credential=AK/20261121/eu-west-1/sts/aws4_request",
      "AWS4-HMAC-SHA256 Credential=ROLE/20261121/eu-west-1/aps/aws4_request",
    ]);
    expect(server.heard.at(-1)?.headers["x-amz-security-token"]).toBe("st");
  });

  it("an insecure metric takes a certificate that nobody vouches for", async () => {
    const server = await loopback(() => ({ body: success(vector("1")) }), { isTls: true });
    servers.push(server);
    const answer = await ask({ address: server.url, query: "up", insecure: true });
    expect(answer).toMatchObject({ kind: "value", text: "[1]" });
  });

  it("a name and password in the address sign in, and do not show", async () => {
    const server = await serve(() => ({ body: success(vector("1")) }));
    const address = server.url.replace("://", "://ann:p%40ss@");
    await ask({ address, query: "up" });
    expect(server.heard[0]?.headers.authorization).toBe(`Basic ${btoa("ann:p@ss")}`);
    await server.close();
    const answer = await ask({ address, query: "up" });
    expect(answer).toMatchObject({ message: expect.stringContaining("://ann:xxxxx@127.0.0.1") });
    expect(JSON.stringify(answer)).not.toContain("p%40ss");
  });

  it("sigv4 without keys says how to give them", async () => {
    const config = {
      address: "http://127.0.0.1:1/aps-workspaces/w",
      query: "up",
      authentication: { sigv4: { region: "r" } },
    };
    const answer = await ask(config, {
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
      AWS_EC2_METADATA_DISABLED: "true",
    });
    expect(answer).toMatchObject({
      kind: "error",
      message: expect.stringContaining("set AWS_ACCESS_KEY_ID"),
    });
  });
});

describe("results", () => {
  it.each([
    ["scalar", { resultType: "scalar", result: [1, "0.5"] }, "0.5", { kind: "float", value: 0.5 }],
    [
      "vector",
      vector("0.9", "1e21", "NaN", "+Inf", "-Inf"),
      "[0.9,1000000000000000000000,NaN,+Inf,-Inf]",
      undefined,
    ],
    ["empty vector", vector(), "[]", { kind: "floats", values: [] }],
  ])("%s", async (_name, data, text, result) => {
    const server = await serve(() => ({ body: success(data) }));
    const answer = await ask({ address: server.url, query: "up" });
    expect(answer).toMatchObject({
      kind: "value",
      text,
      ...(result === undefined ? {} : { result }),
    });
  });

  it("warnings go into the measurement's metadata", async () => {
    const server = await serve(() => ({ body: success(vector("1"), { warnings: ["w1", "w2"] }) }));
    expect(await ask({ address: server.url, query: "up" })).toMatchObject({
      metadata: { warnings: '"w1", "w2"' },
    });
  });

  it("describes itself by its query", () => {
    const asked = metric({ address: "http://x", query: "up" });
    expect(prometheusProvider.create(asked, contextOf()).describe?.(asked)).toEqual({
      ResolvedPrometheusQuery: "up",
    });
  });

  it.each<[string, Reply, string]>([
    [
      "string result",
      { body: success({ resultType: "string", result: [1, "x"] }) },
      "Prometheus metric type not supported",
    ],
    [
      "native histogram, which has no single value",
      { body: success({ resultType: "vector", result: [{ metric: {}, histogram: [1, {}] }] }) },
      "Prometheus metric type not supported",
    ],
    [
      "400 with a reason",
      { status: 400, body: '{"status":"error","errorType":"bad_data","error":"parse error"}' },
      "bad_data: parse error",
    ],
    [
      "422 with a reason",
      { status: 422, body: '{"status":"error","errorType":"execution","error":"too many"}' },
      "execution: too many",
    ],
    ["404", { status: 404 }, "client_error: client error: 404"],
    ["503", { status: 503 }, "server_error: server error: 503"],
    ["no JSON", { body: "<html>" }, "bad_response: "],
    ["JSON of something else", { body: "{}" }, "bad_response: "],
  ])("error: %s", async (_name, reply, message) => {
    const server = await serve(() => reply);
    const answer = await ask({ address: server.url, query: "up" });
    expect(answer).toMatchObject({ kind: "error", message: expect.stringContaining(message) });
  });

  it.each([0, 1])("a timeout of %i s is kept", async (timeout) => {
    const server = await serve(() => ({ silent: true }));
    const answer = await ask({ address: server.url, query: "up", timeout });
    expect(answer).toMatchObject({
      kind: "error",
      message: expect.stringContaining("context deadline exceeded"),
    });
  });

  it("an unreachable server is an error that names it", async () => {
    const answer = await ask({ address: "http://127.0.0.1:1", query: "up" });
    expect(answer).toMatchObject({
      kind: "error",
      message: expect.stringMatching(
        /^Post "http:\/\/127\.0\.0\.1:1\/api\/v1\/query": connect ECONNREFUSED/,
      ),
    });
  });
});

describe("configuration", () => {
  const address = "http://x";
  it.each([
    [{}, "prometheus address is not configured"],
    [{ address: "localhost:9090/x" }, "prometheus address is not is url format"],
    [{ address, timeout: -1 }, "prometheus timeout should not be negative"],
    [
      { address, authentication: { basicAuth: { username: "u" } } },
      "missing mandatory parameter in metric for basic auth setup: password",
    ],
    [
      { address, authentication: { basicAuth: { password: "p" } } },
      "missing mandatory parameter in metric for basic auth setup: username",
    ],
    [
      { address, authentication: { oauth2: { tokenUrl: "http://t", clientId: "x" } } },
      "missing mandatory parameter in metric for OAuth2 setup",
    ],
  ])("refuses %j", (config, message) => {
    expect(() => prometheusProvider.create(metric(config), contextOf())).toThrow(message);
  });

  it.each([
    [
      { start: "1", end: "now()", step: "1m" },
      "failed to parse rangeQuery.start as time: expected time.Time, but got int",
    ],
    [
      { start: "now()", end: "nope", step: "1m" },
      "failed to parse rangeQuery.end as time: unknown name nope",
    ],
    [
      { start: "now()", end: "now()", step: "1" },
      'failed to parse rangeQuery.step as duration: time: missing unit in duration "1"',
    ],
  ])("a bad range is an error: %j", async (rangeQuery, message) => {
    expect(await ask({ address, query: "up", rangeQuery })).toEqual({ kind: "error", message });
  });
});
