import { describe, expect, it } from "vitest";
import { weightChart } from "./weight-chart.ts";

const span = { fromMs: 0, toMs: 10_000, width: 10 };

describe("weightChart", () => {
  it("draws weights over time with marks below", () => {
    const points = [
      { atMs: 0, weightPercent: 0 },
      { atMs: 2500, weightPercent: 1 },
      { atMs: 5000, weightPercent: 50 },
      { atMs: 8000, weightPercent: 100 },
    ];
    expect(
      weightChart(
        points,
        [
          { atMs: 2000, label: "v2" },
          { atMs: 8000, label: "promoted" },
        ],
        span,
      ),
    ).toEqual([
      "100 % │       ███",
      "      │       ███",
      "      │    ▄▄▄███",
      "      │    ██████",
      "  0 % │  ▁▁██████",
      "      └───── 10 s",
      "         └v2 └promoted",
    ]);
  });

  it("is empty where nothing was split, and no line is longer than its label and width", () => {
    const lines = weightChart([], [], span);
    expect(lines.slice(0, 5)).toEqual(["100 % │", "      │", "      │", "      │", "  0 % │"]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(7 + span.width);
  });
});
