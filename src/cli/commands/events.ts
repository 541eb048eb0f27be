// What happened to a rollout and everything below it, oldest first.
import { argoApiVersion } from "../../api/argo/keys.ts";
import type { KubeEvent } from "../../api/kubernetes/workloads.ts";
import { humanDuration } from "../../lib/human-duration.ts";
import { parseTime } from "../../lib/time.ts";
import {
  flag,
  print,
  textArgument,
  type CliCommand,
  type CommandCall,
  type Connection,
} from "../command.ts";
import { rolloutRef } from "../fetch-tree.ts";
import { follow } from "../live.ts";
import { notFound } from "../must-exist.ts";
import { followRows } from "../render/rows.ts";
import { formatTable } from "../render/table.ts";
import { withConnection } from "../with-connection.ts";

const pollMs = 5000;
const header = ["AGE", "TYPE", "REASON", "OBJECT", "MESSAGE"];

/** The rollout an event belongs to: the one with the longest name that its object's name begins with. */
export function rolloutOf(about: string, rollouts: readonly string[]): string | undefined {
  const candidates = rollouts.filter((name) => about === name || about.startsWith(`${name}-`));
  return candidates.sort((a, b) => b.length - a.length)[0];
}

function sortKey(event: KubeEvent): string {
  const at = event.firstTimestamp ?? event.metadata.creationTimestamp ?? "";
  return `${at} ${(event.metadata.resourceVersion ?? "").padStart(20, "0")}`;
}

/** A rollout's own events, and those of objects named after it: ReplicaSets, pods, runs, Services. */
async function readEvents(
  { store, namespace }: Connection,
  name: string | undefined,
): Promise<readonly KubeEvent[]> {
  const { items } = await store.list<KubeEvent>({ apiVersion: "v1", kind: "Event", namespace });
  const sorted = [...items].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  if (name === undefined) return sorted;
  const rollouts = (
    await store.list({ apiVersion: argoApiVersion, kind: "Rollout", namespace })
  ).items.map(({ metadata }) => metadata.name);
  const own = sorted.filter(
    ({ involvedObject }) => rolloutOf(involvedObject.name ?? "", [name, ...rollouts]) === name,
  );
  // A deleted rollout's events are still told; a name that never was is a mistake.
  if (own.length === 0 && !rollouts.includes(name))
    throw await notFound(store, rolloutRef(namespace, name));
  return own;
}

function row(event: KubeEvent, now: number): readonly string[] {
  const atMs = parseTime(event.lastTimestamp ?? event.metadata.creationTimestamp);
  const { kind = "", name = "" } = event.involvedObject;
  const times = (event.count ?? 1) > 1 ? ` (x${event.count ?? 1})` : "";
  return [
    atMs === undefined ? "" : humanDuration(now - atMs),
    event.type ?? "",
    event.reason ?? "",
    `${kind.toLowerCase()}/${name}`,
    `${event.message ?? ""}${times}`,
  ];
}

async function followEvents(
  call: CommandCall,
  connection: Connection,
  name: string | undefined,
): Promise<void> {
  const { cli } = call;
  const scope = { apiVersion: "v1", kind: "Event", namespace: connection.namespace };
  const following = follow({
    store: connection.store,
    scopes: [scope],
    clock: cli.clock,
    signal: cli.signal,
  });
  const follower = followRows((line) => print(cli, line), ["AGE"]);
  try {
    while (!following.signal.aborted) {
      const found = await readEvents(connection, name);
      const rows = found.map((event) => ({
        key: event.metadata.uid ?? event.metadata.name,
        cells: row(event, cli.clock.now()),
      }));
      follower.show(header, rows);
      await following.changed(pollMs);
    }
  } finally {
    following.end();
  }
}

async function events(call: CommandCall): Promise<number> {
  const name = textArgument(call, 0);
  await withConnection(call, async (connection) => {
    if (flag(call, "watch")) {
      await followEvents(call, connection, name);
      return;
    }
    const found = await readEvents(connection, name);
    if (found.length === 0) call.cli.stderr.write("No events found.\n");
    const now = call.cli.clock.now();
    const rows = found.map((event) => row(event, now));
    const table = rows.length === 0 ? [] : [header, ...rows];
    for (const line of formatTable(table)) print(call.cli, line);
  });
  return 0;
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("[name]", "rollout (default: everything in the namespace)")
      .option("-w, --watch", "go on as more happens");
  },
  run: events,
};
