// A weight over time in a few lines of blocks, fit for 80 columns.

export interface WeightPoint {
  readonly atMs: number;
  /** 0 to 100 */
  readonly weightPercent: number;
}

export interface WeightMark {
  readonly atMs: number;
  readonly label: string;
}

const blocks = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const height = 5;

function weightAt(points: readonly WeightPoint[], atMs: number): number {
  return points.findLast((point) => point.atMs <= atMs)?.weightPercent ?? 0;
}

function cell(weightPercent: number, row: number): string {
  const eighths = Math.round((weightPercent / 100) * height * 8) - row * 8;
  // Any weight at all is shown.
  const visible = weightPercent > 0 && row === 0 ? Math.max(1, eighths) : eighths;
  return blocks[Math.min(8, Math.max(0, visible))] ?? " ";
}

function markLine(
  marks: readonly WeightMark[],
  column: (atMs: number) => number,
  width: number,
): string {
  let line = "";
  for (const { atMs, label } of [...marks].sort((a, b) => a.atMs - b.atMs)) {
    const text = `└${label}`;
    const start = Math.max(
      line === "" ? 0 : line.length + 1,
      Math.min(column(atMs), width - text.length),
    );
    line = line.padEnd(start) + text;
  }
  return line;
}

/** From `fromMs` to `toMs`, `width` columns wide; marks are written below. */
export function weightChart(
  points: readonly WeightPoint[],
  marks: readonly WeightMark[],
  {
    fromMs,
    toMs,
    width,
  }: { readonly fromMs: number; readonly toMs: number; readonly width: number },
): readonly string[] {
  const stepMs = Math.max(1, (toMs - fromMs) / width);
  const weights = Array.from({ length: width }, (_, column) =>
    weightAt(points, fromMs + (column + 1) * stepMs),
  );
  const rows = Array.from({ length: height }, (_, index) => height - 1 - index);
  const lines = rows.map((row) => {
    const label = row === height - 1 ? "100 %" : row === 0 ? "  0 %" : "     ";
    return `${label} │${weights.map((weight) => cell(weight, row)).join("")}`.trimEnd();
  });
  const column = (atMs: number): number => Math.floor((atMs - fromMs) / stepMs);
  const seconds = `${Math.round((toMs - fromMs) / 1000)} s`;
  const axis = `      └${"─".repeat(Math.max(0, width - seconds.length - 1))} ${seconds}`;
  return [...lines, axis, `       ${markLine(marks, column, width)}`.trimEnd()];
}
