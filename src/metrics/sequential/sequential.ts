// metrics/sequential: is the canary worse than stable? provider.plugin["haldane.dev/sequential"]:
//   source: traffic                     # the gateway's counts, each second; or { prometheus: {…} }, { web: {…} }
//   metrics: errors,latency             # or a list of { kind, name, weight, margin, … }
//   alpha: 0.01                         # of all good versions, at most this share is ever called worse
//   margin: 20%                         # how much worse counts as no worse
//   canary, stable                      # pod-template hashes; default: {{args.canary-hash}} and {{args.stable-hash}},
//                                       # else the version the run is for and the stable one
// With an interval a measurement lasts that long and is Successful as long as nothing was found;
// without, there is one, and it lasts until something was shown (max: 30m). This folder reads the
// configuration and the counts; what they mean is decided in core/judge.
import type { Metric } from "../../api/argo/analysis.ts";
import { continuesAnnotation, sequentialKind } from "../../api/argo/keys.ts";
import { recordOf } from "../../core/judge/recorded/record.ts";
import { lookAt, type Moment } from "../../core/judge/recorded/look.ts";
import { parseTime, type EpochMs } from "../../lib/time.ts";
import type { AnalysisRun, Measurement } from "../../api/argo/analysis.ts";
import { isStoreError } from "../../objects/object-store.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderContext,
  type ProviderFactory,
} from "../provider.ts";
import type { CountsAnswer, CountsSource } from "../counts/counts.ts";
import { countsSourceOf } from "../counts/sources.ts";
import type { TrafficSource } from "../traffic/source.ts";
import { sequentialSettingsOf, type SequentialSettings } from "./config.ts";
import { servicesOf, shareInForce, shareText, type ShareInForce } from "./traffic-weights.ts";
import { trafficTicks } from "./traffic-ticks.ts";
import { rolloutOf, versionsOf } from "./versions.ts";

const capabilities = { asynchronous: true } as const;

/** How often is looked: the gateway is read each second, others every few. */
const lookEveryMs = { traffic: 1000, prometheus: 5000, web: 5000 } as const;

interface Counted extends CountsAnswer {
  /** The share the canary should get, where weights are known; kept with the record. */
  readonly share?: ShareInForce | undefined;
}

/** How clumped stable's errors are is learned from the time before the canary had any. */
const beforehandMs = 60_000;

class SequentialProvider implements MetricProvider {
  readonly type = "Sequential";
  readonly #settings: SequentialSettings;
  readonly #source: CountsSource | TrafficSource;
  readonly #context: ProviderContext;

  constructor(
    settings: SequentialSettings,
    source: CountsSource | TrafficSource,
    context: ProviderContext,
  ) {
    this.#settings = settings;
    this.#source = source;
    this.#context = context;
  }

  async measure(question: MetricQuestion): Promise<MetricAnswer> {
    return this.#look(question, question.now, undefined);
  }

  readonly resume = async (
    question: MetricQuestion,
    measurement: Measurement,
  ): Promise<MetricAnswer> => {
    const begunMs = parseTime(measurement.startedAt) ?? question.now;
    return this.#look(question, begunMs, measurement.metadata);
  };

  /** What was found so far stays in the record; this measurement comes to nothing. */
  readonly terminate = async (): Promise<MetricAnswer> => ({
    kind: "phase",
    phase: "Inconclusive",
  });

