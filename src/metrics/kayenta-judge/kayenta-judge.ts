// metrics/kayenta-judge: Kayenta's judge without a Kayenta, as provider.plugin["haldane.dev/kayenta"]:
//   configuration: { … }                 # Kayenta's canary configuration as it is, or a ConfigMap with it:
//   configMap: { name: shop, key: canary.json }
//   prometheus: { address: http://prometheus:9090 }    # and the sign-in of provider.prometheus
//   control: { scope: "{{args.stable-hash}}" }         # ${scope}, ${location}, ${anything in extendedScopeParams}
//   experiment: { scope: "{{args.canary-hash}}" }
//   lookback: 30m                        # true: since the start of the run; without it the metric's interval
//   step: 60s
//   threshold: { pass: 95, marginal: 75 }              # default: those of the configuration
//   mode: strict                         # parity: with all faults of the original
// config.ts, configuration-source.ts and query.ts read, points.ts puts answers into pairs; core/judge/kayenta judges.
import { judgeKayenta, type KayentaEvidence } from "../../core/judge/kayenta/kayenta.ts";
import type {
  CanaryConfiguration,
  ConfiguredMetric,
} from "../../core/judge/kayenta/read-configuration.ts";
import type { MetricSeries, Thresholds } from "../../core/judge/kayenta/settings.ts";
import { parseTime } from "../../lib/time.ts";
import { answered, failed } from "../answered.ts";
import { prometheusAnswer, rangeSeriesIn, type RangeSeries } from "../prometheus-answer.ts";
import { prometheusSession, type PrometheusSession } from "../prometheus-connection.ts";
import {
  ProviderError,
  type MetricAnswer,
  type MetricProvider,
  type MetricQuestion,
  type ProviderContext,
  type ProviderFactory,
} from "../provider.ts";
import {
  kayentaJudgeConfigOf,
  kayentaJudgeKind,
  type KayentaJudgeConfig,
  type ScopePair,
} from "./config.ts";
import { configurationFrom, configurationIn } from "./configuration-source.ts";
import { evidenceMetadata } from "./evidence.ts";
import { endOf, gridBefore, seriesOf, type AnsweredMetric, type Grid } from "./points.ts";
import { queryOf } from "./query.ts";

const capabilities = { asynchronous: false } as const;

/** Prometheus refuses a range with more. */
const mostPoints = 11_000;

interface MetricToAsk {
  readonly metric: ConfiguredMetric;
  readonly control: string;
  readonly experiment: string;
}

/** Both queries of a metric, or what is wrong with them. */
function toAsk(
  configuration: CanaryConfiguration,
  index: number,
  scopes: ReadonlyMap<string, ScopePair>,
): MetricToAsk | readonly string[] {
  const metric = configuration.metrics[index];
  if (metric === undefined) return [];
  const path = `metrics[${index}]`;
  const pair = scopes.get(metric.scopeName);
  if (pair === undefined) {
    const known = [...scopes.keys()].join(", ");
    return [`${path}.scopeName: there is no scope ${metric.scopeName}; scopes: ${known}`];
  }
  const control = queryOf(metric, path, pair.control, configuration);
  const experiment = queryOf(metric, path, pair.experiment, configuration);
  if (!control.ok) return control.problems;
  if (!experiment.ok) return experiment.problems;
  if (control.promQl === experiment.promQl) {
    return [`${path}.query: asks the same of control and experiment; put \${scope} into it`];
  }
  return { metric, control: control.promQl, experiment: experiment.promQl };
}

function isQuestion(one: MetricToAsk | readonly string[]): one is MetricToAsk {
  return "metric" in one;
}

/** What to ask. Throws a ProviderError with all that is wrong. */
function questionsOf(
  configuration: CanaryConfiguration,
  scopes: KayentaJudgeConfig["scopes"],
): readonly MetricToAsk[] {
  const all = configuration.metrics.map((_, index) => toAsk(configuration, index, scopes));
  const problems = all.flatMap((one) => (isQuestion(one) ? [] : one));
  if (problems.length > 0) throw new ProviderError(problems.join("; "));
  return all.filter(isQuestion);
}

function thresholdsOf(config: KayentaJudgeConfig, configuration: CanaryConfiguration): Thresholds {
  const thresholds = config.thresholds ?? configuration.thresholds;
  if (thresholds !== undefined) return thresholds;
  throw new ProviderError(
    "threshold: is missing, and the configuration has no classifier.scoreThresholds; write { pass: 95, marginal: 75 }",
  );
}

