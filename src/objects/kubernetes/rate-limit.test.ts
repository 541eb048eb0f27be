import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { tokenBucket } from "./rate-limit.ts";

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const untilMs = clock.now() + ms;
  await settle();
  while (clock.fireNext(untilMs)) await settle();
}

function newWorld(qps: number, burst: number) {
  const clock = new VirtualClock(1_000_000);
  const limit = tokenBucket({ clock, qps, burst });
  const sent: string[] = [];
  return {
    clock,
    limit,
    sent,
    ask: (name: string, signal?: AbortSignal): void => {
      limit.take(signal).then(
        () => sent.push(name),
        (error: unknown) => sent.push(`${name}: ${(error as Error).message}`),
      );
    },
  };
}

describe("the rate limit", () => {
  it("lets a burst through at once and then so many per second, in order", async () => {
    const { clock, ask, sent } = newWorld(10, 3);
    for (const name of ["a", "b", "c", "d", "e", "f"]) ask(name);
    await settle();
    expect(sent).toEqual(["a", "b", "c"]);
    await pass(clock, 99);
    expect(sent).toHaveLength(3);
    await pass(clock, 101);
    expect(sent).toEqual(["a", "b", "c", "d", "e"]);
    await pass(clock, 100);
    expect(sent).toHaveLength(6);
    expect(clock.nextAtMs).toBeUndefined();
  });

  it("keeps its rate over a long time, whatever the clock's grain", async () => {
    const { clock, ask, sent } = newWorld(40, 80);
    for (let n = 0; n < 1000; n += 1) ask(String(n));
    await pass(clock, 10_000);
    expect(sent).toHaveLength(480);
  });

  it("a quiet time brings back the burst and no more", async () => {
    const { clock, ask, sent } = newWorld(10, 3);
    for (const name of ["a", "b", "c"]) ask(name);
    await pass(clock, 3_600_000);
    for (const name of ["d", "e", "f", "g"]) ask(name);
    await settle();
    expect(sent).toEqual(["a", "b", "c", "d", "e", "f"]);
  });

  it("what is urgent does not wait, and is paid for by those who come later", async () => {
    const { clock, ask, sent, limit } = newWorld(10, 1);
    ask("a");
    limit.takeAtOnce();
    limit.takeAtOnce();
    ask("b");
    await pass(clock, 299);
    expect(sent).toEqual(["a"]);
    await pass(clock, 1);
    expect(sent).toEqual(["a", "b"]);
  });

  it("who gives up takes no token", async () => {
    const { clock, ask, sent } = newWorld(10, 1);
    const stop = new AbortController();
    ask("a");
    ask("b", stop.signal);
    ask("c");
    stop.abort(new Error("stopped"));
    await pass(clock, 100);
    expect(sent).toEqual(["a", "b: stopped", "c"]);
    ask("d", stop.signal);
    await settle();
    expect(sent.at(-1)).toBe("d: stopped");
  });

  it("a time of day that jumps back does not stop it", async () => {
    const clock = new VirtualClock(1_000_000);
    let skewMs = 0;
    const jumping = { now: () => clock.now() + skewMs, after: clock.after.bind(clock) };
    const limit = tokenBucket({ clock: jumping, qps: 10, burst: 1 });
    await limit.take();
    skewMs = -3_600_000;
    let isSent = false;
    void limit.take().then(() => (isSent = true));
    await pass(clock, 200);
    expect(isSent).toBe(true);
  });
});
