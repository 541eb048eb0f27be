// controllers/analysis-run: observe (the run, its secrets) · decide (core/analysis) · carry out (ask
// the providers, write the status, tell). Measurements of one pass run side by side; the status is
// written once per pass, and only when it changed. A crash before that write repeats the questions:
// providers name what they create after the run and the measurement's number, so nothing is made
// twice. May import what every controller may, and the port of metrics.
import { instanceIdLabel } from "../../api/argo/keys.ts";
import { isAnalysisCompleted, type AnalysisRun, type Metric } from "../../api/argo/analysis.ts";
import type { Job } from "../../api/kubernetes/workloads.ts";
import {
  assessRun,
  completionEvents,
  type Answers,
  type Assessment,
} from "../../core/analysis/assess.ts";
import { planRun, planWithoutSecrets, type Plan } from "../../core/analysis/plan.ts";
import { resolveArgs } from "../../core/analysis/resolve.ts";
import { parseTime } from "../../lib/time.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import { abortWith } from "../../runtime/abort-with.ts";
import { keyOf, splitKey, type Cache } from "../../runtime/cache.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Controller } from "../../runtime/controller.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import { errorText, type Logger } from "../../runtime/log.ts";
import type { Manager } from "../../runtime/manager.ts";
import { sourceOf } from "../../runtime/controller.ts";
import { requeueAfter, settled, type Outcome } from "../../runtime/outcome.ts";
import { askAll, type ProviderOf, type ReadyTask } from "./ask.ts";
import { deleteRun, saveStatus } from "./carry-out.ts";
import { metricsWithEndedJob, runKeysOfJob } from "./job-source.ts";
import { readRun, readSecrets, type ReadRun } from "./observe.ts";

export interface AnalysisRunControllerOptions {
  readonly manager: Manager;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
  readonly providerOf: ProviderOf;
  /** Awaited before each measurement: the data plane has caught up with the objects. */
  readonly untilServed?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Only runs whose instance-id label says this; "" = those without one. */
  readonly instanceId?: string;
  /** The longest any measurement may take; default 5 minutes. */
  readonly timeoutMs?: number;
  /** Passes side by side; each may wait for slow providers. Default 30. */
  readonly concurrency?: number;
}

const defaultTimeoutMs = 300_000;
const defaultConcurrency = 30;
/** A run that ended longer ago had its events told by whoever ended it. */
const tellAgainWithinMs = 600_000;

interface Room extends AnalysisRunControllerOptions {
  readonly runs: Cache<AnalysisRun>;
  readonly jobs: Cache<Job>;
  /** Passes that wait for providers, by key: aborted when the run is to stop. */
  readonly asking: Map<string, AbortController>;
  /** uids of runs whose end this process has told. */
  readonly told: Set<string>;
}

export function analysisRunController(options: AnalysisRunControllerOptions): Controller {
  const runs = options.manager.cache<AnalysisRun>("argoproj.io/v1alpha1", "AnalysisRun");
  const jobs = options.manager.cache<Job>("batch/v1", "Job");
  const room: Room = { ...options, runs, jobs, asking: new Map(), told: new Set() };
  runs.onChange(({ before, after }) => {
    const isUnwanted = after === undefined || after.spec.terminate === true;
    const key = after ?? before;
    if (isUnwanted && key) room.asking.get(keyOf(key))?.abort(new Error("the run is terminated"));
    if (after === undefined && before?.metadata.uid !== undefined)
      room.told.delete(before.metadata.uid);
  });
  return {
    name: "analysis-run",
    concurrency: options.concurrency ?? defaultConcurrency,
    sources: [sourceOf(runs, (run) => [keyOf(run)]), sourceOf(jobs, runKeysOfJob)],
    reconcile: async (key, signal) => reconcile(key, signal, room),
  };
}

