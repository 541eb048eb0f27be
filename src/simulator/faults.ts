// Plays a scenario again with something going wrong, and holds the end against the undisturbed one.
// A fault is a word, so that a report can be played again by one call:
//   crash@12      the process dies right after its 12th write (begins anew 2 s later)
//   crash@12+3    it dies then, and what began anew dies three writes later (so may all that name a write)
//   dead@12       it dies right before that write is committed
//   conflict@12   that write is refused: Conflict
//   error@12      that write is refused: 500, nothing committed
//   timeout@12    that write is committed, but the caller hears of an error
//   lost@12       the 12th watch event never arrives
//   late@12       it and all behind it on that watch come 3 s late
//   empty@3       the 3rd list shows nothing, and what watches tell in that moment comes 3 s late
//   stale@12      as crash@12, and the lists of the new process are 6 versions old, its events late
//   lag@12        after the 12th write nothing is heard of what others do, for 20 s
//   aged@12       as crash@12, and the new process sees lists 15 versions old, and nothing new for 20 s
//   second@12     after the 12th write a second controller takes over, on lists 4 versions old; for 15 s the first goes on as well
//   twins         two controllers act at once
//   chaos@12      seed 12: one write in ten fails in some way, one event in twenty is lost or late
import { createRng, next, nextInt, pick } from "../lib/rng.ts";
import type { EventFault, FaultPlan, WriteFault } from "../objects/faulty/faulty.ts";
import { differences, endStateOf, eventsOf } from "./end-state.ts";
import type { Allowance } from "./invariants/knowledge.ts";
import { InvariantMonitor } from "./invariants/monitor.ts";
import type { Scenario } from "./scenario.ts";
import { simulate, type Simulated } from "./simulate.ts";
import type { Monitor, SimulationOptions } from "./stage.ts";

export const faultKinds = [
  "crash",
  "dead",
  "conflict",
  "error",
  "timeout",
  "lost",
  "late",
  "empty",
  "stale",
  "lag",
  "aged",
  "second",
  "chaos",
] as const;
export type FaultKind = (typeof faultKinds)[number];
export type Fault = `${FaultKind}@${number}` | `${FaultKind}@${number}+${number}` | "twins";

const writeFaultOf = {
  crash: "crashAfterCommit",
  dead: "crashBeforeCommit",
  conflict: "conflict",
  error: "internalError",
  timeout: "timeoutAfterCommit",
} as const satisfies Partial<Record<FaultKind, WriteFault>>;

const lateMs = 3000;
const staleBy = 6;
const agedBy = 15;
const rivalStaleBy = 4;
const silentMs = 20_000;

function chaosPlan(seed: number): FaultPlan {
  const rng = createRng(seed);
  const writes: readonly WriteFault[] = [
    "conflict",
    "internalError",
    "timeoutAfterCommit",
    "crashAfterCommit",
    "crashBeforeCommit",
  ];
  const events: readonly EventFault[] = [{ kind: "lost" }, { kind: "late", byMs: lateMs }];
  return {
    // The faults stop at some time: then everything has to come right.
    write: (nth) => (nth < 150 && next(rng) < 0.1 ? pick(rng, writes) : undefined),
    event: (nth) => (nth < 300 && next(rng) < 0.05 ? pick(rng, events) : undefined),
    list: (nth) => (nth < 60 && next(rng) < 0.1 ? 1 + nextInt(rng, staleBy) : undefined),
  };
}

/** Silence on all watches from the n-th write on: what is told in that time comes at its end. */
function silence(): Required<Pick<FaultPlan, "event">> & {
  readonly begin: (nowMs: number) => void;
} {
  let untilMs = 0;
  return {
    begin: (nowMs) => (untilMs = nowMs + silentMs),
    event: (_nth, nowMs) => (nowMs < untilMs ? { kind: "late", byMs: untilMs - nowMs } : undefined),
  };
}

function silentPlan(write: number, fault: WriteFault | undefined, behind: number): FaultPlan {
  const { begin, event } = silence();
  let hasBegun = false;
  let listsLeft = listsAtStart;
  return {
    write(nth, nowMs) {
      if (nth !== write) return undefined;
      hasBegun = true;
      begin(nowMs);
      return fault;
    },
    event,
    list: () => (hasBegun && behind > 0 && (listsLeft -= 1) >= 0 ? behind : undefined),
  };
}

function rivalPlan(write: number): FaultPlan {
  let hasBegun = false;
  let listsLeft = listsAtStart;
  return {
    write(nth) {
      if (nth !== write) return undefined;
      hasBegun = true;
      return "rivalAfterCommit";
    },
    list: () => (hasBegun && (listsLeft -= 1) >= 0 ? rivalStaleBy : undefined),
  };
}

