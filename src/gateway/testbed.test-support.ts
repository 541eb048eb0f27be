// Real backends, real sockets and a gateway between them, for the tests of this room. Not part of the product.
import { Agent, createServer, request as httpRequest } from "node:http";
import type { IncomingHttpHeaders, RequestListener, Server } from "node:http";
import { connect } from "node:net";
import type { Endpoint, GatewayConfig, Rule } from "./config.ts";
import { Gateway } from "./gateway.ts";
import type { ListenerLog } from "./proxy/listener.ts";

export interface TestBackend {
  readonly server: Server;
  readonly port: number;
  endpoint(version?: string, pod?: string): Endpoint;
  close(): Promise<void>;
}

export async function startBackend(handler: RequestListener): Promise<TestBackend> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    server,
    port,
    endpoint: (version = "v1", pod = `shop/pod-${String(port)}`) => ({
      host: "127.0.0.1",
      port,
      pod,
      version,
    }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly lost: string[];
  /** Takes the next generation by itself and resolves with the port of the first listener. */
  put(parts: Partial<GatewayConfig>): Promise<number>;
  close(): Promise<void>;
}

export function startGateway(): TestGateway {
  const lost: string[] = [];
  const log: ListenerLog = { lost: (_listener, kind, message) => lost.push(`${kind}: ${message}`) };
  const gateway = new Gateway(log);
  return {
    gateway,
    lost,
    put: async (parts) => {
      const generation = gateway.config.generation + 1;
      await gateway.apply({ listeners: [], backends: [], generation, ...parts });
      return gateway.listeners()[0]?.port ?? 0;
    },
    close: () => gateway.drain(200),
  };
}

/** A config of one listener named web on any port, with one route of the given rules for every host. */
export function configOf(
  rules: readonly Rule[],
  backends: Readonly<Record<string, readonly Endpoint[]>>,
): Pick<GatewayConfig, "listeners" | "backends"> {
  return {
    listeners: [{ name: "web", port: 0, routes: [{ name: "all", rules }] }],
    backends: Object.entries(backends).map(([name, endpoints]) => ({ name, endpoints })),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
  readonly text: string;
}

export interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

/** One request; rejects when the answer does not arrive whole. */
export async function ask(port: number, asked: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: "127.0.0.1",
        port,
        path: asked.path ?? "/",
        method: asked.method ?? "GET",
        headers: { ...asked.headers },
        agent: asked.agent ?? false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const body = Buffer.concat(chunks);
          const { statusCode: status = 0, headers, trailers } = response;
          resolve({ status, headers, trailers, body, text: body.toString() });
        });
      },
    );
    request.on("error", reject);
    request.end(asked.body);
  });
}

/** Sends bytes as they are and resolves with everything that comes back until the other side closes, or `until` holds. */
export async function askRaw(
  port: number,
  text: string,
  until: (received: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
      if (until(received)) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

/** `count` requests over `lanes` kept connections; the answers that came, and the errors of those that did not. */
export async function load(
  port: number,
  count: number,
  lanes: number,
  asked: (index: number) => Ask = () => ({}),
): Promise<{ readonly answers: readonly Answer[]; readonly errors: readonly Error[] }> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const answers: Answer[] = [];
  const errors: Error[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      try {
        answers.push(await ask(port, { ...asked(index), agent }));
      } catch (error) {
        errors.push(error instanceof Error ? error : new Error(String(error)));
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, () => lane()));
  agent.destroy();
  return { answers, errors };
}

/** Waits until something is so; fails with its name after ten seconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`waited 10 s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The sum of one counter over all series, or over those of one version. */
export function counted(gateway: Gateway, counter: string, version?: string): number {
  return gateway
    .stats()
    .series.filter((series) => version === undefined || series.version === version)
    .reduce((sum, series) => sum + (series.counters[counter] ?? 0), 0);
}
