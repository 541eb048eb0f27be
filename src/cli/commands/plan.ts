// Before it starts: which regressions the steps of a rollout can see, how soon, and what they cost users.
import type { Rollout } from "../../api/argo/rollout.ts";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import { planOf, type Plan, type PlanSettings, type Quantiles } from "../../core/judge/plan.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import { isStoreError, type ObjectStore } from "../../objects/object-store.ts";
import {
  CliError,
  listOption,
  print,
  textArgument,
  textOption,
  usageError,
  wantsJson,
  type CliCommand,
  type CommandCall,
} from "../command.ts";
import { getRollout, parsedRollout } from "../fetch-tree.ts";
import { findRun } from "../judge/judged-run.ts";
import { measuredTraffic, type MeasuredTraffic } from "../judge/measured-traffic.ts";
import { stepsToPlan } from "../judge/planned-steps.ts";
import { readManifests } from "../read-manifests.ts";
import { formatTable } from "../render/table.ts";
import { withConnection } from "../with-connection.ts";

/** A number, or a percentage; undefined = not given. */
function numberOption(call: CommandCall, name: string, spelled: string): number | undefined {
  const text = textOption(call, name);
  if (text === undefined) return undefined;
  const percent = /^([\d.]+)\s*%$/.exec(text)?.[1];
  const number = percent === undefined ? Number(text) : Number(percent) / 100;
  if (Number.isFinite(number) && number > 0) return number;
  throw usageError(call, `--${spelled} ${text} is no number above 0`);
}

interface Subject {
  readonly rollout: Rollout;
  readonly measured: MeasuredTraffic | undefined;
}

async function subjectFromFiles(files: readonly string[], call: CommandCall): Promise<Subject> {
  const { objects } = await readManifests(files, call.cli);
  const rollouts = objects.filter(({ object }) => object.kind === "Rollout");
  const name = textArgument(call, 0);
  const chosen = rollouts.filter(
    ({ object }) => name === undefined || object.metadata.name === name,
  );
  const [only, ...others] = chosen;
  if (only === undefined || others.length > 0) {
    const names = rollouts.map(({ object }) => object.metadata.name).join(", ");
    const found = names === "" ? "there is no rollout" : `the rollouts are ${names}`;
    const wanted = name === undefined ? "" : `no rollout '${name}': `;
    throw new CliError(`${wanted}${found} in these files; name the one to plan`);
  }
  return { rollout: parseRollout(only.document.object).rollout, measured: undefined };
}

async function lastMeasured(
  store: ObjectStore,
  namespace: string,
  name: string,
): Promise<MeasuredTraffic | undefined> {
  try {
    return measuredTraffic(await findRun(store, namespace, name));
  } catch (error) {
    // No run yet, or none may be read: then the traffic has to be given.
    if (error instanceof CliError || isStoreError(error, "Forbidden")) return undefined;
    throw error;
  }
}

async function subjectOf(call: CommandCall): Promise<Subject> {
  const files = listOption(call, "filename");
  if (files.length > 0) return subjectFromFiles(files, call);
  const name = textArgument(call, 0);
  if (name === undefined)
    throw usageError(call, "which rollout? Name it, or give its files with -f");
  return withConnection(call, async ({ store, namespace }) => ({
    rollout: parsedRollout(await getRollout(store, namespace, name)),
    measured: await lastMeasured(store, namespace, name),
  }));
}

const ordinaryBaseRate = 0.001;

/** How long to count a step for that waits for a person or an answer. */
function openSecondsOf(call: CommandCall): number {
  const text = textOption(call, "openStep") ?? "10m";
  const duration = parseGoDuration(text);
  if (duration.ok && duration.ms > 0) return duration.ms / 1000;
  throw usageError(call, `--open-step ${text} is no duration such as 10m`);
}

function settingsOf(call: CommandCall, { measured, rollout }: Subject): PlanSettings {
  const requestsPerSecond =
    numberOption(call, "requestsPerSecond", "requests-per-second") ?? measured?.requestsPerSecond;
  if (requestsPerSecond === undefined)
    throw new CliError(
      `how much traffic has '${rollout.metadata.name}'? Nothing was recorded yet; say --requests-per-second 100`,
    );
  const given = numberOption(call, "errorRate", "error-rate");
  const { strategy } = rollout.spec;
  const watched = strategy.kind === "canary" ? strategy.guard.length : 0;
  const alpha = numberOption(call, "alpha", "alpha");
  const margin = numberOption(call, "margin", "margin");
  return {
    requestsPerSecond,
    baseRate: given ?? measured?.baseRate ?? ordinaryBaseRate,
    weight: watched > 1 ? 1 / watched : 1,
    ...(alpha === undefined ? {} : { alpha }),
    ...(margin === undefined ? {} : { margin }),
  };
}

