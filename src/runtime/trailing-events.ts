// Events that do not hold up what they tell of. While few are waiting, whoever records one may wait
// until it is stored, so that not even a killed process leaves something untold. In a storm (a
// thousand rollouts at once) weights and replicas go first: events queue with the time they are of, one at
// a time is sent, and whoever stops the process in good order waits for the rest. Those of one object
// are stored one after the other, so that whoever reads them reads its story.
import type { KubeObject } from "../api/meta/object.ts";
import { sleep, type Clock } from "./clock.ts";
import { subjectOf, type EventRecorder, type RecordedEvent } from "./events.ts";
import { errorText, type Logger } from "./log.ts";

export interface TrailingEventsOptions {
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Events that are being stored at the same time, one while more than `waitedFor` are waiting. */
  readonly atOnce?: number;
  /** With more than these waiting, `record` resolves before its event is stored. */
  readonly waitedFor?: number;
  /** With more than these waiting, `record` waits again: nothing is thrown away. */
  readonly most?: number;
}

export interface TrailingEvents extends EventRecorder {
  /** Resolves when all that was recorded is stored, or given up after its tries. */
  told(): Promise<void>;
}

const tries = 6;
const firstPauseMs = 250;

interface Waiting {
  readonly object: KubeObject;
  readonly event: RecordedEvent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Nobody waits for it: it is tried again here instead of by its pass. */
  readonly isTrailing: boolean;
}

function keyOf({ kind, metadata: { namespace = "", name } }: KubeObject): string {
  return `${kind} ${namespace}/${name}`;
}

class Tail implements TrailingEvents {
  readonly #options: Required<TrailingEventsOptions>;
  readonly #queue: Waiting[] = [];
  readonly #whenTold: (() => void)[] = [];
  /** Objects of which an event is being stored for the first time. */
  readonly #spokenOf = new Set<string>();
  #underWay = 0;

  constructor(options: TrailingEventsOptions) {
    this.#options = { atOnce: 4, waitedFor: 16, most: 20_000, ...options };
  }

  async record(object: KubeObject, event: RecordedEvent): Promise<void> {
    const { waitedFor, most } = this.#options;
    const ahead = this.#queue.length + this.#underWay;
    const isTrailing = ahead >= waitedFor && ahead < most;
    const stored = new Promise<void>((resolve, reject) => {
      this.#queue.push({
        object: subjectOf(object),
        event: { atMs: this.#options.clock.now(), ...event },
        resolve,
        reject,
        isTrailing,
      });
    });
    this.#sendMore();
    if (!isTrailing) await stored;
  }

  async told(): Promise<void> {
    if (this.#queue.length + this.#underWay === 0) return;
    const told = new Promise<void>((resolve) => this.#whenTold.push(resolve));
    // Nothing else is to go first any more.
    this.#sendMore();
    await told;
  }

  get #places(): number {
    const { atOnce, waitedFor } = this.#options;
    const isStorm = this.#queue.length > waitedFor && this.#whenTold.length === 0;
    return isStorm ? 1 : atOnce;
  }

  #sendMore(): void {
    while (this.#underWay < this.#places) {
      const at = this.#queue.findIndex(({ object }) => !this.#spokenOf.has(keyOf(object)));
      const next = this.#queue.splice(at, at < 0 ? 0 : 1)[0];
      if (next === undefined) break;
      this.#underWay += 1;
      this.#spokenOf.add(keyOf(next.object));
      void this.#send(next).finally(() => {
        this.#underWay -= 1;
        this.#sendMore();
      });
    }
    if (this.#queue.length + this.#underWay > 0) return;
    for (const resolve of this.#whenTold.splice(0)) resolve();
  }

  /** Never rejects: who waits is told, and what nobody waits for is logged. */
  async #send(waiting: Waiting): Promise<void> {
    const { object, event, resolve, reject, isTrailing } = waiting;
    try {
      if (isTrailing) await this.#recordPatiently(object, event);
      else await this.#recordInTurn(object, event);
      resolve();
    } catch (error) {
      if (isTrailing) this.#giveUp(waiting, error);
      else reject(error);
    }
  }

  /** What cannot be stored at once holds up nothing else that is told of its object. */
  async #recordInTurn(object: KubeObject, event: RecordedEvent): Promise<void> {
    try {
      await this.#options.recorder.record(object, event);
    } finally {
      this.#spokenOf.delete(keyOf(object));
    }
  }

  async #recordPatiently(object: KubeObject, event: RecordedEvent): Promise<void> {
    const { recorder, clock } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await (attempt === 1 ? this.#recordInTurn(object, event) : recorder.record(object, event));
        return;
      } catch (error) {
        if (attempt === tries) throw error;
        this.#sendMore();
        await sleep(clock, firstPauseMs * 2 ** (attempt - 1));
      }
    }
  }

  #giveUp({ object, event, resolve }: Waiting, error: unknown): void {
    this.#options.log.error("an event could not be stored", {
      on: keyOf(object),
      reason: event.reason,
      message: event.message,
      why: errorText(error),
    });
    resolve();
  }
}

/** Records through `recorder`, behind the work of others when much is to be told. */
export function trailingEvents(options: TrailingEventsOptions): TrailingEvents {
  return new Tail(options);
}
