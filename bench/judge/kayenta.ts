// Kayenta as its documentation sets it up: error rates of one-minute points, judged by its own judge every 15 minutes
// over the last 15; a critical metric that is High fails the canary.
import { judgeKayenta } from "../../src/core/judge/kayenta/kayenta.ts";
import { defaultAnalysis, type KayentaSettings } from "../../src/core/judge/kayenta/settings.ts";
import { firstLook, sum, type Interval, type Rule } from "./rules.ts";

const settings: KayentaSettings = {
  mode: "parity",
  metrics: [
    {
      name: "errors",
      groups: ["errors"],
      analysis: { ...defaultAnalysis, direction: "increase", critical: true },
    },
  ],
  groupWeights: { errors: 100 },
  thresholds: { pass: 95, marginal: 75 },
};

function points(intervals: readonly Interval[], end: number, ticks: number): readonly number[] {
  const perMinute = ticks / 15;
  return Array.from({ length: 15 }, (_, minute) => {
    const from = end - ticks + minute * perMinute;
    const { total, failed } = sum(intervals, from, from + perMinute);
    return total === 0 ? NaN : failed / total;
  });
}

export const kayentaRule: Rule = (hour) =>
  firstLook(hour, 900, (_look, end, ticks) => {
    const series = {
      metric: "errors",
      tags: "",
      control: points(hour.stable, end, ticks),
      experiment: points(hour.canary, end, ticks),
    };
    return judgeKayenta(settings, [series]).verdict === "failed";
  });
