import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findGateway, GatewayClient, GatewayRefusal } from "./client.ts";
import type { InflightReport } from "./gateway.ts";
import { runGateway, startGatewayProcess } from "./main.ts";
import type { RunningGateway } from "./main.ts";
import { processStartTime } from "../runtime/process-identity.ts";
import { ask, configOf, load, startBackend, until } from "./testbed.test-support.ts";
import type { TestBackend } from "./testbed.test-support.ts";

const web = "shop/web:80";
const toWeb = { backends: [{ backend: web, weight: 1 }] };
let dataDir: string;
let backend: TestBackend;
let closers: (() => Promise<unknown>)[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "gw-"));
  backend = await startBackend((_request, response) => response.end("ok"));
  closers = [];
});
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  await backend.close();
  await rm(dataDir, { recursive: true, force: true });
});

const configAt = (generation: number) => ({
  generation,
  ...configOf([toWeb], { [web]: [backend.endpoint()] }),
});

async function run(
  directory = dataDir,
): Promise<{ running: RunningGateway; client: GatewayClient }> {
  const running = await runGateway({
    dataDir: directory,
    logger: pino({ enabled: false }),
    signals: "none",
    drainLimitMs: 1000,
  });
  const client = new GatewayClient(running.state.admin, running.state.token);
  closers.push(async () => {
    await client.close();
    await running.drain();
  });
  return { running, client };
}

const command = (directory: string): readonly string[] => [
  process.execPath,
  "--import",
  "tsx",
  "--input-type=module",
  "--eval",
  `const { runGateway } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, "main.ts")).href)});
   await (await runGateway({ dataDir: ${JSON.stringify(directory)} })).ended;`,
];

const inFlightAt = ({ endpoints }: InflightReport): number =>
  endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0);

async function startProcess() {
  const found = await startGatewayProcess({ dataDir, command: command(dataDir) });
  closers.push(async () => {
    await found.client.close();
    if ((await processStartTime(found.pid)) === found.startTime) process.kill(found.pid, "SIGKILL");
    await until("it is gone", async () => (await processStartTime(found.pid)) !== found.startTime);
  });
  return found;
}

describe("the admin API", () => {
  it("puts, gets and counts", async () => {
    const { client, running } = await run();
    const acknowledgement = await client.putConfig(configAt(7));
    expect(acknowledgement).toMatchObject({
      generation: 7,
      listeners: [{ name: "web", address: "127.0.0.1" }],
    });
    expect(acknowledgement).not.toHaveProperty("saveError");
    const port = acknowledgement.listeners[0]?.port ?? 0;
    expect((await ask(port)).text).toBe("ok");
    expect(await client.config()).toEqual(configAt(7));
    expect(await client.health()).toEqual({
      status: "ok",
      pid: process.pid,
      epoch: running.state.epoch,
      generation: 7,
    });
    expect(await client.stats()).toMatchObject({
      epoch: running.state.epoch,
      generation: 7,
      series: [{ backend: web, version: "v1", counters: { requests: 1 } }],
    });
    const past = await client.past();
    const counted = past?.intervals.flatMap(({ series }) => series) ?? [];
    expect(counted).toMatchObject([{ backend: web, version: "v1", counters: { requests: 1 } }]);
    expect(past?.intervals[0]?.fromMs).toBe(running.state.startedAtMs);
    expect(past?.intervals.at(-1)?.toMs).toBe(past?.snapshot.nowMs);
    expect((await client.inflight()).endpoints).toMatchObject([
      { pod: backend.endpoint().pod, inFlight: 0, state: "active" },
    ]);
  });

  it("refuses older generations with 409 and wrong configs with every error, and stays as it was", async () => {
    const { client } = await run();
    await client.putConfig(configAt(7));
    const stale = await client.putConfig(configAt(6)).catch((error: unknown) => error);
    expect(stale).toBeInstanceOf(GatewayRefusal);
    expect(stale).toMatchObject({ status: 409, generation: 7 });
    const wrong = await client
      .putConfig({ ...configAt(8), backends: [] })
      .catch((error: unknown) => error);
    expect(wrong).toMatchObject({
      status: 422,
      errors: [expect.stringContaining(`there is no backend "${web}"`)],
    });
    expect((await client.health()).generation).toBe(7);
  });

  it("is for the owner of the token only, and not for web pages", async () => {
    const { running } = await run();
    const { admin, token } = running.state;
    if (admin.kind !== "unix") throw new Error("a short path gives a socket");
    const statusFor = (headers: Record<string, string>) =>
      new Promise((resolve) =>
        httpRequest({ socketPath: admin.path, path: "/healthz", headers }, (response) =>
          resolve(response.resume().statusCode),
        ).end(),
      );
    expect(await statusFor({})).toBe(401);
    expect(await statusFor({ authorization: "Bearer wrong" })).toBe(401);
    expect(
      await statusFor({ authorization: `Bearer ${token}`, origin: "http://evil.example" }),
    ).toBe(403);
    expect(await statusFor({ authorization: `Bearer ${token}` })).toBe(200);
    for (const file of ["gateway.json", "gateway.sock"]) {
      expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
    }
  });

  it("uses a loopback port where a socket's path would be too long", async () => {
    const deep = join(dataDir, "d".repeat(100));
    const { running, client } = await run(deep);
    expect(running.state.admin).toMatchObject({ kind: "tcp", host: "127.0.0.1" });
    expect((await client.putConfig(configAt(1))).generation).toBe(1);
  });

  it("says when a live config could not be saved", async () => {
    const { client } = await run();
    await client.putConfig(configAt(1));
    // Permissions would not stop root; a directory in the file's place does.
    await rm(join(dataDir, "gateway-config.json"));
    await mkdir(join(dataDir, "gateway-config.json"));
    const { generation, saveError } = await client.putConfig(configAt(2));
    expect(generation).toBe(2);
    expect(saveError).toMatch(/gateway-config\.json/u);
  });
});

