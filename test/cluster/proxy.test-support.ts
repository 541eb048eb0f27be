// Two things between a client and the API server. A TCP proxy whose connections can be frozen, cut or
// refused, as networks and restarts do it. And an HTTP proxy that writes down what is asked, and can
// hide kinds as if nobody had installed them.
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { writeFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { randomBytes } from "node:crypto";
import { Pool } from "undici";
import { stringify } from "yaml";
import { credentialsFrom } from "../../src/objects/kubernetes/credentials.ts";
import type { ClusterAccess } from "../../src/objects/kubernetes/kubeconfig.ts";

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function closed(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

export interface TcpProxy {
  /** The same cluster, by way of the proxy. */
  readonly access: ClusterAccess;
  /** What runs over the connections of this moment arrives nowhere any more; new ones work. */
  freeze(): void;
  /** Cuts all connections and refuses new ones until `restore`. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function tcpProxy(access: ClusterAccess): Promise<TcpProxy> {
  const { hostname, port, protocol } = new URL(access.server);
  const targetPort = Number(port || (protocol === "https:" ? 443 : 80));
  const sockets = new Set<net.Socket>();
  let isRefusing = false;
  const server = net.createServer((inner) => {
    if (isRefusing) {
      inner.destroy();
      return;
    }
    const outer = net.connect(targetPort, hostname);
    inner.pipe(outer).pipe(inner);
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  const ownPort = await listening(server);
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    access: {
      ...access,
      server: `${protocol}//127.0.0.1:${ownPort}`,
      tls: { ...access.tls, serverName: access.tls.serverName ?? serverNameOf(hostname) },
    },
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.removeAllListeners("data");
        socket.pause();
      }
    },
    cut() {
      isRefusing = true;
      destroyAll();
    },
    restore() {
      isRefusing = false;
    },
    async close() {
      destroyAll();
      await closed(server);
    },
  };
}

/** An address is no server name: TLS compares it as it is. */
function serverNameOf(hostname: string): string | undefined {
  return net.isIP(hostname) === 0 ? hostname : undefined;
}

export interface Recorded {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

export interface RecordingProxy {
  /** A kubeconfig for the proxy; it adds the credentials of `access` itself. */
  readonly kubeconfig: string;
  readonly recorded: Recorded[];
  /** Paths that match are answered as a kind that is not installed. */
  hide(pattern: RegExp | undefined): void;
  close(): Promise<void>;
}

const notFound = JSON.stringify({
  apiVersion: "v1",
  kind: "Status",
  status: "Failure",
  reason: "NotFound",
  code: 404,
  message: "the server could not find the requested resource",
});

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? null : Buffer.concat(chunks);
}

function writeKubeconfig(server: string, namespace: string): string {
  const file = path.join(os.tmpdir(), `haldane-proxy-${randomBytes(6).toString("hex")}.kubeconfig`);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "proxy",
    clusters: [{ name: "proxy", cluster: { server } }],
    users: [{ name: "proxy", user: {} }],
    contexts: [{ name: "proxy", context: { cluster: "proxy", user: "proxy", namespace } }],
  };
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

export async function recordingProxy(access: ClusterAccess): Promise<RecordingProxy> {
  const { tls } = access;
  const pool = new Pool(new URL(access.server).origin, {
    connections: 128,
    bodyTimeout: 0,
    headersTimeout: 0,
    connect: {
      rejectUnauthorized: tls.isVerified,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    },
  });
  const credentials = credentialsFrom(access.credentials);
  const basePath = new URL(access.server).pathname.replace(/\/$/, "");
  const recorded: Recorded[] = [];
  let hidden: RegExp | undefined;

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers } = request;
    const { header: authorization } = await credentials.get(Date.now());
    const { host: _host, connection: _connection, "transfer-encoding": _te, ...kept } = headers;
    const stop = new AbortController();
    response.once("close", () => stop.abort());
    await pool.stream(
      {
        method: method,
        path: `${basePath}${url}`,
        headers: { ...kept, ...(authorization === undefined ? {} : { authorization }) },
        body: await bodyOf(request),
        signal: stop.signal,
        opaque: response,
      },
      ({ statusCode, headers: answered }) => {
        const type = answered["content-type"];
        response.writeHead(statusCode, {
          ...(type === undefined ? {} : { "content-type": type }),
        });
        return response;
      },
    );
  }

  const server = createHttpServer((request, response) => {
    const { method = "", url = "" } = request;
    recorded.push({ method, path: url });
    if (hidden?.test(url) === true) {
      response.writeHead(404, { "content-type": "application/json" });
      response.end(notFound);
      return;
    }
    forward(request, response).catch(() => response.destroy());
  });
  const port = await listening(server);
  return {
    kubeconfig: writeKubeconfig(`http://127.0.0.1:${port}`, access.namespace),
    recorded,
    hide(pattern) {
      hidden = pattern;
    },
    async close() {
      server.closeAllConnections();
      await closed(server);
      await pool.destroy();
    },
  };
}
