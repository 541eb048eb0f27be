// Comma-separated values as RFC 4180 describes them: quoted fields may hold commas, line breaks and
// doubled quotes; lines end with CRLF or LF.

export type CsvResult =
  | { readonly ok: true; readonly rows: readonly (readonly string[])[] }
  /** `line` counts from 1. */
  | { readonly ok: false; readonly problem: string; readonly line: number };

/** One field and what follows it: a comma, a line's end, or the end of the text. */
const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** The rows of a text, empty lines as rows with one empty field. A last line's end adds no row. */
export function parseCsv(text: string): CsvResult {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    field.lastIndex = at;
    const found = field.exec(text);
    if (found === null) {
      return {
        ok: false,
        problem: 'a quote (") is not closed or in the wrong place',
        line: lineAt(text, at),
      };
    }
    const [whole, quoted, plain = "", end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += whole.length;
    if (end !== ",") {
      rows.push(row);
      row = [];
    }
  }
  // A comma at the very end still has a field after it.
  if (row.length > 0) rows.push([...row, ""]);
  return { ok: true, rows };
}
