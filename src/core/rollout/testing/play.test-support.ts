// Test support: plays a rollout and prints a transcript, one line whenever what people see changes.
// Every state on the way is checked: repeating a decision changes nothing, and the invariants hold.
import type { Rollout } from "../../../api/argo/rollout.ts";
import { podTemplateHashLabel } from "../../../api/argo/keys.ts";
import { hashOf, specReplicas } from "../../replicas/replica-set.ts";
import { templateOf } from "./rollout-of.test-support.ts";
import { checkInvariants } from "./invariants.test-support.ts";
import { ToyWorld } from "./world.test-support.ts";
import type { WorldOptions } from "./world.test-support.ts";

export interface Act {
  readonly atSeconds: number;
  readonly act: (world: ToyWorld) => void;
}

export const deploy =
  (image: string) =>
  (world: ToyWorld): void =>
    world.changeSpec({ template: templateOf(image) });

export const at = (atSeconds: number, act: (world: ToyWorld) => void): Act => ({ atSeconds, act });

export interface Played {
  readonly transcript: readonly string[];
  readonly world: ToyWorld;
}

const MAX_PASSES = 60;
const MAX_SECONDS = 7 * 24 * 3600;

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  return rest === 0 ? `${String(minutes)}m` : `${String(minutes)}m${String(rest)}s`;
}

function imageVersion(image: string): string {
  return image.split(":")[1] ?? image;
}

function podsText(world: ToyWorld): string {
  return [...world.replicaSets.values()]
    .filter((rs) => specReplicas(rs) > 0 || world.available(rs) > 0)
    .map((rs) => {
      const version = imageVersion(rs.spec.template.spec.containers[0]?.image ?? "");
      return `${version}:${String(world.available(rs))}/${String(specReplicas(rs))}`;
    })
    .join(" ");
}

function trafficText(world: ToyWorld): string {
  const { strategy } = world.rollout.spec;
  if (strategy.kind === "blueGreen") {
    const hash = world.services["web-active"]?.spec.selector?.[podTemplateHashLabel];
    const active = [...world.replicaSets.values()].find((rs) => hashOf(rs) === hash);
    return `active ${active === undefined ? "-" : imageVersion(active.spec.template.spec.containers[0]?.image ?? "")}`;
  }
  const split = world.traffic.inForce;
  if (split === undefined) return "";
  const routes = split.routes.map((route) => `+${route.name}`).join("");
  const additional = split.additional
    .map((destination) => `/${String(destination.weight)}`)
    .join("");
  return `${String(split.canary.weight)}%${additional}${routes}`;
}

export function viewOf(world: ToyWorld): string {
  const { status, spec } = world.rollout;
  const total = spec.strategy.kind === "canary" ? spec.strategy.steps.length : 0;
  const step =
    status.currentStepIndex === undefined
      ? ""
      : `step ${String(status.currentStepIndex)}/${String(total)}`;
  const phase = `${status.phase ?? "-"}${status.message === undefined ? "" : ` (${status.message})`}`;
  return [trafficText(world), podsText(world), step, phase]
    .filter((text) => text !== "")
    .join(" · ");
}

function doubled(world: ToyWorld): {
  readonly isQuiet: boolean;
  readonly changedTraffic: boolean;
  readonly isQuietAgain: boolean;
} {
  const first = world.pass();
  checkInvariants(world, first.decision);
  const changedTraffic = first.decision.effects.some((effect) => effect.kind === "applyTraffic");
  if (first.isQuiet) return { isQuiet: true, changedTraffic, isQuietAgain: true };
  const again = world.pass();
  checkInvariants(world, again.decision);
  if (!again.isQuiet && !changedTraffic) {
    const text = JSON.stringify({ first: first.decision, again: again.decision }, null, 1);
    throw new Error(
      `asking again was not quiet at ${String(world.elapsedSeconds)}s: ${viewOf(world)}\n${text}`,
    );
  }
  return { isQuiet: false, changedTraffic, isQuietAgain: again.isQuiet };
}

/**
 * Passes at one moment until nothing is left to do. Asking again right away has to be quiet, unless
 * a split of traffic was written: that is something new to see.
 */
export function settle(world: ToyWorld): void {
  for (let count = 0; count < MAX_PASSES; count += 1) {
    const { isQuiet } = doubled(world);
    world.settlePods();
    if (isQuiet) return;
  }
  throw new Error(
    `does not settle: ${viewOf(world)}\n${JSON.stringify(world.lastDecision, null, 1)}`,
  );
}

/** Plays until nothing happens by itself any more and all acts are done, or until `untilSeconds`. */
export function play(
  rollout: Rollout,
  acts: readonly Act[] = [],
  options: WorldOptions = {},
  untilSeconds = MAX_SECONDS,
): Played {
  const world = new ToyWorld(rollout, options);
  const transcript: string[] = [];
  const waiting = [...acts].sort((a, b) => a.atSeconds - b.atSeconds);
  const start = world.now;
  let shown = "";
  for (;;) {
    while ((waiting[0]?.atSeconds ?? Infinity) <= world.elapsedSeconds) waiting.shift()?.act(world);
    settle(world);
    const view = viewOf(world);
    if (view !== shown) transcript.push(`${clock(world.elapsedSeconds)} ${view}`);
    shown = view;
    const act = waiting[0];
    const moments = [
      world.nextMoment(),
      act === undefined ? undefined : start + act.atSeconds * 1000,
    ];
    const next = Math.min(...moments.filter((moment) => moment !== undefined));
    if (!Number.isFinite(next) || next > start + untilSeconds * 1000) return { transcript, world };
    world.advanceTo(next);
  }
}
