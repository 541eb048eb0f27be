// What the monitor knows: the world, the attempts, what people did — and what it has found wrong.
import type { Rollout } from "../../api/argo/rollout.ts";
import type { OperatorAction } from "../scenario.ts";
import type { Attempt } from "./attempt.ts";
import { WorldView } from "./view.ts";

/** After people changed the size or restarted pods, numbers may be short for so long. */
const graceMs = 120_000;
export const startMs = Date.UTC(2026, 0, 1);

/** What a fault plan excuses. */
export interface Allowance {
  /** For how long the controllers may not have heard of a verdict. */
  readonly blindMs: number;
}

const noAllowance: Allowance = { blindMs: 0 };

function secondsText(atMs: number): string {
  return `${Math.round(atMs / 100) / 10}s`;
}

export class Knowledge {
  readonly violations: string[] = [];
  readonly view = new WorldView();
  readonly attempts = new Map<string, Attempt>();
  readonly allowance: Allowance;
  /** When people last changed the size of a rollout or restarted it. */
  readonly #disturbedAtMs = new Map<string, number>();

  constructor(allowance: Allowance = noAllowance) {
    this.allowance = allowance;
  }

  acted(action: OperatorAction, rollout: string, atMs: number): void {
    const isSize = action.kind === "scale" || (action.kind === "do" && action.verb === "restart");
    if (isSize) this.#disturbedAtMs.set(rollout, atMs);
    const attempt = this.attempts.get(rollout);
    if (action.kind !== "do" || !attempt) return;
    if (action.verb === "promote")
      this.attempts.set(rollout, { ...attempt, promotes: attempt.promotes + 1 });
    if (action.verb === "promoteFull") this.attempts.set(rollout, { ...attempt, isFull: true });
  }

  fail(atMs: number, text: string): void {
    const line = `at ${secondsText(atMs)}: ${text}`;
    if (!this.violations.includes(line)) this.violations.push(line);
  }

  isDisturbed(rollout: string, atMs: number): boolean {
    const since = this.#disturbedAtMs.get(rollout);
    return since !== undefined && atMs - since < graceMs;
  }

  /** The first version and a way back need no gates. */
  isFree({ status, spec, metadata }: Rollout, attempt: Attempt): boolean {
    const stableHash = status.stableRS ?? "";
    if (stableHash === "" || stableHash === attempt.hash) return true;
    return (
      (spec.rollbackWindowRevisions ?? 0) > 0 && this.isOlder({ metadata, status, spec }, attempt)
    );
  }

  isOlder({ metadata, status }: Rollout, attempt: Attempt): boolean {
    const stable = this.view.setOf(metadata.name, status.stableRS ?? "");
    const own = this.view.setOf(metadata.name, attempt.hash);
    return (own?.metadata.creationTimestamp ?? "") < (stable?.metadata.creationTimestamp ?? "");
  }
}
