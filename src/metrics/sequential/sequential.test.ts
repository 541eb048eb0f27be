import { describe, expect, it } from "vitest";
import type { Metric } from "../../api/argo/analysis.ts";
import { continuesAnnotation } from "../../api/argo/keys.ts";
import { formatTime } from "../../lib/time.ts";
import { describeMetricProvider, questionOf, type ProviderWorld } from "../conformance.ts";
import { twoVersions, type Rate } from "./history.test-support.ts";
import { sequentialProvider } from "./sequential.ts";
import { contextOf, metric, silent, startMs, storeAt, Watched } from "./watched.test-support.ts";

const good: Rate = { ok: 50 };
const fine = { canary: good, stable: { ok: 450 } };
const failing = { canary: { ok: 40, bad: 10 }, stable: { ok: 450 } };
const outage = { canary: { ok: 25, bad: 25 }, stable: { ok: 225, bad: 225 } };

describeMetricProvider(sequentialProvider, async (): Promise<ProviderWorld> => {
  const world = twoVersions(startMs);
  world.feed(60, { canary: { ok: 0 }, stable: { ok: 450 } });
  return {
    context: contextOf(world),
    good: metric({}),
    unanswerable: metric({ canary: "nobody", noDataAfter: "30s" }),
    misconfigured: metric({ metrics: "erorrs" }),
    made: async () => 0,
    finish: async () => world.feed(60, fine),
    now: startMs + 60_000,
    close: async () => undefined,
  };
});

describe("a measurement", () => {
  it.each([
    ["safe", { kind: "errors", negligible: "0.1%" }],
    ["go on", { kind: "errors" }],
  ])("where nothing fails comes to '%s' with %j", async (action, errors) => {
    const watched = new Watched(metric({ metrics: [errors] }));
    await watched.watch(240, fine);
    expect(watched.result.metadata).toMatchObject({ judge: "sequential", action });
  });

  it("lasts an interval and is successful as long as nothing is found", async () => {
    const watched = new Watched(metric({ metrics: "errors" }));
    await watched.watch(30, fine);
    expect(watched.phases).toEqual(["Successful", "Successful", "Successful"]);
    expect(watched.result.metadata).toMatchObject({ judge: "sequential", action: "go on" });
    expect(watched.ended[0]?.message).toMatch(/^[A-Z].*\.$/);
    expect(watched.ended[0]?.metadata).toMatchObject({ action: "go on", heard: "errors" });
  });

  it("ends at once when the canary is worse, and the verdict stays", async () => {
    const watched = new Watched(metric({ metrics: "errors" }, { interval: "1h" }));
    await watched.watch(4, fine);
    await watched.watch(10, failing);
    expect(watched.phases[0]).toBe("Failed");
    expect(watched.ended[0]?.message).toContain("canary");
    await watched.watch(5, fine);
    expect(new Set(watched.phases)).toEqual(new Set(["Failed"]));
  });

  it("holds and never fails when both versions break the objective", async () => {
    const errors = { kind: "errors", objective: { share: "5%" } };
    const watched = new Watched(metric({ metrics: [errors] }, { interval: "1h" }));
    await watched.watch(20, fine);
    await watched.watch(20, outage);
    expect(watched.phases).toContain("Inconclusive");
    expect(watched.phases).not.toContain("Failed");
  });

  it("says what is missing when there is no data, which is no pass", async () => {
    const watched = new Watched(metric({ metrics: "errors", noDataAfter: "20s" }));
    await watched.watch(19, silent);
    expect(watched.phases).toEqual([]);
    await watched.watch(5, silent);
    expect(watched.phases[0]).toBe("Inconclusive");
    expect(watched.ended[0]?.message).toContain("no data");
  });

  it("without an interval lasts until safety is shown", async () => {
    const watched = new Watched(metric({ metrics: "errors" }, {}));
    await watched.watch(400, { canary: { ok: 49, bad: 1 }, stable: { ok: 441, bad: 9 } });
    expect(watched.phases[0]).toBe("Successful");
    expect(watched.result.metadata).toMatchObject({ action: "safe" });
  });

  it.each([
    ["inconclusive", "Inconclusive"],
    ["successful", "Successful"],
  ])("without an interval and a verdict is %s when the time is over", async (undecided, phase) => {
    const watched = new Watched(metric({ metrics: "errors", max: "30s", undecided }, {}));
    await watched.watch(30, fine);
    expect(watched.phases).toEqual([]);
    await watched.watch(1, fine);
    expect(watched.phases).toEqual([phase]);
    expect(watched.ended[0]?.message).toContain("neither worse nor safe");
  });
});

