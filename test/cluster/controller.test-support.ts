// `haldane controller` as a process of its own, from source, with its log kept.
import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { until } from "./cluster.test-support.ts";
import { controllerKubeconfig } from "./kubeconfig.test-support.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const main = path.resolve(import.meta.dirname, "../../src/cli/main.ts");

export interface ControllerOptions {
  /** Watch only this namespace, and keep the lease there, so that suites do not disturb each other. */
  readonly namespace: string;
  /** A whole-cluster controller, for objects with this instance id; the lease stays in `namespace`. */
  readonly instanceId?: string;
  readonly kubeconfig?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Resolve as soon as the process runs, whether or not it leads. */
  readonly isStandby?: boolean;
}

export interface RunningController {
  readonly pid: number;
  readonly metricsUrl: string;
  readonly healthUrl: string;
  /** All lines until now. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /** The exit code; null if a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
}

const running = new Set<ChildProcess>();

function scopeOf({ namespace, instanceId }: ControllerOptions): readonly string[] {
  return instanceId === undefined
    ? ["--namespaced", "--namespace", namespace]
    : ["--instance-id", instanceId];
}

function portIn(log: string, name: string): string | undefined {
  return new RegExp(`${name}=(\\d+)`).exec(log)?.[1];
}

/** Resolves once it leads and its caches are synced (see `isStandby`); rejects with its log if it ends before. */
export async function startController(options: ControllerOptions): Promise<RunningController> {
  const { namespace, kubeconfig = controllerKubeconfig(), args = [], env = {} } = options;
  const ports = ["--metricsPort", "0", "--healthzPort", "0"];
  const child = spawn(
    process.execPath,
    ["--import", tsx, main, "controller", ...ports, ...scopeOf(options), ...args],
    {
      env: { ...process.env, KUBECONFIG: kubeconfig, POD_NAMESPACE: namespace, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  running.add(child);
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  let hasEnded = false;
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      hasEnded = true;
      running.delete(child);
      resolve(code);
    });
  });
  const ready = options.isStandby === true ? "pages are served" : "the controllers run";
  await until("the controller runs", async () => log.includes(ready) || hasEnded, {
    describe: async () => log,
  });
  if (!log.includes(ready)) throw new Error(`the controller ended:\n${log}`);
  return {
    pid: child.pid ?? 0,
    metricsUrl: `http://127.0.0.1:${portIn(log, "metricsPort") ?? ""}/metrics`,
    healthUrl: `http://127.0.0.1:${portIn(log, "healthzPort") ?? ""}/healthz`,
    log: () => log,
    signal: (name) => void child.kill(name),
    ended,
    async stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** For afterAll: whatever a failed test left behind. */
export async function stopControllers(): Promise<void> {
  for (const child of running) child.kill("SIGKILL");
  await until("all controllers are gone", async () => running.size === 0);
}
