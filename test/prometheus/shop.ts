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
`;

/** Of v2, as many requests come as of v1; a fifth of them fails, and half of them are slow. */
function countersAt(requests: number): string {
  return `# TYPE shop_requests_total counter
shop_requests_total ${String(requests)}
# TYPE shop_answers_total counter
shop_answers_total{version="v1",code="200"} ${String(requests)}
shop_answers_total{version="v2",code="200"} ${String((requests * 8) / 10)}
shop_answers_total{version="v2",code="500"} ${String((requests * 2) / 10)}
# TYPE shop_duration_seconds histogram
shop_duration_seconds_bucket{version="v1",le="0.1"} ${String(requests)}
shop_duration_seconds_bucket{version="v1",le="+Inf"} ${String(requests)}
shop_duration_seconds_bucket{version="v2",le="0.1"} ${String(requests / 2)}
shop_duration_seconds_bucket{version="v2",le="+Inf"} ${String(requests)}
`;
}

export interface Listening {
  /** `host:port`. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** On a free port of this machine. */
export async function listening(server: Server): Promise<Listening> {
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

/** A target whose counters grow by ten requests with every scrape. */
export async function startShop(): Promise<Listening> {
  let requests = 0;
  return listening(
    createServer((_, response) => {
      requests += 10;
      response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
      response.end(`${metrics}${countersAt(requests)}`);
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
