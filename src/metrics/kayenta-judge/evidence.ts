import type { StringMap } from "../../api/meta/object.ts";
import type { KayentaEvidence } from "../../core/judge/kayenta/kayenta.ts";
import type { ClassifiedSeries } from "../../core/judge/kayenta/score.ts";
import { formatTime } from "../../lib/time.ts";
import { endOf, type Grid } from "./points.ts";

/** What of a metric is shown: figures with the digits that matter. */
function shownMetric({ metric, tags, label, isCritical, effect, shift, reason }: ClassifiedSeries) {
  const short = (value: number): number => Number(value.toPrecision(6));
  return {
    name: metric.name,
    ...(tags === "" ? {} : { tags }),
    classification: label,
    ...(isCritical ? { critical: true } : {}),
    ...(metric.analysis.muted ? { muted: true } : {}),
    ...(effect === undefined ? {} : { effect: short(effect) }),
    ...(shift === undefined
      ? {}
      : {
          shift: {
            low: short(shift.low),
            high: short(shift.high),
            estimate: short(shift.estimate),
          },
        }),
    reason,
  };
}

/** A value of metadata is cut at 8,192 characters: metrics that passed are left out first. */
const roomForMetrics = 7500;

function metricsText(metrics: readonly ClassifiedSeries[]): string {
  const all = JSON.stringify(metrics.map(shownMetric));
  if (all.length <= roomForMetrics) return all;
  return JSON.stringify(metrics.filter(({ label }) => label !== "Pass").map(shownMetric));
}

/** measurement.metadata: the verdict, what the groups and metrics came to, and when that was. */
export function evidenceMetadata(
  { classification, zeroedBy, groups, metrics }: KayentaEvidence,
  mode: string,
  grid: Grid,
): StringMap {
  const scores = groups.map(({ name, score, weight }): [string, object] => [
    name,
    { score: Number(score.toFixed(2)), weight: Number(weight.toFixed(2)) },
  ]);
  return {
    classification,
    mode,
    from: formatTime(grid.startMs),
    to: formatTime(endOf(grid)),
    points: String(grid.count),
    groups: JSON.stringify(Object.fromEntries(scores)),
    metrics: metricsText(metrics),
    ...(zeroedBy === undefined ? {} : { zeroedBy }),
  };
}
