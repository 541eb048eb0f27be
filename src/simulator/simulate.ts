// Plays a scenario: the delivery controllers over the memory store in virtual time. Between two
// timers everything runs to rest; nothing waits for real time, so a day takes well under a second.
import { argoApiVersion } from "../api/argo/keys.ts";
import type { KubeObject } from "../api/meta/object.ts";
import type { EpochMs } from "../lib/time.ts";
import { isStoreError, type ObjectStore } from "../objects/object-store.ts";
import { noCounts, type FaultCounts } from "../objects/faulty/faulty.ts";
import type { Change } from "../objects/semantics/stored.ts";
import { errorText } from "../runtime/log.ts";
import { VirtualClock } from "../runtime/virtual-clock.ts";
import { Life } from "./life.ts";
import { act, describeAction, OperatorError } from "./operator.ts";
import type { OperatorPlan, Scenario } from "./scenario.ts";
import {
  newWorldStore,
  startLife,
  startWorld,
  type Incarnation,
  type Monitor,
  type SimulationOptions,
  type Stage,
} from "./stage.ts";
import { Transcript, type TranscriptLine } from "./transcript.ts";

/** 2026-01-01T00:00:00Z: simulations start at a fixed moment, so that everything in them repeats. */
export const startMs: EpochMs = Date.UTC(2026, 0, 1);

/**
 * How it ended: everything settled and nobody would act any more; the scenario's time was over
 * first; or it never came to rest (the controllers woke each other without end).
 */
export type Ending = "settled" | "timeOver" | "restless";

export interface Simulated {
  readonly scenario: Scenario;
  readonly lines: readonly TranscriptLine[];
  readonly ending: Ending;
  /** Since the start. The quiet time watched afterwards does not count. */
  readonly endedAtMs: number;
  /** All objects at the end. */
  readonly store: ObjectStore;
  /** What the controllers have asked of the store; faults are numbered by these. */
  readonly counts: FaultCounts;
  readonly crashes: number;
  /** Writes after everything had settled, in the time of `quietMs`. */
  readonly lateWrites: readonly string[];
}

/** More timers than this at one moment: somebody asks to be called again at once, for ever. */
const mostTimersAtOnce = 20_000;
/** More writes than this between two timers: controllers wake each other for ever. */
const mostWritesAtOnce = 5000;
const mostTurnsToRest = 25;
const defaultRestartMs = 2000;
const defaultRivalMs = 15_000;
/** What decides who is served. */
const servingKinds = new Set(["HTTPRoute", "ReplicaSet", "Service", "VirtualService"]);

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

class Simulation {
  readonly #stage: Stage;
  readonly #clock = new VirtualClock(startMs);
  readonly #monitors: readonly Monitor[];
  readonly #transcript = new Transcript(startMs);
  readonly #counts = noCounts();
  readonly #changedRollouts = new Map<string, KubeObject>();
  readonly #written: string[] = [];
  readonly #lives = new Set<Incarnation>();
  #writesSinceRest = 0;
  #isRestless = false;
  #hasServingChanged = true;
  #plansLeft: number;
  #starting = 0;
  #crashes = 0;

  constructor(scenario: Scenario, options: SimulationOptions) {
    const clock = this.#clock;
    this.#monitors = options.monitors ?? [];
    const store = newWorldStore(clock, options.seed ?? 1, (change) => this.#noticed(change));
    this.#stage = { scenario, options, clock, store, startMs };
    this.#plansLeft = scenario.world.operator.length;
  }

  /** Called within every write; throwing refuses it. */
  #noticed(change: Change): void {
    this.#writesSinceRest += 1;
    if (this.#writesSinceRest > mostWritesAtOnce) {
      this.#isRestless = true;
      throw new Error("too many writes without time moving on");
    }
    const object = change.object as unknown as KubeObject;
    this.#written.push(`${change.type} ${object.kind} ${object.metadata.name}`);
    if (servingKinds.has(object.kind)) this.#hasServingChanged = true;
    if (object.kind === "Rollout") this.#changedRollouts.set(object.metadata.name, object);
    for (const monitor of this.#monitors) monitor.changed?.(change, this.#sinceMs);
  }

  get #sinceMs(): number {
    return this.#clock.now() - startMs;
  }

