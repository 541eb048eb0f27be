// One leader among several processes, by a Lease (coordination.k8s.io/v1) with the semantics of
// Kubernetes' own leader election, so that we and Argo Rollouts' controller exclude each other.
// Nobody compares clocks: who waits counts, on its own clock, for how long the record it sees has not
// changed; who holds it stops by its own clock well before anybody else could take it.
import type { Lease } from "../api/kubernetes/workloads.ts";
import type { ObjectRef } from "../api/meta/object.ts";
import { isStoreError, type ObjectStore } from "../objects/object-store.ts";
import { sleep, type CancelTimer, type Clock } from "./clock.ts";
import { errorText, type Logger } from "./log.ts";

export interface LeaseTimes {
  /** How long others wait after the last renewal they saw. */
  readonly leaseDurationMs: number;
  /** How long the holder goes on without a renewal; less than `leaseDurationMs`. */
  readonly renewDeadlineMs: number;
  /** How often it is renewed, and asked for. */
  readonly retryPeriodMs: number;
}

export interface LeaderElectionOptions extends LeaseTimes {
  readonly store: Pick<ObjectStore, "get" | "create" | "update">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly namespace: string;
  readonly name: string;
  /** Who we are: different for every process there ever was. */
  readonly identity: string;
  /** In [0, 1): spreads the attempts of those who wait. */
  readonly random: () => number;
}

export interface Leadership {
  /** Aborted, with the reason, once the lease is no longer surely ours. */
  readonly lost: AbortSignal;
  /** Whether we may still write at this very moment. */
  isHeld(): boolean;
  /** Ends the renewals and gives the lease back, so that the next need not wait for it to run out. */
  release(): Promise<void>;
}

const waitSpread = 0.2;

/** Kubernetes' MicroTime: six digits, no more and no less. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

/** What is wrong with the times, if anything: each must leave room for the next. */
export function leaseTimesProblem(times: LeaseTimes): string | undefined {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = times;
  if (retryPeriodMs <= 0) return "the retry period must be longer than 0";
  if (leaseDurationMs < 1000) return "the lease duration must be at least 1s";
  if (leaseDurationMs <= renewDeadlineMs)
    return "the lease duration must be longer than the renew deadline";
  return renewDeadlineMs <= retryPeriodMs * (1 + waitSpread)
    ? `the renew deadline must be longer than ${1 + waitSpread} times the retry period`
    : undefined;
}

/** The Lease as one process sees it. */
class LeaseRecord {
  readonly #options: LeaderElectionOptions;
  #seen: Lease | undefined;
  #hasRunOut = false;
  #cancelRunningOut: CancelTimer = () => undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  get ref(): ObjectRef {
    const { namespace, name } = this.#options;
    return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace, name };
  }

  get holder(): string {
    return this.#seen?.spec?.holderIdentity ?? "";
  }

  /** Nobody else holds it, or has not renewed it for as long as it was to last. */
  get isToBeHad(): boolean {
    return this.holder === "" || this.holder === this.#options.identity || this.#hasRunOut;
  }

  async look(): Promise<void> {
    this.#observe(await this.#options.store.get<Lease>(this.ref));
  }

  /** Rejects with Conflict or AlreadyExists if somebody was quicker. */
  async take(): Promise<void> {
    const { store, clock, identity, leaseDurationMs } = this.#options;
    const now = microTime(clock.now());
    const { spec: before = {}, ...lease } = this.#seen ?? this.#newLease();
    const isOurs = before.holderIdentity === identity;
    const transitions = before.leaseTransitions ?? 0;
    const spec = {
      ...before,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: isOurs ? (before.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: isOurs || this.#seen === undefined ? transitions : transitions + 1,
    };
    const wanted: Lease = { ...lease, spec };
    this.#observe(await (this.#seen === undefined ? store.create(wanted) : store.update(wanted)));
  }

  /** As Kubernetes does it: no holder, and a second until it counts as run out. */
  async giveBack(): Promise<void> {
    const { store, clock } = this.#options;
    if (this.#seen === undefined) return;
    const now = microTime(clock.now());
    const spec = {
      ...this.#seen.spec,
      holderIdentity: "",
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
    };
    this.#observe(await store.update<Lease>({ ...this.#seen, spec }));
  }

  forget(): void {
    this.#cancelRunningOut();
  }

  #newLease(): Lease {
    const { namespace, name } = this.ref;
    return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { namespace, name } };
  }

  /** Time runs from the moment the record is first seen as it is. */
  #observe(lease: Lease | undefined): void {
    const isNew = lease?.metadata.resourceVersion !== this.#seen?.metadata.resourceVersion;
    this.#seen = lease;
    if (!isNew) return;
    const { clock, leaseDurationMs } = this.#options;
    const seconds = lease?.spec?.leaseDurationSeconds;
    this.#cancelRunningOut();
    this.#hasRunOut = false;
    // A timer, not a time of day: that may jump.
    this.#cancelRunningOut = clock.after(
      seconds === undefined ? leaseDurationMs : seconds * 1000,
      () => {
        this.#hasRunOut = true;
      },
    );
  }
}

