// Keeps the gateway at what the objects say, and the objects at what the gateway says. Knows when a
// pod gets no more requests (DrainGate). The gateway is a process of its own: it may be gone, older
// than we are, or restarted; each time its live config is asked for before anything is pushed.
import type { Gateway, HTTPRoute } from "../../api/gateway/http-route.ts";
import type { Pod } from "../../api/kubernetes/pod.ts";
import type { EndpointSlice, Service } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { PutConfigResult } from "../../gateway/admin.ts";
import { inFlightOfPod } from "../../gateway/client.ts";
import type { GatewayConfig } from "../../gateway/config.ts";
import type { InflightReport, ListenerState, StatsReport } from "../../gateway/gateway.ts";
import type { CounterPast } from "../../lib/latency-histogram.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { isStoreError } from "../../objects/object-store.ts";
import type { ObjectStore } from "../../objects/object-store.ts";
import type { Cache } from "../../runtime/cache.ts";
import { sleep } from "../../runtime/clock.ts";
import type { CancelTimer, Clock } from "../../runtime/clock.ts";
import { sourceOf } from "../../runtime/controller.ts";
import type { Controller } from "../../runtime/controller.ts";
import type { EventRecorder } from "../../runtime/events.ts";
import { errorText } from "../../runtime/log.ts";
import type { Logger } from "../../runtime/log.ts";
import type { Manager } from "../../runtime/manager.ts";
import { settled } from "../../runtime/outcome.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import { compileGateway } from "./compile-gateway.ts";
import type { CompiledGateway } from "./compile-gateway.ts";
import { untilCountedMs } from "./counting-time.ts";
import { gatewayStatus, routeStatus } from "./route-status.ts";
import type { ListenerStates } from "./route-status.ts";
import { serviceNews, serviceStatus } from "./service-status.ts";

/** What is asked of a running gateway; `GatewayClient` is one. */
export interface GatewayLink {
  putConfig(config: GatewayConfig): Promise<PutConfigResult>;
  config(): Promise<GatewayConfig>;
  stats(): Promise<StatsReport>;
  past(): Promise<CounterPast | undefined>;
  inflight(): Promise<InflightReport>;
  close(): Promise<void>;
}

export interface GatewaySyncDeps {
  readonly manager: Manager;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly log: Logger;
  /** Finds the running gateway or starts one; rejects while neither is possible. */
  readonly connect: () => Promise<GatewayLink>;
  /** Told each second what the gateway has counted. */
  readonly onStats: (report: StatsReport) => void;
  /** Told what a gateway had counted before, whenever one is found. */
  readonly onPast: (past: CounterPast) => void;
  readonly statsIntervalMs?: number;
}

const syncKey = "/gateway";
const defaultStatsIntervalMs = 1_000;
const drainPollMs = 50;
const caughtUpWithinMs = 10_000;

interface Connection {
  readonly link: GatewayLink;
  readonly live: GatewayConfig;
}

interface Waiter {
  /** Number of the pass that must have ended well: the first one that knew of the waiter. */
  readonly afterPass: number;
  readonly resolve: () => void;
}

export class GatewaySync implements Controller {
  readonly name = "gateway-sync";
  readonly concurrency = 1;
  readonly sources: Controller["sources"];
  readonly #deps: GatewaySyncDeps;
  readonly #services: Cache<Service>;
  readonly #slices: Cache<EndpointSlice>;
  readonly #pods: Cache<Pod>;
  readonly #gateways: Cache<Gateway>;
  readonly #routes: Cache<HTTPRoute>;
  readonly #draining = new Set<string>();
  readonly #stop = new AbortController();
  #waiters: readonly Waiter[] = [];
  #pass = 0;
  #connection: Connection | undefined;
  #states: ListenerStates = new Map();
  #epoch: string | undefined;
  #enqueue: (key: string) => void = () => undefined;
  #cancelPoll: CancelTimer = () => undefined;
  #polling: Promise<void> = Promise.resolve();

