// A tree's table for a window that is too narrow for it: what tells least gives way first.
import { displayWidth, formatTable, shortened } from "./table.ts";

/** Branches, and enough of a name to tell it from its neighbours. */
const leastNameWidth = 24;

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => displayWidth(line.trimEnd())));
}

/**
 * Rows of NAME, KIND and more cells. Too wide for the columns: without KIND, which the icons say as
 * well, then with names cut in their middle. What is still too wide is for the screen to clip.
 */
export function fitTree(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const whole = formatTable(rows);
  if (widest(whole) <= columns) return whole;
  const slim = rows.map(([name = "", , ...rest]) => [name, ...rest]);
  const over = widest(formatTable(slim)) - columns;
  const nameWidth = widest(slim.map(([name = ""]) => name));
  const room = Math.max(leastNameWidth, nameWidth - Math.max(0, over));
  return formatTable(slim.map(([name = "", ...rest]) => [shortened(name, room), ...rest]));
}
