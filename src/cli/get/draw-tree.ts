// `get rollout NAME` and `get experiment NAME`: the picture, once or kept up to date.
import type { Experiment } from "../../api/argo/experiment.ts";
import { argoApiVersion } from "../../api/argo/keys.ts";
import { flag, textOption, usageError, type CommandCall, type Connection } from "../command.ts";
import { fetchBelow, fetchTree, treeScopes } from "../fetch-tree.ts";
import { follow } from "../live.ts";
import { mustExist } from "../must-exist.ts";
import { experimentScreen } from "../render/experiment-screen.ts";
import { plainPaint } from "../render/paint.ts";
import { rolloutScreen } from "../render/rollout-screen.ts";
import { liveColumns, openScreen } from "../render/screen.ts";
import type { TreeOptions } from "../render/tree.ts";

/** Reads the world; the picture can then be drawn for any moment. */
export type Draw = () => Promise<(options: TreeOptions) => readonly string[]>;

const redrawMs = 1000;
const settleMs = 200;

export function drawRollout({ store, namespace }: Connection, name: string): Draw {
  return async () => {
    const tree = await fetchTree(store, namespace, name);
    return (options) => rolloutScreen(tree, options);
  };
}

export function drawExperiment({ store, namespace }: Connection, name: string): Draw {
  return async () => {
    const experiment = await mustExist<Experiment>(store, {
      apiVersion: argoApiVersion,
      kind: "Experiment",
      namespace,
      name,
    });
    const below = await fetchBelow(store, namespace);
    return (options) => experimentScreen(experiment, below, options);
  };
}

function timeoutMs(call: CommandCall): number {
  const text = textOption(call, "timeoutSeconds") ?? "0";
  if (!/^\d+$/.test(text))
    throw usageError(call, `--timeout-seconds ${text}: use a whole number of seconds`);
  return Number(text) * 1000;
}

export async function drawTree(
  draw: Draw,
  call: CommandCall,
  connection: Connection,
): Promise<void> {
  const { cli, options } = call;
  const paint = cli.paint(options);
  const screen = openScreen(cli);
  const show = async (): Promise<void> => {
    const picture = await draw();
    // Ages pass without anything happening: where lines cannot be redrawn, they are no news.
    screen.show(
      picture({ paint, now: cli.clock.now(), columns: liveColumns(cli) }),
      picture({ paint: plainPaint, now: 0 }).join("\n"),
    );
  };
  if (!flag(call, "watch")) {
    for (const line of (await draw())({ paint, now: cli.clock.now() }))
      cli.stdout.write(`${line}\n`);
    return;
  }
  const scopes = treeScopes(connection.namespace);
  const following = follow({
    store: connection.store,
    scopes,
    clock: cli.clock,
    signal: cli.signal,
    timeoutMs: timeoutMs(call),
  });
  try {
    while (!following.signal.aborted) {
      await show();
      await following.changed(redrawMs);
      await following.changed(settleMs);
    }
  } finally {
    following.end();
  }
}
