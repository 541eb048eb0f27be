// The tables a server prints of any kind, once or followed.
import type { Json } from "../../lib/json.ts";
import type { ServerTable } from "../../objects/kubernetes/kubernetes.ts";
import { isStoreError } from "../../objects/object-store.ts";
import { flag, print, textOption, type CommandCall, type Connection } from "../command.ts";
import { follow } from "../live.ts";
import { notFound } from "../must-exist.ts";
import { followRows, type FollowedRow } from "../render/rows.ts";
import { formatTable } from "../render/table.ts";
import { qualified, refTo, scopeOf, type Target } from "./targets.ts";

const pollMs = 5000;

function cellText(cell: Json | undefined): string {
  if (cell === undefined || cell === null) return "<none>";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

async function tableOf(
  { type, names }: Target,
  call: CommandCall,
  connection: Connection,
): Promise<ServerTable> {
  if (names.length === 0) return connection.table(scopeOf(type, call, connection));
  const tables = await Promise.all(
    names.map(async (name) => {
      const ref = refTo(type, name, connection);
      try {
        return await connection.table(ref, name);
      } catch (error) {
        throw isStoreError(error, "NotFound") ? await notFound(connection.store, ref) : error;
      }
    }),
  );
  return { columns: tables[0]?.columns ?? [], rows: tables.flatMap(({ rows }) => rows) };
}

interface Printed {
  readonly header: readonly string[];
  readonly rows: readonly FollowedRow[];
}

/** With several kinds, names carry theirs; with all namespaces, each row its own. */
function printedOf(
  { columns, rows }: ServerTable,
  target: Target,
  hasKinds: boolean,
  call: CommandCall,
): Printed {
  const isWide = textOption(call, "output") === "wide";
  const isEverywhere = flag(call, "allNamespaces") && target.type.namespaced;
  const shown = columns.flatMap(({ priority = 0 }, index) =>
    priority === 0 || isWide ? [index] : [],
  );
  const header = shown.map((index) => (columns[index]?.name ?? "").toUpperCase());
  const prefix = hasKinds ? `${qualified(target.type)}/` : "";
  return {
    header: [...(isEverywhere ? ["NAMESPACE"] : []), ...header],
    rows: rows.map(({ cells, object }) => {
      const { namespace = "", name, uid = "" } = object.metadata;
      const texts = shown.map((index) => cellText(cells[index]));
      const named = texts.map((text, position) =>
        header[position] === "NAME" ? `${prefix}${text}` : text,
      );
      return {
        key: `${target.type.kind} ${namespace}/${name} ${uid}`,
        cells: [...(isEverywhere ? [namespace] : []), ...named],
      };
    }),
  };
}

function sayNothingFound(
  call: CommandCall,
  targets: readonly Target[],
  { namespace }: Connection,
): void {
  const isEverywhere = flag(call, "allNamespaces") || targets.every(({ type }) => !type.namespaced);
  call.cli.stderr.write(
    isEverywhere ? "No resources found.\n" : `No resources found in ${namespace} namespace.\n`,
  );
}

export async function printTables(
  targets: readonly Target[],
  call: CommandCall,
  connection: Connection,
): Promise<void> {
  const hasKinds = targets.length > 1;
  const tables = await Promise.all(
    targets.map(async (target) =>
      printedOf(await tableOf(target, call, connection), target, hasKinds, call),
    ),
  );
  const filled = tables.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) sayNothingFound(call, targets, connection);
  for (const [position, { header, rows }] of filled.entries()) {
    if (position > 0) print(call.cli, "");
    for (const line of formatTable([header, ...rows.map(({ cells }) => cells)]))
      print(call.cli, line);
  }
}

/** The rows there are, then each one again when it changes. */
export async function followTable(
  target: Target,
  call: CommandCall,
  connection: Connection,
): Promise<void> {
  const { cli } = call;
  const following = follow({
    store: connection.store,
    scopes: [scopeOf(target.type, call, connection)],
    clock: cli.clock,
    signal: cli.signal,
  });
  const follower = followRows((line) => print(cli, line), ["AGE"]);
  try {
    while (!following.signal.aborted) {
      const { header, rows } = printedOf(
        await tableOf(target, call, connection),
        target,
        false,
        call,
      );
      follower.show(header, rows);
      await following.changed(pollMs);
    }
  } finally {
    following.end();
  }
}