  async play(): Promise<Simulated> {
    const { scenario, store, options } = this.#stage;
    for (const object of scenario.objects) {
      await store.create({ ...object, metadata: { namespace: "default", ...object.metadata } });
    }
    const world = await startWorld(this.#stage);
    const traffic = world.traffic;
    const untilMs = startMs + scenario.forMs;
    for (let i = 0; i < (options.incarnations ?? 1); i += 1) await this.#begin(traffic);
    this.#schedulePlans();
    const ending = await this.#playUntilSettled(world, untilMs);
    const endedAtMs = this.#sinceMs;
    const lateWrites =
      ending === "settled" ? await this.#watchQuiet(world, options.quietMs ?? 0) : [];
    for (const { life } of this.#lives) life.end();
    world.life.end();
    return {
      scenario,
      lines: this.#transcript.lines,
      ending,
      endedAtMs,
      store,
      counts: this.#counts,
      crashes: this.#crashes,
      lateWrites,
    };
  }

  async #begin(traffic: Incarnation["traffic"]): Promise<void> {
    const life = new Life(this.#clock);
    const crash = (): void => {
      life.end();
      this.#lives.delete(incarnation);
      this.#crashes += 1;
      this.#starting += 1;
      const { restartMs = defaultRestartMs } = this.#stage.options;
      this.#clock.after(restartMs, () => {
        this.#starting -= 1;
        void this.#begin(traffic);
      });
    };
    // A leader that has lost its lease and does not know it yet.
    const rival = (): void => {
      void this.#begin(traffic);
      this.#clock.after(this.#stage.options.rivalMs ?? defaultRivalMs, () => {
        life.end();
        this.#lives.delete(incarnation);
      });
    };
    const begun = { life, traffic, counts: this.#counts, crash, rival };
    const incarnation = startLife(this.#stage, begun);
    this.#lives.add(incarnation);
  }

  /** People act at their time, whatever state things are in. */
  #schedulePlans(): void {
    for (const plan of this.#stage.scenario.world.operator) {
      this.#clock.after(plan.atMs, () => {
        this.#plansLeft -= 1;
        void this.#carryOut(plan);
      });
    }
  }

  async #carryOut({ rollout, action }: OperatorPlan): Promise<void> {
    const { store, clock } = this.#stage;
    const { items } = await store.list({ apiVersion: argoApiVersion, kind: "Rollout" });
    for (const manifest of items.filter(
      ({ metadata }) => rollout === undefined || metadata.name === rollout,
    )) {
      const what = describeAction(action);
      for (const monitor of this.#monitors)
        monitor.acted?.(action, manifest.metadata.name, this.#sinceMs);
      try {
        this.#transcript.did(manifest.metadata.name, what, clock.now());
        await act(action, manifest, store, clock.now());
      } catch (error) {
        if (!(error instanceof OperatorError) && !isStoreError(error)) throw error;
        this.#transcript.did(
          manifest.metadata.name,
          `${what}: refused: ${errorText(error)}`,
          clock.now(),
        );
      }
    }
  }

  /** Lets all promises run until none is left that does not wait for time, then looks around. */
  async #rest(world: Incarnation): Promise<void> {
    for (let turns = 0; turns < mostTurnsToRest; turns += 1) {
      await turn();
      if (world.manager.isIdle && [...this.#lives].every(({ manager }) => manager.isIdle)) break;
    }
    this.#writesSinceRest = 0;
    if (this.#hasServingChanged) world.traffic.record(this.#clock.now());
    this.#hasServingChanged = false;
    for (const manifest of this.#changedRollouts.values())
      this.#transcript.note(manifest, this.#clock.now());
    this.#changedRollouts.clear();
    for (const monitor of this.#monitors) monitor.rested?.(this.#sinceMs);
  }

  /** Nobody has anything left to do at a later time. */
  #isSettled(world: Incarnation): boolean {
    if (this.#plansLeft > 0 || this.#starting > 0 || world.life.clock.pending > 0) return false;
    return [...this.#lives].every(({ life }) => life.clock.pending === 0);
  }

  async #playUntilSettled(world: Incarnation, untilMs: EpochMs): Promise<Ending> {
    const { clock, options } = this.#stage;
    const { settleMs = 0 } = options;
    let timersNow = 0;
    let quietSinceMs = clock.now();
    for (;;) {
      const before = clock.now();
      this.#written.length = 0;
      await this.#rest(world);
      if (this.#isRestless || timersNow > mostTimersAtOnce) return "restless";
      if (this.#written.length > 0 || !this.#isSettled(world)) quietSinceMs = clock.now();
      // What was missed is only found by the next full list.
      if (this.#isSettled(world) && clock.now() - quietSinceMs >= settleMs) return "settled";
      if (!clock.fireNext(untilMs)) return this.#isSettled(world) ? "settled" : "timeOver";
      timersNow = clock.now() === before ? timersNow + 1 : 0;
    }
  }

  async #watchQuiet(world: Incarnation, quietMs: number): Promise<readonly string[]> {
    const { clock } = this.#stage;
    const untilMs = clock.now() + quietMs;
    this.#written.length = 0;
    while (quietMs > 0 && clock.fireNext(untilMs)) await this.#rest(world);
    return [...this.#written];
  }
}

/** Plays until nothing is left to happen, or until the scenario's time is over. */
export async function simulate(
  scenario: Scenario,
  options: SimulationOptions = {},
): Promise<Simulated> {
  return new Simulation(scenario, options).play();
}
