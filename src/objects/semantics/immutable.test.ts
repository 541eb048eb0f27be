import { describe, expect, it } from "vitest";
import { immutable } from "./immutable.ts";

describe("immutable", () => {
  it("copies and freezes deeply, and drops what is undefined", () => {
    const given = { a: [{ b: 1 }], gone: undefined, none: null };
    const frozen = immutable(given) as { a: { b: number }[] };
    given.a[0]!.b = 2;
    expect(frozen).toEqual({ a: [{ b: 1 }], none: null });
    expect(Object.keys(frozen)).toEqual(["a", "none"]);
    expect(() => (frozen.a[0]!.b = 3)).toThrow(TypeError);
    expect(() => frozen.a.push({ b: 4 })).toThrow(TypeError);
  });

  it("shares what was frozen here before, but trusts nobody else's frozen objects", () => {
    const first = immutable({ template: { big: true }, replicas: 1 }) as { template: object };
    const second = immutable({ ...first, replicas: 2 }) as { template: object };
    expect(second.template).toBe(first.template);
    const inner = { x: 1 };
    const foreign = Object.freeze({ inner });
    const copied = immutable(foreign) as { inner: object };
    expect(copied.inner).not.toBe(inner);
  });

  it.each([
    ["a function", () => 1],
    ["NaN", Number.NaN],
    ["a bigint", 1n],
    ["a Date", new Date(0)],
    ["a Map", new Map()],
    ["a key named __proto__", JSON.parse('{"__proto__": {"polluted": true}}') as unknown],
  ])("refuses %s", (_name, value) => {
    expect(() => immutable({ value })).toThrow(/only JSON can be stored/);
  });
});