  async #look(
    question: MetricQuestion,
    begunMs: EpochMs,
    noted: Moment["noted"],
  ): Promise<MetricAnswer> {
    const { run, metric, now } = question;
    const kept = run.status?.metricResults?.find(({ name }) => name === metric.name)?.metadata;
    const sinceMs = recordOf(kept)?.untilMs ?? 0;
    const fromMs = sinceMs === 0 ? begunMs - beforehandMs : sinceMs;
    const counted = await this.#count(question, fromMs, kept);
    const earlier = kept === undefined ? await this.#earlier(question) : undefined;
    const { judge, watch } = this.#settings;
    const { ticks, problem: sourceProblem } = counted;
    const found = lookAt({
      judge,
      watch,
      kept,
      earlier,
      begunMs,
      noted,
      ticks,
      sourceProblem,
      now,
    });
    const look = { ...found, record: { ...found.record, share: shareText(counted.share) } };
    if (look.kind !== "running") return look;
    return { ...look, resumeAtMs: now + lookEveryMs[this.#settings.source.kind] };
  }

  async #count(question: MetricQuestion, sinceMs: EpochMs, kept: Moment["kept"]): Promise<Counted> {
    const { stable, source: asked } = this.#settings;
    const isRolloutRead = stable === undefined || asked.kind === "traffic";
    const { rollout, problem } = isRolloutRead ? await rolloutOf(question, this.#context) : {};
    const versions = versionsOf(question, this.#settings, rollout);
    if ("unknown" in versions) {
      const why = problem === undefined ? "" : `: ${problem}`;
      return { ticks: [], problem: `which version is ${versions.unknown} is not known${why}` };
    }
    const { now, signal } = question;
    const source = this.#source;
    if ("count" in source) return source.count({ versions, sinceMs, now, signal });
    const { service, judge } = this.#settings;
    const { namespace = "" } = question.run.metadata;
    const gatewayErrors = asked.kind === "traffic" ? asked.gatewayErrors : "include";
    const weights = rollout?.status.canary?.weights;
    const share = shareInForce(kept, weights, versions, now);
    const services = servicesOf(weights, versions);
    const options = { source, namespace, service, gatewayErrors, versions, judge, share, services };
    return { ticks: trafficTicks(options, sinceMs, now), share };
  }

  /** What an earlier run of the same revision has come to. */
  async #earlier({ run, metric }: MetricQuestion): Promise<Moment["earlier"]> {
    const name = run.metadata.annotations?.[continuesAnnotation];
    if (name === undefined || this.#settings.evidence === "fresh") return undefined;
    const before = await this.#runNamed(run, name);
    const results = before?.status?.metricResults ?? [];
    const record = recordOf(results.find((each) => each.name === metric.name)?.metadata);
    return record && { state: record.state, run: name };
  }

  async #runNamed({ apiVersion, kind, metadata }: AnalysisRun, name: string) {
    const { namespace = "" } = metadata;
    try {
      return await this.#context.store.get<AnalysisRun>({ apiVersion, kind, namespace, name });
    } catch (error) {
      if (isStoreError(error, "NotFound")) return undefined;
      throw error;
    }
  }
}

/** Kinds of metrics the gateway counts. */
const trafficKinds: readonly string[] = ["errors", "latency"];

function refuseUncounted({ name }: Metric, { judge, source }: SequentialSettings): void {
  const uncounted = judge.metrics.find(({ kind }) => !trafficKinds.includes(kind));
  if (source.kind !== "traffic" || uncounted === undefined) return;
  throw new ProviderError(
    `metric '${name}': provider.plugin["${sequentialKind}"].metrics: the gateway does not count ${uncounted.kind} (${uncounted.name}), only ${trafficKinds.join(" and ")}; use source prometheus or web`,
  );
}

function sourceOf(
  metric: Metric,
  { source, judge }: SequentialSettings,
  context: ProviderContext,
): CountsSource | TrafficSource {
  if (source.kind !== "traffic") return countsSourceOf(source, judge.metrics, context);
  if (context.traffic !== undefined) return context.traffic;
  throw new ProviderError(
    `metric '${metric.name}': source traffic reads the counts of Haldane's own gateway, and none runs here; use source prometheus or web instead`,
  );
}

export const sequentialProvider: ProviderFactory = {
  kind: sequentialKind,
  capabilities,
  create(metric: Metric, context: ProviderContext): MetricProvider {
    const settings = sequentialSettingsOf(metric);
    refuseUncounted(metric, settings);
    return new SequentialProvider(settings, sourceOf(metric, settings, context), context);
  },
};
