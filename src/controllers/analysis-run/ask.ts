import type { AnalysisRun, Metric } from "../../api/argo/analysis.ts";
import type { Answered } from "../../core/analysis/measurement.ts";
import type { Task } from "../../core/analysis/plan.ts";
import { formatGoDuration } from "../../lib/go-duration.ts";
import type { MetricAnswer, MetricProvider, MetricQuestion } from "../../metrics/provider.ts";
import { abortWith } from "../../runtime/abort-with.ts";
import type { Clock } from "../../runtime/clock.ts";
import { errorText } from "../../runtime/log.ts";

/** Builds the provider of a metric; throws when its configuration is not usable. */
export type ProviderOf = (metric: Metric) => MetricProvider;

export interface Asking {
  readonly run: AnalysisRun;
  readonly providerOf: ProviderOf;
  readonly clock: Clock;
  /** Resolves once users meet what has been decided so far; without it, they do at once. */
  readonly untilServed?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** No provider gets longer than this, whatever its own timeout says. */
  readonly timeoutMs: number;
  /** The process stops, or nobody wants the answers any more. */
  readonly signal: AbortSignal;
}

/** The metric with everything put in, secrets included. It must not leave this pass. */
export interface ReadyTask {
  readonly task: Task;
  readonly metric: Metric;
}

function question(
  { metric }: ReadyTask,
  { run, clock }: Asking,
  signal: AbortSignal,
): MetricQuestion {
  return { run, metric, now: clock.now(), signal };
}

async function put(
  ready: ReadyTask,
  provider: MetricProvider,
  asking: Asking,
  signal: AbortSignal,
): Promise<MetricAnswer> {
  const { task } = ready;
  if (task.kind === "measure") {
    // A Service that was just switched may still lead to the version before: that must not pass for this one.
    await asking.untilServed?.(signal);
    return provider.measure(question(ready, asking, signal));
  }
  const asked = question(ready, asking, signal);
  const next = task.kind === "resume" ? provider.resume : provider.terminate;
  if (next) return next.call(provider, asked, task.measurement);
  const message = `provider ${provider.type} cannot ${task.kind} a measurement`;
  return { kind: "error", message };
}

/** Whatever the provider does, there is an answer once the time is up or the signal is aborted. */
async function withinTime(
  ready: ReadyTask,
  provider: MetricProvider,
  asking: Asking,
): Promise<MetricAnswer> {
  const stop = new AbortController();
  const { signal } = stop;
  const release = abortWith(stop, asking.signal);
  const cancel = asking.clock.after(asking.timeoutMs, () => {
    const after = formatGoDuration(asking.timeoutMs);
    stop.abort(new Error(`provider ${provider.type} gave no answer within ${after}`));
  });
  const givenUp = new Promise<MetricAnswer>((resolve) => {
    const tell = (): void => resolve({ kind: "error", message: errorText(signal.reason) });
    if (signal.aborted) tell();
    else signal.addEventListener("abort", tell, { once: true });
  });
  try {
    return await Promise.race([put(ready, provider, asking, signal), givenUp]);
  } catch (error) {
    return { kind: "error", message: errorText(error) };
  } finally {
    cancel();
    release();
  }
}

async function askOne(ready: ReadyTask, asking: Asking): Promise<Answered> {
  const { task, metric } = ready;
  const startedAtMs = asking.clock.now();
  let provider: MetricProvider;
  try {
    provider = asking.providerOf(metric);
  } catch (error) {
    const answer: MetricAnswer = { kind: "error", message: errorText(error) };
    return { task, answer, startedAtMs, finishedAtMs: startedAtMs };
  }
  const answer = await withinTime(ready, provider, asking);
  const description = provider.describe?.(metric);
  const finishedAtMs = asking.clock.now();
  return { task, answer, startedAtMs, finishedAtMs, description, conditions: metric };
}

/** All tasks at once. Rejects only when `signal` is aborted: answers cut short are no measurements. */
export async function askAll(
  tasks: readonly ReadyTask[],
  asking: Asking,
): Promise<readonly Answered[]> {
  const answered = await Promise.all(tasks.map(async (ready) => askOne(ready, asking)));
  // A provider that answered all the same has done something, such as making a Job: that is kept.
  if (!asking.signal.aborted) return answered;
  return answered.filter(({ answer }) => answer.kind !== "error");
}
