// From a bad version's first failed request to weight 0, through the real local cluster: the demo's
// service under the demo's load, its third version failing 20 % of its requests, over and over.
// npx tsx bench/detection.ts [repetitions]   (SOAK_BUILT=1: the built program)
import { badReleases, requestsPerSecond, rowOf } from "./bad-releases.ts";
import { report } from "./report.ts";

const repetitions = Number(process.argv[2] ?? 7);
const all = await badReleases({
  repetitions,
  failPercent: 20,
  patienceMs: 45_000,
  changed: (object) => object,
});
report(
  "detection",
  `A version failing 20 % of its requests, at 10 % of ${String(requestsPerSecond)} requests/s, judged each second, ${String(repetitions)} times`,
  [
    {
      ...rowOf("seconds from its first failed request to weight 0", all, ({ seconds }) => seconds),
      bound: { value: "most", most: 10 },
    },
    rowOf("failed requests until then", all, ({ failed }) => failed),
    rowOf("requests it got until then", all, ({ exposed }) => exposed),
    rowOf("failed requests after weight 0", all, ({ afterZero }) => afterZero),
  ],
);