function stalePlan(write: number): FaultPlan {
  let listsLeft = listsAtStart;
  let eventsLeft = 30;
  let isDown = false;
  return {
    write(nth) {
      if (nth !== write) return undefined;
      isDown = true;
      return "crashAfterCommit";
    },
    list: () => (isDown && (listsLeft -= 1) >= 0 ? staleBy : undefined),
    event: () => (isDown && (eventsLeft -= 1) >= 0 ? { kind: "late", byMs: 200 } : undefined),
  };
}

function emptyPlan(list: number): FaultPlan {
  let atMs: number | undefined;
  return {
    list(nth, nowMs) {
      if (nth !== list) return undefined;
      atMs = nowMs;
      return Infinity;
    },
    event: (_nth, nowMs) => (nowMs === atMs ? { kind: "late", byMs: lateMs } : undefined),
  };
}

interface ReadFault {
  readonly kind: FaultKind;
  readonly at: number;
  /** How many writes later it happens once more. */
  readonly again: number | undefined;
}

/** What a fault's word says. Throws a RangeError for what is none. */
function readFault(fault: Fault): ReadFault | undefined {
  if (fault === "twins") return undefined;
  const [, word, at, again] = /^([a-z]+)@(\d+)(?:\+(\d+))?$/.exec(fault) ?? [];
  const kind = faultKinds.find((known) => known === word);
  const isTwice = again !== undefined;
  if (kind === undefined || (isTwice && !(kind in writeFaultOf)))
    throw new RangeError(`"${fault}" is no fault`);
  return { kind, at: Number(at), again: isTwice ? Number(again) : undefined };
}

function planOf(fault: Fault): FaultPlan {
  const read = readFault(fault);
  if (!read) return {};
  const { kind, at, again } = read;
  switch (kind) {
    case "lost":
      return { event: (nth) => (nth === at ? { kind: "lost" } : undefined) };
    case "late":
      return { event: (nth) => (nth === at ? { kind: "late", byMs: lateMs } : undefined) };
    case "empty":
      return emptyPlan(at);
    case "stale":
      return stalePlan(at);
    case "lag":
      return silentPlan(at, undefined, 0);
    case "aged":
      return silentPlan(at, "crashAfterCommit", agedBy);
    case "second":
      return rivalPlan(at);
    case "chaos":
      return chaosPlan(at);
    default:
      return {
        write: (nth) =>
          nth === at || (again !== undefined && nth === at + again)
            ? writeFaultOf[kind]
            : undefined,
      };
  }
}

/** Lost events come to light within this time, so what people do must be further apart than that. */
const lossResyncMs = 45_000;
const usualResyncMs = 30 * 60_000;
const quietMs = 60_000;

/** With views of different age a Service may be switched to and fro for a moment; the invariants say whether users notice. */
const agedViews = /^(?:empty|stale|late|lost|lag|aged|second|chaos|twins)/;

/** How plays are set up that are to be compared. `fault` undefined plays undisturbed. */
function optionsFor(fault: Fault | undefined, monitor: InvariantMonitor): SimulationOptions {
  const mayLose = fault !== undefined && /^(?:lost|chaos)/.test(fault);
  const resyncMs = mayLose ? lossResyncMs : usualResyncMs;
  return {
    monitors: [monitor],
    resyncMs,
    settleMs: mayLose ? resyncMs + 1000 : 0,
    quietMs: mayLose ? resyncMs + 1000 : quietMs,
    restartMs: 1000,
    faults: fault === undefined ? {} : planOf(fault),
    ...(fault === "twins" ? { incarnations: 2 } : {}),
  };
}

export interface Played {
  readonly simulated: Simulated;
  readonly endState: readonly string[];
  readonly events: readonly string[];
  /** Invariants that did not hold. */
  readonly violations: readonly string[];
}

function allowanceFor(fault: Fault | undefined): Allowance {
  const hasAgedViews = fault !== undefined && agedViews.test(fault);
  return { blindMs: hasAgedViews ? lossResyncMs + lateMs : 0 };
}

/** One play with a fault, whatever comes of it; for looking at its transcript, or by more `monitors`. */
export async function play(
  scenario: Scenario,
  fault: Fault | undefined,
  monitors: readonly Monitor[] = [],
): Promise<Played> {
  const monitor = new InvariantMonitor(allowanceFor(fault));
  const options = optionsFor(fault, monitor);
  const simulated = await simulate(scenario, { ...options, monitors: [monitor, ...monitors] });
  const { store } = simulated;
  return {
    simulated,
    endState: await endStateOf(store),
    events: await eventsOf(store),
    violations: monitor.violations,
  };
}

/** The play everything else is held against. */
export async function playUndisturbed(scenario: Scenario): Promise<Played> {
  return play(scenario, undefined);
}

function ownProblems({ simulated, violations }: Played): readonly string[] {
  const { ending, lateWrites } = simulated;
  return [
    ...violations,
    ...(ending === "settled" ? [] : [`it did not settle: ${ending}`]),
    ...(lateWrites.length === 0 ? [] : [`it wrote after it had settled: ${lateWrites.join(", ")}`]),
  ];
}

