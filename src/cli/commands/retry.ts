// `retry shop`, `retry rollout shop`, `retry experiment exp`.
import { argoApiVersion } from "../../api/argo/keys.ts";
import { asJson } from "../../api/meta/wire.ts";
import { judgeAnew, retry, retryExperiment } from "../../core/rollout/commands.ts";
import type { CommandPatches } from "../../core/rollout/commands.ts";
import {
  flag,
  listArgument,
  print,
  usageError,
  type CliCommand,
  type CommandCall,
} from "../command.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { mustExist } from "../must-exist.ts";
import { sendPatches } from "../send-patches.ts";
import { withConnection } from "../with-connection.ts";

const kinds: Readonly<Record<string, "Rollout" | "Experiment">> = {
  rollout: "Rollout",
  rollouts: "Rollout",
  ro: "Rollout",
  experiment: "Experiment",
  experiments: "Experiment",
  exp: "Experiment",
};

function targetsOf(call: CommandCall): {
  readonly kind: "Rollout" | "Experiment";
  readonly names: readonly string[];
} {
  const words = listArgument(call, 0);
  const [first = "", ...rest] = words;
  const kind = kinds[first];
  if (kind === undefined || rest.length === 0) {
    if (kind !== undefined)
      throw usageError(call, `which ${first}? Write: haldane retry ${first} NAME`);
    return { kind: "Rollout", names: words };
  }
  return { kind, names: rest };
}

/** A terminated experiment would only end again at once. */
function startedAnew({ spec }: JsonObject): CommandPatches {
  const patches = retryExperiment();
  const isTerminated = isJsonObject(spec) && spec["terminate"] === true;
  return isTerminated
    ? { ...patches, main: { ...patches.main, spec: { terminate: false } } }
    : patches;
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<what...>", "NAME…, rollout NAME… or experiment NAME…")
      .option("--judge-anew", "forget what was learned of this revision: the cause was elsewhere");
  },
  async run(call) {
    const { kind, names } = targetsOf(call);
    await withConnection(call, async ({ store, namespace }) => {
      for (const name of names) {
        const ref = { apiVersion: argoApiVersion, kind, namespace, name };
        const manifest = asJson(await mustExist(store, ref));
        const patches = kind === "Rollout" ? retry() : startedAnew(manifest);
        const isAborted = isJsonObject(manifest["status"]) && manifest["status"]["abort"] === true;
        if (kind === "Rollout" && !isAborted) {
          print(call.cli, `rollout '${name}' is not aborted: nothing to retry`);
          continue;
        }
        // First, so that no run of the new attempt goes on from what is to be forgotten.
        if (kind === "Rollout" && flag(call, "judgeAnew"))
          await sendPatches(store, ref, judgeAnew(call.cli.clock.now()));
        await sendPatches(store, ref, patches);
        print(call.cli, `${kind.toLowerCase()} '${name}' retried`);
      }
    });
    return 0;
  },
};
