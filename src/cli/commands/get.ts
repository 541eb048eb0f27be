// `get rollout NAME` and `get experiment NAME` draw trees; any other kind, or no name, prints the
// server's table. -o json|yaml|name|wide as in kubectl.
import {
  flag,
  textOption,
  usageError,
  type CliCommand,
  type CommandCall,
  type Connection,
} from "../command.ts";
import { drawExperiment, drawRollout, drawTree, type Draw } from "../get/draw-tree.ts";
import { objectOutputs, printObjects, type ObjectOutput } from "../get/print-objects.ts";
import { followTable, printTables } from "../get/print-table.ts";
import { targetsOf, type Target } from "../get/targets.ts";
import { withConnection } from "../with-connection.ts";

const outputs = ["tree", "wide", ...objectOutputs] as const;
type Output = (typeof outputs)[number];

function outputOf(call: CommandCall): Output | undefined {
  const text = textOption(call, "output");
  const found = outputs.find((output) => output === text);
  if (text !== undefined && !found)
    throw usageError(call, `-o ${text} is not known; use ${outputs.join(", ")}`);
  return found;
}

function asObjects(output: Output | undefined): ObjectOutput | undefined {
  return objectOutputs.find((known) => known === output);
}

function treeOf(targets: readonly Target[], connection: Connection): Draw | undefined {
  const [only, ...others] = targets;
  const [name, ...more] = only?.names ?? [];
  if (name === undefined || others.length + more.length > 0) return undefined;
  if (only?.type.kind === "Rollout") return drawRollout(connection, name);
  return only?.type.kind === "Experiment" ? drawExperiment(connection, name) : undefined;
}

async function show(
  targets: readonly Target[],
  call: CommandCall,
  connection: Connection,
): Promise<void> {
  const output = outputOf(call);
  const isWatching = flag(call, "watch");
  const objects = asObjects(output);
  const tree = output === "wide" ? undefined : treeOf(targets, connection);
  if (objects !== undefined) {
    if (isWatching)
      throw usageError(call, `--watch shows trees and tables; leave out -o ${objects}`);
    return printObjects(targets, objects, call, connection);
  }
  if (tree) return drawTree(tree, call, connection);
  if (output === "tree")
    throw usageError(call, "a tree is drawn of one rollout or one experiment; name it");
  const [only, ...others] = targets;
  if (!isWatching || !only) return printTables(targets, call, connection);
  if (others.length > 0) throw usageError(call, "--watch follows one kind at a time");
  return followTable(only, call, connection);
}

async function get(call: CommandCall): Promise<number> {
  outputOf(call);
  const targets = targetsOf(call);
  await withConnection(call, async (connection) => show(targets, call, connection));
  return 0;
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<kind...>", "kind and names: rollout shop, pods, ro,svc, service/shop, …")
      .option("-w, --watch", "keep it up to date until Ctrl-C")
      .option("-o, --output <format>", outputs.join("|"))
      .option("-A, --all-namespaces", "all namespaces")
      .option("-l, --selector <labels>", "only objects with these labels: app=shop,tier!=db")
      .option("--timeout-seconds <n>", "end --watch of a tree after this many seconds", "0");
  },
  run: get,
};
