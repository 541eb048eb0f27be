// Plays rollouts from files in virtual time, against a described world, before they are applied
// anywhere. Exit 0: all healthy at the version asked for, 1: degraded or aborted, 2: not settled.
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { SourceDocument } from "../../api/yaml/documents.ts";
import { validateMetrics } from "../../core/analysis/validate-metrics.ts";
import { approximateSplit } from "../../core/replicas/counts-basic.ts";
import { lint } from "../../api/lint/lint.ts";
import { capabilitiesOf } from "../../controllers/delivery.ts";
import { parseSimulation } from "../../simulator/document.ts";
import { endOf, type RolloutEnd } from "../../simulator/end.ts";
import { quietWorld, type Scenario } from "../../simulator/scenario.ts";
import { simulatedProviderKinds } from "../../simulator/stage.ts";
import { simulate, type Simulated } from "../../simulator/simulate.ts";
import { formatTranscript, type TranscriptLine } from "../../simulator/transcript.ts";
import {
  CliError,
  flag,
  listArgument,
  print,
  wantsJson,
  type CliCommand,
  type CliContext,
  type CommandCall,
  type ExitCode,
} from "../command.ts";
import { judgeProblem } from "../judge/judge-problem.ts";
import { readManifests, type Manifest, type Manifests } from "../read-manifests.ts";
import { weightChart } from "../render/weight-chart.ts";

const chartColumns = 70;
const dayMs = 24 * 3_600_000;
const updateAtMs = 60_000;

/** Typing mistakes would otherwise play another rollout than the one that is written. */
function refuseErrors(manifests: readonly Manifest[]): void {
  const documents = manifests.map(({ document }) => document);
  const core = { metricsProblem: validateMetrics, judgeProblem, split: approximateSplit };
  const errors = lint(documents, capabilitiesOf(simulatedProviderKinds), core).filter(
    ({ level }) => level === "error",
  );
  if (errors.length > 0) throw new CliError(errors.map(({ text }) => text).join("\n"));
}

function firstImageOf(object: KubeObject): string {
  const { spec } = asJson(object);
  const template = isJsonObject(spec) ? spec["template"] : undefined;
  const podSpec = isJsonObject(template) ? template["spec"] : undefined;
  const containers = isJsonObject(podSpec) ? podSpec["containers"] : undefined;
  const [first] = Array.isArray(containers) ? (containers as readonly Json[]) : [];
  const image = isJsonObject(first) ? first["image"] : undefined;
  return typeof image === "string" ? image : "app";
}

/** Nobody described a world: after a minute every rollout gets a version that behaves the same. */
function quietScenario(objects: readonly KubeObject[]): Scenario {
  const rollouts = objects.filter(({ kind }) => kind === "Rollout");
  const operator = rollouts.map((rollout) => ({
    atMs: updateAtMs,
    rollout: rollout.metadata.name,
    action: {
      kind: "setImage",
      image: `${firstImageOf(rollout).replace(/:[^:/]*$/, "")}:next`,
    } as const,
  }));
  const name = "an update that behaves the same";
  return {
    name,
    source: "no Simulation given",
    objects,
    world: { ...quietWorld, operator },
    forMs: dayMs,
  };
}

function described(document: SourceDocument, objects: readonly KubeObject[]): Scenario {
  const { name, world, forMs } = parseSimulation(document);
  return { name, source: document.file, objects, world, forMs };
}

function scenariosOf({ objects: manifests, ours }: Manifests): readonly Scenario[] {
  const objects = manifests.map(({ object }) => object);
  if (!objects.some(({ kind }) => kind === "Rollout"))
    throw new CliError(
      "there is no Rollout in these files; name one with the Services and templates it uses",
    );
  const simulations = ours.filter(({ object }) => object["kind"] === "Simulation");
  return simulations.length === 0
    ? [quietScenario(objects)]
    : simulations.map((document) => described(document, objects));
}

function chartOf(lines: readonly TranscriptLine[], rollout: string): readonly string[] {
  const own = lines.filter((line) => line.rollout === rollout);
  const points = own.flatMap(({ atMs, weight }) =>
    weight === undefined ? [] : [{ atMs, weightPercent: weight }],
  );
  const firstUpdate = own.find(({ did }) => did !== undefined)?.atMs ?? 0;
  const update = points.filter(({ atMs }) => atMs >= firstUpdate);
  const lastMs = Math.max(firstUpdate + 1000, ...update.map(({ atMs }) => atMs));
  if (update.length < 2) return [];
  const marks = own.flatMap(({ atMs, did }) => (did === undefined ? [] : [{ atMs, label: did }]));
  return weightChart(update, marks, {
    fromMs: firstUpdate,
    toMs: lastMs + (lastMs - firstUpdate) / 20,
    width: chartColumns,
  });
}

function printPlay(
  { scenario, lines }: Simulated,
  ends: readonly RolloutEnd[],
  cli: CliContext,
): void {
  print(cli, scenario.name);
  for (const line of formatTranscript(lines)) print(cli, line);
  for (const { name, text } of ends) {
    const chart = chartOf(lines, name);
    print(cli, "");
    if (chart.length > 0) print(cli, `weight of the new version of ${name}`);
    for (const line of chart) print(cli, line);
    print(cli, `${name}: ${text}`);
  }
}

function asOutput(
  { scenario, lines, ending, endedAtMs }: Simulated,
  rollouts: readonly RolloutEnd[],
): JsonObject {
  return {
    simulation: scenario.name,
    ending,
    endedAtSeconds: endedAtMs / 1000,
    rollouts: rollouts.map((end) => ({ ...end })),
    lines: lines.map((line) => asJson(line)),
  };
}

function exitCodeOf({ ending }: Simulated, ends: readonly RolloutEnd[]): ExitCode {
  if (ends.some(({ isGood, phase }) => !isGood && phase === "Degraded")) return 1;
  if (ending === "settled" && ends.every(({ isGood }) => isGood)) return 0;
  return 2;
}

async function run(call: CommandCall): Promise<ExitCode> {
  const { cli } = call;
  const isJson = wantsJson(call);
  const manifests = await readManifests(listArgument(call, 0), cli);
  if (flag(call, "lint")) refuseErrors(manifests.objects);
  const plays: JsonObject[] = [];
  const codes: ExitCode[] = [];
  for (const scenario of scenariosOf(manifests)) {
    const played = await simulate(scenario);
    const ends = await endOf(played.store);
    codes.push(exitCodeOf(played, ends));
    if (isJson) plays.push(asOutput(played, ends));
    else printPlay(played, ends, cli);
  }
  if (isJson) print(cli, JSON.stringify(plays.length === 1 ? plays[0] : plays, undefined, 2));
  return Math.max(...codes);
}

export const command: CliCommand = {
  declare(command) {
    command
      .argument("<files...>", "manifests, directories, and documents of kind Simulation")
      .option("-o, --output <format>", "json")
      .option("--no-lint", "play manifests with mistakes in them, too");
  },
  run,
};
