// A provider whose answers stand in the metric itself: provider.plugin["haldane.dev/fake"]:
//   answers: [0.1, null, { error: "boom" }, { phase: Failed }, { seconds: 5, value: 1 }]
// The n-th measurement gets the n-th answer, the last is repeated; null is no data; `seconds` makes
// it take that long. It is not in the registry: tests hand it in. The pattern to copy for a new provider.
import type { Measurement, Metric } from "../../api/argo/analysis.ts";
import { pluginConfigOf } from "../../api/argo/metric-plugin.ts";
import { jsonInput, nilInput, floatInput } from "../../lib/expr/expr.ts";
import { isJsonArray, isJsonObject, ownProperty, type Json } from "../../lib/json.ts";
import { parseTime } from "../../lib/time.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderFactory,
} from "../provider.ts";

const fakeKind = "haldane.dev/fake";

const capabilities = { asynchronous: true } as const;

function answersOf(metric: Metric): readonly Json[] {
  const config = pluginConfigOf(metric, fakeKind);
  const answers = isJsonObject(config) ? ownProperty(config, "answers") : undefined;
  if (!isJsonArray(answers) || answers.length === 0) {
    throw new ProviderError(
      `metric '${metric.name}': provider.plugin["${fakeKind}"].answers must be a list with one answer at least`,
    );
  }
  return answers;
}

function secondsOf(answer: Json): number {
  const seconds = isJsonObject(answer) ? ownProperty(answer, "seconds") : undefined;
  return typeof seconds === "number" ? seconds : 0;
}

const phases = ["Successful", "Failed", "Inconclusive"] as const;

function finished(answer: Json): MetricAnswer {
  if (answer === null) return { kind: "value", text: "", result: nilInput };
  if (typeof answer === "number")
    return { kind: "value", text: String(answer), result: floatInput(answer) };
  if (!isJsonObject(answer))
    return { kind: "value", text: JSON.stringify(answer), result: jsonInput(answer) };
  const error = ownProperty(answer, "error");
  if (typeof error === "string") return { kind: "error", message: error };
  const phase = phases.find((known) => known === ownProperty(answer, "phase"));
  if (phase !== undefined) return { kind: "phase", phase };
  const value = ownProperty(answer, "value");
  return value === undefined
    ? { kind: "value", text: JSON.stringify(answer), result: jsonInput(answer) }
    : finished(value);
}

class FakeProvider implements MetricProvider {
  readonly type = "Fake";
  readonly #answers: readonly Json[];

  constructor(metric: Metric) {
    this.#answers = answersOf(metric);
  }

  async measure(question: MetricQuestion): Promise<MetricAnswer> {
    const answer = this.#answerTo(question);
    const seconds = secondsOf(answer);
    if (seconds === 0) return finished(answer);
    return { kind: "running", resumeAtMs: question.now + seconds * 1000 };
  }

  async resume(question: MetricQuestion, { startedAt }: Measurement): Promise<MetricAnswer> {
    const answer = this.#answerTo(question);
    const endMs = (parseTime(startedAt) ?? question.now) + secondsOf(answer) * 1000;
    return question.now >= endMs ? finished(answer) : { kind: "running", resumeAtMs: endMs };
  }

  async terminate(): Promise<MetricAnswer> {
    return { kind: "phase", phase: "Inconclusive" };
  }

  /** Which answer it is follows from the run's status alone, so a repeated question gets the same. */
  #answerTo({ run, metric }: MetricQuestion): Json {
    const result = run.status?.metricResults?.find(({ name }) => name === metric.name);
    const n = (result?.count ?? 0) + (result?.error ?? 0);
    return this.#answers[Math.min(n, this.#answers.length - 1)] ?? null;
  }
}

export const fakeProvider: ProviderFactory = {
  kind: fakeKind,
  capabilities,
  create: (metric) => new FakeProvider(metric),
};
