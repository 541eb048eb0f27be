import { describe, expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";
import { WorkQueue } from "./work-queue.ts";

function queueAt(startMs = 0): { clock: VirtualClock; queue: WorkQueue } {
  const clock = new VirtualClock(startMs);
  return { clock, queue: new WorkQueue(clock) };
}

function runUntil(clock: VirtualClock, untilMs: number): void {
  while (clock.fireNext(untilMs));
}

describe("work queue", () => {
  it("gives each key once, in the order of adding", async () => {
    const { queue } = queueAt();
    for (const key of ["a", "b", "a"]) queue.add(key);
    expect(queue.depth).toBe(2);
    expect([await queue.take(), await queue.take()]).toEqual(["a", "b"]);
    expect(queue.depth).toBe(0);
  });

  it("gives a key again that was added while it was in work, and not before it is done", async () => {
    const { queue } = queueAt();
    queue.add("a");
    await queue.take();
    queue.add("a");
    queue.add("a");
    expect(queue.depth).toBe(0);
    expect(queue.isIdle).toBe(false);
    queue.done("a");
    expect(queue.depth).toBe(1);
    expect(await queue.take()).toBe("a");
    queue.done("a");
    expect(queue.isIdle).toBe(true);
  });

  it("wakes as many takers as there are keys", async () => {
    const { queue } = queueAt();
    const taken: (string | undefined)[] = [];
    const takers = [1, 2, 3].map(async () => taken.push(await queue.take()));
    await Promise.resolve();
    queue.add("a");
    queue.add("b");
    await Promise.all(takers.slice(0, 2));
    expect(taken).toEqual(["a", "b"]);
    queue.close();
    await Promise.all(takers);
    expect(taken).toEqual(["a", "b", undefined]);
  });

  it.each([
    { name: "the later one is dropped", delays: [100, 200], dueMs: 100 },
    { name: "the earlier one wins", delays: [200, 100], dueMs: 100 },
  ])("keeps the earliest of several delayed adds: $name", ({ delays, dueMs }) => {
    const { clock, queue } = queueAt();
    for (const delay of delays) queue.addAfter("a", delay);
    runUntil(clock, dueMs - 1);
    expect(queue.depth).toBe(0);
    runUntil(clock, dueMs);
    expect(queue.depth).toBe(1);
    expect(clock.nextAtMs).toBeUndefined();
  });

  it("backs off by powers of two, per key, up to 10 s, until forgotten", () => {
    const { queue } = queueAt();
    const delays = Array.from({ length: 16 }, () => queue.addWithBackoff("a"));
    expect(delays).toEqual([
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 10_000, 10_000,
    ]);
    expect(queue.addWithBackoff("b")).toBe(1);
    queue.forget("a");
    expect(queue.addWithBackoff("a")).toBe(1);
  });

  it("is idle while keys only wait for a time", () => {
    const { queue } = queueAt();
    queue.addAfter("a", 1000);
    expect(queue.isIdle).toBe(true);
  });

  it("takes nothing more once closed, and leaves no timers", async () => {
    const { clock, queue } = queueAt();
    queue.addAfter("a", 10);
    queue.add("b");
    queue.close();
    queue.add("c");
    queue.addAfter("d", 10);
    expect(await queue.take()).toBeUndefined();
    expect(clock.nextAtMs).toBeUndefined();
  });
});
