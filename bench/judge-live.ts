// The sequential judge through the real local cluster: the demo's service under 200 requests a second, a version that
// fails 20, 5 or 1 % of its requests at 10 % of the traffic, guarded by `haldane.dev/guard: errors,latency`. Measured
// is the time from its first failed request to weight 0, and how many requests failed until then.
// npx tsx bench/judge-live.ts [repetitions [percent…]]   (SOAK_BUILT=1: the built program)
import type { KubeObject } from "../src/api/meta/object.ts";
import { badReleases, requestsPerSecond, rowOf } from "./bad-releases.ts";
import { report, type Row } from "./report.ts";

const [repetitionsText = "10", ...percentTexts] = process.argv.slice(2);
const repetitions = Number(repetitionsText);
const percents = percentTexts.length === 0 ? [20, 5, 1] : percentTexts.map(Number);

/** The demo's objects, with the guard in place of its own analysis and a pause that nobody waits out. */
function guarded(object: KubeObject): KubeObject {
  if (object.kind !== "Rollout") return object;
  const { spec, metadata } = object as KubeObject & {
    readonly spec: { readonly strategy: { readonly canary: Readonly<Record<string, unknown>> } };
  };
  const { analysis: _own, ...canary } = spec.strategy.canary;
  const steps = [{ setWeight: 10 }, { pause: { duration: "30m" } }];
  const annotations = { "haldane.dev/guard": "errors,latency" };
  const judged = {
    ...object,
    metadata: { ...metadata, annotations },
    spec: { ...spec, strategy: { canary: { ...canary, steps } } },
  };
  return judged;
}

async function rowsOf(percent: number): Promise<readonly Row[]> {
  const all = await badReleases({
    repetitions,
    failPercent: percent,
    patienceMs: 29 * 60_000,
    changed: guarded,
  });
  const name = (what: string): string => `${String(percent)} % fail: ${what}`;
  return [
    rowOf(name("seconds until weight 0"), all, ({ seconds }) => seconds),
    rowOf(name("failed requests until then"), all, ({ failed }) => failed),
    rowOf(name("requests it got until then"), all, ({ exposed }) => exposed),
  ];
}

const rows: Row[] = [];
for (const percent of percents) rows.push(...(await rowsOf(percent)));
report(
  "judge-live",
  `Judged each second at 10 % of ${String(requestsPerSecond)} requests/s, ${String(repetitions)} times each`,
  rows,
);
