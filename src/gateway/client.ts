// The control plane's side: talks to a running gateway, and finds the one that an earlier controller left running.
import { Client } from "undici";
import type { Health, PutConfigResult } from "./admin.ts";
import type { GatewayConfig } from "./config.ts";
import type { InflightReport, StatsReport } from "./gateway.ts";
import type { CounterPast } from "../lib/latency-histogram.ts";
import { processStartTime } from "../runtime/process-identity.ts";
import { readState } from "./state-file.ts";
import type { AdminAddress, GatewayState } from "./state-file.ts";

/** The gateway refused a call. `status` 409: it runs a newer generation; 422: the config is wrong, see `errors`. */
export class GatewayRefusal extends Error {
  override readonly name = "GatewayRefusal";
  readonly status: number;
  readonly errors: readonly string[];
  /** The live generation, where the gateway said it. */
  readonly generation: number | undefined;

  constructor(call: string, status: number, body: RefusalBody) {
    const details = (body.errors ?? []).map((each) => `\n  ${each}`).join("");
    super(`gateway, ${call}: ${body.error ?? `status ${String(status)}`}${details}`);
    this.status = status;
    this.errors = body.errors ?? [];
    this.generation = body.generation;
  }
}

interface RefusalBody {
  readonly error?: string;
  readonly errors?: readonly string[];
  readonly generation?: number;
}

type Method = "GET" | "PUT" | "POST";

const callTimeoutMs = 30_000;

export class GatewayClient {
  readonly #http: Client;
  readonly #token: string;

  constructor(address: AdminAddress, token: string) {
    const timeouts = { headersTimeout: callTimeoutMs, bodyTimeout: callTimeoutMs };
    this.#http =
      address.kind === "unix"
        ? new Client("http://localhost", { ...timeouts, socketPath: address.path })
        : new Client(`http://${address.host}:${String(address.port)}`, timeouts);
    this.#token = token;
  }

  /** Resolves when the config is live. Throws GatewayRefusal 409 for an older generation, 422 for a wrong config. */
  async putConfig(config: GatewayConfig): Promise<PutConfigResult> {
    return this.#call<PutConfigResult>("PUT", "/config", JSON.stringify(config));
  }

  async config(): Promise<GatewayConfig> {
    return this.#call<GatewayConfig>("GET", "/config");
  }

  /** Counters since the gateway started; subtract two with lib/latency-histogram.ts. */
  async stats(): Promise<StatsReport> {
    return this.#call<StatsReport>("GET", "/stats");
  }

  /** What was counted in each of the last seconds; undefined where a gateway of an older version runs. */
  async past(): Promise<CounterPast | undefined> {
    try {
      return await this.#call<CounterPast>("GET", "/past");
    } catch (error) {
      if (error instanceof GatewayRefusal && error.status === 404) return undefined;
      throw error;
    }
  }

  async inflight(): Promise<InflightReport> {
    return this.#call<InflightReport>("GET", "/inflight");
  }

  async health(): Promise<Health> {
    return this.#call<Health>("GET", "/healthz");
  }

  /** Asks the gateway to finish what is in flight and exit; returns before it has. */
  async drain(): Promise<void> {
    await this.#call<unknown>("POST", "/drain");
  }

  /** Frees the connection; the gateway runs on. */
  async close(): Promise<void> {
    await this.#http.destroy();
  }

  async #call<T>(method: Method, path: string, body?: string): Promise<T> {
    const response = await this.#http.request({
      method,
      path,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body }),
    });
    const value: unknown = await response.body.json();
    // The wire border: both ends are of one version, or the caller sees a refusal.
    if (response.statusCode >= 300) {
      throw new GatewayRefusal(`${method} ${path}`, response.statusCode, value as RefusalBody);
    }
    return value as T;
  }
}

/** Requests in flight and open tunnels at a pod (`namespace/name`), over all its ports. */
export function inFlightOfPod(report: InflightReport, pod: string): number {
  return report.endpoints
    .filter((endpoint) => endpoint.pod === pod)
    .reduce((sum, endpoint) => sum + endpoint.inFlight + endpoint.tunnels, 0);
}

export interface FoundGateway {
  readonly client: GatewayClient;
  readonly pid: number;
  readonly startTime: string;
  readonly state: GatewayState;
}

/**
 * The gateway that runs in a data directory, started by whomever; undefined when there is none. A process
 * with the recorded number but another start time is somebody else's, and is left alone.
 */
export async function findGateway(dataDir: string): Promise<FoundGateway | undefined> {
  const state = await readState(dataDir);
  if (!state) return undefined;
  if ((await processStartTime(state.pid)) !== state.startTime) return undefined;
  const { pid, startTime } = state;
  return { client: new GatewayClient(state.admin, state.token), pid, startTime, state };
}
