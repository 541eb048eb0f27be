// What happened in the demo, in a chart and a few figures.
import type { Paint } from "../render/paint.ts";
import { formatTable } from "../render/table.ts";
import { weightChart, type WeightMark, type WeightPoint } from "../render/weight-chart.ts";
import type { LoadFailure, VersionCount } from "./demo-load.ts";

export interface DemoFigures {
  readonly fromMs: number;
  readonly toMs: number;
  /** When the gateway had confirmed weight 0 for the bad version. */
  readonly zeroAtMs: number;
  readonly points: readonly WeightPoint[];
  readonly marks: readonly WeightMark[];
  readonly counts: ReadonlyMap<string, VersionCount>;
  readonly failures: readonly LoadFailure[];
  /** Requests the gateway itself answered with an error or not at all. */
  readonly lost: number;
}

const widestChart = 70;
const narrowestChart = 24;
/** What stands left of the chart: the scale. */
const scaleWidth = 8;

function percent(part: number, whole: number): string {
  return whole === 0 ? "0 %" : `${((100 * part) / whole).toFixed(1)} %`;
}

function countRows(counts: DemoFigures["counts"]): readonly (readonly string[])[] {
  const rows = [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return rows.map(([version, { requests, failed }]) => [
    `  ${version}`,
    String(requests).padStart(8),
    String(failed).padStart(6),
    percent(failed, requests).padStart(7),
  ]);
}

/** `columns`: how wide the terminal is. */
export function demoReport(figures: DemoFigures, paint: Paint, columns = 80): readonly string[] {
  const width = Math.max(narrowestChart, Math.min(widestChart, columns - scaleWidth));
  const { fromMs, toMs, zeroAtMs, failures, lost } = figures;
  const bad = failures.filter(({ version }) => version === "v3");
  const firstBadMs = bad[0]?.atMs ?? zeroAtMs;
  const untilZero = bad.filter(({ atMs }) => atMs <= zeroAtMs).length;
  const seconds = ((zeroAtMs - firstBadMs) / 1000).toFixed(1);
  return [
    "",
    "Share of the traffic that the new version got:",
    "",
    ...weightChart(figures.points, figures.marks, { fromMs, toMs, width }),
    "",
    ...formatTable([["  version", "requests", "failed", ""], ...countRows(figures.counts)]).map(
      (line) => line.trimEnd(),
    ),
    "",
    `  lost by the gateway: ${paint(String(lost), lost === 0 ? "green" : "red")}`,
    `  from v3's first bad answer to weight 0: ${seconds} s, ${untilZero} failed requests`,
    "",
  ];
}
