// The running data plane: holds the live table and the open listeners, and exchanges the one for the next
// without losing a request. Everything that survives a swap lives here.
import { randomUUID } from "node:crypto";
import type { CounterPast, CounterSnapshot } from "../lib/latency-histogram.ts";
import { defaultListenerAddress, emptyConfig } from "./config.ts";
import type { GatewayConfig, Listener } from "./config.ts";
import { buildTable, seriesInUse } from "./live-table.ts";
import type { LiveTable } from "./live-table.ts";
import { HttpListener } from "./proxy/listener.ts";
import type { ListenerCounters, ListenerLog } from "./proxy/listener.ts";
import type { Upstream } from "./proxy/upstream.ts";
import { RecentPast } from "./stats/recent-past.ts";
import { SeriesStore } from "./stats/series-store.ts";

/** What became of one listener of the config; `port` is the bound one, or the wanted one where `error` says why not. */
export interface ListenerState {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly error?: string;
}

export interface Acknowledgement {
  readonly generation: number;
  readonly listeners: readonly ListenerState[];
}

export type ApplyResult =
  | ({ readonly kind: "applied" } & Acknowledgement)
  | { readonly kind: "stale"; readonly generation: number };

export interface StatsReport extends CounterSnapshot {
  readonly generation: number;
  readonly listeners: readonly (ListenerState & ListenerCounters & ListenerLoad)[];
}

export interface ListenerLoad {
  readonly connections: number;
  readonly inFlight: number;
  readonly tunnels: number;
}

export interface InflightReport {
  readonly generation: number;
  readonly listeners: readonly (ListenerState & ListenerLoad)[];
  readonly endpoints: readonly EndpointLoad[];
}

/** `draining`: no longer in the config; listed until nothing is in flight there. */
export interface EndpointLoad {
  readonly host: string;
  readonly port: number;
  readonly pod: string;
  readonly state: "active" | "draining";
  readonly inFlight: number;
  readonly tunnels: number;
  readonly mirrorsInFlight: number;
}

interface OpenListener {
  readonly listener: HttpListener;
  /** The port the config asked for; 0 for any. */
  wantedPort: number;
}

const removedListenerLimitMs = 300_000;
const reopenMs = 1_000;
const pastStepMs = 1_000;

export class Gateway {
  readonly #epoch = randomUUID();
  readonly #startedAtMs = Date.now();
  readonly #store = new SeriesStore();
  readonly #log: ListenerLog;
  readonly #open = new Map<string, OpenListener>();
  readonly #failed = new Map<string, ListenerState>();
  readonly #closing = new Set<Promise<void>>();
  readonly #draining = new Set<Upstream>();
  readonly #preferredPorts: Readonly<Record<string, number>>;
  #live: LiveTable;
  #applying: Promise<unknown> = Promise.resolve();
  #reopenTimer: NodeJS.Timeout | undefined;
  #isStopping = false;
  readonly #past: RecentPast;
  readonly #pastTimer: NodeJS.Timeout;

  /** `preferredPorts`: what to try first for a listener that takes any port, from an earlier life. */
  constructor(log: ListenerLog, preferredPorts: Readonly<Record<string, number>> = {}) {
    this.#log = log;
    this.#preferredPorts = preferredPorts;
    this.#live = buildTable(emptyConfig, undefined, this.#store);
    this.#past = new RecentPast({ ...this.#counted(), nowMs: this.#startedAtMs });
    this.#pastTimer = setInterval(() => this.#past.note(this.#counted()), pastStepMs);
    this.#pastTimer.unref();
  }

  get config(): GatewayConfig {
    return this.#live.config;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** One change at a time, in the order asked. Resolves when the table is live and the ports are open. */
  async apply(config: GatewayConfig): Promise<ApplyResult> {
    const mine = this.#applying.then(() => this.#applyNow(config));
    this.#applying = mine.catch(() => undefined);
    return mine;
  }

  async #applyNow(config: GatewayConfig): Promise<ApplyResult> {
    const current = this.#live.config.generation;
    if (config.generation < current) return { kind: "stale", generation: current };
    const before = this.#live;
    this.#live = buildTable(config, before, this.#store);
    this.#store.retain(seriesInUse(this.#live), Date.now());
    await this.#matchListeners(config.listeners);
    this.#retireUpstreams(before);
    return { kind: "applied", generation: config.generation, listeners: this.listeners() };
  }

  listeners(): readonly ListenerState[] {
    return this.#live.config.listeners.map(({ name }) => this.#stateOf(name));
  }

