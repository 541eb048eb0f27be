// What Prometheus itself answers, judged by AnalysisRuns: every type of result, errors, sign-ins.
// The stand-in server of src/metrics/prometheus says what Prometheus is thought to say; this asks it.
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Metric, MetricResult } from "../../src/api/argo/analysis.ts";
import { countsSourceOf } from "../../src/metrics/counts/sources.ts";
import { eventually } from "../cli/cli-world.ts";
import { startJudging, type Judging } from "./judging.ts";
import { missing, startPrometheus, type RealPrometheus } from "./real-prometheus.ts";
import { startNativeShop } from "./native-shop.ts";
import { startDoor, startShop, type Listening } from "./shop.ts";

if (missing !== undefined) console.warn(missing);

interface Counted {
  readonly errors: Record<"canary" | "stable", { readonly total: number; readonly count: number }>;
  readonly latency: Record<"canary" | "stable", { readonly buckets: readonly number[] }>;
}

let shop: Listening;
let door: Listening;
let open: RealPrometheus;
let guarded: RealPrometheus;
let native: RealPrometheus;
let nativeShop: Listening;
let judging: Judging;

/** Both have scraped the target a few times. */
async function untilScraped(): Promise<void> {
  const query = "count_over_time(shop_zero[1m]) >= 4";
  await eventually(
    async () => {
      try {
        const url = `${open.address}/api/v1/query?query=${encodeURIComponent(query)}`;
        return await (await request(url)).body.text();
      } catch (error) {
        // It listens a moment after it was started.
        return String(error);
      }
    },
    (text) => text.includes('"value"'),
  );
}

