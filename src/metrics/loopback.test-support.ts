// A real HTTP server on loopback whose answers a test describes. Only for tests.
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { newIdentity } from "../local/api-server/access/certificate.ts";

export interface Heard {
  readonly method: string;
  /** As it came: path and query. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Never answers. */
  readonly silent?: true;
  /** Says that more will come, and hangs up. */
  readonly cut?: true;
}

export interface Loopback {
  readonly url: string;
  readonly heard: readonly Heard[];
  readonly close: () => Promise<void>;
}

function serverFor(listener: RequestListener, isTls: boolean) {
  if (!isTls) return createServer(listener);
  const { keyPem, certificatePem } = newIdentity(["127.0.0.1"], Date.now());
  return createTlsServer({ key: keyPem, cert: certificatePem }, listener);
}

/** With `isTls`, its certificate is trusted by nobody. */
export async function loopback(
  answer: (heard: Heard) => Reply,
  { isTls = false }: { readonly isTls?: boolean } = {},
): Promise<Loopback> {
  const heard: Heard[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const one: Heard = {
        method: request.method ?? "",
        url: request.url ?? "",
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      heard.push(one);
      const { status = 200, headers = {}, body = "", silent, cut } = answer(one);
      if (silent) return;
      if (cut) {
        response.writeHead(status, { "content-length": "1000" });
        response.write(body, () => response.destroy());
        return;
      }
      response.writeHead(status, headers);
      response.end(body);
    });
  };
  const server = serverFor(listener, isTls);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${isTls ? "https" : "http"}://127.0.0.1:${String(port)}`,
    heard,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
