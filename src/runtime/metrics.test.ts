import { describe, expect, it } from "vitest";
import { passMetrics } from "./metrics.ts";
import { prometheusMetrics } from "./metrics-prometheus.ts";
import { requeueAfter, settled } from "./outcome.ts";

describe("metrics for Prometheus", () => {
  it("renders counters, gauges and histograms with their labels", async () => {
    const metrics = await prometheusMetrics({ processMetrics: false });
    metrics.counter({ name: "things_total", help: "Things.", labels: ["kind"] }).add({ kind: "a" });
    metrics
      .counter({ name: "things_total", help: "Things.", labels: ["kind"] })
      .add({ kind: "a" }, 2);
    const gauge = metrics.gauge({ name: "depth", help: "Depth.", labels: ["queue"] });
    gauge.set({ queue: "x" }, 7);
    gauge.set({ queue: "y" }, 8);
    gauge.remove({ queue: "y" });
    metrics
      .histogram({ name: "took_seconds", help: "Time.", labels: [], buckets: [1, 2] })
      .observe({}, 1.5);
    const text = await metrics.render();
    expect(text).toContain('things_total{kind="a"} 3');
    expect(text).toContain('depth{queue="x"} 7');
    expect(text).not.toContain('queue="y"');
    expect(text).toContain('took_seconds_bucket{le="2"} 1');
    expect(text).toContain('took_seconds_bucket{le="1"} 0');
    expect(metrics.contentType).toContain("text/plain");
  });

  it("keeps two registries apart", async () => {
    const first = await prometheusMetrics({ processMetrics: true });
    const second = await prometheusMetrics({ processMetrics: false });
    first.counter({ name: "one_total", help: "One.", labels: [] }).add({});
    expect(await first.render()).toContain("process_cpu_user_seconds_total");
    expect(await second.render()).not.toContain("one_total");
  });

  it("counts passes by controller and outcome", async () => {
    const metrics = await prometheusMetrics({ processMetrics: false });
    const observer = passMetrics(metrics);
    observer.passed("rollout", "default/a", 4, settled);
    observer.passed("rollout", "default/a", 40, requeueAfter(1, "x"));
    const text = await metrics.render();
    expect(text).toContain(
      'haldane_controller_passes_total{controller="rollout",outcome="settled"} 1',
    );
    expect(text).toContain(
      'haldane_controller_passes_total{controller="rollout",outcome="requeueAfter"} 1',
    );
    expect(text).toContain(
      'haldane_controller_pass_seconds_bucket{le="0.005",controller="rollout"} 1',
    );
  });
});
