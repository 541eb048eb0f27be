// The admin API: what the control plane asks of a gateway, over a unix socket in the data directory or, where that
// path would be too long for one, over a loopback port. Every call needs the token of gateway.json.
//   GET /healthz   GET|PUT /config   GET /stats   GET /past   GET /inflight   POST /drain
import { timingSafeEqual } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { CounterPast } from "../lib/latency-histogram.ts";
import { validateGatewayConfig } from "./config-validation.ts";
import type { GatewayConfig } from "./config.ts";
import type { Acknowledgement, InflightReport, StatsReport } from "./gateway.ts";
import type { AdminAddress } from "./state-file.ts";

export interface Health {
  readonly status: "ok";
  readonly pid: number;
  readonly epoch: string;
  readonly generation: number;
  /** Why the config saved by an earlier life could not be used, if so. */
  readonly configError?: string;
}

/** The answer to a config put: live in every case; `saveError` says that a restart would not find it. */
export interface PutConfigResult extends Acknowledgement {
  readonly saveError?: string;
}

export interface AdminActions {
  health(): Health;
  config(): GatewayConfig;
  putConfig(
    config: GatewayConfig,
  ): Promise<
    | ({ readonly kind: "applied" } & PutConfigResult)
    | { readonly kind: "stale"; readonly generation: number }
    | { readonly kind: "draining" }
  >;
  stats(): StatsReport;
  past(): CounterPast;
  inflight(): InflightReport;
  /** Returns at once; the process ends when the last request is answered. */
  drain(): void;
}

export interface AdminServer {
  readonly address: AdminAddress;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Longest socket path every system takes (104 bytes on macOS, 108 on Linux, with the closing zero). */
const longestSocketPath = 100;
const largestConfigBytes = 64 * 1_048_576;

export async function openAdmin(
  dataDir: string,
  token: string,
  actions: AdminActions,
): Promise<AdminServer> {
  const server = createServer((request, response) => {
    void reply(request, response, token, actions);
  });
  const path = join(dataDir, "gateway.sock");
  const address =
    Buffer.byteLength(path) <= longestSocketPath
      ? await listenOnSocket(server, path)
      : await listenOnLoopback(server);
  return {
    address,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function listenOnSocket(server: Server, path: string): Promise<AdminAddress> {
  if (await isAnswering(path)) {
    throw new Error(`${path}: another gateway is running in this data directory; stop it first`);
  }
  await rm(path, { force: true });
  await listen(server, { path });
  await chmod(path, 0o600);
  return { kind: "unix", path };
}

async function listenOnLoopback(server: Server): Promise<AdminAddress> {
  const host = "127.0.0.1";
  await listen(server, { host, port: 0 });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("the admin port has no number");
  return { kind: "tcp", host, port: bound.port };
}

async function listen(
  server: Server,
  where: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** A socket file that a dead gateway left behind refuses connections. */
async function isAnswering(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  actions: AdminActions,
): Promise<void> {
  const { status, body } = await replyTo(request, token, actions).catch((error: unknown) =>
    refusal(500, error instanceof Error ? error.message : String(error)),
  );
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

async function replyTo(
  request: IncomingMessage,
  token: string,
  actions: AdminActions,
): Promise<Reply> {
  if (request.headers.origin !== undefined) return refusal(403, "web pages may not call this API");
  if (!isAuthorized(request.headers.authorization, token)) {
    return refusal(401, "send Authorization: Bearer with the token from gateway.json");
  }
  switch (`${request.method ?? ""} ${request.url ?? ""}`) {
    case "GET /healthz":
      return { status: 200, body: actions.health() };
    case "GET /config":
      return { status: 200, body: actions.config() };
    case "PUT /config":
      return putConfig(request, actions);
    case "GET /stats":
      return { status: 200, body: actions.stats() };
    case "GET /past":
      return { status: 200, body: actions.past() };
    case "GET /inflight":
      return { status: 200, body: actions.inflight() };
    case "POST /drain":
      actions.drain();
      return { status: 202, body: { draining: true } };
    default:
      return refusal(
        404,
        "known are GET /healthz, GET and PUT /config, GET /stats, GET /past, GET /inflight, POST /drain",
      );
  }
}

function isAuthorized(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function putConfig(request: IncomingMessage, actions: AdminActions): Promise<Reply> {
  const text = await bodyOf(request);
  if (text === undefined) return refusal(413, "the config is larger than 64 MiB");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refusal(400, `the config is not JSON: ${String(error)}`);
  }
  const verdict = validateGatewayConfig(value);
  if (!verdict.ok) {
    return { status: 422, body: { error: "the config is not valid", errors: verdict.errors } };
  }
  const result = await actions.putConfig(verdict.config);
  if (result.kind === "applied") {
    const { kind: _kind, ...acknowledgement } = result;
    return { status: 200, body: acknowledgement };
  }
  if (result.kind === "draining")
    return refusal(503, "the gateway is draining and takes no config");
  const { generation } = result;
  const sentence = `generation ${String(verdict.config.generation)} is older than the live one, ${String(generation)}`;
  return { status: 409, body: { error: sentence, generation } };
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestConfigBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refusal(status: number, error: string): Reply {
  return { status, body: { error } };
}
