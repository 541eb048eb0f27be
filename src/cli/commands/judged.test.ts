// `explain` and `replay` on a run that the simulator has played.
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/meta/object.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { scenarioOf } from "../../simulator/language.ts";
import { quietWorld } from "../../simulator/scenario.ts";
import { simulate } from "../../simulator/simulate.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { CliContext, Connection } from "../command.ts";
import { plainPaint } from "../render/paint.ts";
import { runCli } from "../run.ts";

let store: ObjectStore;

beforeAll(async () => {
  const bad = { ...quietWorld.defaultVersion, errorPercent: [{ atMs: 0, value: 20 }] };
  const scenario = scenarioOf("n4 w10 p5m", {
    annotations: { "haldane.dev/guard": "errors,latency" },
    world: { versions: { "shop:v2": bad } },
  });
  ({ store } = await simulate(scenario));
});

async function* noInput(): AsyncIterable<Uint8Array> {
  // Nobody types anything.
}

async function haldane(...argv: readonly string[]): Promise<{ code: number; text: string }> {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  const connection: Connection = {
    store,
    namespace: "default",
    server: "the simulated cluster",
    podLogs: () => noInput(),
    table: () => Promise.reject(new Error("no table is needed")),
    close: async () => undefined,
  };
  const cli: CliContext = {
    stdout: stream,
    stderr: stream,
    stdin: noInput(),
    env: {},
    cwd: path.resolve(import.meta.dirname, "../../.."),
    clock: systemClock,
    signal: new AbortController().signal,
    version: "0.0.0",
    selfCommand: [],
    connect: async () => connection,
    paint: () => plainPaint,
  };
  const code = await runCli(argv, cli);
  return { code, text: written.join("") };
}

async function runName(): Promise<string> {
  const { items } = await store.list({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" });
  return items[0]?.metadata.name ?? "";
}

describe("haldane explain", () => {
  it("shows the verdict, the way there, and the figures", async () => {
    const { code, text } = await haldane("explain", await runName());
    expect(code).toBe(0);
    expect(text).toMatch(/^shop-\w+-2: Failed - Metric "guard" assessed Failed/);
    expect(text).toContain("metric guard: Failed, judged by the sequential judge");
    expect(text).toMatch(/The canary is worse\. errors: canary \d+ of \d+ failed/);
    expect(text).toContain("errors, latency · alpha 0.01 · margin 20 %");
    expect(text).toMatch(/shown to be worse at 2026-01-01T00:01:\d\dZ/);
    expect(text).toMatch(/ {4}4\.6 │┄+.*█/);
    expect(text).toMatch(/METRIC +CANARY +STABLE +TIMES +BETWEEN +WORSE +SAFE/);
    expect(text).not.toContain("the program has changed since");
  });

  it("finds the run of a rollout, and gives machines the whole path", async () => {
    const { code, text } = await haldane("explain", "shop", "-o", "json");
    expect(code).toBe(0);
    const { metrics } = JSON.parse(text) as {
      metrics: readonly { verdict: string; path: readonly { logE: number }[]; ticks: number }[];
    };
    expect(metrics[0]).toMatchObject({ name: "guard", verdict: "failed", judge: "sequential" });
    expect(metrics[0]?.path).toHaveLength(metrics[0]?.ticks ?? -1);
    expect(metrics[0]?.path.at(-1)?.logE).toBeGreaterThan(Math.log(100));
  });

  it("says which run is meant when there is none of that name", async () => {
    const { code, text } = await haldane("explain", "shp");
    expect(code).toBe(1);
    expect(text).toContain('"shp"');
  });
});

describe("haldane plan", () => {
  it("says what the steps see, from the traffic that was recorded", async () => {
    const { code, text } = await haldane("plan", "shop");
    expect(code).toBe(0);
    expect(text).toMatch(/^shop: [\d.]+ requests\/s, of which 0\.1 % fail today/);
    expect(text).toMatch(/WORSE +FAILS +CAUGHT +AFTER p50\/p95/);
    expect(text).toMatch(/^10 times +1 % +100 % +\d+s/m);
    expect(text).toMatch(/^1 +10 % +5m/m);
    expect(text).toContain("in at most 1 % of all rollouts");
  });

  it("plans files before they are applied, and says what it cannot know", async () => {
    const files = ["-f", "examples/judged", "--requests-per-second", "50", "--error-rate", "1%"];
    const { code, text } = await haldane("plan", ...files, "-o", "json");
    expect(code).toBe(0);
    const plan = JSON.parse(text) as { readonly steps: readonly object[] };
    expect(plan).toMatchObject({ rollout: "shop", settings: { requestsPerSecond: 50 } });
    expect(plan.steps).toHaveLength(2);
    const { text: needs } = await haldane("plan", "-f", "examples/judged");
    expect(needs).toContain("say --requests-per-second 100");
    const open = ["plan", "-f", "examples/header-to-canary", "--requests-per-second", "50"];
    const { text: counted } = await haldane(...open, "--open-step", "1h");
    expect(counted).toMatch(/^\d +5 % +60m/m);
    expect(counted).toContain(
      "note: step 6 (pause) does not say how long it lasts: counted as 3600 s (--open-step)",
    );
    expect((await haldane(...open, "--open-step", "soon")).text).toContain("such as 10m");
    const none = ["plan", "-f", "examples/recreate", "--requests-per-second", "5"];
    expect((await haldane(...none)).text).toContain("there is nothing to plan");
  });
});

const runOf = (name: string, provider: object, result?: object): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name, namespace: "default" },
  ...{
    spec: { metrics: [{ name: "judge", provider: { plugin: provider } }] },
    status: { phase: "Error", metricResults: result === undefined ? [] : [result] },
  },
});