/** observe → plan → ask → assess → save → tell. */
async function reconcile(key: string, signal: AbortSignal, room: Room): Promise<Outcome> {
  const { namespace, name } = splitKey(key);
  const stored = room.runs.get(namespace, name);
  if (!stored || stored.metadata.deletionTimestamp !== undefined) return settled;
  if ((stored.metadata.labels?.[instanceIdLabel] ?? "") !== (room.instanceId ?? "")) return settled;

  const { run, problem } = readRun(stored);
  const { plan, ready, secretValues } = await prepare({ run, problem }, room);
  const answered = await ask(run, ready, signal, room);
  signal.throwIfAborted();
  const assessment = assessRun(run, plan, { answered, secretValues }, room.clock.now());
  if (assessment.expired) {
    await deleteRun(run, room.store);
    return settled;
  }
  const saved = await saveStatus(run, assessment.status, room.store);
  if (saved === undefined) return settled;
  room.runs.remember(saved);
  await tell(run, saved, assessment, room);
  await clearAway(saved, assessment, room);
  return lookAgain(assessment, room.clock);
}

interface Prepared {
  readonly plan: Plan;
  readonly ready: readonly ReadyTask[];
  readonly secretValues: Answers["secretValues"];
}

function asPlanned(plan: Plan): Prepared {
  const tasks = plan.kind === "completed" ? [] : plan.tasks;
  return { plan, ready: tasks.map((task) => ({ task, metric: task.metric })), secretValues: [] };
}

/** The plan, and its tasks with secrets put in. Secrets are read only when something is asked. */
async function prepare({ run, problem }: ReadRun, room: Room): Promise<Prepared> {
  const facts = { ready: metricsWithEndedJob(run, room.jobs), problem };
  const plan = planRun(run, room.clock.now(), facts);
  if (plan.kind !== "going" || plan.secretKeys.length === 0) return asPlanned(plan);
  const namespace = run.metadata.namespace ?? "";
  const resolved = resolveArgs(run, await readSecrets(plan.secretKeys, namespace, room.store));
  if (!resolved.ok) return asPlanned(planWithoutSecrets(run, plan, resolved.message));
  const withSecrets = (metric: Metric): Metric => {
    const index = plan.metrics.indexOf(metric);
    // The name is the one the status uses, even if somebody put a secret into it.
    return { ...(resolved.metrics[index] ?? metric), name: metric.name };
  };
  const ready = plan.tasks.map((task) => ({ task, metric: withSecrets(task.metric) }));
  return { plan, ready, secretValues: resolved.secretValues };
}

async function ask(
  run: AnalysisRun,
  ready: readonly ReadyTask[],
  signal: AbortSignal,
  room: Room,
): Promise<Answers["answered"]> {
  if (ready.length === 0) return [];
  const unwanted = new AbortController();
  const key = keyOf(run);
  // Stopping what is in flight is what a terminated run wants: that is never cut short.
  if (ready.some(({ task }) => task.kind !== "terminate")) room.asking.set(key, unwanted);
  const release = abortWith(unwanted, signal);
  try {
    const { providerOf, clock, untilServed, timeoutMs = defaultTimeoutMs } = room;
    const asking = { run, providerOf, clock, untilServed, timeoutMs, signal: unwanted.signal };
    return await askAll(ready, asking);
  } finally {
    release();
    room.asking.delete(key);
  }
}

/** Events come after the write they tell of; the end of a run is told again by a process that did not see it. */
async function tell(
  before: AnalysisRun,
  run: AnalysisRun,
  assessment: Assessment,
  room: Room,
): Promise<void> {
  const uid = run.metadata.uid ?? "";
  const isOver = isAnalysisCompleted(run.status?.phase);
  const endedAtMs = parseTime(run.status?.completedAt) ?? 0;
  const endsNow = isOver && !isAnalysisCompleted(before.status?.phase);
  const isRecent = isOver && room.clock.now() - endedAtMs <= tellAgainWithinMs;
  const isNews = isOver && !room.told.has(uid) && (endsNow || isRecent);
  const events = isNews ? completionEvents(run.status ?? {}) : assessment.events;
  for (const event of events) await room.events.record(run, event);
  if (isOver) room.told.add(uid);
}

/** A provider that cannot clear away now will be asked again after the next measurement. */
async function clearAway(run: AnalysisRun, { overfull }: Assessment, room: Room): Promise<void> {
  for (const { metric, limit } of overfull) {
    try {
      await room.providerOf(metric).garbageCollect?.(run, metric, limit);
    } catch (error) {
      const fields = { run: keyOf(run), metric: metric.name, error: errorText(error) };
      room.log.warn("old measurements could not be cleared away", fields);
    }
  }
}

function lookAgain({ next }: Assessment, clock: Clock): Outcome {
  return next === undefined ? settled : requeueAfter(next.atMs - clock.now(), next.why);
}
