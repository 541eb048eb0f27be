import type { Experiment } from "../../api/argo/experiment.ts";
import { argoApiVersion } from "../../api/argo/keys.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { formatTime, type EpochMs } from "../../lib/time.ts";
import type { ListScope } from "../../objects/object-store.ts";
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
import { follow } from "../live.ts";
import { followRows, type FollowedRow } from "../render/rows.ts";
import {
  experimentColumns,
  experimentRow,
  rolloutColumns,
  rolloutRow,
} from "../render/list-rows.ts";
import { formatTable } from "../render/table.ts";
import { withConnection } from "../with-connection.ts";

const pollMs = 5000;

function rowOf(kind: string, object: KubeObject, now: EpochMs): readonly string[] {
  return kind === "Rollout" ? rolloutRow(object) : experimentRow(object as Experiment, now);
}

const kinds: Readonly<Record<string, string>> = {
  rollouts: "Rollout",
  rollout: "Rollout",
  ro: "Rollout",
  experiments: "Experiment",
  experiment: "Experiment",
  exp: "Experiment",
};

interface Listed {
  readonly header: readonly string[];
  readonly rows: readonly FollowedRow[];
}

/** Namespace and time of creation stand before the rest where they are asked for. */
function listedOf(kind: string, items: readonly KubeObject[], call: CommandCall): Listed {
  const isEverywhere = flag(call, "allNamespaces");
  const hasTimes = flag(call, "timestamps");
  const now = call.cli.clock.now();
  const leading = (time: string, namespace: string): readonly string[] => [
    ...(hasTimes ? [time] : []),
    ...(isEverywhere ? [namespace] : []),
  ];
  return {
    header: [
      ...leading("TIMESTAMP", "NAMESPACE"),
      ...(kind === "Rollout" ? rolloutColumns : experimentColumns),
    ],
    rows: items.map((item) => {
      const { namespace = "", name } = item.metadata;
      return {
        key: `${namespace}/${name}`,
        cells: [...leading(formatTime(now), namespace), ...rowOf(kind, item, now)],
      };
    }),
  };
}

function scopeOf(kind: string, call: CommandCall, { namespace }: Connection): ListScope {
  const name = textOption(call, "name");
  return {
    apiVersion: argoApiVersion,
    kind,
    ...(flag(call, "allNamespaces") ? {} : { namespace }),
    ...(name === undefined ? {} : { fieldSelector: { "metadata.name": name } }),
  };
}

async function listOnce(kind: string, call: CommandCall, connection: Connection): Promise<void> {
  const { items } = await connection.store.list(scopeOf(kind, call, connection));
  if (items.length === 0) {
    call.cli.stderr.write("No resources found.\n");
    return;
  }
  const { header, rows } = listedOf(kind, items, call);
  for (const line of formatTable([header, ...rows.map(({ cells }) => cells)]))
    print(call.cli, line);
}

async function listWatching(
  kind: string,
  call: CommandCall,
  connection: Connection,
): Promise<void> {
  const { cli } = call;
  const scope = scopeOf(kind, call, connection);
  const following = follow({
    store: connection.store,
    scopes: [scope],
    clock: cli.clock,
    signal: cli.signal,
  });
  const follower = followRows((line) => print(cli, line), ["TIMESTAMP", "REMAINING", "AGE"]);
  try {
    while (!following.signal.aborted) {
      const { items } = await connection.store.list(scope);
      const { header, rows } = listedOf(kind, items, call);
      follower.show(header, rows);
      await following.changed(pollMs);
    }
  } finally {
    following.end();
  }
}

async function list(call: CommandCall): Promise<number> {
  const word = textArgument(call, 0) ?? "rollouts";
  const kind = kinds[word];
  if (kind === undefined)
    throw usageError(
      call,
      `cannot list "${word}"; use rollouts or experiments, or haldane get ${word}`,
    );
  await withConnection(call, async (connection) =>
    (flag(call, "watch") ? listWatching : listOnce)(kind, call, connection),
  );
  return 0;
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("[kind]", "rollouts or experiments", "rollouts")
      .option("-A, --all-namespaces", "all namespaces")
      .option("--name <name>", "only this one")
      .option("-w, --watch", "go on with a line for each change")
      .option("--timestamps", "print the time before each line");
  },
  run: list,
};