  #stateOf(name: string): ListenerState {
    const open = this.#open.get(name);
    if (open) return { name, address: open.listener.address, port: open.listener.port };
    const failed = this.#failed.get(name);
    return failed ?? { name, address: "", port: 0, error: "not open" };
  }

  /** Ports stay open where they can: first hand over, then close what is left, then open what is missing. */
  async #matchListeners(wanted: readonly Listener[]): Promise<void> {
    const before = [...this.#open.values()];
    this.#open.clear();
    this.#failed.clear();
    const kept = new Set<OpenListener>();
    for (const listener of wanted) {
      const found = before.find((open) => !kept.has(open) && isFor(open, listener, wanted));
      if (!found) continue;
      kept.add(found);
      found.wantedPort = listener.port;
      found.listener.use(listener.name, this.#tableOf(listener));
      this.#open.set(listener.name, found);
    }
    for (const open of before) if (!kept.has(open)) this.#closeSoon(open.listener);
    for (const listener of wanted) {
      if (!this.#open.has(listener.name)) await this.#openListener(listener);
    }
    this.#reopenLater();
  }

  #tableOf(listener: Listener) {
    const table = this.#live.tables.get(listener.name);
    if (!table) throw new Error(`gateway: listener ${listener.name} has no table`);
    return table;
  }

  async #openListener(wanted: Listener): Promise<void> {
    const address = wanted.address ?? defaultListenerAddress;
    const preferred = wanted.port === 0 ? this.#preferredPorts[wanted.name] : undefined;
    const ports = preferred === undefined ? [wanted.port] : [preferred, 0];
    for (const port of ports) {
      const listener = new HttpListener(wanted.name, address, this.#tableOf(wanted), this.#log);
      try {
        await listener.open(port);
        this.#open.set(wanted.name, { listener, wantedPort: wanted.port });
        this.#failed.delete(wanted.name);
        return;
      } catch (error) {
        this.#failed.set(wanted.name, failedState(wanted, address, error));
      }
    }
  }

  /** A port that was in use may become free; until then the config is live without it. */
  #reopenLater(): void {
    clearTimeout(this.#reopenTimer);
    if (this.#failed.size === 0 || this.#isStopping) return;
    this.#reopenTimer = setTimeout(() => {
      this.#applying = this.#applying.then(() => this.#reopen());
    }, reopenMs);
    this.#reopenTimer.unref();
  }

  async #reopen(): Promise<void> {
    if (this.#isStopping) return;
    for (const listener of this.#live.config.listeners) {
      if (this.#failed.has(listener.name)) await this.#openListener(listener);
    }
    this.#reopenLater();
  }

  #closeSoon(listener: HttpListener): void {
    const closing = listener
      .close(removedListenerLimitMs)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #retireUpstreams(before: LiveTable): void {
    for (const [key, upstream] of before.upstreams) {
      if (this.#live.upstreams.has(key)) continue;
      this.#draining.add(upstream);
      upstream.retire().catch((error: unknown) => {
        this.#log.lost("-", "internal", `closing connections to ${upstream.pod}: ${String(error)}`);
      });
    }
    this.#forgetDrained();
  }

  #forgetDrained(): void {
    for (const upstream of this.#draining) {
      if (!upstream.isBusy()) this.#draining.delete(upstream);
    }
  }

  #counted(): CounterSnapshot {
    return {
      epoch: this.#epoch,
      startedAtMs: this.#startedAtMs,
      nowMs: Date.now(),
      series: this.#store.snapshot(),
    };
  }

  /** What was counted in each of the last seconds, up to now. */
  past(): CounterPast {
    return this.#past.read(this.#counted());
  }

  stats(): StatsReport {
    return {
      ...this.#counted(),
      generation: this.#live.config.generation,
      listeners: this.listeners().map((state) => ({
        ...state,
        ...this.#loadOf(state.name),
        ...(this.#open.get(state.name)?.listener.counters ?? noCounters),
      })),
    };
  }

  inflight(): InflightReport {
    this.#forgetDrained();
    const active = [...this.#live.upstreams.values()].map((each) => loadOf(each, "active"));
    const draining = [...this.#draining].map((each) => loadOf(each, "draining"));
    return {
      generation: this.#live.config.generation,
      listeners: this.listeners().map((state) => ({ ...state, ...this.#loadOf(state.name) })),
      endpoints: [...active, ...draining],
    };
  }

  #loadOf(name: string): ListenerLoad {
    const listener = this.#open.get(name)?.listener;
    return {
      connections: listener?.connections ?? 0,
      inFlight: listener?.inFlight ?? 0,
      tunnels: listener?.tunnels ?? 0,
    };
  }

  /** Stops accepting, answers what is in flight, then closes everything; after `limitMs` what is left is cut. */
  async drain(limitMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#reopenTimer);
    clearInterval(this.#pastTimer);
    await this.#applying;
    const open = [...this.#open.values()];
    const slowest = new Promise<void>((resolve) => {
      setTimeout(resolve, limitMs).unref();
    });
    await Promise.all([
      ...open.map(({ listener }) => listener.close(limitMs)),
      Promise.race([Promise.all(this.#closing), slowest]),
    ]);
    const upstreams = [...this.#live.upstreams.values(), ...this.#draining];
    await Promise.all(upstreams.map((upstream) => upstream.destroy()));
  }
}

/** An open listener serves a wanted one of the same port, or of the same name where any port will do. */
function isFor(open: OpenListener, wanted: Listener, all: readonly Listener[]): boolean {
  const { listener, wantedPort } = open;
  if (listener.address !== (wanted.address ?? defaultListenerAddress)) return false;
  if (wanted.port !== 0) return listener.port === wanted.port;
  if (all.some((other) => other.port === listener.port)) return false;
  return wantedPort === 0 && listener.name === wanted.name;
}

function failedState(wanted: Listener, address: string, error: unknown): ListenerState {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const where = `${address} port ${String(wanted.port)}`;
  return {
    name: wanted.name,
    address,
    port: wanted.port,
    error:
      code === "EADDRINUSE"
        ? `${where} is in use by another process; stop it or choose another port (trying again every second)`
        : `${where}: ${error instanceof Error ? error.message : String(error)}`,
  };
}

const noCounters: ListenerCounters = {
  requests: 0,
  unrouted: 0,
  noBackend: 0,
  badRequests: 0,
  internalErrors: 0,
};

function loadOf(upstream: Upstream, state: EndpointLoad["state"]): EndpointLoad {
  const { host, port, pod, inFlight, tunnels, mirrorsInFlight } = upstream;
  return { host, port, pod, state, inFlight, tunnels, mirrorsInFlight };
}
