// The controller as the process that `haldane up` is: started, killed without warning, started again.
import { spawn, type ChildProcess } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import path from "node:path";
import { chooseAccess } from "../../src/cli/connect.ts";
import { runningCluster } from "../../src/cli/local/cluster-file.ts";
import { ApiClient } from "../../src/objects/kubernetes/api-client.ts";
import { kubernetesStore } from "../../src/objects/kubernetes/kubernetes.ts";
import { isStoreError, type ObjectStore } from "../../src/objects/object-store.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { servedClock, until, wallClock } from "./waiting.ts";
import type { World } from "./world.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** The published program, or the sources. */
export function programOf(env: NodeJS.ProcessEnv): readonly string[] {
  if (env["SOAK_BUILT"] === "1")
    return [process.execPath, env["HALDANE_MAIN"] ?? path.join(root, "dist/main.js")];
  const tsx = path.join(root, "node_modules/tsx/dist/esm/index.mjs");
  return [process.execPath, "--import", tsx, path.join(root, "src/cli/main.ts")];
}

/** Where it runs: the working directory, and the data directory in it. */
type Place = Pick<World, "folder" | "dataDir">;

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals>;
}

export class ControlPlane {
  readonly #program: readonly string[];
  readonly #world: Place;
  #running: Running | undefined;
  #client: ApiClient | undefined;

  constructor(program: readonly string[], world: Place) {
    this.#program = program;
    this.#world = world;
  }

  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** The log of every start, one after the other. */
  get outputFile(): string {
    return path.join(this.#world.folder, "up.log");
  }

  /** Resolves when the API answers. */
  async start(...args: readonly string[]): Promise<void> {
    const [program = "", ...own] = this.#program;
    const output = openSync(this.outputFile, "a");
    const child = spawn(program, [...own, "up", ...args], {
      cwd: this.#world.folder,
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        resolve(code ?? signal ?? 0);
      });
    });
    this.#running = { child, ended };
    const isUp = async (): Promise<boolean> => {
      if (child.exitCode !== null)
        throw new Error(`haldane up ended with ${String(child.exitCode)}; see ${this.outputFile}`);
      return this.#answers(child.pid);
    };
    await until("the API to answer", isUp, wallClock);
    servedClock.controllerIsBack();
  }

  /** `kill -9`: nothing is said, nothing is tidied. */
  async kill(): Promise<void> {
    servedClock.controllerIsGone();
    this.#running?.child.kill("SIGKILL");
    await this.#running?.ended;
  }

  /** As Ctrl-C would; the exit code. */
  async stop(): Promise<number | NodeJS.Signals | undefined> {
    this.#running?.child.kill("SIGTERM");
    const code = await this.#running?.ended;
    await this.#client?.close();
    return code;
  }

  /** Asks the API as any client would, again and again while nobody answers. */
  async ask<T>(question: (store: ObjectStore) => Promise<T>): Promise<T> {
    let answer: { readonly value: T } | undefined;
    await until("an answer of the API", async () => {
      try {
        answer = { value: await question(this.store) };
        return true;
      } catch (error) {
        if (isStoreError(error, "ServiceUnavailable") || isStoreError(error, "Timeout"))
          return false;
        throw error;
      }
    });
    if (!answer) throw new Error("unreachable");
    return answer.value;
  }

  /** Each call is one request; nothing is tried again. */
  get store(): ObjectStore {
    this.#client ??= new ApiClient({
      access: chooseAccess(
        { kubeconfig: path.join(this.#world.dataDir, "kubeconfig") },
        {},
        this.#world.folder,
      ),
      clock: systemClock,
      userAgent: "haldane-soak",
    });
    return kubernetesStore({ client: this.#client, clock: systemClock });
  }

  async #answers(pid: number | undefined): Promise<boolean> {
    // An earlier process may have left its files: only the one just started counts.
    const running = await runningCluster(this.#world.dataDir);
    if (running?.pid !== pid) return false;
    const namespace = { apiVersion: "v1", kind: "Namespace", namespace: "", name: "default" };
    return (await this.store.get(namespace)) !== undefined;
  }
}
