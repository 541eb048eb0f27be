import { afterEach, beforeEach, expect, it } from "vitest";
import type { Filter } from "../config.ts";
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
import { mirrorBodyLimit } from "./mirror.ts";

const web = "shop/web:80";
const shadow = "shop/shadow:80";
let bed: TestGateway;
let primary: TestBackend;
let copy: TestBackend;
let copies: string[];
let isSilent: boolean;

beforeEach(async () => {
  bed = startGateway();
  copies = [];
  isSilent = false;
  primary = await startBackend((request, response) => {
    let size = 0;
    request.on("data", (chunk: Buffer) => (size += chunk.length));
    request.on("end", () => response.end(`primary ${String(size)}`));
  });
  copy = await startBackend((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      copies.push(
        `${request.method ?? ""} ${request.url ?? ""} ${Buffer.concat(chunks).toString()}`.trim(),
      );
      if (!isSilent) response.writeHead(500).end("thrown away");
    });
  });
});
afterEach(async () => {
  await bed.close();
  await primary.close();
  await copy.close();
});

const mirrorTo = (...filters: readonly Filter[]) =>
  bed.put(
    configOf([{ backends: [{ backend: web, weight: 1 }], filters }], {
      [web]: [primary.endpoint("v1")],
      [shadow]: [copy.endpoint("v2")],
    }),
  );

it("sends a copy with body and headers, and discards the answer", async () => {
  const port = await mirrorTo({ kind: "mirror", backend: shadow });
  expect((await ask(port, { path: "/a?b", method: "POST", body: "body" })).text).toBe("primary 4");
  expect((await ask(port, { path: "/c" })).text).toBe("primary 0");
  await until("both copies arrived", () => copies.length === 2);
  expect([...copies].sort()).toEqual(["GET /c", "POST /a?b body"]);
  expect(counted(bed.gateway, "mirrored", "v2")).toBe(2);
  // A copy's answers are nobody's error rate.
  expect(counted(bed.gateway, "requests", "v2")).toBe(0);
  await until("no copy is in flight", () =>
    bed.gateway.inflight().endpoints.every((each) => each.mirrorsInFlight === 0),
  );
});

it.each([10, 50])("copies exactly %i of 100", async (percent) => {
  const port = await mirrorTo({ kind: "mirror", backend: shadow, percent });
  const { answers } = await load(port, 100, 4);
  expect(answers).toHaveLength(100);
  await until("the copies arrived", () => copies.length >= percent);
  expect(counted(bed.gateway, "mirrored")).toBe(percent);
});

it("never waits for a copy that is not answered", async () => {
  isSilent = true;
  const port = await mirrorTo({ kind: "mirror", backend: shadow });
  const { answers } = await load(port, 50, 2);
  expect(new Set(answers.map((answer) => answer.text))).toEqual(new Set(["primary 0"]));
  await until("the copies hang", () => copies.length === 50);
});

it("skips the copy of a large body, and of a backend that is not there", async () => {
  const port = await mirrorTo({ kind: "mirror", backend: shadow });
  const body = Buffer.alloc(mirrorBodyLimit + 1);
  expect((await ask(port, { method: "PUT", body })).text).toBe(`primary ${String(body.length)}`);
  await until("it is counted", () => counted(bed.gateway, "mirrorSkipped") === 1);
  await bed.put(
    configOf(
      [{ backends: [{ backend: web, weight: 1 }], filters: [{ kind: "mirror", backend: shadow }] }],
      {
        [web]: [primary.endpoint("v1")],
        [shadow]: [],
      },
    ),
  );
  expect((await ask(port)).status).toBe(200);
  expect(counted(bed.gateway, "mirrorSkipped")).toBe(2);
  expect(copies).toEqual([]);
});

it("counts a copy that cannot be delivered and loses nothing", async () => {
  await copy.close();
  const port = await mirrorTo({ kind: "mirror", backend: shadow });
  const { answers } = await load(port, 20, 2);
  expect(answers.every((answer) => answer.status === 200)).toBe(true);
  await until("all failed", () => counted(bed.gateway, "mirrorFailed") === 20);
  expect(bed.lost).toEqual([]);
});