describe("a later life", () => {
  it("serves the saved config on the same port, in a new epoch", async () => {
    const first = await run();
    const port = (await first.client.putConfig(configAt(5))).listeners[0]?.port ?? 0;
    await first.running.drain();
    expect(await findGateway(dataDir)).toBeUndefined();
    const second = await run();
    expect((await ask(port)).text).toBe("ok");
    expect(await second.client.health()).toMatchObject({ generation: 5 });
    expect(second.running.state.epoch).not.toBe(first.running.state.epoch);
    expect(second.running.state.listeners).toMatchObject([{ name: "web", port }]);
  });

  it("puts an unusable config aside, says so, and takes a new one", async () => {
    await writeFile(join(dataDir, "gateway-config.json"), '{"config":{"generation":');
    const { client } = await run();
    expect((await client.health()).configError).toMatch(
      /gateway-config\.json.*kept as .*\.unusable/u,
    );
    expect(await readFile(join(dataDir, "gateway-config.json.unusable"), "utf8")).toContain(
      "generation",
    );
    await client.putConfig(configAt(1));
    expect(await client.health()).not.toHaveProperty("configError");
  });

  it("refuses a second gateway in one directory", async () => {
    const { running } = await run();
    await startGatewayProcess({ dataDir, command: command(dataDir) }).then(
      () => expect.unreachable(),
      (error: unknown) => expect(String(error)).toContain(`pid ${String(running.state.pid)}`),
    );
  });
});

describe("a process of its own", () => {
  it("is found again by pid and start time, keeps serving, and ends by drain", async () => {
    const { client, pid, state } = await startProcess();
    const port = (await client.putConfig(configAt(1))).listeners[0]?.port ?? 0;
    const adopted = await findGateway(dataDir);
    expect(adopted).toMatchObject({ pid, startTime: state.startTime });
    expect(await adopted?.client.health()).toMatchObject({ pid, generation: 1 });
    await adopted?.client.close();
    process.kill(pid, "SIGINT");
    expect((await ask(port)).text).toBe("ok");
    await client.drain();
    await until("it has ended", async () => (await processStartTime(pid)) !== state.startTime);
    expect(await findGateway(dataDir)).toBeUndefined();
  });

  it("takes no config once it drains, so that nothing opens again and the process ends", async () => {
    const { client, pid, startTime } = await startProcess();
    let answer: () => void = () => undefined;
    const slow = await startBackend((_request, response) => {
      answer = () => response.end("late");
    });
    closers.push(async () => slow.close());
    const slowAt = (generation: number) => ({
      generation,
      ...configOf([toWeb], { [web]: [slow.endpoint()] }),
    });
    const port = (await client.putConfig(slowAt(1))).listeners[0]?.port ?? 0;
    const pending = ask(port);
    await until("it is in flight", async () => inFlightAt(await client.inflight()) === 1);
    await client.drain();
    const refused = await client.putConfig(slowAt(2)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 503 });
    answer();
    expect((await pending).text).toBe("late");
    await until("it has ended", async () => (await processStartTime(pid)) !== startTime);
  });

  it("serves its saved config after kill -9, and loses nothing on SIGTERM but new connections", async () => {
    const first = await startProcess();
    const port = (await first.client.putConfig(configAt(3))).listeners[0]?.port ?? 0;
    process.kill(first.pid, "SIGKILL");
    await until("it is gone", async () => (await processStartTime(first.pid)) !== first.startTime);
    expect(await findGateway(dataDir)).toBeUndefined();
    const second = await startProcess();
    expect(await second.client.health()).toMatchObject({ generation: 3 });
    const loading = load(port, 3000, 4);
    await until(
      "some are answered",
      async () => ((await second.client.stats()).series[0]?.counters["requests"] ?? 0) > 100,
    );
    process.kill(second.pid, "SIGTERM");
    const { answers, errors } = await loading;
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(errors.map((error) => ("code" in error ? error.code : error.message)))).toEqual(
      new Set(["ECONNREFUSED"]),
    );
    await until(
      "it has ended",
      async () => (await processStartTime(second.pid)) !== second.startTime,
    );
  });

  it("leaves a stranger with the recorded number alone", async () => {
    await run();
    const file = join(dataDir, "gateway.json");
    const state = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...state, startTime: "another" }));
    expect(await findGateway(dataDir)).toBeUndefined();
  });

  it("says why it did not start", async () => {
    const starting = startGatewayProcess({
      dataDir,
      command: [process.execPath, "-e", "console.error('no luck'); process.exit(3)"],
    });
    await expect(starting).rejects.toThrow(/exited with 3[^]*no luck/u);
    const missing = startGatewayProcess({ dataDir, command: [join(dataDir, "missing")] });
    await expect(missing).rejects.toThrow(/ENOENT/u);
  });
});
