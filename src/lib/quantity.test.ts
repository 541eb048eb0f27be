import { describe, expect, it } from "vitest";
import { canonicalQuantity, formatQuantity, parseQuantity, quantityToNumber } from "./quantity.ts";

function numberOf(text: string): number {
  const parsed = parseQuantity(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return quantityToNumber(parsed.value);
}

describe("quantities", () => {
  // Values from Kubernetes 1.34's own resource package.
  it.each([
    ["1000m", "1", 1],
    ["0.5", "500m", 0.5],
    ["0.1", "100m", 0.1],
    [".5", "500m", 0.5],
    ["1.0", "1", 1],
    ["2000m", "2", 2],
    ["1.5Gi", "1536Mi", 1.5 * 2 ** 30],
    ["0.5Gi", "512Mi", 2 ** 29],
    ["1024Mi", "1Gi", 2 ** 30],
    ["1500Mi", "1500Mi", 1500 * 2 ** 20],
    ["0.1Ki", "102400m", 102.4],
    ["1e3", "1e3", 1000],
    ["1000000", "1M", 1e6],
    ["0", "0", 0],
    ["0Ki", "0", 0],
    ["-100m", "-100m", -0.1],
    ["0.0000000001", "1n", 1e-9],
    ["9223372036854775808Ki", "9223372036854775807", 2 ** 63],
    ["1024.e20", "102400e18", 1.024e23],
    // Taken for canonical without a second look.
    ["1.500", "1.500", 1.5],
    ["+1", "+1", 1],
    ["7.924M", "7.924M", 7_924_000],
    ["0.668E3", "668", 668],
  ])("%s is stored as %s", (text, canonical, number) => {
    expect(canonicalQuantity(text)).toBe(canonical);
    expect(numberOf(text)).toBeCloseTo(number, 9);
  });

  it("is stable: a canonical text is its own canonical text", () => {
    for (const text of ["1", "500m", "1536Mi", "1e3", "102400m", "-5Gi"]) {
      expect(canonicalQuantity(canonicalQuantity(text) ?? "")).toBe(text);
    }
  });

  it.each([
    ["", /must match the regular expression/],
    ["1 Gi", /must match the regular expression/],
    ["1ki", /parse quantity's suffix/],
    ["1.2.3", /must match the regular expression/],
    ["1K", /parse quantity's suffix/],
    ["1mm", /parse quantity's suffix/],
    ["1e999999999", /parse quantity's suffix/],
    ["Ei", /parse numeric part/],
  ])("refuses %j", (text, message) => {
    const parsed = parseQuantity(text);
    expect(parsed.ok ? formatQuantity(parsed.value) : parsed.message).toMatch(message);
  });
});
