import type { BothSamples, Sample, Tick } from "../sequential/tick.ts";

// Old ticks take less room as sums of several seconds. A sum says the same about how often something
// failed; only the moments are coarser.

function sumOf(first: Sample, second: Sample): Sample | undefined {
  if ("buckets" in first && "buckets" in second) {
    if (first.buckets.length !== second.buckets.length) return undefined;
    return { buckets: first.buckets.map((count, index) => count + (second.buckets[index] ?? 0)) };
  }
  if ("count" in first && "count" in second)
    return { total: first.total + second.total, count: first.count + second.count };
  if ("sum" in first && "sum" in second)
    return { values: first.values + second.values, sum: first.sum + second.sum };
  return "level" in second ? second : undefined;
}

function bothOf(first: BothSamples, second: BothSamples): BothSamples | undefined {
  const canary = sumOf(first.canary, second.canary);
  const stable = sumOf(first.stable, second.stable);
  return canary && stable && { canary, stable };
}

/** One tick in place of two neighbours; undefined where that would hide a gap or a change of weight. */
function joined(first: Tick, second: Tick): Tick | undefined {
  const isApart = second.fromMs !== first.toMs || first.canaryShare !== second.canaryShare;
  const names = Object.keys(first.samples);
  if (isApart || names.length !== Object.keys(second.samples).length) return undefined;
  const samples: Record<string, BothSamples> = {};
  for (const name of names) {
    const [before, after] = [first.samples[name], second.samples[name]];
    const sum = before && after && bothOf(before, after);
    if (sum === undefined) return undefined;
    samples[name] = sum;
  }
  const { requests: a } = first;
  const { requests: b } = second;
  const requests = a && b && { canary: a.canary + b.canary, stable: a.stable + b.stable };
  const { canaryShare } = first;
  return {
    fromMs: first.fromMs,
    toMs: second.toMs,
    ...(requests === undefined ? {} : { requests }),
    ...(canaryShare === undefined ? {} : { canaryShare }),
    samples,
  };
}

/** About half as many ticks: each with its neighbour, where they belong together. */
export function mergedTicks(ticks: readonly Tick[]): readonly Tick[] {
  const merged: Tick[] = [];
  for (let index = 0; index < ticks.length; index += 2) {
    const [first, second] = [ticks[index], ticks[index + 1]];
    if (first === undefined) break;
    const sum = second === undefined ? first : joined(first, second);
    if (sum !== undefined) merged.push(sum);
    else merged.push(first, ...(second === undefined ? [] : [second]));
  }
  return merged;
}
