// How much harm a bad canary does until it is rolled back: this project's judge beside models of the documented rules of
// others, on the same simulated hours (100 requests/s, 5 % to the canary, stable fails .1 %).
// npx tsx bench/judge.ts [hours per row, 200] [--figure docs/images/judge-exposure.svg]
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { argoExampleRule } from "./judge/argo-example.ts";
import { exposuresOf, type Exposure } from "./judge/exposure.ts";
import { figureOf } from "./judge/figure.ts";
import { flaggerRule } from "./judge/flagger.ts";
import { kayentaRule } from "./judge/kayenta.ts";
import { mannWhitneyRule } from "./judge/mann-whitney.ts";
import type { Rule } from "./judge/rules.ts";
import { sequentialRule } from "./judge/sequential.ts";
import { report, type Row } from "./report.ts";

const hours = Number(process.argv[2] ?? 200);
const figureAt = process.argv.indexOf("--figure");

const traffic = { requestsPerSecond: 100, share: 0.05, stableRate: 0.001 };
const rates = [0.001, 0.005, 0.01, 0.05, 0.2, 1];

const rules: ReadonlyMap<string, Rule> = new Map([
  ["sequential, as published", sequentialRule({ margin: 0, clumps: "off" }, { ticksBefore: 0 })],
  ["sequential, defaults", sequentialRule({}, { ticksBefore: 60 })],
  ["Flagger 99 %/1 m", flaggerRule],
  ["Argo's example 95 %/5 m", argoExampleRule],
  ["Kayenta, 15 min looks", kayentaRule],
  ["Mann-Whitney, 5 min", mannWhitneyRule],
]);

const finite = (values: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));

function rowOf(rate: number, name: string, exposure: Exposure): Row {
  const isHealthy = rate === traffic.stableRate;
  const percent = `${Number((rate * 100).toPrecision(3))} %`;
  const what = isHealthy ? `${percent} (no change)` : percent;
  const isOurs = name.startsWith("sequential");
  return {
    name: `${what}: ${name}`,
    values: finite({
      "rolled back": exposure.rolledBack,
      "s p50": exposure.seconds.p50,
      "s p95": exposure.seconds.p95,
      "requests p50": exposure.requests.p50,
      "requests p95": exposure.requests.p95,
      "failed p50": exposure.failed.p50,
      "failed p95": exposure.failed.p95,
    }),
    // alpha = .01 with the noise of the number of hours.
    ...(isHealthy && isOurs
      ? {
          bound: {
            value: "rolled back",
            most: Number((0.01 + 3 * Math.sqrt(0.01 / hours)).toFixed(3)),
          },
        }
      : {}),
  };
}

const startedMs = performance.now();
const found = rates.map((rate) => ({ rate, exposures: exposuresOf(rules, traffic, rate, hours) }));
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);

report(
  "judge",
  `Requests a canary fails until it is rolled back, ${String(hours)} hours each, played in ${seconds} s`,
  found.flatMap(({ rate, exposures }) =>
    [...exposures].map(([name, exposure]) => rowOf(rate, name, exposure)),
  ),
);

if (figureAt !== -1) {
  const file = process.argv[figureAt + 1] ?? "docs/images/judge-exposure.svg";
  const lines = [...rules.keys()].map((name) => ({
    name,
    points: found
      .filter(({ rate }) => rate !== traffic.stableRate)
      .map(({ rate, exposures }) => {
        const exposure = exposures.get(name);
        const failed = exposure?.failed.p50 ?? NaN;
        return { rate, failed, never: exposure?.seconds.p50 === Infinity };
      }),
  }));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, figureOf("Failed requests until rollback, median", lines));
}
