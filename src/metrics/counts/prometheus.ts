// Counts from a Prometheus: the raw samples of counters and histograms with the labels of each version, as they were
// scraped. Raw, because a rate() or increase() hides scrapes that are missing and the first failure of a new counter.
import { errorText } from "../../runtime/log.ts";
import { redactorOf } from "../../lib/redact.ts";
import { prometheusAnswer, rangeSeriesIn, type RangeSeries } from "../prometheus-answer.ts";
import { prometheusSession, type PrometheusSession } from "../prometheus-connection.ts";
import type { ProviderContext } from "../provider.ts";
import type { CountsAnswer, CountsQuestion, CountsSource } from "./counts.ts";
import type { Counting, PrometheusCounts } from "./prometheus-config.ts";
import { ticksOf, type AnsweredCounting, type Arm } from "./prometheus-ticks.ts";

/** Further back nothing is asked for: what was not looked at for so long is a gap. */
const farthestMs = 60 * 60_000;
/** Before the first tick a scrape is needed to count from. */
const beforehandTicks = 4;
const leastBeforehandMs = 60_000;

/** A value inside the quotes of a matcher. */
function quotable(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function selectorsOf(counting: Counting): readonly (readonly [keyof Arm, string])[] {
  switch (counting.kind) {
    case "share":
      return [
        ["total", counting.total],
        ["part", counting.part],
      ];
    case "histogram":
      return [["histogram", counting.selector]];
    case "mean":
      return [
        ["sum", counting.sum],
        ["count", counting.count],
      ];
    case "values":
    case "level":
      return [["gauge", counting.gauge]];
  }
}

interface Range {
  readonly seconds: number;
  readonly now: number;
}

class PrometheusCountsSource implements CountsSource {
  readonly #config: PrometheusCounts;
  readonly #env: ProviderContext["env"];

  constructor(config: PrometheusCounts, env: ProviderContext["env"]) {
    this.#config = config;
    this.#env = env;
  }

  async count(question: CountsQuestion): Promise<CountsAnswer> {
    let secrets: readonly string[] = [];
    try {
      const { now, signal } = question;
      const asking = { env: this.#env, now, signal };
      const session = await prometheusSession(this.#config.connection, asking);
      ({ secrets } = session);
      return await this.#counted(question, session);
    } catch (error) {
      return { ticks: [], problem: redactorOf(secrets).message(errorText(error)) };
    }
  }

  async #counted(
    { versions, sinceMs, now }: CountsQuestion,
    session: PrometheusSession,
  ): Promise<CountsAnswer> {
    const { tickMs, names, metrics } = this.#config;
    const fromMs = Math.max(sinceMs, now - farthestMs);
    const beforehandMs = Math.max(leastBeforehandMs, beforehandTicks * tickMs);
    const range = { now, seconds: Math.ceil((now - fromMs + beforehandMs) / 1000) };
    const answers: AnsweredCounting[] = [];
    for (const counting of metrics) {
      const [canary, stable] = await Promise.all([
        this.#arm(counting, names.canary ?? versions.canary, range, session),
        this.#arm(counting, names.stable ?? versions.stable, range, session),
      ]);
      answers.push({ counting, canary, stable });
    }
    return ticksOf(answers, { sinceMs: fromMs, now, tickMs });
  }

  async #arm(
    counting: Counting,
    version: string,
    range: Range,
    session: PrometheusSession,
  ): Promise<Arm> {
    const asked = selectorsOf(counting).map(
      async ([key, selector]): Promise<[string, readonly RangeSeries[]]> => {
        const own = selector.replaceAll("${version}", quotable(version));
        return [key, await this.#samples(own, range, session)];
      },
    );
    return Object.fromEntries(await Promise.all(asked));
  }

  async #samples(
    selector: string,
    { seconds, now }: Range,
    { ask }: PrometheusSession,
  ): Promise<readonly RangeSeries[]> {
    const form = { query: `${selector}[${seconds}s]`, time: String(Math.round(now) / 1000) };
    const answer = prometheusAnswer(await ask({ path: "/api/v1/query", form }));
    if (!answer.ok) throw new Error(answer.message);
    return rangeSeriesIn(answer.data);
  }
}

export function prometheusCounts(
  config: PrometheusCounts,
  { env }: Pick<ProviderContext, "env">,
): CountsSource {
  return new PrometheusCountsSource(config, env);
}
