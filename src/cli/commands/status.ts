// Waits for a rollout: exit 0 healthy, 1 degraded or aborted, 2 timed out.
import { parseGoDuration } from "../../lib/go-duration.ts";
import type { ObservedTree } from "../../core/view/rollout-view.ts";
import { haldaneError } from "../../lib/errors.ts";
import {
  flag,
  print,
  textArgument,
  textOption,
  usageError,
  type CliCommand,
  type CommandCall,
  type Connection,
} from "../command.ts";
import { describeError } from "../describe-error.ts";
import { phaseNow } from "../phase-now.ts";
import { fetchTree, treeScopes } from "../fetch-tree.ts";
import { follow } from "../live.ts";
import { rolloutScreen } from "../render/rollout-screen.ts";
import { canRedraw, liveColumns, openScreen } from "../render/screen.ts";
import { podTroubles } from "../render/troubles.ts";
import { withConnection } from "../with-connection.ts";

const redrawMs = 1000;
const settleMs = 200;

function timeoutMs(call: CommandCall): number {
  const text = textOption(call, "timeout") ?? "0s";
  const parsed = parseGoDuration(text);
  if (!parsed.ok)
    throw usageError(call, `--timeout ${text}: ${parsed.message}; write it as 90s, 5m or 1h30m`);
  return parsed.ms;
}

interface Seen {
  readonly tree: ObservedTree;
  readonly phase: string;
  readonly message: string;
  /** What is printed of it: the phase, and why where it is not over. */
  readonly line: string;
}

async function look({ store, namespace }: Connection, name: string): Promise<Seen> {
  const tree = await fetchTree(store, namespace, name);
  const { phase, message } = await phaseNow(store, tree.manifest);
  const isBrief = isFinal(phase) || message === "";
  return { tree, phase, message, line: isBrief ? phase : `${phase} - ${message}` };
}

function isFinal(phase: string): boolean {
  return phase === "Healthy" || phase === "Degraded";
}

function wayOn(phase: string, name: string): string {
  return phase === "Paused"
    ? `let it go on with \`haldane promote ${name}\`, or wait longer with --timeout.`
    : `see what it waits for with \`haldane get rollout ${name}\`, or wait longer with --timeout.`;
}

function exitCodeOf({ phase, message, tree }: Seen, call: CommandCall): number {
  const { cli } = call;
  if (phase === "Healthy") return 0;
  if (phase === "Degraded") {
    cli.stderr.write(`Error: The rollout is in a degraded state with message: ${message}\n`);
    return 1;
  }
  if (cli.signal.aborted) return 130;
  const { name } = tree.manifest.metadata;
  const state = message === "" ? phase : `${phase}, ${message}`;
  const timedOut = haldaneError("TIMED_OUT", {
    where: `rollout ${name}`,
    problem: `it did not become healthy within ${textOption(call, "timeout") ?? ""}, it is still ${state}`,
    wayOut: wayOn(phase, name),
  });
  cli.stderr.write(`Error: ${describeError(timedOut, cli.env)}\n`);
  return 2;
}

/** Prints what is new: in place on a terminal, else a line per change, troubles of pods among them. */
function teller(call: CommandCall): {
  readonly tell: (seen: Seen) => void;
  readonly end: (seen: Seen) => void;
} {
  const { cli, options } = call;
  const isLive = canRedraw(cli) && !flag(call, "plain");
  const screen = openScreen(cli);
  const paint = cli.paint(options);
  const said = new Set<string>();
  let last = "";
  return {
    tell({ tree, line }) {
      if (isLive) {
        const columns = liveColumns(cli);
        screen.show(rolloutScreen(tree, { paint, now: cli.clock.now(), columns }));
        return;
      }
      if (line !== last) print(cli, line);
      last = line;
      for (const trouble of podTroubles(tree).filter((text) => !said.has(text))) {
        said.add(trouble);
        print(cli, `  ${trouble}`);
      }
    },
    end({ line }) {
      if (isLive) print(cli, line);
    },
  };
}

async function watchUntilSettled(
  call: CommandCall,
  connection: Connection,
  name: string,
): Promise<number> {
  const { cli } = call;
  const scopes = treeScopes(connection.namespace);
  const following = follow({
    store: connection.store,
    scopes,
    clock: cli.clock,
    signal: cli.signal,
    timeoutMs: timeoutMs(call),
  });
  const { tell, end } = teller(call);
  try {
    for (;;) {
      const seen = await look(connection, name);
      tell(seen);
      if (isFinal(seen.phase) || following.signal.aborted) {
        end(seen);
        return exitCodeOf(seen, call);
      }
      await following.changed(redrawMs);
      await following.changed(settleMs);
    }
  } finally {
    following.end();
  }
}

async function status(call: CommandCall): Promise<number> {
  const name = textArgument(call, 0) ?? "";
  return withConnection(call, async (connection) => {
    if (call.options["watch"] !== false) return watchUntilSettled(call, connection, name);
    const { line, phase } = await look(connection, name);
    print(call.cli, line);
    return phase === "Degraded" ? 1 : 0;
  });
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<name>", "rollout")
      .option("-w, --watch", "wait until healthy or degraded", true)
      .option("--no-watch", "print the current status and return")
      .option("-t, --timeout <duration>", "give up after this long (0 = never)", "0s")
      .option("--plain", "one line per change instead of a live view");
  },
  run: status,
};
