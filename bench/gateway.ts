// Requests per second and latency of the gateway against peers in the same run, on the same backend: a bare node:http
// relay (what one would write in twenty lines), nginx where it is installed, and the backend without a proxy.
// Only the ratios mean anything. npx tsx bench/gateway.ts [seconds per measurement] [rounds] [connections]
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startGatewayProcess } from "../src/gateway/main.ts";
import { freePort } from "./free-port.ts";
import { median, report } from "./report.ts";

const [seconds = 2, rounds = 3, connections = 32] = process.argv.slice(2).map(Number);

const originSource = `
import { createServer } from "node:http";
const body = "x".repeat(512);
createServer((request, response) => {
  response.setHeader("content-length", body.length);
  response.end(body);
}).listen(Number(process.argv[1]), "127.0.0.1");`;

const relaySource = `
import { Agent, createServer, request as send } from "node:http";
const agent = new Agent({ keepAlive: true });
createServer((request, response) => {
  const options = { host: "127.0.0.1", port: Number(process.argv[2]), method: request.method, path: request.url, headers: request.headers, agent };
  const upstream = send(options, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  upstream.on("error", () => response.destroy());
  request.pipe(upstream);
}).listen(Number(process.argv[1]), "127.0.0.1");`;

interface Peer {
  readonly name: string;
  readonly port: number;
}

interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const children: ChildProcess[] = [];
const dataDir = await mkdtemp(join(tmpdir(), "bench-gw-"));

async function untilOpen(port: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`nothing listens on ${String(port)}`);
}

async function startNode(source: string, ...args: readonly number[]): Promise<number> {
  const port = await freePort();
  children.push(
    spawn(
      process.execPath,
      ["--input-type=module", "--eval", source, String(port), ...args.map(String)],
      {
        stdio: "inherit",
      },
    ),
  );
  await untilOpen(port);
  return port;
}

async function startGateway(
  originPort: number,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const main = pathToFileURL(join(import.meta.dirname, "../src/gateway/main.ts")).href;
  const source = `const { runGateway } = await import(${JSON.stringify(main)});
    await (await runGateway({ dataDir: ${JSON.stringify(dataDir)} })).ended;`;
  const found = await startGatewayProcess({
    dataDir,
    command: [process.execPath, "--import", "tsx", "--input-type=module", "--eval", source],
  });
  const acknowledgement = await found.client.putConfig({
    generation: 1,
    listeners: [
      {
        name: "web",
        port: 0,
        routes: [
          {
            name: "bench",
            rules: [
              {
                backends: [
                  { backend: "bench/stable:80", weight: 95 },
                  { backend: "bench/canary:80", weight: 5 },
                ],
              },
            ],
          },
        ],
      },
    ],
    backends: ["stable", "canary"].map((name) => ({
      name: `bench/${name}:80`,
      endpoints: [{ host: "127.0.0.1", port: originPort, pod: `bench/${name}`, version: name }],
    })),
  });
  const stop = async (): Promise<void> => {
    await found.client.drain();
    await found.client.close();
  };
  return { port: acknowledgement.listeners[0]?.port ?? 0, stop };
}

async function startNginx(originPort: number): Promise<number | undefined> {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const port = await freePort();
  const file = join(dataDir, "nginx.conf");
  await writeFile(
    file,
    `daemon off; worker_processes 1; pid ${dataDir}/nginx.pid; error_log stderr crit;
     events { worker_connections 1024; }
     http { access_log off; keepalive_requests 1000000000;
       upstream origin { server 127.0.0.1:${String(originPort)}; keepalive 64; keepalive_requests 1000000000; }
       server { listen 127.0.0.1:${String(port)};
         location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`,
  );
  children.push(spawn("nginx", ["-p", dataDir, "-c", file], { stdio: "inherit" }));
  await untilOpen(port);
  return port;
}

/** Keeps every connection busy with one request at a time; answers of one peer are all of one length. */
async function measure(port: number): Promise<Measured> {
  const request = Buffer.from(
    "GET /bench HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n",
  );
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let received = 0;
      let length = 0;
      let sentMs = 0;
      const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
        sentMs = performance.now();
        socket.write(request);
      });
      socket.on("error", reject);
      socket.on("close", () => resolve());
      socket.on("data", (chunk) => {
        received += chunk.length;
        if (length === 0) length = lengthOf(chunk.toString("latin1"));
        if (received < length) return;
        const nowMs = performance.now();
        latencies.push(nowMs - sentMs);
        received = 0;
        sentMs = nowMs;
        if (nowMs < endMs) socket.write(request);
        else socket.end();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return {
    perSecond: latencies.length / ((performance.now() - startMs) / 1000),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

function lengthOf(answer: string): number {
  const body = Number(/content-length: (\d+)/iu.exec(answer)?.[1]);
  if (!answer.startsWith("HTTP/1.1 200") || Number.isNaN(body))
    throw new Error(`unexpected answer: ${answer}`);
  return answer.indexOf("\r\n\r\n") + 4 + body;
}

let stopGateway: () => Promise<void> = async () => undefined;
try {
  const origin = await startNode(originSource);
  const gateway = await startGateway(origin);
  stopGateway = gateway.stop;
  const nginx = await startNginx(origin);
  const peers: Peer[] = [
    { name: "node:http relay", port: await startNode(relaySource, origin) },
    { name: "gateway", port: gateway.port },
    ...(nginx === undefined ? [] : [{ name: "nginx", port: nginx }]),
    { name: "no proxy", port: origin },
  ];
  for (const peer of peers) await measure(peer.port);
  const results = new Map<string, Measured[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, port } of peers)
      results.set(name, [...(results.get(name) ?? []), await measure(port)]);
  }
  const rate = (name: string): number =>
    median((results.get(name) ?? []).map((each) => each.perSecond));
  const rows = [...results].map(([name, measured]) => ({
    name,
    values: {
      "requests/s": rate(name),
      "ratio to the relay": rate(name) / rate("node:http relay"),
      ...(nginx === undefined ? {} : { "ratio to nginx": rate(name) / rate("nginx") }),
      "p50 ms": median(measured.map((each) => each.p50Ms)),
      "p99 ms": median(measured.map((each) => each.p99Ms)),
    },
  }));
  const how = `${String(connections)} connections, medians of ${String(rounds)} rounds of ${String(seconds)} s`;
  report("gateway", `One small answer after the other through each proxy, ${how}`, rows);
} finally {
  await stopGateway();
  for (const child of children) child.kill();
  await rm(dataDir, { recursive: true, force: true });
}
