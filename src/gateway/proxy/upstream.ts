// One pod's port: its kept connections, what is in flight there, and whether it was just found closed.
// An Upstream outlives config swaps as long as any table names it; when the last one lets go, its idle
// connections close at once and the busy ones after their answer.
import { Client, Pool } from "undici";
import type { Dispatcher } from "undici";
import type { Endpoint } from "../config.ts";
import { TrailingRequest } from "./trailing-request.ts";
import type { TrailingInput } from "./trailing-request.ts";

/**
 * Which connection a request may use.
 * - kept: any kept one. A request that can be repeated loses nothing when the backend closes it first.
 * - brief: one that was idle for a moment only. A request that cannot be repeated must not meet a connection
 *   that the backend is about to close for idleness.
 * - fresh: a new one, for the retry after a kept one proved dead.
 */
export type Lane = "kept" | "brief" | "fresh";

const connectTimeoutMs = 5_000;
/** How long to wait for response headers when the rule sets no timeout. */
const headersTimeoutMs = 300_000;
const keptIdleMs = 4_000;
const briefIdleMs = 100;
/** How long an endpoint that refused a connection is passed over while others are there. */
const suspectMs = 250;

const connectionOptions = {
  connect: { timeout: connectTimeoutMs },
  headersTimeout: headersTimeoutMs,
  // Event streams may be silent for hours; only the client or the backend ends them.
  bodyTimeout: 0,
} as const;

export class Upstream {
  readonly host: string;
  readonly port: number;
  readonly pod: string;
  /** Requests sent or being connected, without mirrored copies; what balancing and draining look at. */
  inFlight = 0;
  /** WebSocket and other switched connections, which only their two ends close. */
  tunnels = 0;
  mirrorsInFlight = 0;
  /** When a balancer last chose it, on the clock of `performance.now`. */
  chosenAtMs = -1;
  #suspectUntilMs = 0;
  readonly #origin: string;
  #kept: Pool | undefined;
  #brief: Pool | undefined;
  #retired = false;
  readonly #trailing = new Set<TrailingRequest>();

  constructor(endpoint: Endpoint) {
    this.host = endpoint.host;
    this.port = endpoint.port;
    this.pod = endpoint.pod;
    this.#origin = `http://${hostInUrl(endpoint.host)}:${String(endpoint.port)}`;
  }

  isBusy(): boolean {
    return this.inFlight + this.tunnels + this.mirrorsInFlight > 0;
  }

  isSuspect(nowMs: number): boolean {
    return nowMs < this.#suspectUntilMs;
  }

  suspect(nowMs: number): void {
    this.#suspectUntilMs = nowMs + suspectMs;
  }

  /** Sends a request; everything that goes wrong arrives at the handler. */
  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    lane: Lane,
  ): void {
    if (lane === "fresh" || this.#retired) {
      this.#dispatchFresh(options, handler);
    } else {
      this.#pool(lane).dispatch(options, handler);
    }
  }

  /** As dispatch, for a request with trailers: over a connection of its own. */
  dispatchTrailing(
    input: TrailingInput,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): void {
    const { host, port } = this;
    const sent = new TrailingRequest(input, options, handler, {
      host,
      port,
      connectTimeoutMs,
      headersTimeoutMs,
      onEnd: () => this.#trailing.delete(sent),
    });
    this.#trailing.add(sent);
  }

  /** Nobody will choose this endpoint any more. Requests in flight go on; resolves when the pools are closed. */
  async retire(): Promise<void> {
    this.#retired = true;
    await Promise.all([this.#kept?.close(), this.#brief?.close()]);
  }

  /** Cuts every connection; for the end of a drain that ran out of time. */
  async destroy(): Promise<void> {
    this.#retired = true;
    for (const sent of this.#trailing) sent.destroy(new Error("the gateway is stopping"));
    await Promise.all([this.#kept?.destroy(), this.#brief?.destroy()]);
  }

  #pool(lane: "kept" | "brief"): Pool {
    return lane === "kept"
      ? (this.#kept ??= this.#openPool(keptIdleMs))
      : (this.#brief ??= this.#openPool(briefIdleMs));
  }

  #openPool(idleMs: number): Pool {
    return new Pool(this.#origin, {
      ...connectionOptions,
      keepAliveTimeout: idleMs,
      // A backend's own Keep-Alive hint can only shorten this.
      keepAliveMaxTimeout: idleMs,
      keepAliveTimeoutThreshold: 1_000,
    });
  }

  #dispatchFresh(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const client = new Client(this.#origin, { ...connectionOptions, pipelining: 0 });
    client.dispatch(options, handler);
    // Closing waits for the request; it cannot fail while the request is reported to the handler.
    void client.close();
  }
}

function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
