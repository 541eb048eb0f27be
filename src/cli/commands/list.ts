import type { Experiment } from "../../api/argo/experiment.ts";
import { argoApiVersion } from "../../api/argo/keys.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import { clientPhase } from "../../core/rollout/phase.ts";
import { strategyNames, weightView } from "../../core/view/rollout-view.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { humanDuration } from "../../lib/human-duration.ts";
import { formatTime, parseTime, type EpochMs } from "../../lib/time.ts";
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
import { parsedRollout } from "../fetch-tree.ts";
import { follow } from "../live.ts";
import { followRows, type FollowedRow } from "../render/rows.ts";
import { formatTable } from "../render/table.ts";
import { age } from "../render/tree.ts";
import { withConnection } from "../with-connection.ts";

const pollMs = 5000;

const rolloutColumns = [
  "NAME",
  "STRATEGY",
  "STATUS",
  "STEP",
  "SET-WEIGHT",
  "READY",
  "DESIRED",
  "UP-TO-DATE",
  "AVAILABLE",
];
const experimentColumns = ["NAME", "STATUS", "DURATION", "REMAINING", "AGE"];

function rolloutRow(manifest: KubeObject): readonly string[] {
  const rollout = parsedRollout(manifest);
  const { spec, status } = rollout;
  const weights = weightView(rollout);
  return [
    manifest.metadata.name,
    strategyNames[spec.strategy.kind],
    clientPhase(asJson(manifest)).phase,
    weights === undefined || weights.step === "" ? "-" : weights.step,
    weights === undefined ? "-" : String(weights.setWeight),
    `${status.readyReplicas ?? 0}/${status.replicas ?? 0}`,
    String(spec.replicas ?? 1),
    String(status.updatedReplicas ?? 0),
    String(status.availableReplicas ?? 0),
  ];
}

function experimentRow(experiment: Experiment, now: EpochMs): readonly string[] {
  const { name, creationTimestamp } = experiment.metadata;
  const { duration } = experiment.spec;
  const { phase = "Pending", availableAt } = experiment.status ?? {};
  const parsed = duration === undefined ? undefined : parseGoDuration(duration);
  const availableAtMs = parseTime(availableAt);
  const isTimed = parsed?.ok === true && availableAtMs !== undefined && phase === "Running";
  const remaining = isTimed ? humanDuration(Math.max(0, availableAtMs + parsed.ms - now)) : "-";
  return [name, phase, duration ?? "-", remaining, age(creationTimestamp, now)];
}

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
