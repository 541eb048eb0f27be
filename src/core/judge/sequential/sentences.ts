// The judge's reasons in words: "canary 14 of 210 failed, stable 9 of 4,120: 30 times as often".
import type { ArmNumbers, MetricEvidence, SequentialEvidence } from "./evidence.ts";

/** 4120 → "4,120"; 0.01234 → "0.0123". */
export function shownNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  if (Number.isInteger(value)) return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  return String(Number(value.toPrecision(3)));
}

/** "30 times", "1.4 times". */
function times(ratio: number): string {
  return `${ratio >= 9.95 ? shownNumber(Math.round(ratio)) : String(Number(ratio.toPrecision(2)))} times`;
}

/** "below 1 in 1,000": the chance, rounded up to a power of ten. */
export function chanceInWords(chance: number): string {
  if (!(chance < 1)) return "1";
  const power = Math.floor(-Math.log10(chance) + 1e-9);
  if (power < 1) return `about ${chance.toFixed(2)}`;
  return power > 12 ? "below 1 in a million million" : `below 1 in ${shownNumber(10 ** power)}`;
}

function counted({ total, count = 0 }: ArmNumbers): string {
  return `${shownNumber(count)} of ${shownNumber(total)}`;
}

function comparedCounts(
  { canary, stable, ratio }: MetricEvidence,
  what: string,
  how: string,
): string {
  const numbers = `canary ${counted(canary)} ${what}, stable ${counted(stable)}`;
  if (ratio === undefined) return numbers;
  if (ratio === 0) return `${numbers}: none at the canary`;
  return Math.abs(ratio - 1) < 0.05
    ? `${numbers}: as ${how}`
    : `${numbers}: ${times(ratio)} as ${how}`;
}

function rateText({ rate }: ArmNumbers): string {
  return rate === undefined ? "unknown" : shownNumber(rate);
}

function comparedMeans({ canary, stable, ratio }: MetricEvidence): string {
  const numbers = `canary ${rateText(canary)} on average, stable ${rateText(stable)}`;
  return ratio === undefined ? numbers : `${numbers}: ${times(ratio)} as much`;
}

function growthText({ rate }: ArmNumbers): string {
  return rate === undefined ? "an unknown share" : `${(rate * 100).toFixed(1)} %`;
}

/** What was seen of one metric, without a verdict. */
export function metricSentence(evidence: Omit<MetricEvidence, "sentence">): string {
  const all = { ...evidence, sentence: "" };
  const { canary, stable, kind } = evidence;
  if (canary.total === 0 || stable.total === 0) return "nothing to compare yet";
  switch (kind) {
    case "errors":
      return comparedCounts(all, "failed", "often");
    case "count":
      return comparedCounts(all, "counted", "often");
    case "latency":
      return comparedCounts(
        all,
        `slower than ${shownNumber(evidence.edges?.worstMs ?? NaN)} ms`,
        "often",
      );
    case "mean":
      return comparedMeans(all);
    case "slope":
      return `canary grows by ${growthText(canary)} an hour, stable by ${growthText(stable)}`;
  }
}

const about = ({ name, sentence }: MetricEvidence): string => `${name}: ${sentence}`;

function worst(evidence: SequentialEvidence): readonly MetricEvidence[] {
  const blamed = evidence.metrics.filter((metric) => metric.blamed);
  if (blamed.length > 0) return blamed;
  return evidence.metrics.toSorted((a, b) => b.logE - a.logE).slice(0, 2);
}

/** The whole judgement in one sentence. */
export function sentenceOf(evidence: SequentialEvidence): string {
  const { action, metrics } = evidence;
  const chance = `false-alarm chance ${chanceInWords(evidence.falseAlarmChance)}`;
  switch (action) {
    case "roll back": {
      const reasons = worst(evidence).map(about).join("; ");
      return `The canary is worse. ${reasons}, ${chance}.`;
    }
    case "hold": {
      const outages = metrics.filter(({ breach }) => breach.canary && breach.stable);
      return outages.length > 0
        ? `Both versions breach the objective, so it is not the canary alone. ${outages.map(about).join("; ")}. Look for what they share before going on.`
        : "The canary does not get the share of requests its weight promises, so the counts are not to be trusted. Check its pods, other routes, sticky sessions and lost scrapes.";
    }
    case "no data":
      return `Not judged: ${evidence.missing.join("; ")}.`;
    case "safe":
      return `The canary is safe. ${metrics.map(about).join("; ")}.`;
    case "go on":
      return `Not decided yet. ${metrics.map(about).join("; ")}.`;
  }
}
