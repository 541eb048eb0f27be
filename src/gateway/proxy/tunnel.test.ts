import { createHash } from "node:crypto";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "undici";
import {
  askRaw,
  configOf,
  counted,
  startBackend,
  startGateway,
  until,
} from "../testbed.test-support.ts";
import type { TestBackend, TestGateway } from "../testbed.test-support.ts";

const web = "shop/web:80";
let bed: TestGateway;
let closers: (() => Promise<void>)[];

beforeEach(() => {
  bed = startGateway();
  closers = [];
});
afterEach(async () => {
  await bed.close();
  await Promise.all(closers.map((close) => close()));
});

/** Accepts every handshake and sends the frames' unmasked payloads back: enough of a WebSocket server for short texts. */
async function echoBackend(): Promise<TestBackend> {
  const backend = await startBackend((_request, response) =>
    response.writeHead(426).end("upgrade, please"),
  );
  const sockets = new Set<Duplex>();
  backend.server.on("upgrade", (request, socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    if (request.url === "/refused") {
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
      return;
    }
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("data", (frame: Buffer) => {
      const opcode = (frame[0] ?? 0) & 0x0f;
      const length = (frame[1] ?? 0) & 0x7f;
      const payload = Buffer.from(frame.subarray(6, 6 + length)).map(
        (byte, index) => byte ^ (frame[2 + (index % 4)] ?? 0),
      );
      socket.write(Buffer.concat([Buffer.from([0x80 | opcode, length]), payload]));
      if (opcode === 8) socket.end();
    });
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return backend.close();
  });
  return backend;
}

const toWeb = { backends: [{ backend: web, weight: 1 }] };

async function serve(...backends: readonly TestBackend[]): Promise<number> {
  return bed.put(configOf([toWeb], { [web]: backends.map((backend) => backend.endpoint()) }));
}

function openSocket(port: number): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${String(port)}/chat`);
    socket.addEventListener("open", () => resolve(socket));
    socket.addEventListener("error", (event) => reject(new Error(event.message)));
  });
}

function say(socket: WebSocket, text: string): Promise<string> {
  return new Promise((resolve) => {
    socket.addEventListener("message", (event) => resolve(String(event.data)), { once: true });
    socket.send(text);
  });
}

const handshake = (path: string, more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

describe("WebSocket", () => {
  it("echoes, is counted once as 101, and shows as a tunnel until it ends", async () => {
    const port = await serve(await echoBackend());
    const socket = await openSocket(port);
    expect(await say(socket, "hello")).toBe("hello");
    expect(await say(socket, "again")).toBe("again");
    expect(bed.gateway.inflight().endpoints[0]).toMatchObject({ tunnels: 1, inFlight: 0 });
    expect(counted(bed.gateway, "responses1xx")).toBe(1);
    socket.close();
    await until("the tunnel has ended", () => bed.gateway.inflight().endpoints[0]?.tunnels === 0);
    expect(bed.gateway.inflight().listeners[0]?.tunnels).toBe(0);
    expect(counted(bed.gateway, "requests")).toBe(1);
  });

  it("stays open when its endpoint leaves the config", async () => {
    const port = await serve(await echoBackend());
    const socket = await openSocket(port);
    await bed.put(configOf([toWeb], { [web]: [] }));
    expect(bed.gateway.inflight().endpoints).toMatchObject([{ state: "draining", tunnels: 1 }]);
    expect(await say(socket, "still here")).toBe("still here");
    socket.close();
    await until("the endpoint is drained", () => bed.gateway.inflight().endpoints.length === 0);
  });

  it("carries what the client sends right behind the handshake", async () => {
    const port = await serve(await echoBackend());
    const frame = "\x81\x82\0\0\0\0hi";
    const text = await askRaw(port, handshake("/early") + frame, (received) =>
      received.includes("\x81\x02hi"),
    );
    expect(text).toContain("\x81\x02hi");
  });

  it("relays a refusal and ends the connection, so that nothing can follow unrouted", async () => {
    const port = await serve(await echoBackend());
    const text = await askRaw(
      port,
      `${handshake("/refused")}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/u);
    expect(text.match(/HTTP\/1\.1/gu)).toHaveLength(1);
    expect(counted(bed.gateway, "responses4xx")).toBe(1);
  });

  it("goes to another endpoint when the first refuses the connection; 502 when none is left", async () => {
    const gone = await startBackend(() => undefined);
    await gone.close();
    const port = await serve(gone, await echoBackend());
    for (let round = 0; round < 4; round += 1) (await openSocket(port)).close();
    await bed.put(configOf([toWeb], { [web]: [gone.endpoint()] }));
    expect(await askRaw(port, handshake("/"))).toMatch(
      /^HTTP\/1\.1 502 .*"error":"connectFailed"/su,
    );
    await bed.put(configOf([toWeb], { [web]: [] }));
    expect(await askRaw(port, handshake("/"))).toMatch(/^HTTP\/1\.1 503 .*"error":"noEndpoint"/su);
  });

  it("refuses a handshake with a body", async () => {
    const port = await serve(await echoBackend());
    expect(await askRaw(port, handshake("/", "Content-Length: 3\r\n"))).toMatch(
      /^HTTP\/1\.1 400 /u,
    );
  });

  it.each(["destroy", "resetAndDestroy"] as const)(
    "ends both sides when the client is gone by %s, though the backend keeps its half open",
    async (leave) => {
      let isEnded = false;
      const backend = await echoBackend();
      backend.server.on("upgrade", (_request, socket) => socket.on("end", () => (isEnded = true)));
      const port = await serve(backend);
      const client = connect(port, "127.0.0.1", () => client.write(handshake("/")));
      await until("the tunnel is open", () => counted(bed.gateway, "responses1xx") === 1);
      client[leave]();
      await until("the backend saw it end", () => isEnded);
      await until("the tunnel has ended", () => bed.gateway.inflight().endpoints[0]?.tunnels === 0);
    },
  );
});