const shownShare = (share: number): string => `${String(Number((share * 100).toPrecision(3)))} %`;

function secondsText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "never";
  return seconds < 120 ? `${String(Math.ceil(seconds))}s` : `${String(Math.ceil(seconds / 60))}m`;
}

const pair = ({ p50, p95 }: Quantiles, text: (value: number) => string): string =>
  `${text(p50)} / ${text(p95)}`;
const counted = (value: number): string => Math.round(value).toLocaleString("en");

function regressionRows({ regressions }: Plan): readonly (readonly string[])[] {
  return regressions.map(({ ratio, rate, seen, seconds, requests, failed, step }) => [
    `${String(Number(ratio.toPrecision(3)))} times`,
    shownShare(rate),
    shownShare(seen),
    pair(seconds, secondsText),
    pair(requests, counted),
    pair(failed, counted),
    step === undefined ? "-" : String(step + 1),
  ]);
}

function stepNote({ isBlind, addsNothing, surplusSeconds }: Plan["steps"][number]): string {
  if (isBlind) return "sees nothing: too few requests to compare";
  if (addsNothing) return "sees nothing new: it costs time and users";
  return surplusSeconds >= 1 ? `${secondsText(surplusSeconds)} longer than it needs` : "";
}

function stepRows({ steps }: Plan): readonly (readonly string[])[] {
  return steps.map((step, index) => [
    String(index + 1),
    shownShare(step.share),
    secondsText(step.toSeconds - step.fromSeconds),
    step.smallestRatio === undefined
      ? "-"
      : `${String(Number(step.smallestRatio.toPrecision(3)))} times`,
    stepNote(step),
  ]);
}

function planLines(
  { rollout: { metadata } }: Subject,
  settings: PlanSettings,
  plan: Plan,
): readonly string[] {
  const { requestsPerSecond, baseRate } = settings;
  const { atMost, played } = plan.falseRollback;
  return [
    `${metadata.name}: ${String(Number(requestsPerSecond.toPrecision(3)))} requests/s, of which ${shownShare(baseRate)} fail today`,
    "",
    "a version that fails so many times as often",
    ...formatTable([
      ["WORSE", "FAILS", "CAUGHT", "AFTER p50/p95", "REQUESTS TO IT", "FAILED", "STEP"],
      ...regressionRows(plan),
    ]),
    "",
    "step by step",
    ...formatTable([["STEP", "SHARE", "LASTS", "CATCHES FROM", ""], ...stepRows(plan)]),
    "",
    `a version that is no worse is taken back in at most ${shownShare(atMost)} of all rollouts (${shownShare(played)} when played)`,
  ];
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("[rollout]", "the rollout")
      .option("-f, --filename <file...>", "its manifests, before it is applied anywhere")
      .option("--requests-per-second <n>", "of both versions; default: as last recorded")
      .option(
        "--error-rate <share>",
        "of the version there is; default: as last recorded, else 0.1%",
      )
      .option("--open-step <duration>", "how long a step lasts that has no end of its own: 10m")
      .option("--alpha <share>", "how often a good version may be called worse: 0.01")
      .option("--margin <share>", "how much worse counts as no worse: 20%")
      .option("-o, --output <format>", "json");
  },
  async run(call) {
    const isJson = wantsJson(call);
    const subject = await subjectOf(call);
    const settings = settingsOf(call, subject);
    const { steps, notes } = stepsToPlan(subject.rollout, openSecondsOf(call));
    const plan = planOf(settings, steps);
    if (isJson) {
      const { name } = subject.rollout.metadata;
      print(call.cli, JSON.stringify({ rollout: name, settings, ...plan, notes }, undefined, 2));
      return 0;
    }
    for (const line of planLines(subject, settings, plan)) print(call.cli, line.trimEnd());
    for (const note of notes) print(call.cli, `note: ${note}`);
    return 0;
  },
};