function gridOf(config: KayentaJudgeConfig, { run, now }: MetricQuestion): Grid {
  const { stepMs } = config;
  const sinceStartMs = now - (parseTime(run.status?.startedAt) ?? now);
  const grid = gridBefore(now, stepMs, config.lookbackMs ?? sinceStartMs);
  if (grid.count < 1) {
    throw new ProviderError(
      `there is not one step of ${stepMs / 1000} s to look back at yet; give the metric an initialDelay, or a longer lookback`,
    );
  }
  if (grid.count <= mostPoints) return grid;
  throw new ProviderError(
    `lookback holds ${grid.count} steps and Prometheus answers ${mostPoints} at most; write a longer step`,
  );
}

async function asked(
  promQl: string,
  grid: Grid,
  { ask }: PrometheusSession,
): Promise<readonly RangeSeries[]> {
  const form = {
    query: promQl,
    start: String(grid.startMs / 1000),
    end: String(endOf(grid) / 1000),
    step: String(grid.stepMs / 1000),
  };
  const answer = prometheusAnswer(await ask({ path: "/api/v1/query_range", form }));
  if (!answer.ok) throw new ProviderError(answer.message);
  return rangeSeriesIn(answer.data);
}

/** Asks metric after metric, so that a Prometheus is not asked dozens of things at once. */
async function askAll(
  questions: readonly MetricToAsk[],
  grid: Grid,
  session: PrometheusSession,
): Promise<readonly AnsweredMetric[]> {
  const answers: AnsweredMetric[] = [];
  for (const { metric, ...promQl } of questions) {
    const { name, scopeName } = metric;
    try {
      const [control, experiment] = await Promise.all([
        asked(promQl.control, grid, session),
        asked(promQl.experiment, grid, session),
      ]);
      answers.push({ metric: name, scopeName, control, experiment });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`metric "${name}": ${why}`, { cause: error });
    }
  }
  return answers;
}

/** Which side nobody has measured anything of. That is no judgement, whatever the configuration makes of it. */
function unmeasured(series: readonly MetricSeries[]): "control" | "experiment" | undefined {
  const sides = ["experiment", "control"] as const;
  return sides.find((side) =>
    series.every((one) => one[side].every((value) => Number.isNaN(value))),
  );
}

const phases = { Pass: "Successful", Marginal: "Inconclusive", Fail: "Failed" } as const;

class KayentaJudgeProvider implements MetricProvider {
  readonly type = "KayentaJudge";
  readonly #config: KayentaJudgeConfig;
  readonly #context: ProviderContext;

  constructor(config: KayentaJudgeConfig, context: ProviderContext) {
    this.#config = config;
    this.#context = context;
  }

  async measure(question: MetricQuestion): Promise<MetricAnswer> {
    return answered(async () => {
      const { run, now, signal } = question;
      const { source, scopes, connection } = this.#config;
      const namespace = run.metadata.namespace ?? "";
      const configuration = await configurationFrom(source, namespace, this.#context);
      const thresholds = thresholdsOf(this.#config, configuration);
      const questions = questionsOf(configuration, scopes);
      const grid = gridOf(this.#config, question);
      const asking = { env: this.#context.env, now, signal };
      const session = await prometheusSession(connection, asking);
      return answered(async () => {
        const answers = await askAll(questions, grid, session);
        return this.#judge(answers, grid, { ...configuration, thresholds });
      }, session.secrets);
    });
  }

  #judge(
    answers: readonly AnsweredMetric[],
    grid: Grid,
    configuration: CanaryConfiguration & { readonly thresholds: Thresholds },
  ): MetricAnswer {
    const { mode } = this.#config;
    const series = seriesOf(answers, grid, mode);
    const side = unmeasured(series);
    if (side !== undefined) {
      const from = `${grid.count} steps of ${grid.stepMs / 1000} s`;
      return failed(`no data: not one metric has a value of the ${side} in the last ${from}`);
    }
    const { sentence, evidence } = judgeKayenta({ ...configuration, mode }, series);
    return this.#answer(evidence, sentence, grid);
  }

  #answer(evidence: KayentaEvidence, message: string, grid: Grid): MetricAnswer {
    return {
      kind: "phase",
      phase: phases[evidence.classification],
      text: String(evidence.score),
      message,
      metadata: evidenceMetadata(evidence, this.#config.mode, grid),
    };
  }
}

export const kayentaJudgeProvider: ProviderFactory = {
  kind: kayentaJudgeKind,
  capabilities,
  create(metric, context) {
    const config = kayentaJudgeConfigOf(metric, context);
    const { source } = config;
    if (source.kind === "inline") {
      const where = `metric '${metric.name}': provider.plugin["${kayentaJudgeKind}"].configuration`;
      questionsOf(configurationIn(source.json, where), config.scopes);
    }
    return new KayentaJudgeProvider(config, context);
  },
};
