// The gateway as a process: opens the last config, then the admin API, then writes gateway.json; ends by drain.
// `runGateway` is what the process runs, `startGatewayProcess` is how a controller starts one that outlives it.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { Logger } from "pino";
import { openAdmin } from "./admin.ts";
import type { AdminActions, AdminServer } from "./admin.ts";
import { findGateway } from "./client.ts";
import type { FoundGateway } from "./client.ts";
import { loadConfig, saveConfig } from "./config-store.ts";
import { Gateway } from "./gateway.ts";
import { lossLog } from "./log.ts";
import { keepBounded } from "../runtime/bounded-file.ts";
import { processStartTime } from "../runtime/process-identity.ts";
import { stateFileIn, writeState } from "./state-file.ts";
import type { GatewayState } from "./state-file.ts";

/** Who ends the process: `detached` (SIGTERM drains, SIGINT is for somebody else), `foreground` (both drain), `none`. */
export type SignalMode = "detached" | "foreground" | "none";

export interface RunGatewayOptions {
  /** Holds gateway.json, gateway.sock, gateway-config.json; one gateway per directory. */
  readonly dataDir: string;
  /** Standard output by default. */
  readonly logger?: Logger;
  /** By default `detached` where `startGatewayProcess` started it, `foreground` elsewhere. */
  readonly signals?: SignalMode;
  /** How long a drain waits for requests in flight; 30 s by default. */
  readonly drainLimitMs?: number;
}

export interface RunningGateway {
  readonly state: GatewayState;
  /** Resolves when the gateway has drained and closed everything. */
  readonly ended: Promise<void>;
  /** Stops accepting, answers what is in flight, closes. */
  drain(): Promise<void>;
}

const logFileName = "gateway.log";
const detachedVariable = "HALDANE_GATEWAY_DETACHED";
const defaultDrainLimitMs = 30_000;

/** Runs a gateway in this process. Rejects when another one runs in the data directory. */
export async function runGateway(options: RunGatewayOptions): Promise<RunningGateway> {
  const logger = options.logger ?? pino({ name: "gateway" });
  await mkdir(options.dataDir, { recursive: true });
  await refuseSecondGateway(options.dataDir);
  return new GatewayProcess(options, logger).start();
}

async function refuseSecondGateway(dataDir: string): Promise<void> {
  const running = await findGateway(dataDir);
  if (!running) return;
  await running.client.close();
  throw new Error(
    `${dataDir}: a gateway (pid ${String(running.pid)}) is running in this data directory; adopt it or stop it first`,
  );
}

