// The example service: answers with its version, and can be told to misbehave.
//   failPercent  of requests answered with 500
//   latencyMs    added to every answer
import http from "node:http";

export function serve({ version, failPercent = 0, latencyMs = 0 }) {
  let requests = 0;
  const server = http.createServer((request, response) => {
    if (request.url === "/healthz") {
      response.end("ok\n");
      return;
    }
    requests += 1;
    // Spread evenly instead of by chance: 20 % means every fifth request.
    const fails =
      Math.floor((requests * failPercent) / 100) > Math.floor(((requests - 1) * failPercent) / 100);
    setTimeout(() => {
      response.writeHead(fails ? 500 : 200, { "content-type": "text/plain", "x-version": version });
      response.end(`${fails ? "error" : "hello"} from ${version}\n`);
    }, latencyMs);
  });
  server.keepAliveTimeout = 30_000;
  server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () =>
    console.log(`${version} listening on ${server.address().port}`),
  );
  process.on("SIGTERM", () => {
    console.log(`${version} stopping`);
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
