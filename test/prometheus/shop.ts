// What the suite's Prometheus scrapes, and a door before it that wants a token.
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const metrics = `# TYPE shop_error_rate gauge
shop_error_rate{version="v1"} 0.01
shop_error_rate{version="v2"} 0.2
# TYPE shop_unknown gauge
shop_unknown NaN
# TYPE shop_zero gauge
shop_zero 0
# TYPE shop_requests_total counter
shop_requests_total `;

export interface Listening {
  /** `host:port`. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

async function listening(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${String(port)}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A target whose counter grows by ten with every scrape. */
export async function startShop(): Promise<Listening> {
  let requests = 0;
  return listening(
    createServer((_, response) => {
      requests += 10;
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
      response.end(`${metrics}${String(requests)}\n`);
    }),
  );
}

/**
 * Gives out the token `t0k` to client `shop` with secret `hush-hush`, lets nobody without it
 * through to Prometheus, and takes no POST, like some proxies.
 */
export async function startDoor(prometheus: string): Promise<Listening> {
  const client = `Basic ${btoa("shop:hush-hush")}`;
  return listening(
    createServer((asked, response) => {
      const { authorization } = asked.headers;
      if (asked.url === "/token") {
        const isKnown = authorization === client;
        response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
        response.end(isKnown ? '{"access_token":"t0k","token_type":"bearer"}' : "{}");
        return;
      }
      if (authorization !== "Bearer t0k") {
        response.writeHead(401).end();
        return;
      }
      if (asked.method !== "GET") {
        response.writeHead(405).end();
        return;
      }
      request(`${prometheus}${asked.url ?? "/"}`, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      })
        .on("error", () => response.writeHead(502).end())
        .end();
    }),
  );
}
