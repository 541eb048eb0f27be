// What the judge takes from the Rollout's status: the share the canary was to get, and whose Service has no pods.
import { describe, expect, it } from "vitest";
import { argoApiVersion } from "../../api/argo/keys.ts";
import type { TrafficWeights } from "../../api/argo/rollout-status.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { recordedTicks, recordOf } from "../../core/judge/recorded/record.ts";
import type { Tick } from "../../core/judge/sequential/tick.ts";
import { StoreError, type ObjectStore } from "../../objects/object-store.ts";
import type { Rate } from "./history.test-support.ts";
import { metric, startMs, storeAt, Watched } from "./watched.test-support.ts";

const ref = { apiVersion: argoApiVersion, kind: "Rollout", namespace: "default", name: "shop" };
const judge = metric({ metrics: "errors" }, { interval: "1h" });

function weightsOf(canary: number, verified: boolean | "untold" = true): TrafficWeights {
  return {
    canary: { weight: canary, podTemplateHash: "new" },
    stable: { weight: 100 - canary, podTemplateHash: "old" },
    ...(verified === "untold" ? {} : { verified }),
  };
}

/** A run that belongs to a Rollout, whose status can be written. */
async function watchedRollout(weights: TrafficWeights, asked = judge) {
  const store = storeAt(startMs);
  const template = { metadata: { labels: { app: "shop" } }, spec: { containers: [] } };
  const rollout: KubeObject & { readonly spec: object } = {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { namespace: ref.namespace, name: ref.name },
    spec: { selector: { matchLabels: { app: "shop" } }, template, strategy: { canary: {} } },
  };
  const { uid = "" } = (await store.create(rollout)).metadata;
  const write = async (next: TrafficWeights): Promise<void> => {
    const body = { status: { canary: { weights: next } } } as never;
    await store.patch(ref, { type: "merge", body }, { subresource: "status" });
  };
  await write(weights);
  const owner = {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    name: ref.name,
    uid,
    controller: true,
  };
  return { watched: new Watched(asked, { ownerReferences: [owner] }, store), write };
}

/** So many requests a second of each, all well. */
const rates = (canary: Rate | number, stable: Rate | number) => ({
  canary: typeof canary === "number" ? { ok: canary } : canary,
  stable: typeof stable === "number" ? { ok: stable } : stable,
});

function ticksOf({ result }: Watched): readonly Tick[] {
  const kept = recordOf(result.metadata);
  const metrics = [{ kind: "errors", name: "errors" }] as const;
  return (kept && recordedTicks({ metrics }, kept)?.exact) ?? [];
}

const shares = (watched: Watched): readonly (number | undefined)[] =>
  ticksOf(watched).map(({ canaryShare }) => canaryShare);

