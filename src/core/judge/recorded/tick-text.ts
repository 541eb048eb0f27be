// core/judge/recorded: a judgement as it is kept with its AnalysisRun. This file: ticks as short texts.
// record.ts: what is kept and for how long. look.ts: from new ticks to a measurement. replay.ts: the
// whole path again. A tick is a few dozen characters, so that half an hour of seconds fits a status:
//
//   0 rs 5 5a|5 0 5a 1|3:5/3:5a      gap and length in ms, requests; then each metric in its order
//
// Whole numbers have base 36, others begin with `~`; what a tick does not have is left empty.
import type { SequentialMetric } from "../sequential/config.ts";
import type { BothSamples, Sample, Tick } from "../sequential/tick.ts";

/** What is needed of a metric to write down its samples. */
export type Written = Pick<SequentialMetric, "name" | "kind">;

const tickEnd = ";";

function numberText(value: number): string {
  if (Object.is(value, -0)) return "~-0";
  const isPlain = Number.isSafeInteger(value) && value >= 0;
  return isPlain ? value.toString(36) : `~${String(value)}`;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const value = text.startsWith("~") ? Number(text.slice(1)) : Number.parseInt(text, 36);
  return Number.isNaN(value) ? undefined : value;
}

function bucketsText(buckets: readonly number[]): string {
  return buckets
    .flatMap((count, index) => (count === 0 ? [] : [`${index.toString(36)}:${numberText(count)}`]))
    .join(",");
}

function armText(sample: Sample): string {
  if ("buckets" in sample)
    return `${sample.buckets.length.toString(36)} ${bucketsText(sample.buckets)}`;
  if ("count" in sample) return `${numberText(sample.total)} ${numberText(sample.count)}`;
  if ("sum" in sample) return `${numberText(sample.values)} ${numberText(sample.sum)}`;
  return numberText(sample.level);
}

function sampleText(samples: BothSamples | undefined): string {
  return samples === undefined ? "" : `${armText(samples.canary)}/${armText(samples.stable)}`;
}

/** Ticks in order of time; the first one's gap is counted from `afterMs`. Each text ends with `;`. */
export function ticksText(
  ticks: readonly Tick[],
  metrics: readonly Written[],
  afterMs: number,
): string {
  let endMs = afterMs;
  let text = "";
  for (const tick of ticks) {
    const { fromMs, toMs, requests, canaryShare, samples } = tick;
    const head = [fromMs - endMs, toMs - fromMs, requests?.canary, requests?.stable, canaryShare];
    const fields = metrics.map(({ name }) =>
      sampleText(Object.hasOwn(samples, name) ? samples[name] : undefined),
    );
    const first = head.map((value) => (value === undefined ? "" : numberText(value)));
    text += [first.join(" ").trimEnd(), ...fields].join("|") + tickEnd;
    endMs = toMs;
  }
  return text;
}

function bucketsOf(text: string): readonly number[] | undefined {
  const [length, entries = ""] = text.split(" ");
  const size = numberOf(length);
  if (size === undefined || size > 1000) return undefined;
  const buckets = Array.from({ length: size }, () => 0);
  for (const entry of entries.split(",").filter((part) => part !== "")) {
    const [index, count] = entry.split(":").map((part) => numberOf(part));
    if (index === undefined || count === undefined || index >= size) return undefined;
    buckets[index] = count;
  }
  return buckets;
}

function armOf(text: string, kind: SequentialMetric["kind"]): Sample | undefined {
  if (kind === "latency") {
    const buckets = bucketsOf(text);
    return buckets && { buckets };
  }
  const [first, second] = text.split(" ").map((part) => numberOf(part));
  if (first === undefined) return undefined;
  if (kind === "slope") return { level: first };
  if (second === undefined) return undefined;
  return kind === "mean" ? { values: first, sum: second } : { total: first, count: second };
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

function samplesOf(fields: readonly string[], metrics: readonly Written[]): Read<Tick["samples"]> {
  const samples: Record<string, BothSamples> = {};
  for (const [index, { name, kind }] of metrics.entries()) {
    const field = fields[index] ?? "";
    if (field === "") continue;
    const [canaryText = "", stableText = ""] = field.split("/");
    const [canary, stable] = [armOf(canaryText, kind), armOf(stableText, kind)];
    if (canary === undefined || stable === undefined) return { ok: false };
    samples[name] = { canary, stable };
  }
  return { ok: true, value: samples };
}

function tickOf(text: string, metrics: readonly Written[], afterMs: number): Tick | undefined {
  const [head = "", ...fields] = text.split("|");
  const [gap, length, canary, stable, canaryShare] = head.split(" ").map((part) => numberOf(part));
  const samples = samplesOf(fields, metrics);
  if (gap === undefined || length === undefined || !samples.ok) return undefined;
  const fromMs = afterMs + gap;
  return {
    fromMs,
    toMs: fromMs + length,
    ...(canary === undefined || stable === undefined ? {} : { requests: { canary, stable } }),
    ...(canaryShare === undefined ? {} : { canaryShare }),
    samples: samples.value,
  };
}

/** The ticks of a text that `ticksText` wrote for the same metrics; undefined if it is damaged. */
export function ticksOf(
  text: string,
  metrics: readonly Written[],
  afterMs: number,
): readonly Tick[] | undefined {
  const ticks: Tick[] = [];
  let endMs = afterMs;
  for (const part of text.split(tickEnd).filter((each) => each !== "")) {
    const tick = tickOf(part, metrics, endMs);
    if (tick === undefined) return undefined;
    ticks.push(tick);
    endMs = tick.toMs;
  }
  return ticks;
}
