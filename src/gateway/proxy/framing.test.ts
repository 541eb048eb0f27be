import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askRaw, configOf, startBackend, startGateway } from "../testbed.test-support.ts";
import type { TestBackend, TestGateway } from "../testbed.test-support.ts";

let bed: TestGateway;
let origin: TestBackend;
let port: number;
const seen: string[] = [];

beforeAll(async () => {
  bed = startGateway();
  origin = await startBackend((request, response) => {
    seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
    request.resume();
    request.on("end", () => response.end("served"));
  });
  port = await bed.put(
    configOf([{ backends: [{ backend: "a/b:1", weight: 1 }] }], { "a/b:1": [origin.endpoint()] }),
  );
});
afterAll(async () => {
  await bed.close();
  await origin.close();
});

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

describe("requests whose borders are ambiguous never reach a backend whole, nor anything hidden in them", () => {
  it.each([
    [
      "Content-Length with Transfer-Encoding",
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
      `0\r\n\r\n${smuggled}`,
      400,
    ],
    [
      "Transfer-Encoding with Content-Length",
      "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
      `0\r\n\r\n${smuggled}`,
      400,
    ],
    ["two lengths", "Content-Length: 0\r\nContent-Length: 40\r\n", smuggled, 400],
    ["a list of lengths", "Content-Length: 0, 40\r\n", smuggled, 400],
    ["a signed length", "Content-Length: +3\r\n", "abc", 400],
    ["a hexadecimal length", "Content-Length: 0x3\r\n", "abc", 400],
    ["a second coding", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", 501],
    ["chunked not last", "Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${smuggled}`, 400],
    ["a disguised coding", "Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${smuggled}`, 501],
    ["a space before the colon", "Transfer-Encoding : chunked\r\n", `0\r\n\r\n${smuggled}`, 400],
    ["a folded header", "X-A: 1\r\n Transfer-Encoding: chunked\r\n", `0\r\n\r\n${smuggled}`, 400],
    ["a bare CR in a header", "X-A: 1\rContent-Length: 3\r\n", "abc", 400],
    ["a NUL in a header", "X-A: a\0b\r\n", "", 400],
    ["two hosts", "Host: b\r\n", "", 400],
    ["a bad chunk size", "Transfer-Encoding: chunked\r\n", `zz\r\n${smuggled}`, 400],
    [
      "an overlong chunk size",
      "Transfer-Encoding: chunked\r\n",
      `fffffffffffffffff\r\n${smuggled}`,
      400,
    ],
  ])("%s", async (_name, headers, body, status) => {
    seen.length = 0;
    const text = await askRaw(port, `POST /outer HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `, "u"));
    expect(text.match(/HTTP\/1\.1/gu)).toHaveLength(1);
    expect(seen).not.toContain("GET /smuggled");
  });

  it.each([
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501],
    ["a target that is no path", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 501],
    ["a target with a user", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 501],
    ["headers without end", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["nonsense", "\x16\x03\x01\x02\x00\r\n\r\n", 400],
    [
      "Transfer-Encoding in HTTP/1.0",
      "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
  ])("refuses %s", async (_name, request, status) => {
    seen.length = 0;
    expect(await askRaw(port, request)).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `, "u"));
    expect(seen).toEqual([]);
  });

  it("counts them at the listener, and not against any version", () => {
    const stats = bed.gateway.stats();
    expect(stats.listeners[0]?.badRequests).toBeGreaterThan(15);
    for (const series of stats.series) expect(series.counters["lost"]).toBe(0);
  });

  it("serves the next client", async () => {
    expect(await askRaw(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
      /served$/u,
    );
  });

  it("answers pipelined requests in order", async () => {
    const text = await askRaw(
      port,
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxyGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(text.match(/served/gu)).toHaveLength(3);
  });
});
