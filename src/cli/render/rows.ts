// Rows that are followed: the header once, then each row whenever it reads differently, in columns
// that only grow.
import { displayWidth } from "./table.ts";

export interface FollowedRow {
  /** Tells rows of different objects apart. */
  readonly key: string;
  readonly cells: readonly string[];
}

export interface RowFollower {
  show(header: readonly string[], rows: readonly FollowedRow[]): void;
}

/** Columns named in `quiet` change all the time (ages): they are shown, but no reason to print. */
export function followRows(print: (line: string) => void, quiet: readonly string[]): RowFollower {
  const seen = new Map<string, string>();
  const widths: number[] = [];
  let isFirst = true;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === cells.length - 1
          ? cell
          : cell + " ".repeat((widths[column] ?? 0) + 2 - displayWidth(cell)),
      )
      .join("");
  return {
    show(header, rows) {
      const loud = (cells: readonly string[]): string =>
        cells.filter((_, column) => !quiet.includes(header[column] ?? "")).join("\u0000");
      const changed = rows.filter(({ key, cells }) => seen.get(key) !== loud(cells));
      const printed = [
        ...(isFirst && rows.length > 0 ? [header] : []),
        ...changed.map(({ cells }) => cells),
      ];
      if (printed.length > 0) isFirst = false;
      for (const cells of printed)
        for (const [column, cell] of cells.entries())
          widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
      for (const cells of printed) print(line(cells));
      for (const { key, cells } of changed) seen.set(key, loud(cells));
    },
  };
}