function counted(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** Their texts say from what a number changed, which a fault may rightly shift. */
const comparative = /^Event \S+ (?:TrafficWeightUpdated|ScalingReplicaSet)/;

function isComparable(line: string, fault: Fault): boolean {
  if (comparative.test(line)) return false;
  return !(agedViews.test(fault) && /^Event \S+ SwitchService/.test(line));
}

/** Events that were told more often than undisturbed: told twice for one cause. */
function repeatedEvents(undisturbed: Played, disturbed: Played, fault: Fault): readonly string[] {
  const usual = counted(undisturbed.events);
  return [...counted(disturbed.events)]
    .filter(
      ([line, count]) => isComparable(line, fault) && count > Math.max(1, usual.get(line) ?? 0),
    )
    .map(([line, count]) => `told ${count} times instead of ${usual.get(line) ?? 1}: ${line}`);
}

/** What must be told whatever goes wrong: the turns of the story. */
const turningPoints =
  /^Event \S+ (?:RolloutCompleted|RolloutAborted|RolloutStepCompleted|NewReplicaSetCreated|AnalysisRun\w+|SkipSteps)/;

/** What a view that comes late may never have seen: a run's phases, one by one. */
const passingPhases = /^Event \S+ AnalysisRun\w+/;

function missingEvents(undisturbed: Played, disturbed: Played, fault: Fault): readonly string[] {
  const told = new Set(disturbed.events);
  const mayMiss = (line: string): boolean => agedViews.test(fault) && passingPhases.test(line);
  return [...new Set(undisturbed.events)]
    .filter((line) => turningPoints.test(line) && !told.has(line) && !mayMiss(line))
    .map((line) => `never told: ${line}`);
}

/** What is wrong with a spec is wrong in every play of it. */
function falseAlarms(undisturbed: Played, disturbed: Played): readonly string[] {
  const usual = new Set(undisturbed.events);
  return disturbed.events
    .filter((line) => /^Event \S+ InvalidSpec/.test(line) && !usual.has(line))
    .map((line) => `told although it is not so: ${line}`);
}

/** Plays with the fault. Resolves with what is wrong about it; nothing = as it should be. */
export async function playWithFault(
  scenario: Scenario,
  fault: Fault,
  undisturbed?: Played,
): Promise<readonly string[]> {
  const usual = undisturbed ?? (await playUndisturbed(scenario));
  const disturbed = await play(scenario, fault);
  return [
    ...ownProblems(disturbed),
    ...differences(usual.endState, disturbed.endState),
    ...repeatedEvents(usual, disturbed, fault),
    ...missingEvents(usual, disturbed, fault),
    ...falseAlarms(usual, disturbed),
  ];
}

function numbered(kinds: readonly FaultKind[], count: number): readonly Fault[] {
  return Array.from({ length: count }, (_, i) =>
    kinds.map((kind): Fault => `${kind}@${i + 1}`),
  ).flat();
}

/** One for each kind that a controller keeps in view. */
const listsAtStart = 13;

/** Every single fault there is in a scenario. */
export function allFaultsOf({ simulated: { counts } }: Played): readonly Fault[] {
  return [
    "twins",
    ...numbered(
      ["crash", "dead", "conflict", "error", "timeout", "stale", "lag", "aged", "second"],
      counts.writes,
    ),
    ...numbered(["lost", "late"], counts.events),
    ...numbered(["empty"], listsAtStart),
  ];
}

export interface FaultFailure {
  /** As code. */
  readonly scenario: string;
  readonly fault: Fault | "none";
  readonly problems: readonly string[];
}

/** How to see it again. */
export function failureText({ scenario, fault, problems }: FaultFailure): string {
  const replay =
    fault === "none" ? `playUndisturbed(${scenario})` : `playWithFault(${scenario}, "${fault}")`;
  return [replay, ...problems.map((problem) => `  ${problem}`)].join("\n");
}

export interface FaultReport {
  readonly plays: number;
  readonly failures: readonly FaultFailure[];
}

/** Plays the scenario undisturbed and with each fault. */
export async function playAllFaults(
  scenario: Scenario,
  choose: (all: readonly Fault[]) => readonly Fault[] = (all) => all,
): Promise<FaultReport> {
  const undisturbed = await playUndisturbed(scenario);
  const failures: FaultFailure[] = [];
  const note = (fault: Fault | "none", problems: readonly string[]): void => {
    if (problems.length > 0) failures.push({ scenario: scenario.source, fault, problems });
  };
  note("none", ownProblems(undisturbed));
  const faults = choose(allFaultsOf(undisturbed));
  for (const fault of faults) note(fault, await playWithFault(scenario, fault, undisturbed));
  return { plays: faults.length + 1, failures };
}
