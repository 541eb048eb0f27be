// Plays whole runs in virtual time: a run, a table of answers per metric, and out comes one line per
// pass that changed something. Only for tests.
import {
  isAnalysisCompleted,
  type AnalysisRun,
  type AnalysisRunSpec,
} from "../../api/argo/analysis.ts";
import { floatInput, nilInput } from "../../lib/expr/expr.ts";
import type { EpochMs } from "../../lib/time.ts";
import { assessRun, type Assessment } from "./assess.ts";
import type { Answer, Answered } from "./measurement.ts";
import { planRun, type Task } from "./plan.ts";

export const startMs: EpochMs = Date.parse("2026-11-21T00:00:00Z");

export function runOf(spec: AnalysisRunSpec, status?: AnalysisRun["status"]): AnalysisRun {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: "run", namespace: "default", uid: "uid-1" },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

/** A number is a value, "nil" no data, "!text" an error, "~3" a provider that wants 3 more seconds, "ok", "bad", "unsure" a provider's own verdict. */
type Word = number | string;

function answerOf(word: Word, now: EpochMs): Answer {
  if (typeof word === "number")
    return { kind: "value", text: String(word), result: floatInput(word) };
  if (word === "nil") return { kind: "value", text: "", result: nilInput };
  if (word.startsWith("!")) return { kind: "error", message: word.slice(1) };
  if (word.startsWith("~"))
    return { kind: "running", resumeAtMs: now + Number(word.slice(1)) * 1000 };
  const phases = { ok: "Successful", bad: "Failed", unsure: "Inconclusive" } as const;
  return { kind: "phase", phase: phases[word as keyof typeof phases] };
}

export interface Play {
  readonly run: AnalysisRun;
  readonly lines: readonly string[];
  readonly events: readonly string[];
  readonly last: Assessment;
}

function line(nowMs: number, before: AnalysisRun, after: Assessment): string {
  const results = (after.status.metricResults ?? []).map((result) => {
    const values = (result.measurements ?? []).map(({ phase, value }) => value ?? phase);
    return `${result.name}=${result.phase}[${values.join(" ")}]`;
  });
  const message =
    after.status.message === before.status?.message ? "" : ` (${after.status.message ?? ""})`;
  return `${String((nowMs - startMs) / 1000)}s ${after.status.phase ?? ""} ${results.join(" ")}${message}`;
}

export interface PlayOptions {
  /** Words per metric, one for each question; the last is repeated. */
  readonly answers: Readonly<Record<string, readonly Word[]>>;
  readonly terminateAtSecond?: number;
  readonly untilSecond?: number;
}

/** Passes at every moment the assessment asks for, until the run ends. */
export function play(
  spec: AnalysisRunSpec,
  { answers, terminateAtSecond, untilSecond = 600 }: PlayOptions,
): Play {
  let run = runOf(spec);
  const lines: string[] = [];
  const events: string[] = [];
  const asked = new Map<string, number>();
  const answer = (task: Task, now: EpochMs): Answered => {
    const { name } = task.metric;
    const words = answers[name] ?? [];
    const n = asked.get(name) ?? 0;
    asked.set(name, n + 1);
    const word =
      task.kind === "terminate" ? "unsure" : (words[Math.min(n, words.length - 1)] ?? "nil");
    return { task, answer: answerOf(word, now), startedAtMs: now, finishedAtMs: now };
  };
  const terminateAtMs =
    terminateAtSecond === undefined ? undefined : startMs + terminateAtSecond * 1000;
  let now = startMs;
  for (let pass = 0; pass < 1000; pass += 1) {
    if (terminateAtMs !== undefined && now >= terminateAtMs)
      run = { ...run, spec: { ...run.spec, terminate: true } };
    const plan = planRun(run, now);
    const answered = plan.kind === "completed" ? [] : plan.tasks.map((task) => answer(task, now));
    const assessed = assessRun(run, plan, { answered, secretValues: [] }, now);
    lines.push(line(now, run, assessed));
    events.push(...assessed.events.map(({ type, reason }) => `${type} ${reason}`));
    run = { ...run, status: assessed.status };
    const wakeMs = Math.min(
      assessed.next?.atMs ?? Infinity,
      terminateAtMs !== undefined && now < terminateAtMs ? terminateAtMs : Infinity,
    );
    const isOver =
      isAnalysisCompleted(assessed.status.phase) ||
      wakeMs === Infinity ||
      wakeMs > startMs + untilSecond * 1000;
    if (isOver) return { run, lines, events, last: assessed };
    now = Math.max(now, wakeMs);
  }
  throw new Error(`the run did not settle:\n${lines.slice(-5).join("\n")}`);
}