  constructor(deps: GatewaySyncDeps) {
    this.#deps = deps;
    const { manager } = deps;
    this.#services = manager.cache<Service>("v1", "Service");
    this.#slices = manager.cache<EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice");
    this.#pods = manager.cache<Pod>("v1", "Pod");
    this.#gateways = manager.cache<Gateway>("gateway.networking.k8s.io/v1", "Gateway");
    this.#routes = manager.cache<HTTPRoute>("gateway.networking.k8s.io/v1", "HTTPRoute");
    const always = (): readonly string[] => [syncKey];
    this.sources = [
      sourceOf(this.#services, always),
      sourceOf(this.#slices, always),
      sourceOf(this.#pods, always),
      sourceOf(this.#gateways, always),
      sourceOf(this.#routes, always),
      {
        subscribe: (enqueue) => {
          this.#enqueue = enqueue;
          enqueue(syncKey);
        },
      },
    ];
    this.#schedulePoll();
  }

  async reconcile(): Promise<Outcome> {
    this.#pass += 1;
    const pass = this.#pass;
    const compiled = compileGateway({
      services: this.#services.list(),
      slices: this.#slices.list(),
      pods: this.#pods.list(),
      gateways: this.#gateways.list(),
      routes: this.#routes.list(),
      excludedPods: this.#draining,
    });
    try {
      await this.#push(compiled);
    } catch (error) {
      await this.#disconnect();
      throw error;
    }
    for (const waiter of this.#waiters) if (waiter.afterPass <= pass) waiter.resolve();
    this.#waiters = this.#waiters.filter((waiter) => waiter.afterPass > pass);
    await this.#report(compiled);
    return settled;
  }

  /** Ends the polling; the gateway serves on. Call after the manager has stopped. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("gateway-sync stops"));
    this.#cancelPoll();
    await this.#polling;
    await this.#disconnect();
  }

  /**
   * Resolves once the gateway runs a config without the pod and has nothing in flight there. From the
   * call on, no config contains the pod again. Rejects when the signal aborts.
   */
  async drained(pod: Pod, signal: AbortSignal): Promise<void> {
    const { uid = "", name, namespace = "" } = pod.metadata;
    this.#draining.add(uid);
    await this.#nextPass(signal);
    for (;;) {
      if ((await this.#inFlight(`${namespace}/${name}`)) === 0) return;
      await sleep(this.#deps.clock, drainPollMs, signal);
    }
  }

  /**
   * Resolves once the gateway runs what the objects say now. Rejects when the signal aborts, or when
   * the gateway does not answer for ten seconds.
   */
  async caughtUp(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const limit = new AbortController();
    const cancel = clock.after(caughtUpWithinMs, () => {
      limit.abort(new Error("the gateway does not run the present routes; see its log"));
    });
    const either = AbortSignal.any([signal, limit.signal]);
    try {
      // What was written a moment ago reaches the caches within one turn.
      await sleep(clock, 0, either);
      await this.#nextPass(either);
    } finally {
      cancel();
    }
  }

  #nextPass(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      this.#waiters = [...this.#waiters, { afterPass: this.#pass + 1, resolve }];
      this.#enqueue(syncKey);
    });
  }

  /** Requests at the pod; undefined while the gateway does not answer. */
  async #inFlight(pod: string): Promise<number | undefined> {
    const { log } = this.#deps;
    try {
      const report = await this.#connection?.link.inflight();
      return report === undefined ? undefined : inFlightOfPod(report, pod);
    } catch (error) {
      log.debug("the gateway does not say what is in flight", { error: errorText(error) });
      return undefined;
    }
  }

  async #connected(): Promise<Connection> {
    if (this.#connection !== undefined) return this.#connection;
    const link = await this.#deps.connect();
    try {
      const past = await link.past();
      if (past !== undefined) this.#deps.onPast(past);
      this.#connection = { link, live: await link.config() };
      return this.#connection;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.link.close();
  }

  /** Resolves when the gateway runs the compiled config, be it from before. */
  async #push({ config }: CompiledGateway): Promise<void> {
    const { link, live } = await this.#connected();
    const wanted: GatewayConfig = { ...config, generation: live.generation };
    if (deepEqual(asJson(wanted), asJson(live))) {
      if (this.#states.size < config.listeners.length)
        this.#states = statesOf((await link.stats()).listeners);
      return;
    }
    const next = { ...config, generation: live.generation + 1 };
    const result = await link.putConfig(next);
    this.#connection = { link, live: next };
    this.#states = statesOf(result.listeners);
    if (result.saveError !== undefined) {
      this.#deps.log.error("the gateway runs a config it could not save", {
        error: result.saveError,
      });
    }
  }

  async #report(compiled: CompiledGateway): Promise<void> {
    const nowMs = this.#deps.clock.now();
    for (const verdict of compiled.routes) {
      await this.#save(this.#routes, verdict.route, routeStatus(verdict, this.#states, nowMs));
    }
    for (const verdict of compiled.gateways) {
      await this.#save(
        this.#gateways,
        verdict.gateway,
        gatewayStatus(verdict, this.#states, nowMs),
      );
    }
    for (const service of this.#services.list()) await this.#reportService(service, compiled);
  }

  async #reportService(service: Service, { ports }: CompiledGateway): Promise<void> {
    const { namespace = "", name } = service.metadata;
    const own = ports.filter(
      ({ owner }) =>
        owner.kind === "Service" && owner.namespace === namespace && owner.name === name,
    );
    const status = serviceStatus(service, own, this.#states, this.#deps.clock.now());
    // Before the status: once that says it, nobody would notice that it was not told.
    const news = serviceNews(service.status, status ?? service.status);
    if (news !== undefined) await this.#deps.events.record(service, news);
    await this.#save(this.#services, service, status);
  }

  async #save<T extends KubeObject>(
    cache: Cache<T>,
    object: T,
    status: object | undefined,
  ): Promise<void> {
    if (status === undefined) return;
    try {
      cache.remember(
        await this.#deps.store.update<T>({ ...object, status }, { subresource: "status" }),
      );
    } catch (error) {
      // A newer version is on its way here and brings the next pass.
      if (isStoreError(error, "Conflict") || isStoreError(error, "NotFound")) return;
      throw error;
    }
  }

  #schedulePoll(): void {
    if (this.#stop.signal.aborted) return;
    const { clock, statsIntervalMs = defaultStatsIntervalMs } = this.#deps;
    this.#cancelPoll = clock.after(untilCountedMs(clock.now(), statsIntervalMs), () => {
      this.#polling = this.#poll().finally(() => this.#schedulePoll());
    });
  }

  /** Passes the counters on; notices a gateway that is gone, restarted, or has other ports than before. */
  async #poll(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    try {
      const report = await connection.link.stats();
      this.#deps.onStats(report);
      this.#noticeChanges(connection, report);
    } catch (error) {
      this.#deps.log.warn("the gateway does not answer; looking for it again", {
        error: errorText(error),
      });
      if (this.#connection === connection) await this.#disconnect();
      this.#enqueue(syncKey);
    }
    this.#forgetDrained();
  }

  #noticeChanges(connection: Connection, report: StatsReport): void {
    const states = statesOf(report.listeners);
    const isOther = this.#epoch !== undefined && report.epoch !== this.#epoch;
    this.#epoch = report.epoch;
    if (this.#connection !== connection) return;
    const isBehind = report.generation !== connection.live.generation;
    const hasMoved = JSON.stringify([...states]) !== JSON.stringify([...this.#states]);
    if (!isOther && !isBehind && !hasMoved) return;
    this.#states = states;
    if (isOther || isBehind) this.#connection = undefined;
    if (isOther || isBehind) void connection.link.close();
    this.#enqueue(syncKey);
  }

  #forgetDrained(): void {
    const known = new Set(this.#pods.list().map((pod) => pod.metadata.uid));
    for (const uid of this.#draining) if (!known.has(uid)) this.#draining.delete(uid);
  }
}

function statesOf(listeners: readonly ListenerState[]): ListenerStates {
  return new Map(
    listeners.map(({ name, address, port, error }) => [
      name,
      { name, address, port, ...(error === undefined ? {} : { error }) },
    ]),
  );
}
