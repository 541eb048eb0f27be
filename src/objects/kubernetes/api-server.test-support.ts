// A small real HTTP server that answers as a test says; for the client, which must be tried on real sockets.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemClock, type Clock } from "../../runtime/clock.ts";
import { ApiClient, type ApiClientOptions } from "./api-client.ts";
import type { ClusterAccess } from "./kubeconfig.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export type Handler = (asked: Asked, response: ServerResponse) => void;

export interface SmallServer {
  readonly asked: Asked[];
  readonly access: ClusterAccess;
  client(more?: Partial<ApiClientOptions>): ApiClient;
  readonly port: number;
  readonly server: Server;
  close(): Promise<void>;
}

export function send(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(code, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  message: string,
): void {
  send(response, code, {
    apiVersion: "v1",
    kind: "Status",
    status: "Failure",
    code,
    reason,
    message,
    details: { name: "x" },
  });
}

export function accessTo(port: number, more: Partial<ClusterAccess> = {}): ClusterAccess {
  return {
    server: `http://127.0.0.1:${port}`,
    namespace: "default",
    tls: {
      ca: undefined,
      cert: undefined,
      key: undefined,
      serverName: undefined,
      isVerified: true,
    },
    credentials: { kind: "none" },
    impersonate: {},
    origin: "the test",
    ...more,
  };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

export async function startServer(
  handler: Handler,
  more: Partial<ClusterAccess> = {},
): Promise<SmallServer> {
  const asked: Asked[] = [];
  const clients: ApiClient[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method = "", headers } = request;
      const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
      const one = { method, path: pathname, query: searchParams, headers, body };
      asked.push(one);
      handler(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const access = accessTo(port, more);
  return {
    asked,
    access,
    port,
    server,
    client(options = {}) {
      const clock: Clock = options.clock ?? systemClock;
      const client = new ApiClient({ access, userAgent: "haldane/test", ...options, clock });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map(async (client) => client.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