class GatewayProcess {
  readonly #options: RunGatewayOptions;
  readonly #logger: Logger;
  readonly #token = randomBytes(32).toString("hex");
  readonly #signalHandlers: (readonly [NodeJS.Signals, () => void])[] = [];
  #gateway: Gateway | undefined;
  #admin: AdminServer | undefined;
  #state: GatewayState | undefined;
  #configError: string | undefined;
  #putting: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #stopBounding: () => void = () => undefined;
  #onEnded: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => {
    this.#onEnded = resolve;
  });

  constructor(options: RunGatewayOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  async start(): Promise<RunningGateway> {
    const { dataDir } = this.#options;
    const loaded = await loadConfig(dataDir);
    const ports = loaded.kind === "loaded" ? loaded.saved.ports : {};
    const gateway = new Gateway(lossLog(this.#logger), ports);
    this.#gateway = gateway;
    if (loaded.kind === "unusable") this.#noteUnusable(loaded.message);
    if (loaded.kind === "loaded") await gateway.apply(loaded.saved.config);
    this.#admin = await openAdmin(dataDir, this.#token, this.#actions(gateway));
    const startTime = await processStartTime(process.pid);
    if (startTime === undefined) throw new Error("the system does not say when this process began");
    const { epoch, startedAtMs } = gateway.stats();
    const state: GatewayState = {
      pid: process.pid,
      startTime,
      startedAtMs,
      epoch,
      admin: this.#admin.address,
      token: this.#token,
      listeners: [...gateway.listeners()],
    };
    this.#state = state;
    await writeState(dataDir, state);
    this.#listenToSignals();
    this.#boundLog();
    this.#logger.info({ generation: gateway.config.generation }, "gateway is up");
    return { state, ended: this.#ended, drain: () => this.#drain() };
  }

  #noteUnusable(message: string): void {
    this.#configError = message;
    this.#logger.error(message);
  }

  #actions(gateway: Gateway): AdminActions {
    return {
      health: () => ({
        status: "ok",
        pid: process.pid,
        epoch: gateway.epoch,
        generation: gateway.config.generation,
        ...(this.#configError === undefined ? {} : { configError: this.#configError }),
      }),
      config: () => gateway.config,
      putConfig: (config) => {
        // A config that opened ports again would keep the process from ending.
        if (this.#ending) return Promise.resolve({ kind: "draining" });
        const mine = this.#putting.then(() => this.#putConfig(gateway, config));
        this.#putting = mine.catch(() => undefined);
        return mine;
      },
      stats: () => gateway.stats(),
      past: () => gateway.past(),
      inflight: () => gateway.inflight(),
      drain: () => {
        void this.#drain();
      },
    };
  }

  async #putConfig(
    gateway: Gateway,
    config: Parameters<AdminActions["putConfig"]>[0],
  ): ReturnType<AdminActions["putConfig"]> {
    const result = await gateway.apply(config);
    if (result.kind === "stale") return result;
    this.#configError = undefined;
    const saveError = await this.#save(gateway);
    this.#logger.info({ generation: result.generation, saveError }, "config is live");
    return saveError === undefined ? result : { ...result, saveError };
  }

  /** A full disk must not keep a config from going live; the caller is told that it is not saved. */
  async #save(gateway: Gateway): Promise<string | undefined> {
    const { dataDir } = this.#options;
    const listeners = gateway.listeners();
    const ports = Object.fromEntries(
      listeners.filter((each) => each.error === undefined).map((each) => [each.name, each.port]),
    );
    try {
      await saveConfig(dataDir, { config: gateway.config, ports });
      if (this.#state) {
        this.#state = { ...this.#state, listeners: [...listeners] };
        await writeState(dataDir, this.#state);
      }
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #listenToSignals(): void {
    const mode = this.#options.signals ?? defaultSignalMode();
    if (mode === "none") return;
    const drain = (): void => void this.#drain();
    const ignore = (): void => undefined;
    this.#signalHandlers.push(["SIGTERM", drain], ["SIGINT", mode === "detached" ? ignore : drain]);
    this.#signalHandlers.push(["SIGHUP", ignore]);
    for (const [signal, handler] of this.#signalHandlers) process.on(signal, handler);
    // One broken connection must not take the others down with it.
    process.on("uncaughtException", this.#onUncaught);
  }

  readonly #onUncaught = (error: Error): void => {
    this.#logger.error({ err: error }, "unexpected error; the gateway serves on");
  };

  /** Where `startGatewayProcess` sends our output; nobody else outlives controllers to look after it. */
  #boundLog(): void {
    if (process.env[detachedVariable] !== "1") return;
    const file = join(this.#options.dataDir, logFileName);
    this.#stopBounding = keepBounded({
      file,
      onError: (error) => this.#logger.warn({ err: error }, "the log could not be cut"),
    });
  }

  async #drain(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#logger.info("draining");
    await this.#putting;
    await this.#gateway?.drain(this.#options.drainLimitMs ?? defaultDrainLimitMs);
    await this.#admin?.close();
    await rm(stateFileIn(this.#options.dataDir), { force: true });
    for (const [signal, handler] of this.#signalHandlers) process.off(signal, handler);
    process.off("uncaughtException", this.#onUncaught);
    this.#stopBounding();
    this.#logger.info("ended");
    this.#onEnded();
  }
}

function defaultSignalMode(): SignalMode {
  return process.env[detachedVariable] === "1" ? "detached" : "foreground";
}

export interface StartGatewayOptions {
  readonly dataDir: string;
  /** The program and its arguments; it must call `runGateway` with the same data directory. */
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** How long to wait until it answers; 15 s by default. */
  readonly timeoutMs?: number;
}

/**
 * Starts a gateway in a process group of its own, logging to `gateway.log` in the data directory (which it keeps small,
 * with one older part in `gateway.log.1`), and resolves when its
 * admin API answers. It outlives this process. Rejects with the end of its log when it exits or does not answer.
 */
export async function startGatewayProcess(options: StartGatewayOptions): Promise<FoundGateway> {
  const { dataDir, command, timeoutMs = 15_000 } = options;
  const [program, ...args] = command;
  if (program === undefined) throw new Error("startGatewayProcess: the command is empty");
  await mkdir(dataDir, { recursive: true });
  await refuseSecondGateway(dataDir);
  const logFile = join(dataDir, logFileName);
  const log = await open(logFile, "a", 0o600);
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: { ...process.env, ...options.env, [detachedVariable]: "1" },
  });
  const failure = new Promise<Error>((resolve) => child.once("error", resolve));
  child.unref();
  try {
    return await untilAnswering(dataDir, child, failure, Date.now() + timeoutMs);
  } catch (error) {
    const tail = (await readFile(logFile, "utf8")).slice(-2_000);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the gateway did not start: ${why}. The end of ${logFile}:\n${tail}`, {
      cause: error,
    });
  } finally {
    await log.close();
  }
}

async function untilAnswering(
  dataDir: string,
  child: ChildProcess,
  failure: Promise<Error>,
  deadlineMs: number,
): Promise<FoundGateway> {
  for (;;) {
    const spawnError = await Promise.race([failure, sleep(20)]);
    if (spawnError) throw spawnError;
    // None ran before; whichever answers now is the one just started, be it behind a wrapper of its own.
    const found = await findGateway(dataDir);
    if (found) {
      await found.client.health();
      return found;
    }
    if (child.exitCode !== null) throw new Error(`it exited with ${String(child.exitCode)}`);
    if (child.signalCode !== null) throw new Error(`it was ended by ${child.signalCode}`);
    if (Date.now() > deadlineMs) {
      child.kill("SIGKILL");
      throw new Error("it did not answer in time");
    }
  }
}
