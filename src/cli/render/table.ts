// Columns aligned with two blanks, as kubectl's. Escape codes and wide marks do not count.

const escapeCode = new RegExp(String.raw`${"\u001b"}\[[0-9;]*m`, "g");

/** How many columns a terminal gives the text. */
export function displayWidth(text: string): number {
  return Array.from(text.replace(escapeCode, "")).length;
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - displayWidth(cell)));
}

/** Every cell but the last of a row is padded to its column's width and two blanks. */
export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      if (column < row.length - 1)
        widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column < row.length - 1 ? pad(cell, (widths[column] ?? 0) + 2) : cell,
      )
      .join(""),
  );
}