describe("what is kept", () => {
  it("has nothing of what the canary did before this run: that was another attempt", async () => {
    const watched = new Watched(metric({ metrics: "errors" }));
    watched.world.feed(30, failing);
    await watched.watch(11, fine);
    expect(watched.phases).toEqual(["Successful"]);
    expect(watched.ended[0]?.metadata?.["metric errors"]).toContain("canary 0 of 450");
  });

  it("is the same when a look is taken twice, as after a crash before the write", async () => {
    const once = new Watched(metric({}));
    const twice = new Watched(metric({}));
    for (let second = 0; second < 25; second += 1) {
      const versions = second % 3 === 0 ? failing : fine;
      await once.watch(1, versions);
      twice.world.feed(1, versions);
      const lost = await twice.look();
      const again = await twice.look();
      expect(again).toEqual(lost);
      twice.save(again);
    }
    expect(twice.result).toEqual(once.result);
    expect(twice.ended).toEqual(once.ended);
  });

  it("is the same whether it was looked at each second or after a long absence", async () => {
    const often = new Watched(metric({}, { interval: "1h" }));
    const seldom = new Watched(metric({}, { interval: "1h" }));
    const rates = { canary: { ok: 49, bad: 1 }, stable: { ok: 445, bad: 5 } };
    seldom.save(await seldom.look());
    often.save(await often.look());
    await often.watch(20, rates);
    seldom.world.feed(20, rates);
    seldom.save(await seldom.look());
    expect(seldom.result).toEqual(often.result);
  });

  it("is gone on from by the next run of the same revision, unless that is not wanted", async () => {
    const store = storeAt(startMs);
    const first = new Watched(metric({ metrics: "errors" }, { interval: "1h" }));
    await first.watch(10, failing);
    expect(first.phases[0]).toBe("Failed");
    await store.create({ ...first.run, metadata: { name: "first", namespace: "default" } });
    const metadata = { annotations: { [continuesAnnotation]: "first" } };
    const next = new Watched(metric({ metrics: "errors" }), metadata, store);
    await next.watch(1, fine);
    expect(next.phases).toEqual(["Failed"]);
    expect(next.ended[0]?.message).toContain("goes on from first");
    const fresh = metric({ metrics: "errors", evidence: "fresh" });
    const anew = new Watched(fresh, metadata, store);
    await anew.watch(12, fine);
    expect(anew.phases).toEqual(["Successful"]);
    const damaged = new Watched(metric({ metrics: "errors" }), {}, store);
    damaged.result = { ...first.result, metadata: { ...first.result.metadata, state: "{}" } };
    await damaged.watch(12, fine);
    expect(damaged.phases).toEqual(["Successful"]);
    expect(damaged.ended[0]?.message).toContain("begins anew: what was kept is of other settings");
    const others = new Watched(metric({ metrics: "errors", alpha: 0.02 }), metadata, store);
    await others.watch(12, fine);
    expect(others.ended[0]?.message).toContain("in first the settings were others");
  });
});

