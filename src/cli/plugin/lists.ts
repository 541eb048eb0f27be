// `list rollouts` and `list experiments`: cells padded as Argo's, then aligned with two blanks.
import { argoApiVersion } from "../../api/argo/keys.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import type { ListScope } from "../../objects/object-store.ts";
import { flag, textOption, type Connection } from "../command.ts";
import { follow } from "../live.ts";
import { formatTable } from "../render/table.ts";
import { inCluster } from "./cluster.ts";
import { lastRead } from "./last-read.ts";
import type { PluginCall } from "./plugin-command.ts";

export interface Listing {
  readonly kind: "Rollout" | "Experiment";
  readonly columns: readonly string[];
  readonly row: (object: KubeObject, now: EpochMs) => readonly string[];
  /** What cells are padded to at least. */
  readonly widths: readonly number[];
}

const batchMs = 500;
const pollMs = 60_000;
const askAgainMs = 1000;
const mostFailures = 5;
const timeWidth = 20;
const namespaceWidth = 9;

function leading(call: PluginCall, time: string, namespace: string): readonly string[] {
  return [
    ...(flag(call, "timestamps") ? [time.padEnd(timeWidth)] : []),
    ...(flag(call, "allNamespaces") ? [namespace.padEnd(namespaceWidth)] : []),
  ];
}

function headerOf({ columns }: Listing, call: PluginCall): readonly string[] {
  return [...leading(call, "TIMESTAMP", "NAMESPACE").map((cell) => cell.trimEnd()), ...columns];
}

function cellsOf({ row, widths }: Listing, object: KubeObject, now: EpochMs): readonly string[] {
  return row(object, now).map((cell, column) => cell.padEnd(widths[column] ?? 0));
}

function scopeOf({ kind }: Listing, call: PluginCall, { namespace }: Connection): ListScope {
  const name = textOption(call, "name");
  return {
    apiVersion: argoApiVersion,
    kind,
    ...(flag(call, "allNamespaces") ? {} : { namespace }),
    ...(name === undefined ? {} : { fieldSelector: { "metadata.name": name } }),
  };
}

function write(call: PluginCall, rows: readonly (readonly string[])[]): void {
  for (const line of formatTable(rows)) call.cli.stdout.write(`${line}\n`);
}

/** Prints a line for each object, and again whenever one of its cells reads differently. */
async function listWatching(
  listing: Listing,
  call: PluginCall,
  connection: Connection,
): Promise<void> {
  const { clock, signal } = call.cli;
  const scope = scopeOf(listing, call, connection);
  const following = follow({ store: connection.store, scopes: [scope], clock, signal });
  const read = lastRead(async () => connection.store.list(scope), mostFailures);
  const last = new Map<string, string>();
  let isFirst = true;
  try {
    while (!following.signal.aborted) {
      const { value, isOld } = await read(true);
      const { items } = value;
      const now = clock.now();
      const changed = items.flatMap((object) => {
        const { namespace = "", name } = object.metadata;
        const cells = cellsOf(listing, object, now);
        const key = `${namespace}/${name}`;
        if (last.get(key) === cells.join("\t")) return [];
        last.set(key, cells.join("\t"));
        return [[...leading(call, formatTime(now), namespace), ...cells]];
      });
      write(call, isFirst ? [headerOf(listing, call), ...changed] : changed);
      isFirst = false;
      await following.changed(isOld ? askAgainMs : pollMs);
      await following.changed(batchMs);
    }
  } finally {
    following.end();
  }
}

async function listOnce(listing: Listing, call: PluginCall, connection: Connection): Promise<void> {
  const { items } = await connection.store.list(scopeOf(listing, call, connection));
  if (items.length === 0) {
    call.cli.stderr.write("No resources found.\n");
    return;
  }
  const now = call.cli.clock.now();
  const rows = items.map((object) => [
    ...leading(call, formatTime(now), object.metadata.namespace ?? ""),
    ...cellsOf(listing, object, now),
  ]);
  write(call, [headerOf(listing, call), ...rows]);
}

export async function list(listing: Listing, call: PluginCall): Promise<number> {
  await inCluster(call, async (connection) =>
    (flag(call, "watch") ? listWatching : listOnce)(listing, call, connection),
  );
  return 0;
}
