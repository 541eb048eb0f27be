import { expect, it } from "vitest";
import { describeMetricProvider, questionOf, type ProviderWorld } from "../conformance.ts";
import type { ProviderContext } from "../provider.ts";
import { fakeProvider } from "./fake.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";

const now = Date.parse("2026-11-21T00:00:00Z");
const store = memoryStore({ clock: new VirtualClock(now), rng: createRng(1), newUid: () => "uid" });
const context: ProviderContext = { store, env: {}, traffic: undefined };
const metric = (...answers: readonly unknown[]) =>
  ({
    name: "m",
    provider: { plugin: { "haldane.dev/fake": { answers } } },
  }) as ProviderWorld["good"];

function world(good: ProviderWorld["good"]): ProviderWorld {
  return {
    context,
    good,
    unanswerable: metric(null),
    misconfigured: metric(),
    made: async () => 0,
    finish: async () => undefined,
    now,
    close: async () => undefined,
  };
}

describeMetricProvider(fakeProvider, async () => world(metric(0.5)));
describeMetricProvider({ ...fakeProvider, kind: "haldane.dev/fake, taking its time," }, async () =>
  world(metric({ seconds: 5, value: 1 })),
);

it.each([
  ["a number", metric(0.5), { kind: "value", text: "0.5", result: { kind: "float", value: 0.5 } }],
  ["an error", metric({ error: "boom" }), { kind: "error", message: "boom" }],
  ["a verdict", metric({ phase: "Failed" }), { kind: "phase", phase: "Failed" }],
  [
    "an object",
    metric({ a: 1 }),
    { kind: "value", text: '{"a":1}', result: { kind: "json", value: { a: 1 } } },
  ],
  ["no data", metric(null), { kind: "value", text: "", result: { kind: "nil" } }],
] as const)("answers %s", async (_name, asked, answer) => {
  expect(await fakeProvider.create(asked, context).measure(questionOf({ now }, asked))).toEqual(
    answer,
  );
});

it("gives the n-th measurement the n-th answer, and repeats the last", async () => {
  const asked = metric(1, 2, 3);
  const at = async (count: number, error: number) => {
    const { run, ...rest } = questionOf({ now }, asked);
    const status = { metricResults: [{ name: "m", phase: "Running", count, error } as const] };
    return fakeProvider.create(asked, context).measure({ ...rest, run: { ...run, status } });
  };
  expect([await at(0, 0), await at(1, 0), await at(1, 1), await at(9, 0)]).toMatchObject(
    ["1", "2", "3", "3"].map((text) => ({ text })),
  );
});
