import { describe, expect, it } from "vitest";
import { evaluateCondition } from "../../lib/expr/expr.ts";
import { describeMetricProvider } from "../conformance.ts";
import { contextWith, describeHttpProvider, now } from "../http-sheet.test-support.ts";
import { loopback, type Reply } from "../loopback.test-support.ts";
import type { ProviderContext } from "../provider.ts";
import { measure, metricOf, testServers } from "../provider-server.test-support.ts";
import { cloudWatchProvider } from "./cloud-watch.ts";

const secretAccessKey = "the/secret+access/key";
const metric = (config: object) => metricOf("cloudWatch", config);
const simple = { metricDataQueries: [{ id: "a", expression: "m1" }] };

const serve = testServers();

async function contextFor(endpoint: string, more: ProviderContext["env"] = {}) {
  return contextWith([], {
    AWS_ENDPOINT_URL_CLOUDWATCH: endpoint,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "AK",
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: "the-session-token",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
    AWS_CONFIG_FILE: "/nonexistent",
    AWS_EC2_METADATA_DISABLED: "true",
    ...more,
  });
}

async function ask(reply: Reply, config: object = simple) {
  const server = await serve(reply);
  const context = await contextFor(server.url);
  return {
    answer: await measure(cloudWatchProvider, metric(config), context),
    heard: server.heard,
  };
}

function members(name: string, items: readonly string[]): string {
  return `<${name}>${items.map((item) => `<member>${item}</member>`).join("")}</${name}>`;
}

function result(id: string, values: readonly (number | string)[], messages = ""): string {
  const minutes = values.map((_, index) => `2026-11-21T00:0${String(index)}:00Z`);
  return [
    `<Id>${id}</Id><Label>errors &amp; more</Label><StatusCode>Complete</StatusCode>`,
    members("Timestamps", minutes),
    members("Values", values.map(String)),
    messages,
  ].join("\n");
}

function answerWith(results: readonly string[], more = ""): string {
  return `<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">
  <GetMetricDataResult>${members("MetricDataResults", results)}${more}</GetMetricDataResult>
  <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetMetricDataResponse>`;
}

describeMetricProvider(cloudWatchProvider, async () => {
  const server = await loopback(({ body }) =>
    body.includes("broken") ? { status: 500 } : { body: answerWith([result("a", [1])]) },
  );
  return {
    context: await contextFor(server.url),
    good: metric(simple),
    unanswerable: metric({ metricDataQueries: [{ id: "broken" }] }),
    misconfigured: metric({}),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: server.close,
  };
});

describeHttpProvider({
  factory: cloudWatchProvider,
  setUp: async (url) => ({ metric: metric(simple), context: await contextFor(url) }),
  good: () => ({ body: answerWith([result("a", [1])]) }),
  secrets: [secretAccessKey, "the-session-token"],
});

it("sends every field of its queries, signed, over the last interval", async () => {
  const metricDataQueries = [
    { id: "rate", expression: "errors / requests", label: "rate", returnData: true },
    {
      id: "errors",
      metricStat: {
        metric: {
          dimensions: [
            { name: "LoadBalancer", value: "app/x" },
            { name: "TargetGroup", value: "t" },
          ],
          metricName: "HTTPCode_Target_5XX_Count",
          namespace: "AWS/ApplicationELB",
        },
        period: 300,
        stat: "Sum",
        unit: "Count",
      },
      period: "60",
      returnData: false,
    },
  ];
  const { heard } = await ask(
    { body: answerWith([result("rate", [1])]) },
    { interval: "30m", metricDataQueries },
  );
  expect(heard).toMatchObject([
    {
      method: "POST",
      path: "/",
      headers: {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "x-amz-security-token": "the-session-token",
        authorization: expect.stringContaining(
          "Credential=AK/20261121/eu-central-1/monitoring/aws4_request",
        ),
      },
    },
  ]);
  const second = "MetricDataQueries.member.2";
  expect(Object.fromEntries(new URLSearchParams(heard[0]?.body))).toEqual({
    Action: "GetMetricData",
    Version: "2010-08-01",
    StartTime: "2026-11-20T23:30:00Z",
    EndTime: "2026-11-21T00:00:00Z",
    "MetricDataQueries.member.1.Id": "rate",
    "MetricDataQueries.member.1.Expression": "errors / requests",
    "MetricDataQueries.member.1.Label": "rate",
    "MetricDataQueries.member.1.ReturnData": "true",
    [`${second}.Id`]: "errors",
    [`${second}.MetricStat.Metric.MetricName`]: "HTTPCode_Target_5XX_Count",
    [`${second}.MetricStat.Metric.Namespace`]: "AWS/ApplicationELB",
    [`${second}.MetricStat.Metric.Dimensions.member.1.Name`]: "LoadBalancer",
    [`${second}.MetricStat.Metric.Dimensions.member.1.Value`]: "app/x",
    [`${second}.MetricStat.Metric.Dimensions.member.2.Name`]: "TargetGroup",
    [`${second}.MetricStat.Metric.Dimensions.member.2.Value`]: "t",
    [`${second}.MetricStat.Period`]: "300",
    [`${second}.MetricStat.Stat`]: "Sum",
    [`${second}.MetricStat.Unit`]: "Count",
    [`${second}.Period`]: "60",
    [`${second}.ReturnData`]: "false",
  });
});

