// What the containers of a pod, or of all pods of a rollout, wrote.
import type { Pod } from "../../api/kubernetes/pod.ts";
import { isControlledBy } from "../../api/meta/object.ts";
import type { ReplicaSet } from "../../api/kubernetes/workloads.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { haldaneError } from "../../lib/errors.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { parseTime } from "../../lib/time.ts";
import { isStoreError } from "../../objects/object-store.ts";
import {
  flag,
  textArgument,
  textOption,
  usageError,
  type CliCommand,
  type CliContext,
  type CommandCall,
  type Connection,
  type LogOptions,
} from "../command.ts";
import { describeError } from "../describe-error.ts";
import { rolloutRef, rolloutScope } from "../fetch-tree.ts";
import { follow } from "../live.ts";
import { withConnection } from "../with-connection.ts";

const pollMs = 2000;

type PodsNow = () => Promise<readonly Pod[]>;

/** The pod of that name, or whatever pods the rollout of that name has when asked. */
async function podsNamed(
  name: string,
  { store, namespace }: Connection,
): Promise<{ readonly isRollout: boolean; readonly now: PodsNow }> {
  const pod = await store.get<Pod>({ apiVersion: "v1", kind: "Pod", namespace, name });
  if (pod) return { isRollout: false, now: async () => [pod] };
  const rollout = await store.get(rolloutRef(namespace, name));
  if (!rollout) throw await neitherFound(name, { store, namespace });
  const now = async (): Promise<readonly Pod[]> => {
    const { items: sets } = await store.list<ReplicaSet>({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      namespace,
    });
    const { items: pods } = await store.list<Pod>({ apiVersion: "v1", kind: "Pod", namespace });
    const owned = sets.filter((set) => isControlledBy(set, rollout));
    return pods.filter((candidate) => owned.some((set) => isControlledBy(candidate, set)));
  };
  return { isRollout: true, now };
}

async function neitherFound(
  name: string,
  { store, namespace }: Pick<Connection, "store" | "namespace">,
): Promise<Error> {
  const { items: rollouts } = await store.list(rolloutScope(namespace));
  const { items: pods } = await store.list({ apiVersion: "v1", kind: "Pod", namespace });
  const meant = didYouMean(
    name,
    [...rollouts, ...pods].map(({ metadata }) => metadata.name),
  );
  const hint = meant === undefined ? {} : { didYouMean: meant };
  return haldaneError("OBJECT_NOT_FOUND", { kind: "rollouts and pods", name, namespace, ...hint });
}

function logOptions(call: CommandCall): LogOptions {
  const tail = textOption(call, "tail");
  const container = textOption(call, "container");
  if (tail !== undefined && !/^\d+$/.test(tail))
    throw usageError(call, `--tail ${tail}: use a whole number of lines`);
  return {
    ...(container === undefined ? {} : { container }),
    ...(tail === undefined ? {} : { tailLines: Number(tail) }),
    follow: flag(call, "follow"),
    previous: flag(call, "previous"),
    timestamps: flag(call, "timestamps"),
    ...sinceOptions(call),
    signal: call.cli.signal,
  };
}

function sinceOptions(call: CommandCall): Pick<LogOptions, "sinceSeconds" | "sinceTime"> {
  const since = textOption(call, "since");
  const sinceTime = textOption(call, "sinceTime");
  if (since !== undefined && sinceTime !== undefined)
    throw usageError(call, "--since and --since-time: give one of them");
  if (sinceTime !== undefined) {
    if (parseTime(sinceTime) !== undefined) return { sinceTime };
    throw usageError(call, `--since-time ${sinceTime}: use a time like 2026-11-21T06:48:00Z`);
  }
  if (since === undefined) return {};
  const duration = parseGoDuration(since);
  if (duration.ok && duration.ms > 0) return { sinceSeconds: Math.ceil(duration.ms / 1000) };
  throw usageError(call, `--since ${since}: use a duration like 30s, 5m or 2h`);
}