class HeldLease implements Leadership {
  readonly #options: LeaderElectionOptions;
  readonly #record: LeaseRecord;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #renewing: Promise<void>;
  #heldUntilMs = 0;
  #cancelDeadline: CancelTimer = () => undefined;

  constructor(options: LeaderElectionOptions, record: LeaseRecord, takenAtMs: number) {
    this.#options = options;
    this.#record = record;
    this.#hold(takenAtMs);
    this.#renewing = this.#renew();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isHeld(): boolean {
    // The timer is right when the time of day jumps back, the time of day when the process was frozen.
    return !this.#lost.signal.aborted && this.#options.clock.now() < this.#heldUntilMs;
  }

  async release(): Promise<void> {
    const wasHeld = this.isHeld();
    this.#ended.abort();
    await this.#renewing;
    this.#stopCounting();
    if (!wasHeld) return;
    try {
      await this.#giveBack();
      this.#lose("it was given back");
    } catch (error) {
      const fields = { lease: this.#record.ref.name, error: errorText(error) };
      this.#options.log.warn("the lease was not given back; others wait until it runs out", fields);
    }
  }

  async #giveBack(): Promise<void> {
    try {
      await this.#record.giveBack();
    } catch (error) {
      if (!isStoreError(error, "Conflict")) throw error;
      await this.#record.look();
      if (this.#record.holder === this.#options.identity) await this.#record.giveBack();
    }
  }

  async #renew(): Promise<void> {
    const { clock, retryPeriodMs } = this.#options;
    const { signal } = this.#ended;
    for (;;) {
      try {
        await sleep(clock, retryPeriodMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        return;
      }
      await this.#renewOnce();
    }
  }

  async #renewOnce(): Promise<void> {
    const { clock, log } = this.#options;
    const startedAtMs = clock.now();
    try {
      await this.#takeAgain();
      if (!this.#ended.signal.aborted) this.#hold(startedAtMs);
    } catch (error) {
      log.warn("the lease could not be renewed, trying again", {
        lease: this.#record.ref.name,
        error: errorText(error),
      });
    }
  }

  /** Somebody may have touched the record without taking it: only another holder ends it. */
  async #takeAgain(): Promise<void> {
    try {
      await this.#record.take();
    } catch (error) {
      const isOlder = ["Conflict", "NotFound", "AlreadyExists"] as const;
      if (!isOlder.some((reason) => isStoreError(error, reason))) throw error;
      await this.#record.look();
      const { holder } = this.#record;
      if (holder === this.#options.identity || holder === "") await this.#record.take();
      else this.#lose(`it is now held by ${holder}`);
    }
  }

  #hold(sinceMs: number): void {
    if (this.#lost.signal.aborted) return;
    const { clock, renewDeadlineMs } = this.#options;
    this.#heldUntilMs = sinceMs + renewDeadlineMs;
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(this.#heldUntilMs - clock.now(), () =>
      this.#lose(`it could not be renewed within ${renewDeadlineMs / 1000} s`),
    );
  }

  #lose(why: string): void {
    this.#stopCounting();
    this.#lost.abort(new Error(`the lease ${this.#record.ref.name} is no longer ours: ${why}`));
    this.#ended.abort();
  }

  #stopCounting(): void {
    this.#cancelDeadline();
    this.#record.forget();
  }
}

/** Waits until the lease is ours, however long that takes. Rejects only once `signal` is aborted. */
export async function acquireLeadership(
  options: LeaderElectionOptions,
  signal: AbortSignal,
): Promise<Leadership> {
  const { clock, log, retryPeriodMs, random } = options;
  const record = new LeaseRecord(options);
  const tell = teller(log, record);
  try {
    for (;;) {
      signal.throwIfAborted();
      const startedAtMs = clock.now();
      if (await attempt(record, tell)) return new HeldLease(options, record, startedAtMs);
      await sleep(clock, retryPeriodMs * (1 + waitSpread * random()), signal);
    }
  } catch (error) {
    record.forget();
    throw error;
  }
}

async function attempt(record: LeaseRecord, tell: (text: string) => void): Promise<boolean> {
  try {
    await record.look();
    if (record.isToBeHad) {
      await record.take();
      return true;
    }
    tell(`held by ${record.holder}`);
  } catch (error) {
    const wasQuicker = isStoreError(error, "Conflict") || isStoreError(error, "AlreadyExists");
    if (!wasQuicker) tell(errorText(error));
  }
  return false;
}

/** Says why we wait, once for each reason. */
function teller(log: Logger, record: LeaseRecord): (text: string) => void {
  let told = "";
  return (text) => {
    if (text === told) return;
    told = text;
    log.info("waiting for the lease", { lease: record.ref.name, why: text });
  };
}
