import { describe, expect, it } from "vitest";
import type { Sample } from "./metrics.ts";
import { prometheusMetrics } from "./metrics-prometheus.ts";
import { sampledText } from "./sampled-text.ts";

const metric = { name: "depth", help: "Depth.", labels: ["queue"] };

function textOf(samples: readonly Sample[], more: Partial<typeof metric> = {}): Promise<string> {
  return sampledText({ ...metric, ...more, read: () => samples });
}

describe("a gauge that is read for each scrape", () => {
  it("has a line for each series, with its labels in their order", async () => {
    const samples = [
      { labels: { b: "2", a: "1" }, value: 7 },
      { labels: { a: "3" }, value: 0.5 },
    ];
    expect(await textOf(samples, { labels: ["a", "b"] })).toBe(
      '# HELP depth Depth.\n# TYPE depth gauge\ndepth{a="1",b="2"} 7\ndepth{a="3",b=""} 0.5',
    );
  });

  it("needs no labels, and is named even when it has no series", async () => {
    const head = "# HELP depth Depth.\n# TYPE depth gauge";
    expect(await textOf([{ labels: {}, value: 1 }], { labels: [] })).toBe(`${head}\ndepth 1`);
    expect(await textOf([])).toBe(head);
  });

  it.each([
    [NaN, "NaN"],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
    [1e21, "1e+21"],
    [-0.25, "-0.25"],
  ])("writes %d as Prometheus reads it", async (value, expected) => {
    const text = await textOf([{ labels: { queue: "x" }, value }]);
    expect(text).toContain(`depth{queue="x"} ${expected}`);
  });

  it("keeps what has a meaning of its own in a name or a help text", async () => {
    const samples = [{ labels: { queue: 'a"b\\c\nd' }, value: 1 }];
    const text = await textOf(samples, { help: 'Of "this"\\that\nline' });
    expect(text).toBe(
      '# HELP depth Of "this"\\\\that\\nline\n# TYPE depth gauge\ndepth{queue="a\\"b\\\\c\\nd"} 1',
    );
  });

  it("gives others their turn while many series are written", async () => {
    const samples = Array.from({ length: 10_000 }, (_, at) => ({
      labels: { queue: String(at) },
      value: at,
    }));
    const metrics = await prometheusMetrics({ processMetrics: false });
    metrics.sampled(metric, () => samples);
    let [turns, isWritten] = [0, false];
    const takeTurn = (): void => {
      if (isWritten) return;
      turns += 1;
      setImmediate(takeTurn);
    };
    setImmediate(takeTurn);
    const text = await metrics.render();
    isWritten = true;
    expect(text.split("\n").filter((line) => line.startsWith("depth{"))).toHaveLength(10_000);
    expect(turns).toBeGreaterThanOrEqual(10);
  });
});
