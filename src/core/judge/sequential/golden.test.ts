// The values the formulas must give, to 1e-6; golden.vectors.json has more of them, computed with scipy (scripts/judge-golden.py).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addGain, capitalEvidence, startCapital } from "./betting.ts";
import type { SequentialConfig } from "./config.ts";
import { addToCurve, confidenceOf, noCurve } from "./confidence.ts";
import { addCounts, dispersionOf, noDispersion } from "./dispersion.ts";
import { fisherLogRatios, type Pair } from "./fisher.ts";
import { latencyFactors } from "./latency-test.ts";
import { logFactorial } from "../../../lib/log-factorial.ts";
import { addLogs, logEvidence, noEvidence, ratioLogs, safeFactors, worseFactors } from "./ratio.ts";
import { addDifference, noFlips, signFlipEvidence } from "./sign-flip.ts";
import { clopperPearsonLower, normalTail } from "./simulated.test-support.ts";
import { advance } from "./sequential.ts";
import { begin } from "./state.ts";
import type { Tick } from "./tick.ts";
import { verdictOf } from "./verdict.ts";

type Numbers = readonly number[];

interface Golden {
  readonly errors: readonly {
    readonly ticks: readonly Numbers[];
    readonly margin: number;
    readonly worse: Numbers;
    readonly safe: Numbers;
    readonly confidence: Numbers;
  }[];
  readonly fisher: readonly {
    readonly tick: Numbers;
    readonly null: number;
    readonly logs: Numbers;
  }[];
  readonly signFlip: { readonly differences: Numbers; readonly logE: number };
  readonly betting: { readonly gains: Numbers; readonly logE: number };
  readonly dispersion: {
    readonly total: number;
    readonly counts: Numbers;
    readonly varianceOverMean: number;
  };
  readonly logFactorial: readonly Numbers[];
  readonly normalTail: readonly Numbers[];
  readonly clopperPearson: readonly Numbers[];
}

const file = readFileSync(new URL("./golden.vectors.json", import.meta.url), "utf8");
const golden = JSON.parse(file) as Golden;

const rows = [
  [50, 950, 0, 1],
  [50, 950, 1, 1],
  [250, 750, 2, 1],
  [250, 750, 4, 2],
  [0, 1000, 0, 3],
  [500, 500, 9, 3],
] as const;

const ticks = rows.map(([canary, stable, canaryFailed, stableFailed], index): Tick => ({
  fromMs: index * 5000,
  toMs: (index + 1) * 5000,
  samples: {
    errors: {
      canary: { total: canary, count: canaryFailed },
      stable: { total: stable, count: stableFailed },
    },
  },
}));

describe("errors", () => {
  it.each([
    [0, [-0.169764, 0.685374, 1.515225, 3.42209, 3.42209, 4.494983]],
    [0.2, [-0.190067, 0.585368, 1.230056, 2.718165, 2.718165, 3.299381]],
  ])("log E after each tick, margin %s", (margin, expected) => {
    const config: SequentialConfig = {
      metrics: [{ name: "errors", kind: "errors", margin }],
      clumps: "off",
    };
    let state = begin(config, 0);
    const path = ticks.map((tick) => {
      state = advance(config, state, [tick]).state;
      return verdictOf(config, state, tick.toMs).evidence.logE;
    });
    path.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] ?? NaN, 6);
    });
  });
});

describe("latency", () => {
  const factors = [1.1, 1.25, 1.5, 2, 3, 5];
  it.each([
    [
      [50, 450, 12, 60],
      [0.431785, 0.926806, 1.45389, 1.815405, 1.227486, -1.567157],
    ],
    [
      [5, 5, 5, 0],
      [0.235122, 0.540578, 0.956672, 1.566832, 2.332353, 3.146157],
    ],
  ] as const)(
    "Fisher's likelihood ratios of %s",
    ([total, otherTotal, bad, otherBad], expected) => {
      const logs = fisherLogRatios({ total, otherTotal, bad, otherBad }, 1, factors);
      logs.forEach((value, index) => {
        expect(value).toBeCloseTo(expected[index] ?? NaN, 6);
      });
    },
  );
});

const pairOf = (tick: readonly number[]): Pair => {
  const [total = NaN, otherTotal = NaN, bad = NaN, otherBad = NaN] = tick;
  return { total, otherTotal, bad, otherBad };
};

function pathOf(
  ticks: readonly (readonly number[])[],
  ratio: number,
  factors: readonly number[],
): readonly number[] {
  let logs = noEvidence(factors.length);
  return ticks.map((tick) => {
    logs = addLogs(logs, ratioLogs(pairOf(tick), ratio, factors), 1, (log) => log);
    return logEvidence(logs);
  });
}

function expectClose(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, index) => {
    expect(value).toBeCloseTo(expected[index] ?? NaN, 6);
  });
}

describe("scipy's values", () => {
  it.each(golden.errors)("errors $margin $confidence", ({ ticks, margin, worse, safe }) => {
    expectClose(pathOf(ticks, 1 + margin, worseFactors), worse);
    expectClose(pathOf(ticks, 2, safeFactors), safe);
  });

  it.each(golden.errors)("the confidence sequence $confidence", ({ ticks, confidence }) => {
    const curve = ticks.reduce((before, tick) => addToCurve(before, pairOf(tick), 1), noCurve);
    const { lo = NaN, hi = NaN } = confidenceOf(curve, 0.01) ?? {};
    expect(Math.abs(lo / (confidence[0] ?? NaN) - 1)).toBeLessThan(0.002);
    expect(Math.abs(hi / (confidence[1] ?? NaN) - 1)).toBeLessThan(0.002);
  });

  it.each(golden.fisher)(
    "Fisher's likelihood ratios $tick $null",
    ({ tick, null: null_, logs }) => {
      expectClose(fisherLogRatios(pairOf(tick), null_, latencyFactors), logs);
    },
  );

  it("the sign-flip test", () => {
    const { differences, logE } = golden.signFlip;
    expect(signFlipEvidence(differences.reduce(addDifference, noFlips))).toBeCloseTo(logE, 6);
  });

  it("betting", () => {
    const { gains, logE } = golden.betting;
    expect(capitalEvidence(gains.reduce(addGain, startCapital))).toBeCloseTo(logE, 6);
  });

  it("the dispersion of equal stretches is their variance over mean", () => {
    const { counts, total, varianceOverMean } = golden.dispersion;
    const seen = counts.reduce((before, count) => addCounts(before, count, total), noDispersion);
    expect(dispersionOf(seen)).toBeCloseTo(varianceOverMean, 4);
  });

  it.each(golden.logFactorial)("log(%s!)", (n = NaN, log = NaN) => {
    expect(Math.abs(logFactorial(n) - log)).toBeLessThan(1e-13 * Math.max(1, log));
  });

  it.each(golden.normalTail)("the normal tail beyond %s", (z = NaN, tail = NaN) => {
    expect(normalTail(z)).toBeCloseTo(tail, 6);
  });

  it.each(golden.clopperPearson)(
    "Clopper and Pearson, %s of %s",
    (hits = NaN, runs = NaN, low = NaN) => {
      expect(clopperPearsonLower(hits, runs, 0.999)).toBeCloseTo(low, 8);
    },
  );
});
