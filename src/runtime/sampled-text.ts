// Gauges that are read anew for each scrape, in Prometheus' text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Thousands of rollouts have tens of thousands
// of such series: nothing of them is kept, and whoever reacts to an abort does not wait until all are written.
import { setImmediate as othersTurn } from "node:timers/promises";
import type { MetricDescription, MetricLabels, Sample } from "./metrics.ts";

export interface SampledMetric extends MetricDescription {
  /** The series there are now. */
  readonly read: () => Iterable<Sample>;
}

/** A few milliseconds of work. */
const seriesAtOnce = 1_000;

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

function escaped(text: string, special: RegExp): string {
  return text.replaceAll(special, (character) => escapes[character] ?? character);
}

function labelsText(names: readonly string[], labels: MetricLabels): string {
  const pairs = names.map((name) => `${name}="${escaped(labels[name] ?? "", /[\\\n"]/g)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

/** The metric's lines, the last without a line end; others have their turn after every thousand series. */
export async function sampledText({ name, help, labels, read }: SampledMetric): Promise<string> {
  const slices = [`# HELP ${name} ${escaped(help, /[\\\n]/g)}\n# TYPE ${name} gauge`];
  let lines: string[] = [];
  for (const sample of read()) {
    lines.push(`${name}${labelsText(labels, sample.labels)} ${valueText(sample.value)}`);
    if (lines.length < seriesAtOnce) continue;
    slices.push(lines.join("\n"));
    lines = [];
    await othersTurn();
  }
  if (lines.length > 0) slices.push(lines.join("\n"));
  return slices.join("\n");
}
