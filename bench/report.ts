// What every measurement prints: a table for people, then one line of JSON for programs.
import os from "node:os";

export interface Row {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
  readonly bound?: { readonly value: string; readonly most?: number; readonly least?: number };
}

/** The middle value; of an even number the upper one of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function shown(value: number): string {
  if (value === 0 || Number.isInteger(value)) return value.toLocaleString("en");
  const digits =
    Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function keeps({ values, bound }: Row): boolean {
  const value = bound === undefined ? undefined : values[bound.value];
  if (bound === undefined || value === undefined) return true;
  return value <= (bound.most ?? Infinity) && value >= (bound.least ?? -Infinity);
}

function boundText({ bound }: Row): string {
  if (bound === undefined) return "";
  const limit = bound.most === undefined ? `≥ ${String(bound.least)}` : `≤ ${String(bound.most)}`;
  return `${bound.value} ${limit}`;
}

/** Prints the table and the JSON; exit code 1 when a bound is not kept. */
export function report(bench: string, what: string, rows: readonly Row[]): void {
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const cells = rows.map((row) => [
    row.name,
    ...columns.map((column) => (row.values[column] === undefined ? "" : shown(row.values[column]))),
    row.bound === undefined ? "" : `${keeps(row) ? "✔" : "✖"} ${boundText(row)}`,
  ]);
  const table = [["", ...columns, ""], ...cells];
  const widths =
    table[0]?.map((_, index) => Math.max(...table.map((line) => line[index]?.length ?? 0))) ?? [];
  console.log(what);
  for (const line of table) {
    const padded = line.map((cell, index) => {
      const width = widths[index] ?? 0;
      return index === 0 || index === line.length - 1 ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(`  ${padded.join("  ").trimEnd()}`);
  }
  const machine = {
    cores: os.availableParallelism(),
    node: process.version,
    load: Number(os.loadavg()[0]?.toFixed(1)),
  };
  console.log(
    JSON.stringify({ bench, date: new Date().toISOString().slice(0, 10), machine, rows }),
  );
  if (!rows.every(keeps)) process.exitCode = 1;
}
