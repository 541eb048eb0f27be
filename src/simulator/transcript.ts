// What a simulated rollout leaves behind: one line per visible change.
import { parseRollout } from "../api/argo/parse/rollout.ts";
import type { Rollout } from "../api/argo/rollout.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { asJson } from "../api/meta/wire.ts";
import { weightView } from "../core/view/rollout-view.ts";
import { humanDuration } from "../lib/human-duration.ts";
import type { EpochMs } from "../lib/time.ts";

export interface TranscriptLine {
  /** Since the start of the simulation. */
  readonly atMs: number;
  readonly rollout: string;
  readonly phase: string;
  readonly message: string;
  /** Canary weight in percent as recorded; undefined without weights. */
  readonly weight: number | undefined;
  /** Size of the new and of the other ReplicaSets. */
  readonly updated: number;
  readonly others: number;
  /** What a person did, if this line tells that. */
  readonly did: string | undefined;
}

/** Numbers of pods follow what brought them about by a few passes. */
const sameMomentMs = 50;

/** Only pods, and what is said about them, are other than they were a moment before. */
function isFollowUp(line: TranscriptLine, last: TranscriptLine): boolean {
  const afterMs = line.atMs - last.atMs;
  const isSoon = afterMs > 0 && afterMs <= sameMomentMs;
  return isSoon && line.phase === last.phase && line.weight === last.weight;
}

export class Transcript {
  readonly lines: TranscriptLine[] = [];
  readonly #startMs: EpochMs;

  constructor(startMs: EpochMs) {
    this.#startMs = startMs;
  }

  /** Adds a line if anything people would see has changed. */
  note(manifest: KubeObject, now: EpochMs): void {
    const line = lineOf(manifest, now - this.#startMs);
    const last = this.lines.findLast(
      (other) => other.rollout === line.rollout && other.did === undefined,
    );
    if (last && JSON.stringify({ ...last, atMs: 0 }) === JSON.stringify({ ...line, atMs: 0 }))
      return;
    if (last && last === this.lines.at(-1) && isFollowUp(line, last)) {
      this.lines[this.lines.length - 1] = { ...line, atMs: last.atMs };
    } else this.lines.push(line);
  }

  did(rollout: string, what: string, now: EpochMs): void {
    const atMs = now - this.#startMs;
    this.lines.push({
      atMs,
      rollout,
      phase: "",
      message: "",
      weight: undefined,
      updated: 0,
      others: 0,
      did: what,
    });
  }
}

function lineOf(manifest: KubeObject, atMs: number): TranscriptLine {
  const { rollout } = parseRollout(asJson(manifest));
  const { status } = rollout;
  const updated = status.updatedReplicas ?? 0;
  return {
    atMs,
    rollout: manifest.metadata.name,
    phase: status.phase ?? "",
    message: status.message ?? "",
    weight: weightOf(rollout),
    updated,
    others: (status.replicas ?? 0) - updated,
    did: undefined,
  };
}

/** What users meet: with a router, the recorded weight until the version is the stable one. */
function weightOf(rollout: Rollout): number | undefined {
  const { spec, status } = rollout;
  const isRouted = spec.strategy.kind === "canary" && spec.strategy.trafficRouting !== undefined;
  const isPromoted = status.stableRS !== undefined && status.stableRS === status.currentPodHash;
  if (!isRouted || isPromoted) return weightView(rollout)?.actualWeight;
  return status.canary?.weights?.canary.weight ?? 0;
}

function timeText(atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 180) return humanDuration(atMs);
  return seconds % 60 === 0
    ? `${minutes}m`
    : `${minutes}m${String(seconds % 60).padStart(2, "0")}s`;
}

function lineText(line: TranscriptLine, isNamed: boolean): string {
  const name = isNamed ? `${line.rollout}  ` : "";
  const time = timeText(line.atMs).padStart(8);
  if (line.did !== undefined) return `${time}  ${name}> ${line.did}`;
  const weight = line.weight === undefined ? "    " : `${line.weight}%`.padStart(4);
  const pods = `${line.updated}+${line.others}`.padEnd(5);
  return `${time}  ${name}${weight}  ${pods}  ${line.phase}${line.message === "" ? "" : ` - ${line.message}`}`.trimEnd();
}

/** One line per change: time, canary weight, new+old pods, phase and message. */
export function formatTranscript(lines: readonly TranscriptLine[]): readonly string[] {
  const isNamed = new Set(lines.map(({ rollout }) => rollout)).size > 1;
  return lines.map((line) => lineText(line, isNamed));
}
