// Clients that read slowly, send slowly or fall silent cost the gateway a connection each, and nobody
// else anything: what they do not take is not collected for them, and what they hold open blocks no one.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ask,
  configOf,
  counted,
  load,
  startBackend,
  startGateway,
  until,
} from "../testbed.test-support.ts";
import type { TestBackend, TestGateway } from "../testbed.test-support.ts";

const answerMiB = 64;
const mebibyte = Buffer.alloc(1_048_576, "x");

let bed: TestGateway;
let backend: TestBackend;
let port: number;
let sockets: Socket[];
/** Bytes the backend could hand over, over all its answers. */
let handedOver: number;
let received: Buffer[];

async function takeUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  for await (const chunk of request) received.push(chunk as Buffer);
  response.end(String(Buffer.concat(received).length));
}

function sendLarge(response: ServerResponse): void {
  let sent = 0;
  let isWaiting = false;
  response.setHeader("content-length", answerMiB * mebibyte.length);
  const more = (): void => {
    if (isWaiting) handedOver += mebibyte.length;
    for (isWaiting = false; sent < answerMiB && !isWaiting;) {
      sent += 1;
      isWaiting = !response.write(mebibyte);
      if (!isWaiting) handedOver += mebibyte.length;
    }
    if (!isWaiting) response.end();
  };
  response.on("drain", more);
  more();
}

beforeEach(async () => {
  bed = startGateway();
  sockets = [];
  handedOver = 0;
  received = [];
  backend = await startBackend((request, response) => {
    if (request.url === "/quick") response.end("quick");
    else if (request.method === "POST") void takeUpload(request, response);
    else sendLarge(response);
  });
  port = await bed.put(
    configOf([{ backends: [{ backend: "shop/web:80", weight: 1 }] }], {
      "shop/web:80": [backend.endpoint()],
    }),
  );
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await bed.close();
  await backend.close();
});

async function clientThatSends(text: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

/** Resolves when the number has been the same for a while of looks. */
async function untilStill(what: string, look: () => number): Promise<void> {
  let last = -1;
  let same = 0;
  await until(what, () => {
    same = look() === last ? same + 1 : 0;
    last = look();
    return same >= 20;
  });
}

describe("a client that does not read", () => {
  it("makes its backend wait instead of filling the gateway's memory, and the rest is served", async () => {
    const readers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = await clientThatSends("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        socket.pause();
        return socket;
      }),
    );
    await until("all have begun", () => bed.gateway.inflight().endpoints[0]?.inFlight === 8);
    await untilStill("the backend waits", () => handedOver);
    // What kernels and streams hold between the two, not 512 MiB.
    expect(handedOver).toBeLessThan(8 * 16 * mebibyte.length);
    const { errors } = await load(port, 200, 4, () => ({ path: "/quick" }));
    expect(errors).toEqual([]);

    const [slow] = readers;
    if (slow === undefined) throw new Error("eight readers");
    let bytes = 0;
    slow.on("data", (chunk: Buffer) => (bytes += chunk.length));
    slow.resume();
    await until("one reads on and gets all", () => bytes > answerMiB * mebibyte.length);
    expect(bed.lost).toEqual([]);
  });

  it("is counted as gone when it goes, and its backend is freed", async () => {
    const socket = await clientThatSends("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    socket.pause();
    await until("it has begun", () => handedOver > 0);
    socket.destroy();
    await until("it is gone", () => counted(bed.gateway, "clientAborts") === 1);
    expect(bed.gateway.inflight().endpoints[0]?.inFlight).toBe(0);
    expect(bed.lost).toEqual([]);
  });
});

describe("a client that sends slowly", () => {
  it("with half a head: no backend hears of it, the rest is served, and the whole head is answered", async () => {
    const socket = await clientThatSends("GET /quick HTTP/1.1\r\nHo");
    const { errors } = await load(port, 200, 4, () => ({ path: "/quick" }));
    expect(errors).toEqual([]);
    expect(counted(bed.gateway, "requests")).toBe(200);
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.write("st: a\r\n\r\n");
    await until("it is answered", () => text.endsWith("quick"));
    expect(text).toContain("HTTP/1.1 200");
  });

  it("with its body: each piece is passed on as it comes, and the rest is served", async () => {
    const socket = await clientThatSends(
      "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab",
    );
    await until("two bytes", () => Buffer.concat(received).toString() === "ab");
    await expect(ask(port, { path: "/quick" })).resolves.toMatchObject({ text: "quick" });
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.write("cd");
    await until("four bytes", () => Buffer.concat(received).toString() === "abcd");
    socket.write("ef");
    await until("it is answered", () => text.endsWith("6"));
    expect(bed.lost).toEqual([]);
  });
});
