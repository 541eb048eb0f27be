import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "node:net";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import {
  askRaw,
  configOf,
  counted,
  startBackend,
  startGateway,
  until,
} from "../testbed.test-support.ts";
import type { TestBackend, TestGateway } from "../testbed.test-support.ts";

const web = "a/b:1";
let bed: TestGateway;
let closers: (() => Promise<void>)[];

beforeEach(() => {
  bed = startGateway();
  closers = [];
});
afterEach(async () => {
  await bed.close();
  for (const close of closers) await close();
});

async function backend(handler: RequestListener): Promise<TestBackend> {
  const origin = await startBackend(handler);
  closers.push(async () => origin.close());
  return origin;
}

async function serve(...origins: readonly TestBackend[]): Promise<number> {
  const endpoints = origins.map((origin) => origin.endpoint());
  return bed.put(configOf([{ backends: [{ backend: web, weight: 1 }] }], { [web]: endpoints }));
}

/** A chunked POST with a body of `abc`, the given header lines and the given trailer lines. */
function post(headers: string, trailers: string): string {
  const head = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${headers}`;
  return `${head}Connection: close\r\n\r\n3\r\nabc\r\n0\r\n${trailers}\r\n`;
}

interface Seen {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly trailers: IncomingMessage["trailers"];
}

/** Takes requests whole, answers "ok". */
function recording(seen: Seen[]): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      seen.push({ headers: request.headers, body, trailers: request.trailers });
      response.setHeader("x-from", "backend");
      response.end("ok");
    });
  };
}

describe("trailers of a request", () => {
  it("reach the backend behind the body", async () => {
    const seen: Seen[] = [];
    const port = await serve(await backend(recording(seen)));
    const text = await askRaw(
      port,
      post("Trailer: X-Sum, x-more\r\n", "X-Sum: 42\r\nx-more: 1\r\n"),
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/u);
    expect(text).toContain("x-from: backend");
    expect(seen).toMatchObject([
      {
        headers: { trailer: "x-sum, x-more", "transfer-encoding": "chunked", host: "a" },
        body: "abc",
        trailers: { "x-sum": "42", "x-more": "1" },
      },
    ]);
    expect(counted(bed.gateway, "responses2xx")).toBe(1);
    expect(counted(bed.gateway, "requestBytes")).toBe(3);
  });

  it.each([
    { what: "were not declared", headers: "", trailers: "X-Sum: 42\r\n" },
    {
      what: "say who sends or where to",
      headers: "Trailer: Authorization, Host, Cookie\r\n",
      trailers: "Authorization: Bearer x\r\nHost: other\r\nCookie: a=b\r\n",
    },
    {
      what: "are others than the declared ones",
      headers: "Trailer: x-other\r\n",
      trailers: "X-Sum: 42\r\n",
    },
  ])("that $what are left out, and the request is served", async ({ headers, trailers }) => {
    const seen: Seen[] = [];
    const port = await serve(await backend(recording(seen)));
    expect(await askRaw(port, post(headers, trailers))).toMatch(/^HTTP\/1\.1 200 /u);
    expect(seen).toMatchObject([{ body: "abc", trailers: {} }]);
    expect(seen[0]?.trailers).toEqual({});
  });

  it("come with hints before and trailers behind the answer, too", async () => {
    const origin = await backend((request, response) => {
      request.resume();
      request.on("end", () => {
        response.writeEarlyHints({ link: "</a.css>; rel=preload" });
        response.writeHead(201, { trailer: "x-sum" });
        response.write("body");
        response.addTrailers({ "x-sum": "7" });
        response.end();
      });
    });
    const text = await askRaw(await serve(origin), post("Trailer: x-a\r\n", "x-a: 1\r\n"));
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\n/u);
    expect(text).toMatch(/HTTP\/1\.1 201 Created\r\n/u);
    expect(text).toMatch(/0\r\nx-sum: 7\r\n\r\n$/u);
  });

  it("wait for 100 Continue", async () => {
    const seen: Seen[] = [];
    const port = await serve(await backend(recording(seen)));
    const whole = post("Trailer: x-a\r\nExpect: 100-continue\r\n", "x-a: 1\r\n");
    const text = await askRaw(port, whole);
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /u);
    expect(seen).toMatchObject([{ body: "abc", trailers: { "x-a": "1" } }]);
  });
});

describe("a request with trailers that fails", () => {
  const whole = post("Trailer: x-a\r\n", "x-a: 1\r\n");

  it("goes to another endpoint when the first refuses the connection", async () => {
    const seen: Seen[] = [];
    const gone = await startBackend(() => undefined);
    const port = await serve(gone, await backend(recording(seen)));
    await gone.close();
    for (let turn = 0; turn < 2; turn += 1)
      expect(await askRaw(port, whole)).toMatch(/^HTTP\/1\.1 200 /u);
    expect(seen).toHaveLength(2);
    expect(counted(bed.gateway, "lost")).toBe(0);
  });

  it("is answered 502 and never repeated when the backend cuts it", async () => {
    let tries = 0;
    const cut = await backend((request) => {
      tries += 1;
      request.socket.destroy();
    });
    const port = await serve(cut, cut);
    expect(await askRaw(port, whole)).toMatch(/^HTTP\/1\.1 502 /u);
    expect(tries).toBe(1);
    expect(counted(bed.gateway, "upstreamReset")).toBe(1);
  });

  it("is cut at the client when the answer is cut, and leaves nothing in flight", async () => {
    const cut = await backend((_request, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("half");
      setImmediate(() => response.destroy());
    });
    const port = await serve(cut);
    const text = await askRaw(port, whole).catch(String);
    expect(text).not.toContain("half!");
    await until("it is counted", () => counted(bed.gateway, "lost") === 1);
    expect(bed.gateway.inflight().endpoints).toMatchObject([{ inFlight: 0 }]);
  });

  it("ends at the backend when the client goes away", async () => {
    let wasAborted = false;
    const origin = await backend((request) => {
      request.resume();
      request.on("close", () => (wasAborted = !request.complete));
    });
    const port = await serve(origin);
    const half = whole.slice(0, whole.indexOf("abc") + 5);
    const socket = connect(port, "127.0.0.1", () => socket.write(half));
    await until("the upload has begun", () => counted(bed.gateway, "requestBytes") === 3);
    socket.destroy();
    await until("the backend saw it end", () => wasAborted);
    expect(counted(bed.gateway, "clientAborts")).toBe(1);
    expect(bed.gateway.inflight().endpoints).toMatchObject([{ inFlight: 0 }]);
  });

  it("does not keep the gateway from ending", async () => {
    const silent = await backend((request) => request.resume());
    const port = await serve(silent);
    const answer = askRaw(port, whole);
    await until("it is sent", () => counted(bed.gateway, "requestBytes") === 3);
    await bed.gateway.drain(100);
    expect(await answer).toMatch(/^HTTP\/1\.1 504 /u);
  });
});
