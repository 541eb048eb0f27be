// A server over an empty memory store, and two clients for it: plain HTTPS requests and kubectl.
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "undici";
import type { KubeObject } from "../../api/meta/object.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { createRng } from "../../lib/rng.ts";
import { memoryStore } from "../../objects/memory/memory.ts";
import type { ObjectStore, WatchEvent } from "../../objects/object-store.ts";
import { systemClock } from "../../runtime/clock.ts";
import { silentLogger, type Logger } from "../../runtime/log.ts";
import { startApiServer, type ApiServer, type ApiServerOptions } from "./server.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** The body as JSON; throws if it is none. */
  readonly json: JsonObject;
}

export interface Ask {
  readonly body?: Json | string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Stream {
  readonly status: number;
  /** The next line, parsed; rejects when the stream ends instead. */
  next(): Promise<JsonObject>;
  /** All lines until the server ends the stream. */
  rest(): Promise<readonly JsonObject[]>;
  close(): void;
}

export interface KubectlResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningKubectl {
  /** Resolves with everything printed so far once it contains `text`. */
  until(text: string): Promise<string>;
  stop(): Promise<void>;
}

export interface TestServer {
  readonly server: ApiServer;
  readonly store: ObjectStore;
  readonly dataDir: string;
  readonly ask: (method: string, path: string, ask?: Ask) => Promise<Answer>;
  /** A GET whose answer is read line by line. */
  stream(path: string, headers?: Readonly<Record<string, string>>): Promise<Stream>;
  kubectl(
    args: readonly string[],
    stdin?: string,
    environment?: Readonly<Record<string, string>>,
  ): Promise<KubectlResult>;
  startKubectl(args: readonly string[]): RunningKubectl;
  close(): Promise<void>;
}

export function newMemoryStore(
  options: { readonly historyLimit?: number; readonly seed?: number } = {},
): ObjectStore {
  return memoryStore({
    clock: systemClock,
    rng: createRng(options.seed ?? 1),
    newUid: () => crypto.randomUUID(),
    ...(options.historyLimit === undefined ? {} : { historyLimit: options.historyLimit }),
  });
}

/** A memory store that knows how many watches are open. */
export function countingWatches(): {
  readonly store: ObjectStore;
  readonly openWatches: () => number;
} {
  const memory = newMemoryStore();
  let open = 0;
  async function* watch<T extends KubeObject>(
    ...args: Parameters<ObjectStore["watch"]>
  ): AsyncGenerator<WatchEvent<T>> {
    open += 1;
    try {
      yield* memory.watch<T>(...args);
    } finally {
      open -= 1;
    }
  }
  const store: ObjectStore = {
    get: (ref) => memory.get(ref),
    list: (scope, page) => memory.list(scope, page),
    create: (object, options) => memory.create(object, options),
    update: (object, options) => memory.update(object, options),
    patch: (ref, patch, options) => memory.patch(ref, patch, options),
    delete: (ref, options) => memory.delete(ref, options),
    watch,
  };
  return { store, openWatches: () => open };
}

/** Why the tests with kubectl cannot run, or undefined. */
export function whyNoKubectl(): string | undefined {
  const found = spawnSync("kubectl", ["version", "--client"], { encoding: "utf8" });
  return found.status === 0 ? undefined : "kubectl is not on the PATH";
}

/** A part of an answer as text. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** What goes wrong unforeseen shall be seen. */
const loudLogger: Logger = {
  ...silentLogger,
  error: (message, fields) => console.error(message, fields),
};

function bodyOf(body: Ask["body"]): string | Uint8Array | undefined {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) return body;
  return JSON.stringify(body);
}

async function openStream(
  url: string,
  dispatcher: Agent,
  headers: Record<string, string>,
): Promise<Stream> {
  const { statusCode, body } = await request(url, { dispatcher, headers });
  body.on("error", () => undefined);
  async function* lines(): AsyncGenerator<JsonObject> {
    let rest = "";
    for await (const chunk of body) {
      const parts = `${rest}${String(chunk)}`.split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) yield JSON.parse(part) as JsonObject;
    }
  }
  const reading = lines();
  return {
    status: statusCode,
    async next() {
      const result = await reading.next();
      if (result.done === true) throw new Error("the stream has ended");
      return result.value;
    },
    async rest() {
      const all: JsonObject[] = [];
      for await (const each of reading) all.push(each);
      return all;
    },
    close: () => body.destroy(),
  };
}

function runKubectl(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdin: string | undefined,
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("kubectl", args, { env });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(stdin ?? "");
  });
}

function startKubectl(args: readonly string[], env: NodeJS.ProcessEnv): RunningKubectl {
  const child = spawn("kubectl", args, { env });
  let printed = "";
  const waiting = new Set<() => void>();
  const onData = (chunk: Buffer): void => {
    printed += chunk.toString();
    for (const check of waiting) check();
  };
  child.stdout.on("data", onData);
  child.stderr.on("data", onData);
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return {
    until: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!printed.includes(text)) return;
          waiting.delete(check);
          resolve(printed);
        };
        waiting.add(check);
        check();
        void ended.then(() =>
          reject(new Error(`kubectl ended before it printed "${text}": ${printed}`)),
        );
      }),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Starts a server on a free port with a data directory of its own; `close` removes both. */
export async function startTestServer(
  options: Partial<ApiServerOptions> = {},
): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "haldane-api-")));
  const store = options.store ?? newMemoryStore();
  const server = await startApiServer({
    clock: systemClock,
    log: loudLogger,
    ...options,
    store,
    dataDir,
  }).catch(async (error: unknown) => {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    throw error;
  });
  const dispatcher = new Agent({ connect: { ca: server.certificatePem } });
  const authorization = `Bearer ${server.token}`;
  const env = {
    ...process.env,
    KUBECONFIG: server.kubeconfigPath,
    KUBECACHEDIR: join(dataDir, "kube-cache"),
  };
  return {
    server,
    store,
    dataDir,
    async ask(method, path, { body, headers = {} } = {}) {
      const {
        statusCode,
        headers: answered,
        body: stream,
      } = await request(`${server.url}${path}`, {
        method: method as "GET",
        dispatcher,
        headers: {
          authorization,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: bodyOf(body) ?? null,
      });
      const text = await stream.text();
      return {
        status: statusCode,
        headers: answered,
        text,
        get json() {
          return JSON.parse(text) as JsonObject;
        },
      };
    },
    stream: (path, headers = {}) =>
      openStream(`${server.url}${path}`, dispatcher, { authorization, ...headers }),
    kubectl: (args, stdin, more = {}) => runKubectl(args, { ...env, ...more }, stdin),
    startKubectl: (args) => startKubectl(args, env),
    async close() {
      await Promise.all([dispatcher.destroy(), server.close()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
