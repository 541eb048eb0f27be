import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import { loopback, type Heard, type Loopback, type Reply } from "../loopback.test-support.ts";
import type { ProviderContext } from "../provider.ts";
import { sectionOf } from "./aws-credentials.ts";
import { prometheusProvider } from "./prometheus.ts";
import { signedHeaders } from "./sigv4.ts";

const now = Date.parse("2026-11-21T00:00:00.250Z");

function contextOf(env: ProviderContext["env"] = {}): ProviderContext {
  const store = memoryStore({
    clock: new VirtualClock(now),
    rng: createRng(1),
    newUid: () => "uid",
  });
  return { store, env, traffic: undefined };
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
            body: "<R><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>rs</SecretAccessKey><SessionToken>st</SessionToken></Credentials></R>",
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

  it("sigv4 without keys says how to give them", async () => {
    const config = {
      address: "http://127.0.0.1:1/aps-workspaces/w",
      query: "up",
      authentication: { sigv4: { region: "r" } },
    };
    const answer = await ask(config, { AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials" });
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

describe("sigv4", () => {
  it("signs Amazon's published example (get-vanilla-query-order-key-case)", () => {
    const signed = signedHeaders(
      {
        method: "GET",
        url: "https://example.amazonaws.com/?Param2=value2&Param1=value1",
        headers: {},
      },
      {
        accessKeyId: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        sessionToken: undefined,
        region: "us-east-1",
        service: "service",
        now: Date.parse("2015-08-30T12:36:00Z"),
      },
    );
    expect(signed["authorization"]).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    );
  });

  it("reads one section of a credentials file", () => {
    const text =
      "[default]\naws_access_key_id = A\n\n[profile other]\naws_access_key_id=B\naws_secret_access_key = C = D\n";
    expect([...(sectionOf(text, "other") ?? [])]).toEqual([
      ["aws_access_key_id", "B"],
      ["aws_secret_access_key", "C = D"],
    ]);
    expect(sectionOf(text, "nope")).toBeUndefined();
  });
});

function prometheusBinary(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, "prometheus")).find((file) => existsSync(file));
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}

const binary = prometheusBinary();
const title = "a real Prometheus answers as described";
describe.skipIf(binary === undefined)(
  binary === undefined ? `${title} (skipped: prometheus is not installed)` : title,
  () => {
    it("vector, scalar and error", async () => {
      const directory = await mkdtemp(path.join(tmpdir(), "haldane-prometheus-"));
      const port = await freePort();
      const address = `http://127.0.0.1:${String(port)}`;
      await writeFile(path.join(directory, "prometheus.yml"), "global: {}\n");
      const server = spawn(binary ?? "", [
        `--config.file=${directory}/prometheus.yml`,
        `--storage.tsdb.path=${directory}/data`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
      ]);
      try {
        await expect
          .poll(async () => (await ask({ address, query: "vector(3)" })).kind, { timeout: 15_000 })
          .toBe("value");
        expect(await ask({ address, query: "vector(3)" })).toMatchObject({ text: "[3]" });
        expect(await ask({ address, query: "scalar(vector(0.5))" })).toMatchObject({ text: "0.5" });
        expect(await ask({ address, query: "nothing_of_this_name" })).toMatchObject({ text: "[]" });
        expect(await ask({ address, query: "sum(" })).toMatchObject({
          kind: "error",
          message: expect.stringMatching(/^bad_data: /),
        });
      } finally {
        server.kill("SIGKILL");
        await rm(directory, { recursive: true, force: true });
      }
    });
  },
);
