// Columns aligned with two blanks, as kubectl's. Escape codes and wide marks do not count.

const escapeCode = new RegExp(String.raw`${"\u001b"}\[[0-9;]*m`, "g");
const escapeCodes = new RegExp(String.raw`(${"\u001b"}\[[0-9;]*m)`);

/** How many columns a terminal gives the text. */
export function displayWidth(text: string): number {
  return Array.from(text.replace(escapeCode, "")).length;
}

const keptAtEnd = 5;

/** The text with "…" for its middle, its last characters kept; escape codes stay where they are. */
export function shortened(text: string, width: number): string {
  const total = displayWidth(text);
  if (total <= width) return text;
  const headEnd = Math.max(0, width - keptAtEnd - 1);
  const tailStart = total - Math.min(keptAtEnd, width - 1);
  let position = 0;
  return text
    .split(escapeCodes)
    .map((part) => {
      if (part.startsWith("\u001b")) return part;
      return Array.from(part)
        .map((character) => {
          const at = position++;
          if (at < headEnd || at >= tailStart) return character;
          return at === headEnd ? "…" : "";
        })
        .join("");
    })
    .join("");
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