describe("the share in force", () => {
  it("holds what does not get the requests its weight promises", async () => {
    const { watched } = await watchedRollout(weightsOf(10));
    await watched.watch(30, rates(50, 450));
    expect(watched.phases).toEqual([]);
    await watched.watch(30, rates(250, 250));
    expect(watched.phases[0]).toBe("Inconclusive");
    expect(watched.ended[0]?.message).toContain("does not get the share of requests");
    expect(watched.ended[0]?.metadata).toMatchObject({ action: "hold" });
  });

  it("counts from the first look on that found it confirmed, and not in between", async () => {
    const { watched, write } = await watchedRollout(weightsOf(10));
    await watched.watch(3, rates(50, 450));
    await write(weightsOf(50, false));
    await watched.watch(1, rates(250, 250));
    await write(weightsOf(50));
    await watched.watch(3, rates(250, 250));
    const known = shares(watched).slice(-7);
    expect(known).toEqual([undefined, 0.1, 0.1, undefined, undefined, 0.5, 0.5]);
    await watched.watch(60, rates(250, 250));
    expect(watched.phases).toEqual([]);
  });

  it("begins anew where nobody looked for a while", async () => {
    const { watched } = await watchedRollout(weightsOf(10));
    await watched.watch(3, rates(50, 450));
    watched.world.feed(20, rates(50, 450));
    await watched.watch(2, rates(50, 450));
    expect(new Set(shares(watched).slice(-22, -1))).toEqual(new Set([undefined]));
    expect(shares(watched).at(-1)).toBe(0.1);
  });

  it.each<[string, TrafficWeights]>([
    ["is not confirmed", weightsOf(10, false)],
    ["cannot be confirmed", weightsOf(10, "untold")],
    ["is everything", weightsOf(100)],
    ["is nothing", weightsOf(0)],
    [
      "is of other versions",
      { ...weightsOf(10), canary: { weight: 10, podTemplateHash: "newer" } },
    ],
  ])("is not judged where it %s", async (_why, weights) => {
    const { watched } = await watchedRollout(weights);
    await watched.watch(30, rates(250, 250));
    expect(new Set(shares(watched))).toEqual(new Set([undefined]));
    expect(watched.phases).toEqual([]);
  });

  it("is of what weights divided: not of what a header leads to the canary", async () => {
    const { watched } = await watchedRollout(weightsOf(10));
    await watched.watch(60, rates({ ok: 250, divided: 50 }, 450));
    expect(watched.phases).toEqual([]);
    expect(ticksOf(watched).at(-1)).toMatchObject({
      requests: { canary: 50, stable: 450 },
      samples: { errors: { canary: { total: 250 } } },
    });
  });

  it("is not judged where the gateway does not count what it divides", async () => {
    const { watched } = await watchedRollout(weightsOf(10));
    await watched.watch(30, rates({ ok: 250, divided: 0 }, { ok: 250, divided: 0 }));
    expect(new Set(shares(watched))).toEqual(new Set([undefined]));
    expect(ticksOf(watched).at(-1)?.requests).toEqual({ canary: 250, stable: 250 });
  });
});

describe("a canary whose Service has no pod any more", () => {
  const withService = {
    ...weightsOf(10),
    canary: { ...weightsOf(10).canary, serviceName: "shop-canary" },
  };
  const gone = { canary: { ok: 0 }, stable: { ok: 450 }, nobody: 50 };

  it("is worse: what the gateway had to answer itself failed its users", async () => {
    const { watched } = await watchedRollout(withService);
    await watched.watch(5, rates(50, 450));
    await watched.watch(5, gone);
    expect(watched.phases[0]).toBe("Failed");
    expect(watched.ended[0]?.message).toMatch(/errors: canary (\d+) of \d+ failed, stable 0 of/);
    expect(ticksOf(watched).at(-1)).toMatchObject({
      requests: { canary: 50, stable: 450 },
      samples: { errors: { canary: { total: 50, count: 50 } } },
    });
  });

  it("is nobody's failure where errors of the gateway are not to count, or no Service is known", async () => {
    const without = await watchedRollout(weightsOf(10));
    await without.watched.watch(5, gone);
    expect(without.watched.phases).not.toContain("Failed");
    const excluded = metric({ metrics: "errors", gatewayErrors: "exclude" }, { interval: "1h" });
    const { watched } = await watchedRollout(withService, excluded);
    await watched.watch(5, gone);
    expect(watched.phases).not.toContain("Failed");
  });
});

describe("a Rollout that cannot be read", () => {
  const refusing = {
    ...storeAt(startMs),
    get: async () => Promise.reject(refused()),
  } as ObjectStore;
  const refused = () => new StoreError("Forbidden", 'rollouts "shop" is forbidden');
  const owner = {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    name: ref.name,
    uid: "u",
    controller: true,
  };

  it("is the reason why nobody knows which version is stable", async () => {
    const plugin = { canary: "new", metrics: "errors", noDataAfter: "5s" };
    const asked = { ...judge, provider: { plugin: { "haldane.dev/sequential": plugin } } };
    const watched = new Watched(asked, { ownerReferences: [owner] }, refusing);
    await watched.watch(10, rates(50, 450));
    expect(watched.phases[0]).toBe("Inconclusive");
    const why = 'which version is stable is not known: rollouts "shop" is forbidden';
    expect(watched.ended[0]?.message).toContain(why);
  });

  it("costs the guard of the sample ratio, and nothing else, where the versions are known", async () => {
    const watched = new Watched(judge, { ownerReferences: [owner] }, refusing);
    await watched.watch(10, rates({ ok: 40, bad: 10 }, 450));
    expect(watched.phases[0]).toBe("Failed");
    expect(new Set(shares(watched))).toEqual(new Set([undefined]));
  });
});
