// Evidence over time in a few lines of blocks, with the threshold it had to reach; fit for 80 columns.

export interface EvidencePoint {
  readonly atMs: number;
  readonly logE: number;
}

const blocks = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const height = 6;

/** The largest evidence of each column: a moment's peak is what a verdict may rest on. */
function columnsOf(points: readonly EvidencePoint[], width: number): readonly number[] {
  const [first, last] = [points[0]?.atMs ?? 0, points.at(-1)?.atMs ?? 0];
  const stepMs = Math.max(1, (last - first) / width);
  const columns = Array.from({ length: width }, () => -Infinity);
  for (const { atMs, logE } of points) {
    const column = Math.min(width - 1, Math.floor((atMs - first) / stepMs));
    columns[column] = Math.max(columns[column] ?? -Infinity, logE);
  }
  let before = 0;
  return columns.map((value) => (before = value === -Infinity ? before : value));
}

function cell(logE: number, row: number, rowHeight: number): string {
  const eighths = Math.round((Math.max(0, logE) / rowHeight) * 8) - row * 8;
  return blocks[Math.min(8, Math.max(0, eighths))] ?? " ";
}

/** Rows from the top; negative evidence speaks for the canary and is drawn as none. */
export function evidenceChart(
  points: readonly EvidencePoint[],
  { threshold, width }: { readonly threshold: number; readonly width: number },
): readonly string[] {
  if (points.length === 0) return [];
  const columns = columnsOf(points, width);
  const rowHeight = threshold / (height - 1);
  const rows = Array.from({ length: height }, (_, index) => height - 1 - index);
  const lines = rows.map((row) => {
    const isThreshold = row === height - 1;
    const label = isThreshold ? threshold.toFixed(1) : row === 0 ? "0.0" : "";
    const cells = columns.map((logE) => cell(logE, row, rowHeight)).join("");
    const drawn = isThreshold ? cells.replaceAll(" ", "┄") : cells;
    return `${label.padStart(5)} │${drawn}`.trimEnd();
  });
  const seconds = `${String(Math.round(((points.at(-1)?.atMs ?? 0) - (points[0]?.atMs ?? 0)) / 1000))} s`;
  return [...lines, `      └${"─".repeat(Math.max(0, width - seconds.length - 1))} ${seconds}`];
}
