// Flux' answers: CSV whose tables say in `#datatype` and `#default` rows what their columns hold.
import { parseCsv } from "../../lib/csv.ts";
import type { ExprData } from "../../lib/expr/expr.ts";
import { parseGoFloat, parseGoInt } from "../../lib/go-number.ts";

export type FluxResult =
  | { readonly ok: true; readonly values: readonly ExprData[] }
  | { readonly ok: false; readonly problem: string };

type Row = readonly string[];

interface Table {
  readonly header: Row;
  readonly types: Row;
  readonly defaults: Row;
}

/** What is wrong with the answer. */
class Unreadable extends Error {}

const dateTime = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

function momentOf(text: string): ExprData | undefined {
  const [, base = "", fraction = "", zone = ""] = dateTime.exec(text) ?? [];
  const ms = Date.parse(base + zone);
  if (Number.isNaN(ms)) return undefined;
  return { epochNs: BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0")) };
}

const readers: Readonly<Record<string, (text: string) => ExprData | undefined>> = {
  double: (text) => {
    const number = parseGoFloat(text);
    return number.ok ? number.value : undefined;
  },
  long: (text) => {
    const number = parseGoInt(text);
    return number.ok ? number.value : undefined;
  },
  unsignedLong: (text) => (/^\d+$/.test(text) ? BigInt(text) : undefined),
  boolean: (text) => (["true", "false"].includes(text) ? text === "true" : undefined),
  "dateTime:RFC3339": momentOf,
  "dateTime:RFC3339Nano": momentOf,
};

/** An empty cell is the column's default, and without one nothing; only texts may be empty. */
function valueOf(cell: string, type: string, fallback: string): ExprData {
  const text = cell === "" ? fallback : cell;
  const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (read === undefined) return text;
  if (text === "") return null;
  const value = read(text);
  if (value === undefined) throw new Unreadable(`"${text}" is no ${type}`);
  return value;
}

function tableOf(header: Row, annotations: ReadonlyMap<string, Row>): Table {
  const types = annotations.get("#datatype");
  if (types === undefined) throw new Unreadable("a table does not say what its columns hold");
  return { header, types, defaults: annotations.get("#default") ?? [] };
}

function recordValue(row: Row, { header, types, defaults }: Table): ExprData {
  if (row.length !== header.length) {
    throw new Unreadable(`a row has ${row.length} columns instead of ${header.length}`);
  }
  if (header[1] === "error") throw new Unreadable(row[1] ?? "");
  const column = header.indexOf("_value");
  if (column < 0) return null;
  return valueOf(row[column] ?? "", types[column] ?? "", defaults[column] ?? "");
}

function valuesIn(rows: readonly Row[]): readonly ExprData[] {
  const values: ExprData[] = [];
  let annotations = new Map<string, Row>();
  let table: Table | undefined;
  for (const row of rows) {
    const [first = ""] = row;
    if (row.length === 1 && first === "") continue;
    if (first.startsWith("#")) {
      if (table !== undefined) annotations = new Map();
      table = undefined;
      annotations.set(first, row);
    } else if (table === undefined) {
      table = tableOf(row, annotations);
    } else {
      values.push(recordValue(row, table));
    }
  }
  return values;
}

/** The `_value` of every record, of all tables in order; null where a record has none. */
export function fluxValues(text: string): FluxResult {
  const csv = parseCsv(text);
  if (!csv.ok) return { ok: false, problem: `line ${csv.line}: ${csv.problem}` };
  try {
    return { ok: true, values: valuesIn(csv.rows) };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, problem: error.message };
    throw error;
  }
}
