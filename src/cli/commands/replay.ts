// What if: the recorded measurements of a run judged again, by other settings or another judge.
import { judgeByKayenta } from "../judge/replay-by-kayenta.ts";
import { findRun, metricsOf, type ReadMetric } from "../judge/judged-run.ts";
import { replayJson, replayLines } from "../judge/explained.ts";
import { replayAsJudged, replayOtherwise } from "../../core/judge/recorded/replay.ts";
import { sequentialKind } from "../../api/argo/keys.ts";
import type { Metric } from "../../api/argo/analysis.ts";
import type { JsonObject } from "../../lib/json.ts";
import { formatTime } from "../../lib/time.ts";
import { ProviderError } from "../../metrics/provider.ts";
import {
  sequentialObjectOf,
  sequentialSettingsOf,
  type SequentialSettings,
} from "../../metrics/sequential/config.ts";
import {
  CliError,
  print,
  textArgument,
  textOption,
  usageError,
  wantsJson,
  type CliCommand,
  type CommandCall,
} from "../command.ts";
import { withConnection } from "../with-connection.ts";

const judges = ["sequential", "kayenta"] as const;

/** Option → the field of the judge's configuration it stands for. */
const changeable = {
  alpha: "alpha",
  margin: "margin",
  metrics: "metrics",
  safeRatio: "safeRatio",
  warmUp: "warmUp",
  clumps: "clumps",
} as const;

function changesOf(call: CommandCall): JsonObject {
  const entries = Object.entries(changeable).flatMap(([option, field]): [string, string][] => {
    const value = textOption(call, option);
    return value === undefined ? [] : [[field, value]];
  });
  return Object.fromEntries(entries);
}

function settingsWith(metric: Metric, changes: JsonObject): SequentialSettings {
  const changed = { ...sequentialObjectOf(metric), ...changes };
  try {
    return sequentialSettingsOf({ ...metric, provider: { plugin: { [sequentialKind]: changed } } });
  } catch (error) {
    if (error instanceof ProviderError) throw new CliError(error.message, { cause: error });
    throw error;
  }
}

interface Told {
  readonly lines: readonly string[];
  readonly json: JsonObject;
}

function replaySequentially(read: ReadMetric, changes: JsonObject): Told {
  const { metric, record } = read;
  const { name } = metric;
  if (record === undefined) throw new CliError(`metric ${name}: nothing has been recorded yet`);
  const { judge: recordedBy } = sequentialSettingsOf(metric);
  const { judge } = settingsWith(metric, changes);
  const isSame = Object.keys(changes).length === 0;
  const replayed = isSame
    ? replayAsJudged(recordedBy, record)
    : replayOtherwise(judge, recordedBy, record);
  if (!replayed.ok) throw new CliError(`metric ${name}: ${replayed.problem}`);
  const { replay } = replayed;
  const sameness =
    replay.state === record.state ? "the same evidence, to the bit" : "OTHER EVIDENCE";
  const title = isSame
    ? `metric ${name}, judged again: ${sameness}`
    : `metric ${name}, judged otherwise`;
  const json = replayJson(name, read.result?.phase ?? "Pending", judge, replay);
  return {
    lines: [title, ...replayLines(judge, replay)],
    json: isSame ? { ...json, isSame: replay.state === record.state } : json,
  };
}

function told(read: ReadMetric, call: CommandCall): Told {
  const asked = textOption(call, "judge") ?? "sequential";
  const judge = judges.find((known) => known === asked);
  if (judge === undefined)
    throw usageError(call, `--judge ${asked} is not known; use ${judges.join(" or ")}`);
  const changes = changesOf(call);
  if (judge === "sequential" && textOption(call, "mode") !== undefined)
    throw usageError(call, "--mode is for --judge kayenta");
  if (judge === "sequential") return replaySequentially(read, changes);
  if (Object.keys(changes).length > 0)
    throw usageError(call, `--judge kayenta takes no ${Object.keys(changes).join(", ")}`);
  const mode = textOption(call, "mode") ?? "strict";
  if (mode !== "strict" && mode !== "parity")
    throw usageError(call, `--mode ${mode} is not known; use strict or parity`);
  return judgeByKayenta(read, mode);
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<run>", "an analysis run, or a rollout: the run it is judged by")
      .option("--judge <name>", judges.join(" or "), "sequential")
      .option("--alpha <share>", "how often a good version may be called worse: 0.001")
      .option("--margin <share>", "how much worse counts as no worse: 50%")
      .option("--metrics <names>", "only these: errors,latency")
      .option("--safe-ratio <times>", "safe is less than this many times as bad")
      .option("--warm-up <duration>", "leave out the beginning: 30s")
      .option("--clumps <how>", "guarded or off")
      .option("--mode <how>", "of the judge kayenta: strict or parity")
      .option("-o, --output <format>", "json");
  },
  async run(call) {
    const isJson = wantsJson(call);
    await withConnection(call, async ({ store, namespace }) => {
      const run = await findRun(store, namespace, textArgument(call, 0) ?? "");
      const judged = metricsOf(run).filter(({ isJudged }) => isJudged);
      if (judged.length === 0)
        throw new CliError(
          `${run.metadata.name} has no metric of ${sequentialKind}: what was counted is recorded only for those`,
        );
      const all = judged.map((read) => told(read, call));
      if (isJson) {
        const metrics = all.map(({ json }) => json);
        print(call.cli, JSON.stringify({ run: run.metadata.name, metrics }, undefined, 2));
        return;
      }
      const startedAt = run.status?.startedAt ?? formatTime(0);
      print(call.cli, `${run.metadata.name}, begun at ${startedAt}`);
      for (const { lines } of all) print(call.cli, ["", ...lines].join("\n"));
    });
    return 0;
  },
};
