import { describe, expect, it } from "vitest";
import { evaluateCondition } from "../../lib/expr/expr.ts";
import { describeMetricProvider } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback, type Reply } from "../loopback.test-support.ts";
import { measure, metricOf, testServers } from "../provider-server.test-support.ts";
import { influxdbProvider } from "./influxdb.ts";

const authToken = "the-influx-token";
const metric = (config: object) => metricOf("influxdb", config);
const secretFor = (address: string, name = "influxdb") => ({
  name,
  keys: { authToken, org: "my org", address },
});

const serve = testServers();

async function ask(reply: Reply, config: object = {}) {
  const server = await serve(reply);
  const context = await contextWith([secretFor(`${server.url}/`), secretFor(server.url, "team")]);
  const asked = metric({ query: 'from(bucket: "b")', ...config });
  return { answer: await measure(influxdbProvider, asked, context), heard: server.heard };
}

/** One table, as InfluxDB 2 writes it, with these values of this type. */
function table(type: string, values: readonly string[], fallback = ""): string {
  return [
    `#datatype,string,long,dateTime:RFC3339,${type},string`,
    "#group,false,false,false,false,true",
    `#default,_result,,,${fallback},`,
    ",result,table,_time,_value,_field",
    ...values.map((value) => `,,0,2026-11-21T00:00:00Z,${value},f`),
    "",
    "",
  ].join("\r\n");
}

describeMetricProvider(influxdbProvider, async () => {
  const server = await loopback(() => ({ body: table("double", ["1"]) }));
  return {
    context: await contextWith([secretFor(server.url), secretFor("http://127.0.0.1:1", "nowhere")]),
    good: metric({ query: "q" }),
    unanswerable: metric({ query: "q", profile: "nowhere" }),
    misconfigured: metric({}),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describeHttpProvider({
  factory: influxdbProvider,
  setUp: async (url) => ({
    metric: metric({ query: "q" }),
    context: await contextWith([secretFor(url)]),
  }),
  good: () => ({ body: table("double", ["1"]) }),
  secrets: [authToken],
});

it("posts the query with the account of its profile", async () => {
  const { heard } = await ask({ body: table("double", ["1"]) }, { profile: "team" });
  expect(heard).toMatchObject([
    {
      method: "POST",
      path: "/api/v2/query",
      headers: { authorization: `Token ${authToken}`, "content-type": "application/json" },
    },
  ]);
  expect(heard[0]?.query.get("org")).toBe("my org");
  expect(JSON.parse(heard[0]?.body ?? "")).toEqual({
    query: 'from(bucket: "b")',
    type: "flux",
    dialect: { annotations: ["datatype", "group", "default"], delimiter: ",", header: true },
  });
});

it.each(["authToken", "org", "address"])("an account without %s", async (missing) => {
  const { keys } = secretFor("http://x");
  const some = Object.fromEntries(Object.entries(keys).filter(([name]) => name !== missing));
  const context = await contextWith([{ name: "influxdb", keys: some }]);
  expect(await measure(influxdbProvider, metric({ query: "q" }), context)).toEqual({
    kind: "error",
    message: "authToken, org, or address not found",
  });
});

describe("results", () => {
  it.each<[string, string, string, readonly unknown[]]>([
    [
      "double",
      table("double", ["1", "2.5", "NaN", "+Inf"]),
      "[1 2.5 NaN +Inf]",
      [1, 2.5, NaN, Infinity],
    ],
    ["long", table("long", ["9007199254740993"]), "[9007199254740993]", [9007199254740993n]],
    [
      "unsignedLong",
      table("unsignedLong", ["18446744073709551615"]),
      "[18446744073709551615]",
      [2n ** 64n - 1n],
    ],
    ["boolean", table("boolean", ["true", "false"]), "[true false]", [true, false]],
    ["string", table("string", ['"a, ""b""\r\nc"']), '[a, "b"\r\nc]', ['a, "b"\r\nc']],
    [
      "dateTime",
      table("dateTime:RFC3339Nano", ["2026-11-21T01:02:03.000000004+01:00"]),
      "[2026-11-21 00:02:03.000000004 +0000 UTC]",
      [{ epochNs: BigInt(Date.parse("2026-11-21T00:02:03Z")) * 1_000_000n + 4n }],
    ],
    ["an empty cell has the default", table("long", [""], "7"), "[7]", [7n]],
    ["an empty cell without one is nil", table("long", [""]), "[<nil>]", [null]],
    [
      "several tables, one after the other",
      table("double", ["1"]) + table("long", ["2", "3"]),
      "[1 2 3]",
      [1, 2n, 3n],
    ],
  ])("%s", async (_name, body, text, items) => {
    const { answer } = await ask({ body });
    expect(answer).toEqual({ kind: "value", text, result: { kind: "list", items } });
  });

  it.each<[string, Reply, string]>([
    ["no records", { body: table("double", []) }, "no results returned from flux query"],
    ["nothing", { body: "\r\n" }, "no results returned from flux query"],
    ["no annotations", { body: ",result\r\n,x\r\n" }, "does not say what its columns hold"],
    ["a number that is none", { body: table("double", ["many"]) }, '"many" is no double'],
    [
      "a time that is none",
      { body: table("dateTime:RFC3339", ["soon"]) },
      '"soon" is no dateTime:RFC3339',
    ],
    ["a broken quote", { body: `${table("string", [])},,0,"x` }, "line 6: a quote"],
    [
      "a row too short",
      { body: `${table("double", ["1"]).trimEnd()}\r\n,,0` },
      "a row has 3 columns instead of 6",
    ],
    [
      "an error half-way",
      {
        body: `${table("double", ["1"])}#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,query terminated,\r\n`,
      },
      "query terminated",
    ],
    [
      "a refusal in InfluxDB's words",
      { status: 400, body: '{"code":"invalid","message":"compilation failed"}' },
      "invalid: compilation failed",
    ],
  ])("error: %s", async (_name, reply, message) => {
    expect((await ask(reply)).answer).toMatchObject({
      kind: "error",
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ["result[0] > 1", "double", "1.5", true],
    ["result[0] % 2 == 1", "long", "3", true],
    ["result[0]", "boolean", "true", true],
    ["result[0].Year() == 2026", "dateTime:RFC3339", "2026-11-21T00:00:00Z", true],
    ["len(result) == 1 and result[0] == 'x'", "string", "x", true],
  ])("the condition %s holds for a %s", async (condition, type, value, expected) => {
    const { answer } = await ask({ body: table(type, [value]) });
    if (answer.kind !== "value") throw new Error(JSON.stringify(answer));
    expect(evaluateCondition(condition, answer.result, { now })).toEqual({
      ok: true,
      value: expected,
    });
  });
});
