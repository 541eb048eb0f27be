import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sleep } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("virtual clock", () => {
  it("fires in order of time, and of setting where times are equal", () => {
    const clock = new VirtualClock(1000);
    const fired: string[] = [];
    const at = (delayMs: number, name: string): void =>
      void clock.after(delayMs, () => fired.push(`${name}@${clock.now()}`));
    at(20, "c");
    at(10, "a");
    at(10, "b");
    at(0, "now");
    while (clock.fireNext(5000));
    expect(fired).toEqual(["now@1000", "a@1010", "b@1010", "c@1020"]);
    expect(clock.now()).toBe(5000);
  });

  it("does not move past the limit, nor fire what lies beyond", () => {
    const clock = new VirtualClock(0);
    let isFired = false;
    clock.after(100, () => (isFired = true));
    expect(clock.nextAtMs).toBe(100);
    expect(clock.fireNext(99)).toBe(false);
    expect([clock.now(), isFired]).toEqual([99, false]);
    expect(clock.fireNext(100)).toBe(true);
    expect(isFired).toBe(true);
  });

  it("fires timers that timers set", () => {
    const clock = new VirtualClock(0);
    const fired: number[] = [];
    const again = (): void => {
      fired.push(clock.now());
      if (fired.length < 4) clock.after(5, again);
    };
    clock.after(5, again);
    while (clock.fireNext(1000));
    expect(fired).toEqual([5, 10, 15, 20]);
  });

  it("orders any mix of timers and cancellations as a sorted list would", () => {
    const timers = fc.array(fc.record({ delayMs: fc.nat(50), isCancelled: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(timers, (all) => {
        const clock = new VirtualClock(0);
        const fired: number[] = [];
        const cancels = all.map(({ delayMs }, index) =>
          clock.after(delayMs, () => fired.push(index)),
        );
        all.forEach(({ isCancelled }, index) => isCancelled && cancels[index]?.());
        while (clock.fireNext(1000));
        const expected = all
          .map((timer, index) => ({ ...timer, index }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((left, right) => left.delayMs - right.delayMs || left.index - right.index)
          .map(({ index }) => index);
        expect(fired).toEqual(expected);
        expect(clock.nextAtMs).toBeUndefined();
      }),
    );
  });

  it("lets sleepers wake, or be woken by their signal", async () => {
    const clock = new VirtualClock(0);
    const abort = new AbortController();
    const slept = sleep(clock, 10);
    const disturbed = sleep(clock, 1000, abort.signal);
    clock.fireNext(10);
    await slept;
    abort.abort(new Error("enough"));
    await expect(disturbed).rejects.toThrow("enough");
    expect(clock.nextAtMs).toBeUndefined();
    await expect(sleep(clock, 5, abort.signal)).rejects.toThrow("enough");
  });
});
