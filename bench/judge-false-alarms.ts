// False alarms of the sequential judge, looked at after every tick, in worlds in which the canary is no worse than allowed,
// and wrong actions in the nine cases of attribution. 8,000 runs of 720 ticks each take about an hour on one core.
// npx tsx bench/judge-false-alarms.ts [runs, 200] [ticks, 720] [seeds of attribution, runs / 8] [part of a name, or attribution]
import {
  signals,
  troubles,
  wrongAction,
} from "../src/core/judge/sequential/attribution.test-support.ts";
import { falseAlarms, worlds } from "../src/core/judge/sequential/false-alarms.test-support.ts";
import { clopperPearsonLower } from "../src/core/judge/sequential/simulated.test-support.ts";
import { report, type Row } from "./report.ts";

const runs = Number(process.argv[2] ?? 200);
const ticks = Number(process.argv[3] ?? 720);
const seeds = Number(process.argv[4] ?? Math.ceil(runs / 8));
const part = process.argv[5] ?? "";

function alarmRow(world: (typeof worlds)[number]): readonly Row[] {
  const startedMs = performance.now();
  const { at05, at01 } = falseAlarms(world, { runs, ticks, seed: 20_260 });
  const seconds = (performance.now() - startedMs) / 1000;
  const row = (alpha: string, alarms: number, most: number): Row => ({
    name: `${world.name}, alpha ${alpha}`,
    values: {
      "false alarms": alarms / runs,
      "at least (99.9 %)": clopperPearsonLower(alarms, runs, 0.999),
      seconds,
    },
    bound: { value: "at least (99.9 %)", most },
  });
  const lax = row(".05", at05, 0.05);
  return world.asks === "safe" ? [lax] : [lax, row(".01", at01, 0.01)];
}

function attributionRow(trouble: (typeof troubles)[number], signal: (typeof signals)[number]): Row {
  const startedMs = performance.now();
  const wrong = Array.from({ length: seeds }, (_, seed) => wrongAction(trouble, signal, seed));
  const found = wrong.filter((action) => action !== undefined);
  for (const action of found.slice(0, 3)) console.error(`${trouble}, ${signal}: ${action}`);
  return {
    name: `wrong actions: ${trouble}, seen by ${signal}, of ${String(seeds)}`,
    values: { wrong: found.length, seconds: (performance.now() - startedMs) / 1000 },
    bound: { value: "wrong", most: 0 },
  };
}

const alarmRows = worlds.filter(({ name }) => name.includes(part)).flatMap(alarmRow);
const attributionRows =
  part === "" || part === "attribution"
    ? troubles.flatMap((trouble) => signals.map((signal) => attributionRow(trouble, signal)))
    : [];
report(
  "judge-false-alarms",
  `Canaries no worse than allowed that were called worse: ${String(runs)} runs of ${String(ticks)} ticks, looked at after each`,
  [...alarmRows, ...attributionRows],
);