/** kubectl's choice where none is named: the one a pod's author marked, else the first. */
function defaultContainer({ metadata, spec }: Pod): string | undefined {
  const marked = metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  return marked ?? spec.containers[0]?.name;
}

/** One pod's log, each line with the pod's name before it where several are printed. */
async function copyLog(
  pod: Pod,
  prefix: string,
  options: LogOptions,
  { cli, connection }: Copying,
): Promise<void> {
  const { name, namespace = "" } = pod.metadata;
  const decoder = new TextDecoder();
  let rest = "";
  const container = options.container ?? defaultContainer(pod);
  const chosen = { ...options, ...(container === undefined ? {} : { container }) };
  for await (const chunk of connection.podLogs(namespace, name, chosen)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) cli.stdout.write(`${prefix}${line}\n`);
  }
  if (rest !== "") cli.stdout.write(`${prefix}${rest}\n`);
}

interface Copying {
  readonly cli: CliContext;
  readonly connection: Connection;
}

/** What is there now, pod after pod; one that has not started does not keep the others back. */
async function printAll(
  pods: readonly Pod[],
  call: CommandCall,
  connection: Connection,
): Promise<number> {
  const { cli } = call;
  const copying = { cli, connection };
  let exitCode = 0;
  for (const pod of pods) {
    try {
      await copyLog(
        pod,
        pods.length > 1 ? `[${pod.metadata.name}] ` : "",
        logOptions(call),
        copying,
      );
    } catch (error) {
      if (
        pods.length === 1 ||
        !isStoreError(error) ||
        !["BadRequest", "NotFound"].includes(error.reason)
      )
        throw error;
      cli.stderr.write(`Error: ${error.message}\n`);
      exitCode = 1;
    }
  }
  return exitCode;
}

/** A log can be followed once its container has started. */
function hasStarted({ status }: Pod): boolean {
  return (
    status?.containerStatuses?.some(
      ({ state, restartCount }) => state?.waiting === undefined || restartCount > 0,
    ) === true
  );
}

/** All pods of a rollout, also those it makes later, until Ctrl-C. */
async function followAll(
  podsNow: PodsNow,
  call: CommandCall,
  connection: Connection,
): Promise<void> {
  const { cli } = call;
  const { namespace, store } = connection;
  const following = follow({
    store,
    scopes: [{ apiVersion: "v1", kind: "Pod", namespace }],
    clock: cli.clock,
    signal: cli.signal,
  });
  const followed = new Map<string, Promise<void>>();
  const options = { ...logOptions(call), signal: following.signal };
  try {
    while (!following.signal.aborted) {
      const started = (await podsNow()).filter(hasStarted);
      for (const pod of started.filter(({ metadata }) => !followed.has(metadata.name))) {
        const copy = copyLog(pod, `[${pod.metadata.name}] `, options, { cli, connection });
        followed.set(
          pod.metadata.name,
          copy.catch(
            (error: unknown) => void cli.stderr.write(`Error: ${describeError(error, cli.env)}\n`),
          ),
        );
      }
      await following.changed(pollMs);
    }
  } finally {
    following.end();
    await Promise.all(followed.values());
  }
}

async function logs(call: CommandCall): Promise<number> {
  const name = textArgument(call, 0) ?? "";
  logOptions(call);
  return withConnection(call, async (connection) => {
    const { isRollout, now } = await podsNamed(name, connection);
    if (flag(call, "follow") && isRollout) {
      await followAll(now, call, connection);
      return 0;
    }
    const pods = await now();
    if (pods.length === 0) call.cli.stderr.write(`rollout "${name}" has no pods\n`);
    return printAll(pods, call, connection);
  });
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<name>", "pod, or rollout for all of its pods")
      .option("-f, --follow", "go on as more is written")
      .option("-c, --container <name>", "container (default: the only one, or the first)")
      .option("-p, --previous", "of the container before its last restart")
      .option("--tail <lines>", "only the last lines")
      .option("--since <duration>", "only lines of the last 30s, 5m, 2h …")
      .option("--since-time <time>", "only lines since an RFC 3339 time")
      .option("--timestamps", "each line with its time");
  },
  run: logs,
};
