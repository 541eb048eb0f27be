import { Agent } from "node:http";
import type { Server } from "node:net";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { subtractSnapshots } from "../lib/latency-histogram.ts";
import { inFlightOfPod } from "./client.ts";
import type { GatewayConfig } from "./config.ts";
import {
  ask,
  askRaw,
  configOf,
  counted,
  load,
  startBackend,
  startGateway,
  until,
} from "./testbed.test-support.ts";
import type { TestBackend, TestGateway } from "./testbed.test-support.ts";

const web = "shop/web:80";
const toWeb = { backends: [{ backend: web, weight: 1 }] };

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

async function pod(text: string, delayMs = 0): Promise<TestBackend> {
  const backend = await startBackend((_request, response) => {
    if (delayMs === 0) response.end(text);
    else setTimeout(() => response.end(text), delayMs);
  });
  closers.push(() => backend.close());
  return backend;
}

const listenerOn = (name: string, port: number): GatewayConfig["listeners"][number] => ({
  name,
  port,
  routes: [{ name: "all", rules: [toWeb] }],
});

describe("under load", () => {
  it("loses nothing while weights and endpoints change all the time", async () => {
    const pods = await Promise.all(["a", "b", "c"].map((text) => pod(text, 1)));
    const [a, b, c] = pods.map((each, index) => each.endpoint(`v${String(index)}`));
    if (!a || !b || !c) throw new Error("three pods");
    const configs = [
      configOf(
        [
          {
            backends: [
              { backend: web, weight: 90 },
              { backend: "shop/canary:80", weight: 10 },
            ],
          },
        ],
        { [web]: [a, b], "shop/canary:80": [c] },
      ),
      configOf([{ backends: [{ backend: web, weight: 1 }] }], { [web]: [b, c] }),
      configOf([{ backends: [{ backend: "shop/canary:80", weight: 5 }] }], {
        [web]: [],
        "shop/canary:80": [a],
      }),
    ];
    const port = await bed.put(configs[0] ?? {});
    const loaded = { isOver: false };
    let swaps = 0;
    const swapping = (async () => {
      while (!loaded.isOver) {
        swaps += 1;
        expect(await bed.put(configs[swaps % 3] ?? {})).toBe(port);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    const { answers, errors } = await load(port, 3000, 12, (index) =>
      index % 5 === 0 ? { method: "POST", body: "x" } : {},
    );
    loaded.isOver = true;
    await swapping;
    expect(errors).toEqual([]);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(swaps).toBeGreaterThan(50);
    expect(bed.lost).toEqual([]);
    expect(counted(bed.gateway, "requests")).toBe(3000);
    await until("removed endpoints are drained", () =>
      bed.gateway.inflight().endpoints.every((each) => each.state === "active"),
    );
  });

  it("loses nothing when pods are replaced: out of the config, drained, then closed", async () => {
    let current = await pod("generation 0", 3);
    const port = await bed.put(configOf([toWeb], { [web]: [current.endpoint()] }));
    const loading = load(port, 2000, 10, (index) =>
      index % 3 === 0 ? { method: "POST", body: "x" } : {},
    );
    let replaced = 0;
    const loaded = { isOver: false };
    void loading.then(() => (loaded.isOver = true));
    while (!loaded.isOver) {
      replaced += 1;
      const next = await pod(`generation ${String(replaced)}`, 3);
      await bed.put(configOf([toWeb], { [web]: [next.endpoint()] }));
      const old = current.endpoint().pod;
      await until("the old pod is drained", () => inFlightOfPod(bed.gateway.inflight(), old) === 0);
      await current.close();
      current = next;
      // Lets the load have its turn: nothing above has to wait for the network.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { answers, errors } = await loading;
    expect(errors).toEqual([]);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(replaced).toBeGreaterThan(10);
    expect(bed.lost).toEqual([]);
  });

  it("loses no repeatable request when a pod dies at once and another is there", async () => {
    const survivor = await pod("ok");
    const victim = await pod("ok");
    const port = await bed.put(
      configOf([toWeb], { [web]: [survivor.endpoint(), victim.endpoint()] }),
    );
    const loading = load(port, 1500, 8);
    await until("some are answered", () => counted(bed.gateway, "requests") > 300);
    await victim.close();
    const { answers, errors } = await loading;
    expect(errors).toEqual([]);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(counted(bed.gateway, "retries")).toBeGreaterThan(0);
  });
});

describe("a swap", () => {
  it("leaves a request its old config, and shows where it still runs", async () => {
    let finish: () => void = () => undefined;
    const old = await startBackend((_request, response) => {
      response.write("old ");
      finish = () => response.end("to the end");
    });
    closers.push(() => old.close());
    const port = await bed.put(configOf([toWeb], { [web]: [old.endpoint("v1")] }));
    const first = ask(port);
    await until(
      "it is in flight",
      () => inFlightOfPod(bed.gateway.inflight(), old.endpoint().pod) === 1,
    );
    const next = await pod("new");
    await bed.put(configOf([toWeb], { [web]: [next.endpoint("v2")] }));
    expect((await ask(port)).text).toBe("new");
    expect(bed.gateway.inflight().endpoints).toMatchObject([
      { pod: next.endpoint().pod, state: "active", inFlight: 0 },
      { pod: old.endpoint().pod, state: "draining", inFlight: 1 },
    ]);
    finish();
    expect((await first).text).toBe("old to the end");
    await until("it is drained", () => bed.gateway.inflight().endpoints.length === 1);
  });

  it("closes idle connections to a removed endpoint at once", async () => {
    const old = await pod("old");
    const port = await bed.put(configOf([toWeb], { [web]: [old.endpoint()] }));
    await load(port, 20, 5);
    const open = () =>
      new Promise<number>((resolve) =>
        old.server.getConnections((_error, count) => resolve(count)),
      );
    expect(await open()).toBeGreaterThan(0);
    await bed.put(configOf([toWeb], { [web]: [] }));
    await until("none is open", async () => (await open()) === 0);
  });

  it("refuses an older generation and takes the same again", async () => {
    await bed.put({});
    await bed.put({});
    const config = { listeners: [], backends: [] };
    expect(await bed.gateway.apply({ ...config, generation: 1 })).toEqual({
      kind: "stale",
      generation: 2,
    });
    expect(await bed.gateway.apply({ ...config, generation: 2 })).toMatchObject({
      kind: "applied",
      generation: 2,
    });
  });

  it("keeps a pod that took over another's port apart from it", async () => {
    const backend = await pod("ok");
    await bed.put(configOf([toWeb], { [web]: [backend.endpoint("v1", "shop/first")] }));
    await bed.put(configOf([toWeb], { [web]: [backend.endpoint("v2", "shop/second")] }));
    expect(bed.gateway.inflight().endpoints.map((each) => each.pod)).toEqual(["shop/second"]);
  });

  it("keeps series of versions that are gone, so that a reader misses nothing", async () => {
    const backend = await pod("ok");
    const port = await bed.put(configOf([toWeb], { [web]: [backend.endpoint("v1")] }));
    await ask(port);
    const before = bed.gateway.stats();
    await ask(port);
    await bed.put(configOf([toWeb], { [web]: [backend.endpoint("v2", "shop/next")] }));
    await ask(port);
    const delta = subtractSnapshots(bed.gateway.stats(), before);
    expect(delta.restarted).toBe(false);
    expect(
      delta.series.map((each) => [
        each.version,
        each.counters["requests"],
        each.latency.counts.length,
      ]),
    ).toEqual([
      ["v1", 1, 1],
      ["v2", 1, 1],
    ]);
  });
});

describe("what weights divide", () => {
  it("is counted when it begins, apart from what a rule leads to one backend", async () => {
    const canary = "shop/canary:80";
    const [first, second] = [await pod("stable"), await pod("canary")];
    const backends = [
      { backend: web, weight: 75 },
      { backend: canary, weight: 25 },
    ];
    const matches = [{ headers: [{ type: "Exact", name: "x-tester", value: "yes" }] }] as const;
    const toCanary = {
      matches,
      backends: [
        { backend: web, weight: 0 },
        { backend: canary, weight: 1 },
      ],
    };
    const port = await bed.put(
      configOf([{ backends }, toCanary], {
        [web]: [first.endpoint("v1")],
        [canary]: [second.endpoint("v2")],
      }),
    );
    for (let count = 0; count < 8; count += 1) await ask(port);
    for (let count = 0; count < 3; count += 1) await ask(port, { headers: { "x-tester": "yes" } });
    const counters = Object.fromEntries(
      bed.gateway
        .stats()
        .series.map(({ version, counters: { requests, divided } }) => [
          version,
          { requests, divided },
        ]),
    );
    expect(counters).toEqual({
      v1: { requests: 6, divided: 6 },
      v2: { requests: 5, divided: 2 },
    });
  });
});

describe("listeners", () => {
  it("open, keep their port under a new name, and close for good", async () => {
    const backend = await pod("ok");
    const backends = [{ name: web, endpoints: [backend.endpoint()] }];
    await bed.put({ listeners: [listenerOn("a", 0), listenerOn("b", 0)], backends });
    const [a, b] = bed.gateway.listeners().map((each) => each.port);
    if (a === undefined || b === undefined) throw new Error("two listeners");
    expect(a).not.toBe(b);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await ask(a, { agent });
    await bed.put({ listeners: [listenerOn("c", a)], backends });
    expect(bed.gateway.listeners()).toMatchObject([{ name: "c", port: a }]);
    // The same connection, under the new name.
    expect((await ask(a, { agent })).text).toBe("ok");
    expect(bed.gateway.stats().listeners).toMatchObject([
      { name: "c", requests: 2, connections: 1 },
    ]);
    agent.destroy();
    await until("b is closed", async () => (await ask(b).catch(() => "refused")) === "refused");
  });

  it("answer what is in flight after they were removed, and tell the client to leave", async () => {
    const slow = await pod("slow", 60);
    const port = await bed.put(configOf([toWeb], { [web]: [slow.endpoint()] }));
    const pending = askRaw(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("it is in flight", () => bed.gateway.inflight().listeners[0]?.inFlight === 1);
    await bed.put({});
    const text = await pending;
    expect(text).toMatch(/^HTTP\/1\.1 200 /u);
    expect(text).toMatch(/connection: close/iu);
    expect(text).toMatch(/slow$/u);
  });

  it("say when a port is in use, serve the others, and open it as soon as it is free", async () => {
    const squatter: Server = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const address = squatter.address();
    const taken = address !== null && typeof address === "object" ? address.port : 0;
    const backend = await pod("ok");
    await bed.put({
      listeners: [listenerOn("taken", taken), listenerOn("free", 0)],
      backends: [{ name: web, endpoints: [backend.endpoint()] }],
    });
    const [first, second] = bed.gateway.listeners();
    expect(first).toMatchObject({
      name: "taken",
      port: taken,
      error: expect.stringContaining(`127.0.0.1 port ${String(taken)} is in use`),
    });
    expect(second).not.toHaveProperty("error");
    expect((await ask(second?.port ?? 0)).text).toBe("ok");
    await new Promise((resolve) => squatter.close(resolve));
    await until("it is open", () => bed.gateway.listeners()[0]?.error === undefined);
    expect((await ask(taken)).text).toBe("ok");
  });
});

describe("drain", () => {
  it("answers everything in flight, idle connections included, and then nothing more", async () => {
    const slow = await pod("slow", 20);
    const port = await bed.put(configOf([toWeb], { [web]: [slow.endpoint()] }));
    const loading = load(port, 400, 8);
    await until("some are answered", () => counted(bed.gateway, "requests") > 40);
    const draining = bed.gateway.drain(10_000);
    const { answers, errors } = await loading;
    await draining;
    // Whoever got through to the gateway was answered; the others were refused a connection.
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    const codes = errors.map((error) => ("code" in error ? error.code : error.message));
    expect(new Set(codes)).toEqual(new Set(["ECONNREFUSED"]));
    expect(answers.length).toBe(counted(bed.gateway, "requests"));
    expect(bed.lost).toEqual([]);
  });

  it("says 504 to what does not end in time, and counts it as lost", async () => {
    const hanging = await startBackend(() => undefined);
    closers.push(() => hanging.close());
    const port = await bed.put(configOf([toWeb], { [web]: [hanging.endpoint()] }));
    const pending = ask(port);
    await until("it is in flight", () => bed.gateway.inflight().endpoints[0]?.inFlight === 1);
    await bed.gateway.drain(50);
    expect((await pending).status).toBe(504);
    expect(counted(bed.gateway, "lost")).toBe(1);
  });
});