describe("a run without a record", () => {
  it.each(["sequential", "kayenta"])(
    "is told as one, whatever its settings (%s)",
    async (judge) => {
      const name = `unrecorded-${judge}`;
      await store.create(runOf(name, { "haldane.dev/sequential": { alpha: 2 } }));
      const { code, text } = await haldane("replay", name, "--judge", judge);
      expect(code).not.toBe(0);
      expect(text).toContain("metric judge: nothing has been recorded yet");
      expect((await haldane("explain", name)).text).toContain("nothing has been counted yet");
    },
  );

  it("that is damaged is told so", async () => {
    const metadata = { judge: "sequential", state: "{}", ticks: "!!" };
    const result = { name: "judge", phase: "Failed", metadata };
    await store.create(runOf("damaged", { "haldane.dev/sequential": {} }, result));
    for (const options of [[], ["--alpha", "0.1"]])
      expect((await haldane("replay", "damaged", ...options)).text).toContain("nothing readable");
    const { text } = await haldane("replay", "damaged", "--judge", "kayenta");
    expect(text).toContain("what was recorded is damaged");
  });
});

describe("a run of the Kayenta judge", () => {
  it("is explained metric by metric, as its last measurement keeps it", async () => {
    const metrics = [
      { name: "errors", classification: "High", critical: true, reason: "is 3 on average" },
      { name: "latency", tags: '{pod="a"}', classification: "Pass", reason: "has the same values" },
    ];
    const metadata = {
      classification: "Fail",
      mode: "strict",
      from: "2026-11-21T01:00:00Z",
      to: "2026-11-21T01:30:00Z",
      points: "31",
      zeroedBy: "errors is critical",
      metrics: JSON.stringify(metrics),
    };
    const measurement = { phase: "Failed", value: "0", message: "It is worse.", metadata };
    const result = { name: "judge", phase: "Failed", measurements: [measurement] };
    await store.create(runOf("by-kayenta", { "haldane.dev/kayenta": {} }, result));
    const { code, text } = await haldane("explain", "by-kayenta");
    expect(code).toBe(0);
    expect(text).toContain("metric judge: Failed, judged by the Kayenta judge");
    expect(text).toContain("score 0, 0 because errors is critical (strict, 31 points from ");
    expect(text).toMatch(/errors +High +is 3 on average\n +latency\{pod="a"\} +Pass +has the same/);
    const { text: json } = await haldane("explain", "by-kayenta", "-o", "json");
    expect(JSON.parse(json)).toMatchObject({ metrics: [{ judge: "kayenta", phase: "Failed" }] });
    const cut = {
      ...measurement,
      metadata: { ...metadata, metrics: metadata.metrics.slice(0, 9) },
    };
    const cutResult = { ...result, measurements: [cut] };
    await store.create(runOf("cut", { "haldane.dev/kayenta": {} }, cutResult));
    expect((await haldane("explain", "cut")).text).toContain("of the metrics cannot be read");
  });
});

describe("haldane replay", () => {
  it("with the same settings gives the same evidence", async () => {
    const { code, text } = await haldane("replay", "shop");
    expect(code).toBe(0);
    expect(text).toContain("judged again: the same evidence, to the bit");
    const { text: json } = await haldane("replay", "shop", "-o", "json");
    expect(JSON.parse(json)).toMatchObject({ metrics: [{ isSame: true, verdict: "failed" }] });
  });

  it("with other settings says what they would have said", async () => {
    const { text } = await haldane("replay", "shop", "--alpha", "1e-9");
    expect(text).toContain("metric guard, judged otherwise");
    expect(text).toContain("Not decided yet");
    const { text: only } = await haldane("replay", "shop", "--metrics", "latency");
    expect(only).not.toContain("errors: canary");
  });

  it("shows what Kayenta would have made of it", async () => {
    const { code, text } = await haldane("replay", "shop", "--judge", "kayenta");
    expect(code).toBe(0);
    expect(text).toMatch(/as the Kayenta judge sees it \(strict, \d+ points of 10 s\)/);
    expect(text).toMatch(/METRIC +RESULT +WHY/);
  });

  it.each([
    [["--judge", "dice"], "--judge dice is not known; use sequential or kayenta"],
    [["--alpha", "2"], "alpha: must be above 0 and at most 0.5"],
    [["--metrics", "errors,count"], "count (count) was not counted; recorded are errors, latency"],
    [["--judge", "kayenta", "--alpha", "0.1"], "--judge kayenta takes no alpha"],
    [["--mode", "parity"], "--mode is for --judge kayenta"],
    [["-o", "yaml"], "-o yaml is not known"],
  ])("refuses %j", async (options, problem) => {
    const { code, text } = await haldane("replay", "shop", ...options);
    expect(code).not.toBe(0);
    expect(text).toContain(problem);
  });
});
