// The service that is delivered over and over: its version is the name of its directory, and one
// whose name ends in "-bad" answers every fifth request with 500 of its own and fails its check.

/** What `POST /` answers with besides the version: a digest of every byte that arrived. */
export const digestHeader = "x-body-sha256";
export const versionHeader = "x-version";
export const podHeader = "x-pod";

export const serviceSource = `import { createHash } from "node:crypto";
import http from "node:http";
import path from "node:path";

const version = path.basename(import.meta.dirname);
const isBad = version.endsWith("-bad");
let requests = 0;

function respond(request, response, digest) {
  requests += 1;
  const fails = isBad && requests % 5 === 0;
  const text = JSON.stringify({ service: process.env.SERVICE, version, id: request.headers["x-request-id"] });
  response.writeHead(fails ? 500 : 200, {
    "content-type": "application/json",
    "${versionHeader}": version,
    "${podHeader}": process.env.POD_NAME,
    ...(digest === undefined ? {} : { "${digestHeader}": digest }),
  });
  if (request.url !== "/slow") return response.end(text);
  // In pieces over a third of a second: a stop must wait for the last one.
  const half = Math.floor(text.length / 2);
  response.write(text.slice(0, half));
  setTimeout(() => response.end(text.slice(half)), 330);
}

const server = http.createServer((request, response) => {
  if (request.url === "/healthz") return response.end("ok");
  if (request.url === "/check") return response.end(JSON.stringify({ ok: !isBad, version }));
  if (request.method !== "POST") return respond(request, response, undefined);
  const hash = createHash("sha256");
  request.on("data", (chunk) => hash.update(chunk));
  request.on("end", () => respond(request, response, hash.digest("hex")));
});
server.keepAliveTimeout = 30_000;
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;