describe.skipIf(missing !== undefined)(
  `Prometheus${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    beforeAll(async () => {
      [shop, nativeShop] = await Promise.all([startShop(), startNativeShop()]);
      [open, guarded, native] = await Promise.all([
        startPrometheus(shop.address),
        startPrometheus(shop.address, { isGuarded: true }),
        startPrometheus(nativeShop.address, { isNative: true }),
      ]);
      door = await startDoor(open.address);
      judging = await startJudging(open.address);
      await untilScraped();
      await eventually(
        async () => (await ask("shop_zero", { config: signIn("test") })).phase,
        (phase) => phase === "Successful",
      );
    });
    afterAll(async () => {
      await judging.stop();
      for (const part of [door, shop, nativeShop]) await part.close();
      for (const part of [open, guarded, native]) await part.stop();
    });

    type Conditions = Pick<Metric, "successCondition" | "failureCondition">;
    const ask = async (
      query: string,
      { config = {}, ...conditions }: Conditions & { readonly config?: object } = {},
    ): Promise<MetricResult> =>
      judging.judge({
        provider: { prometheus: { query, ...config } },
        ...conditions,
      });
    const measured = ({ phase, measurements = [] }: MetricResult) => ({
      phase,
      value: measurements[0]?.value,
      message: measurements[0]?.message,
    });

    it.each<[string, string, string, string]>([
      ["one series", 'shop_error_rate{version="v1"}', "result[0] < 0.05", "[0.01]"],
      [
        "several series",
        "sort(shop_error_rate)",
        "len(result) == 2 and result[1] == 0.2",
        "[0.01,0.2]",
      ],
      ["a scalar", 'scalar(shop_error_rate{version="v1"})', "result < 0.05", "0.01"],
      ["a number", "42", "result == 42", "42"],
      ["NaN", "shop_unknown", "isNaN(result[0])", "[NaN]"],
      ["a division by zero", "shop_zero / shop_zero", "isNaN(result[0])", "[NaN]"],
      ["infinity", "1 / shop_zero", "isInf(result[0]) and result[0] > 1e300", "[+Inf]"],
      ["minus infinity", "-1 / shop_zero", "isInf(result[0])", "[-Inf]"],
      ["a large number", "vector(1e21)", "result[0] > 1", "[1000000000000000000000]"],
      ["an empty vector, expected", "no_such_series", "len(result) == 0", "[]"],
      ["growth", "increase(shop_requests_total[1m]) > bool 0", "result[0] == 1", "[1]"],
    ])("%s", async (_name, query, successCondition, value) => {
      const result = await ask(query, { successCondition });
      expect(measured(result)).toEqual({ phase: "Successful", value, message: undefined });
      expect(result.metadata).toEqual({ ResolvedPrometheusQuery: query });
    });

    it.each<[string, string, Conditions, string]>([
      [
        "a bad version fails",
        "shop_error_rate",
        { successCondition: "all(result, # < 0.05)" },
        "Failed",
      ],
      [
        "NaN is not below a limit",
        "shop_unknown",
        { successCondition: "result[0] < 0.05" },
        "Failed",
      ],
      [
        "neither good nor bad is inconclusive",
        "vector(0.5)",
        { successCondition: "result[0] < 0.1", failureCondition: "result[0] > 0.9" },
        "Inconclusive",
      ],
    ])("%s", async (_name, query, conditions, phase) => {
      expect((await ask(query, conditions)).phase).toBe(phase);
    });

    it("no data is no pass", async () => {
      const successCondition = "result[0] < 0.05";
      expect(measured(await ask("no_such_series", { successCondition }))).toMatchObject({
        phase: "Error",
        message: `could not evaluate successCondition "${successCondition}": metric result is nil or empty: no data returned from the metric provider`,
      });
    });

    it.each([
      ["a text", '"hello"', /^Prometheus metric type not supported$/],
      ["half a query", "sum(", /^bad_data: .*parse error/],
      [
        "a query that cannot be carried out",
        "shop_error_rate + on() shop_error_rate",
        /^execution: .*duplicate series/,
      ],
      ["an unknown function", "nosuch(up)", /^bad_data: .*unknown function/],
    ])("error: %s", async (_name, query, message) => {
      expect(measured(await ask(query))).toMatchObject({
        phase: "Error",
        message: expect.stringMatching(message),
      });
    });

    describe("range queries", () => {
      const over = (step: string, start = 'now() - duration("3s")') => ({
        config: { rangeQuery: { start, end: "now()", step } },
      });

      it("all samples of all series, in order", async () => {
        const query = "shop_error_rate";
        const successCondition = "len(result) >= 6 and all(result, # in [0.01, 0.2])";
        const result = await ask(query, { ...over("1s"), successCondition });
        expect(measured(result)).toMatchObject({ phase: "Successful", message: undefined });
        expect(result.measurements?.[0]?.value).toMatch(
          /^\[0\.01,(?:0\.01,)+0\.2,(?:0\.2,)*0\.2\]$/,
        );
      });

      it("an empty matrix is no data", async () => {
        expect(measured(await ask("no_such_series", over("1s")))).toMatchObject({ value: "[]" });
      });

      it("too many points are Prometheus' error", async () => {
        const range = over("1ms", 'now() - duration("1h")');
        expect(measured(await ask("shop_zero", range))).toMatchObject({
          phase: "Error",
          message: expect.stringMatching(/^bad_data: exceeded maximum resolution/),
        });
      });
    });

    it("a timeout of no seconds expires at once", async () => {
      expect(measured(await ask("up", { config: { timeout: 0 } }))).toMatchObject({
        phase: "Error",
        message: `Post "${open.address}/api/v1/query": context deadline exceeded`,
      });
    });

    const signIn = (password: string, insecure = true) => ({
      address: guarded.address,
      insecure,
      authentication: { basicAuth: { username: "admin", password } },
    });

    it("signs in by name and password", async () => {
      expect(measured(await ask("shop_zero", { config: signIn("test") }))).toMatchObject({
        phase: "Successful",
        value: "[0]",
      });
    });

    it("signs in by a header", async () => {
      const headers = [{ key: "Authorization", value: `Basic ${btoa("admin:test")}` }];
      const config = { address: guarded.address, insecure: true, headers };
      expect(measured(await ask("shop_zero", { config }))).toMatchObject({ phase: "Successful" });
    });

    it.each([
      ["a wrong password", () => signIn("wrong-password"), /^client_error: client error: 401$/],
      [
        "no sign-in",
        () => ({ address: guarded.address, insecure: true }),
        /^client_error: client error: 401$/,
      ],
      [
        "a certificate nobody knows",
        () => signIn("test", false),
        /^Post "https:.*": self-signed certificate/,
      ],
    ])("error: %s", async (_name, config, message) => {
      const result = measured(await ask("shop_zero", { config: config() }));
      expect(result).toMatchObject({ phase: "Error", message: expect.stringMatching(message) });
      expect(JSON.stringify(result)).not.toContain("wrong-password");
    });

    it.each([
      ["v2", "Failed", "0", "errors is High: is 0.19 above the control (98 % sure: 0.19 to 0.19)"],
      ["v1|v0", "Successful", "100", "1 of 1 metrics passed"],
    ])("Kayenta's judge compares %s with v1: %s", async (scope, phase, score, words) => {
      const customInlineTemplate = 'PromQL:shop_error_rate{version=~"${scope}"}';
      const errors = {
        name: "errors",
        groups: ["errors"],
        query: { type: "prometheus", customInlineTemplate },
        analysisConfigurations: { canary: { direction: "increase", critical: true } },
      };
      const config = {
        configuration: { metrics: [errors] },
        prometheus: { address: open.address },
        control: { scope: "v1" },
        experiment: { scope },
        step: "1s",
        lookback: "8s",
        threshold: { pass: 95, marginal: 75 },
      };
      // Fewer than six scrapes are too few to tell.
      const result = await eventually(
        async () => judging.judge({ provider: { plugin: { "haldane.dev/kayenta": config } } }),
        (judged) => judged.phase !== "Inconclusive",
      );
      expect(measured(result)).toEqual({
        phase,
        value: score,
        message: expect.stringContaining(words),
      });
    });

    it("raw samples of counters and histograms become ticks of both versions", async () => {
      const answers = 'shop_answers_total{version="${version}"';
      const metrics = {
        errors: { requests: `${answers}}`, failed: `${answers},code=~"5.."}` },
        latency: { histogram: 'shop_duration_seconds_bucket{version="${version}"}' },
      };
      const config = { address: open.address, tick: "2s", metrics };
      const context = { store: judging.store, env: {}, traffic: undefined };
      const source = countsSourceOf(
        { kind: "prometheus", config, where: "source" },
        [
          { name: "errors", kind: "errors" },
          { name: "latency", kind: "latency", edgesMs: [50, 100] },
        ],
        context,
      );
      const versions = { canary: "v2", stable: "v1" };
      const { signal } = new AbortController();
      const { ticks } = await eventually(
        async () => source.count({ versions, sinceMs: 0, now: Date.now(), signal }),
        (answer) => answer.ticks.length >= 2,
      );
      const sums = { total: 0, failed: 0, slow: 0, stable: 0 };
      for (const { fromMs, toMs, samples } of ticks) {
        expect(toMs - fromMs).toBe(2000);
        const { errors, latency } = samples as unknown as Counted;
        sums.total += errors.canary.total;
        sums.failed += errors.canary.count;
        sums.stable += errors.stable.total;
        sums.slow += latency.canary.buckets[2] ?? 0;
        expect(errors.stable.count).toBe(0);
        expect(latency.stable.buckets[2]).toBe(0);
      }
      expect(sums.total).toBeGreaterThan(0);
      // Rounding at the two ends alone.
      expect(Math.abs(sums.failed - sums.total / 5)).toBeLessThan(3);
      expect(Math.abs(sums.slow - sums.total / 2)).toBeLessThan(3);
      expect(Math.abs(sums.stable - sums.total)).toBeLessThan(3);
    });

    it("raw samples of native histograms become the same ticks", async () => {
      const metrics = { latency: { histogram: 'shop_native_seconds{version="${version}"}' } };
      const source = countsSourceOf(
        {
          kind: "prometheus",
          config: { address: native.address, tick: "2s", metrics },
          where: "source",
        },
        [{ name: "latency", kind: "latency", edgesMs: [50, 100] }],
        { store: judging.store, env: {}, traffic: undefined },
      );
      const versions = { canary: "v2", stable: "v1" };
      const { signal } = new AbortController();
      const { ticks } = await eventually(
        async () => source.count({ versions, sinceMs: 0, now: Date.now(), signal }),
        (answer) => answer.ticks.length >= 3,
      );
      const sums = { fast: 0, slow: 0, stable: 0 };
      for (const { fromMs, toMs, samples } of ticks) {
        expect(toMs - fromMs).toBe(2000);
        const { latency } = samples as unknown as Counted;
        expect(latency.canary.buckets[1]).toBe(0);
        sums.fast += latency.canary.buckets[0] ?? 0;
        sums.slow += latency.canary.buckets[2] ?? 0;
        sums.stable += latency.stable.buckets[0] ?? 0;
        expect(latency.stable.buckets.slice(1)).toEqual([0, 0]);
      }
      // Ten requests a second, at most a scrape more or less at either end.
      expect(sums.stable).toBeGreaterThanOrEqual(10 * ticks.length);
      expect(Math.abs(sums.slow - sums.stable / 2)).toBeLessThan(3);
      expect(Math.abs(sums.fast - sums.stable / 2)).toBeLessThan(3);
    });

    it("fetches a token, and asks with GET where POST is refused", async () => {
      const oauth2 = {
        tokenUrl: `http://${door.address}/token`,
        clientId: "shop",
        clientSecret: "hush-hush",
      };
      const config = { address: `http://${door.address}`, authentication: { oauth2 } };
      expect(measured(await ask('shop_error_rate{version="v1"}', { config }))).toEqual({
        phase: "Successful",
        value: "[0.01]",
        message: undefined,
      });
    });

    it("a token that is not given is an error without the secret", async () => {
      const oauth2 = {
        tokenUrl: `http://${door.address}/token`,
        clientId: "shop",
        clientSecret: "not-the-secret",
      };
      const config = { address: `http://${door.address}`, authentication: { oauth2 } };
      const result = measured(await ask("up", { config }));
      expect(result).toMatchObject({
        phase: "Error",
        message: expect.stringMatching(/^oauth2: cannot fetch token: 401/),
      });
      expect(JSON.stringify(result)).not.toContain("not-the-secret");
    });
  },
);
