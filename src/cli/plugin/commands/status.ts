// Argo's status: waits by default, and knows exit codes 0 and 1 only.
import { asJson } from "../../../api/meta/wire.ts";
import { clientPhase } from "../../../core/rollout/phase.ts";
import { parseGoDuration } from "../../../lib/go-duration.ts";
import { flag, print, textOption, type Connection } from "../../command.ts";
import { namesOf } from "../../completion/sources.ts";
import { rolloutScope } from "../../fetch-tree.ts";
import { follow } from "../../live.ts";
import { argoRef, inCluster, readCached } from "../cluster.ts";
import { lastRead } from "../last-read.ts";
import type { PluginCall, PluginCommand } from "../plugin-command.ts";

const pollMs = 60_000;
/** While the server cannot be asked. */
const askAgainMs = 1000;

interface Seen {
  readonly phase: string;
  readonly message: string;
}

async function look({ store, namespace }: Connection, name: string): Promise<Seen> {
  return clientPhase(asJson(await readCached(store, argoRef("Rollout", namespace, name))));
}

function isFinal({ phase }: Seen): boolean {
  return phase === "Healthy" || phase === "Degraded";
}

function lineOf(seen: Seen): string {
  const { phase, message } = seen;
  return isFinal(seen) || message === "" ? phase : `${phase} - ${message}`;
}

function timeoutMs(call: PluginCall): number {
  const parsed = parseGoDuration(textOption(call, "timeout") ?? "0s");
  return parsed.ok ? parsed.ms : 0;
}

async function watch(call: PluginCall, connection: Connection, name: string): Promise<Seen> {
  const { clock, signal } = call.cli;
  const scopes = [rolloutScope(connection.namespace)];
  const { store } = connection;
  const following = follow({ store, scopes, clock, signal, timeoutMs: timeoutMs(call) });
  const read = lastRead(async () => look(connection, name));
  let last = "";
  try {
    for (;;) {
      const { value: seen, isOld } = await read(true);
      const line = lineOf(seen);
      if (line !== last) print(call.cli, line);
      last = line;
      if (isFinal(seen) || following.signal.aborted) return seen;
      await following.changed(isOld ? askAgainMs : pollMs);
    }
  } finally {
    following.end();
  }
}

export const command: PluginCommand = {
  flags: [
    {
      name: "watch",
      short: "w",
      type: "bool",
      isOnByDefault: true,
      about: "Watch the status of the rollout until it's done",
    },
    {
      name: "timeout",
      short: "t",
      type: "duration",
      usual: "0s",
      about: "The length of time to watch before giving up. Zero means wait forever",
    },
  ],
  takes: { least: 1, most: 1 },
  synopsis: "ROLLOUT_NAME",
  first: namesOf("Rollout"),
  async run(call) {
    const [name = ""] = call.args;
    const isWatching = flag(call, "watch");
    const seen = await inCluster(call, async (connection) => {
      if (isWatching) return watch(call, connection, name);
      const now = await look(connection, name);
      print(call.cli, lineOf(now));
      return now;
    });
    if (seen.phase === "Degraded")
      throw new Error(`The rollout is in a degraded state with message: ${seen.message}`);
    if (isWatching && seen.phase !== "Healthy")
      throw new Error("Rollout status watch exceeded timeout");
    return 0;
  },
};