describe("versions", () => {
  const unnamed = (more: Partial<Metric> = { interval: "10s" }): Metric => ({
    ...metric({}, more),
    provider: { plugin: { "haldane.dev/sequential": {} } },
  });

  it.each([
    ["canary-hash", "new", "stable-hash", "old", undefined],
    ["canary-hash", "new", "other", "old", "which version is stable is not known"],
    ["other", "new", "stable-hash", "old", "which version is canary is not known"],
  ])("come from the arguments %s=%s %s=%s", async (first, canary, second, stable, problem) => {
    const world = twoVersions(startMs);
    world.feed(60, silent);
    world.feed(70, fine);
    const asked = unnamed();
    const { run, ...rest } = questionOf({ now: world.now() }, asked);
    const args = [
      { name: first, value: canary },
      { name: second, value: stable },
    ];
    const question = { ...rest, run: { ...run, spec: { ...run.spec, args } } };
    const provider = sequentialProvider.create(asked, contextOf(world));
    const begun = formatTime(world.now() - 70_000);
    const answer = await provider.resume?.(question, { phase: "Running", startedAt: begun });
    const expected = {
      kind: "phase",
      phase: problem === undefined ? "Successful" : "Inconclusive",
    };
    expect(answer).toMatchObject(expected);
    if (problem !== undefined)
      expect(answer).toMatchObject({ message: expect.stringContaining(problem) as string });
  });
});

describe("configuration", () => {
  it.each([
    [{ metrics: "erorrs" }, "metrics[0]: kind must be one of errors, latency"],
    [{ metrics: "errors,errors" }, "metrics: 'errors' is there twice"],
    [
      { metrics: [{ kind: "errors", edges: [1, 2] }] },
      "metrics[0].edges: says nothing about errors",
    ],
    [{ metrics: [{ kind: "errors", marign: "5%" }] }, "did you mean margin?"],
    [{ metrics: [{ kind: "latency", edges: [5, 3] }] }, "metrics[0].edges: must be 2 to 64 rising"],
    [{ metrics: [{ kind: "mean" }] }, "metrics[0].better: must say which way is better"],
    [{ metrics: "errors,count" }, "the gateway does not count count"],
    [{ alhpa: 0.01 }, "unknown field (did you mean alpha?)"],
    [{ alpha: 2 }, "alpha: must be above 0 and at most 0.5"],
    [{ margin: "much" }, "margin: must be a number"],
    [{ margin: "-5%" }, "margin: must be"],
    [{ margin: "150%", metrics: [{ kind: "count" }] }, "margin is 1.5; use a number from 0 and"],
    [{ safeRatio: 1 }, "safeRatio: must be above 1"],
    [{ noDataAfter: "soon" }, "noDataAfter: must be a duration"],
    [{ source: "prometeus" }, "source: must be traffic"],
    [{ max: "5m" }, "max: is for a metric without interval"],
    [{ canary: "" }, "canary: must be a text that is not empty"],
    [{ evidence: "none" }, "evidence: must be one of kept, fresh"],
  ])("refuses %j", (config, problem) => {
    const asked = metric(config);
    expect(() => sequentialProvider.create(asked, contextOf(twoVersions(startMs)))).toThrow(
      problem,
    );
  });

  it("refuses conditions, which nobody would ask, and a place without a gateway", () => {
    const withCondition = metric({}, { interval: "10s", successCondition: "result < 1" });
    const context = contextOf(twoVersions(startMs));
    expect(() => sequentialProvider.create(withCondition, context)).toThrow(
      "metric 'judge'.successCondition: is never read",
    );
    expect(() => sequentialProvider.create(metric({}), contextOf(undefined))).toThrow(
      "none runs here",
    );
  });

  it("takes numbers and shares as texts, as arguments leave them", async () => {
    const watched = new Watched(metric({ metrics: "errors", alpha: "0.01", margin: "20%" }));
    const plain = new Watched(metric({ metrics: "errors", alpha: 0.01, margin: 0.2 }));
    await watched.watch(10, fine);
    await plain.watch(10, fine);
    expect(watched.result).toEqual(plain.result);
  });
});
