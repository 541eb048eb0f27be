import { afterEach, describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { describeMetricProvider, questionOf } from "../conformance.ts";
import { loopback, type Heard, type Loopback, type Reply } from "../loopback.test-support.ts";
import type { ProviderContext } from "../provider.ts";
import { webProvider } from "./web.ts";

const now = Date.parse("2026-11-21T00:00:00Z");
const store = memoryStore({ clock: new VirtualClock(now), rng: createRng(1), newUid: () => "uid" });
const context: ProviderContext = { store, env: {}, traffic: undefined };

function metric(config: object): Metric {
  return { name: "m", provider: { web: config } } as Metric;
}

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

async function ask(config: object) {
  const asked = metric(config);
  return webProvider.create(asked, context).measure(questionOf({ now }, asked));
}

describeMetricProvider(webProvider, async () => {
  const server = await loopback(({ path }) =>
    path === "/good" ? { body: '{"data":{"ok":0.9}}' } : { status: 500 },
  );
  return {
    context,
    good: metric({ url: `${server.url}/good`, jsonPath: "{$.data.ok}" }),
    unanswerable: metric({ url: `${server.url}/broken`, jsonPath: "{$.data.ok}" }),
    misconfigured: metric({ url: server.url, body: "x" }),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describe("the value", () => {
  const body =
    '{"data":{"ok":0.9,"name":"up","list":[1,2],"rows":[{"x":"a"}],"none":null},"a-b":true}';
  it.each([
    ["{$.data.ok}", "0.9", 0.9],
    ["{.data.name}", '"up"', "up"],
    ["{.data.list[-1:]}", "2", 2],
    ["{['a-b']}", "true", true],
    ["{.data.list}", "[1,2]", [1, 2]],
    ["{.data.none}", "null", null],
    // As Go writes it: keys in order.
    [
      "",
      '{"a-b":true,"data":{"list":[1,2],"name":"up","none":null,"ok":0.9,"rows":[{"x":"a"}]}}',
      JSON.parse(body),
    ],
  ])("%s", async (jsonPath, text, value) => {
    const server = await serve(() => ({ body }));
    expect(await ask({ url: server.url, jsonPath })).toEqual({
      kind: "value",
      text,
      result: { kind: "json", value },
    });
  });

  it.each([
    ["a body that is no JSON is a text, and the path does not count", "ok!", "ok!"],
    ["an empty body is an empty text", "", ""],
  ])("%s", async (_name, given, value) => {
    const server = await serve(() => ({ body: given }));
    expect(await ask({ url: server.url, jsonPath: "{.x}" })).toEqual({
      kind: "value",
      text: value,
      result: { kind: "string", value },
    });
  });

  it.each([
    ["{.nope}", "Could not find JSONPath in body: nope is not found"],
    ["{.data.list[5]}", "array index out of bounds: index 5, length 2"],
    ["{.data.ok[0]}", "is not array or slice"],
    ['{.data.rows[?(@.x == "y")]}', "result of web metric produced no value"],
    ["{.data", "unclosed action"],
  ])("error: %s", async (jsonPath, message) => {
    const server = await serve(() => ({ body }));
    expect(await ask({ url: server.url, jsonPath })).toMatchObject({
      kind: "error",
      message: expect.stringContaining(message),
    });
  });
});

describe("what is sent", () => {
  it.each([
    [{ method: "POST", body: "plain" }, "POST", "plain", undefined],
    [
      {
        method: "PUT",
        jsonBody: { a: ["{{x}}"] },
        headers: [{ key: "Content-Type", value: "text/plain" }],
      },
      "PUT",
      '{"a":["{{x}}"]}',
      "application/json",
    ],
    [{}, "GET", "", undefined],
  ])("%j", async (config, method, body, type) => {
    const server = await serve(() => ({ body: "1" }));
    await ask({ url: `${server.url}/p?q=1`, ...config });
    expect(server.heard).toMatchObject([{ method, body, path: "/p" }]);
    expect(server.heard[0]?.query.get("q")).toBe("1");
    expect(server.heard[0]?.headers["content-type"]).toBe(type);
  });

  it("headers and a token", async () => {
    const server = await serve(({ path }) => ({
      body: path === "/token" ? '{"access_token":"t0k"}' : "1",
    }));
    const authentication = {
      oauth2: { tokenUrl: `${server.url}/token`, clientId: "i", clientSecret: "hush-hush" },
      basicAuth: { username: "ignored" },
    };
    await ask({ url: server.url, headers: [{ key: "X-Team", value: "a" }], authentication });
    expect(server.heard.at(-1)?.headers).toMatchObject({
      "x-team": "a",
      authorization: "Bearer t0k",
    });
  });

  it("a refused token is an error", async () => {
    const server = await serve(() => ({ status: 403, body: "no" }));
    const authentication = {
      oauth2: { tokenUrl: server.url, clientId: "i", clientSecret: "hush-hush" },
    };
    expect(await ask({ url: server.url, authentication })).toEqual({
      kind: "error",
      message: "oauth2: cannot fetch token: 403\nResponse: no",
    });
  });
});

describe("answers", () => {
  it("follows redirects, ten at most", async () => {
    const server = await serve(({ path }) => {
      const n = Number(path.slice(1));
      return n === 0 ? { body: "7" } : { status: 302, headers: { location: `/${String(n - 1)}` } };
    });
    expect(await ask({ url: `${server.url}/10` })).toMatchObject({ kind: "value", text: "7" });
    expect(await ask({ url: `${server.url}/11` })).toMatchObject({
      kind: "error",
      message: "received non 2xx response code: 302",
    });
  });

  it.each([404, 500, 304])("status %i is an error", async (status) => {
    const server = await serve(() => ({ status, body: status === 304 ? "" : "1" }));
    expect(await ask({ url: server.url })).toEqual({
      kind: "error",
      message: `received non 2xx response code: ${String(status)}`,
    });
  });

  it("gives up after timeoutSeconds", async () => {
    const server = await serve(() => ({ silent: true }));
    const answer = await ask({ url: server.url, timeoutSeconds: 1 });
    expect(answer).toEqual({
      kind: "error",
      message: `Get "${server.url}": context deadline exceeded`,
    });
  });

  it("an answer longer than ten megabytes is refused", async () => {
    const server = await serve(() => ({ body: "x".repeat(11 * 1024 * 1024) }));
    expect(await ask({ url: server.url })).toMatchObject({
      kind: "error",
      message: expect.stringContaining("longer than"),
    });
  });

  it.each(["", "ftp://x", "nothing"])("address %j is an error", async (url) => {
    expect(await ask({ url })).toMatchObject({
      kind: "error",
      message: `"${url}" is no http or https address`,
    });
  });
});

it.each([
  [
    { method: "POST", body: "x", jsonBody: {} },
    "use either Body or JSONBody; both cannot exists for WebMetric payload",
  ],
  [{ jsonBody: {} }, "Body/JSONBody can only be used with POST or PUT WebMetric Method types"],
  [{ method: "DELETE" }, "provider.web.method is DELETE; use one of GET, POST, PUT"],
  [
    { authentication: { oauth2: { tokenUrl: "http://t" } } },
    "missing mandatory parameter in metric for OAuth2 setup",
  ],
])("refuses %j", (config, message) => {
  expect(() => webProvider.create(metric({ url: "http://x", ...config }), context)).toThrow(
    message,
  );
});