describe("results", () => {
  it("are under the names of Amazon's Go client", async () => {
    const { answer } = await ask({ body: answerWith([result("a", [1, 2.5]), result("b", [3])]) });
    expect(answer).toMatchObject({ kind: "value", text: "[[1 2.5] [3]]" });
    if (answer.kind !== "value") throw new Error("no value");
    const conditions = [
      "result[0].Values[0] == 1",
      "all(result[0].Values, # < 3)",
      'result[0].Id == "a" and result[1].Id == "b"',
      'result[0].Label == "errors & more"',
      'result[0].StatusCode == "Complete"',
      "result[0].Timestamps[1].Minute() == 1",
      "len(result[0].Messages) == 0",
    ];
    for (const condition of conditions) {
      expect([condition, evaluateCondition(condition, answer.result, { now })]).toEqual([
        condition,
        { ok: true, value: true },
      ]);
    }
  });

  it("no values are no data: a condition on them cannot be evaluated", async () => {
    const { answer } = await ask({ body: answerWith([result("a", [])]) });
    expect(answer).toMatchObject({ kind: "value", text: "[[]]" });
    if (answer.kind !== "value") throw new Error("no value");
    expect(evaluateCondition("result[0].Values[0] < 1", answer.result, { now })).toMatchObject({
      ok: false,
      message: "index out of range: 0 (array length is 0)",
    });
  });

  it("messages go into the metadata, and stand beside the values", async () => {
    const message = "<Code>Internal</Code><Value>some data is late</Value>";
    const messages = members("Messages", [message]);
    const { answer } = await ask({ body: answerWith([result("a", [1], messages)], messages) });
    expect(answer).toMatchObject({
      metadata: { messages: '[{"Code":"Internal","Value":"some data is late"}]' },
    });
    if (answer.kind !== "value") throw new Error("no value");
    const condition = 'result[0].Messages[0].Value contains "late"';
    expect(evaluateCondition(condition, answer.result, { now })).toEqual({ ok: true, value: true });
  });

  it.each<[string, Reply, string]>([
    [
      "what Amazon refuses",
      {
        status: 400,
        body: "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>no such stat</Message></Error></ErrorResponse>",
      },
      "operation error CloudWatch: GetMetricData, https response error StatusCode: 400, api error ValidationError: no such stat",
    ],
    ["no XML", { body: "{" }, "the answer is no XML"],
    ["another XML", { body: "<a/>" }, "has no GetMetricDataResult"],
    ["a value that is none", { body: answerWith([result("a", ["x"])]) }, '"x" is no number'],
  ])("error: %s", async (_name, reply, text) => {
    expect((await ask(reply)).answer).toMatchObject({
      kind: "error",
      message: expect.stringContaining(text),
    });
  });
});

it("without keys, says how to give them", async () => {
  const context = await contextFor("http://127.0.0.1:1", { AWS_ACCESS_KEY_ID: "" });
  expect(await measure(cloudWatchProvider, metric(simple), context)).toMatchObject({
    kind: "error",
    message: expect.stringContaining("no AWS credentials: set AWS_ACCESS_KEY_ID"),
  });
});

it.each([
  [{ metricDataQueries: [] }, "provider.cloudWatch.metricDataQueries is empty"],
  [{ ...simple, interval: "x" }, 'time: invalid duration "x"'],
  [
    { metricDataQueries: [{ id: "a", period: "5m" }] },
    'provider.cloudWatch: period "5m" is no whole number of seconds',
  ],
])("refuses %j", async (config, message) => {
  const context = await contextWith([]);
  expect(() => cloudWatchProvider.create(metric(config), context)).toThrow(message);
});
