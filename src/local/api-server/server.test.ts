import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { isHaldaneError } from "../../lib/errors.ts";
import { countingWatches, startTestServer, type TestServer } from "./api-server.test-support.ts";
import type { ApiServerOptions } from "./server.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: Partial<ApiServerOptions> = {}): Promise<TestServer> {
  const api = await startTestServer(options);
  closers.push(() => api.close());
  return api;
}

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "haldane-api-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return server;
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe("who may ask", () => {
  it("writes a kubeconfig, a token and a key nobody else can read", async () => {
    const { server, dataDir } = await start();
    expect(server.kubeconfigPath).toBe(join(dataDir, "kubeconfig"));
    for (const file of ["kubeconfig", "api-server/token", "api-server/tls.pem"]) {
      expect(await modeOf(join(dataDir, file)), file).toBe("600");
    }
    const kubeconfig = await readFile(server.kubeconfigPath, "utf8");
    expect(kubeconfig).toContain(`server: ${server.url}`);
    expect(kubeconfig).toContain(`token: ${server.token}`);
    expect(server.token).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Record<string, string>, number]>([
    ["no token", { authorization: "" }, 401],
    ["a wrong token", { authorization: `Bearer ${"0".repeat(64)}` }, 401],
    ["a foreign Origin", { origin: "https://evil.example" }, 403],
    ["all as it should be", {}, 200],
  ])("%s", async (_name, headers, status) => {
    const { ask } = await start();
    const answer = await ask("GET", "/api/v1/namespaces/default", { headers });
    expect(answer.status).toBe(status);
    if (status !== 200)
      expect(answer.json).toMatchObject({ kind: "Status", status: "Failure", code: status });
  });

  it("a foreign Host", async () => {
    const api = await start();
    const socket = await rawConnection(api);
    const request = head(api, "GET", "/api/v1/namespaces/default");
    socket.write(request.replace(/Host: [^\r]*/, "Host: evil.example:80"));
    const answer = await new Promise<string>((resolve) =>
      socket.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
  });

  it("answers health without a token, readiness by what is ready", async () => {
    let missing: readonly string[] = ["the kubelet"];
    const { ask } = await start({
      notReady: () => missing,
      metricsText: async () => "haldane_up 1\n",
    });
    const headers = { authorization: "" };
    for (const path of ["/healthz", "/livez"]) {
      const { status, text } = await ask("GET", path, { headers });
      expect([status, text]).toEqual([200, "ok"]);
    }
    expect(await ask("GET", "/readyz", { headers })).toMatchObject({
      status: 503,
      text: "not ready: the kubelet\n",
    });
    missing = [];
    expect((await ask("GET", "/readyz", { headers })).status).toBe(200);
    expect((await ask("GET", "/metrics", { headers })).status).toBe(401);
    expect((await ask("GET", "/metrics")).text).toBe("haldane_up 1\n");
  });

  it("listens on loopback only", async () => {
    const { server } = await start();
    expect(server.url).toBe(`https://127.0.0.1:${server.port}`);
  });
});

describe("over restarts", () => {
  it("keeps token, certificate and port", async () => {
    const dataDir = await temporary();
    const first = await startTestServer({ dataDir });
    const { url, token, certificatePem } = first.server;
    await first.server.close();
    const second = await start({ dataDir });
    expect(second.server).toMatchObject({ url, token, certificatePem });
  });

  it("takes another port when the old one is taken, and says so in the kubeconfig", async () => {
    const dataDir = await temporary();
    const first = await startTestServer({ dataDir });
    await first.server.close();
    await occupy(first.server.port);
    const second = await start({ dataDir });
    expect(second.server.port).not.toBe(first.server.port);
    expect(await readFile(second.server.kubeconfigPath, "utf8")).toContain(
      `server: ${second.server.url}`,
    );
  });

  it("refuses to take another port than the one asked for", async () => {
    const { port } = (await occupy(0)).address() as AddressInfo;
    const attempt = startTestServer({ port });
    await expect(attempt).rejects.toSatisfy((error) => isHaldaneError(error, "PORT_IN_USE"));
  });

  it("makes new ones of what it cannot read", async () => {
    const dataDir = await temporary();
    const first = await startTestServer({ dataDir });
    await first.server.close();
    await writeFile(join(dataDir, "api-server/tls.pem"), "nonsense");
    await writeFile(join(dataDir, "api-server/token"), "short");
    await writeFile(join(dataDir, "api-server/port"), "many");
    const second = await start({ dataDir });
    expect(second.server.token).not.toBe(first.server.token);
    expect((await second.ask("GET", "/version")).status).toBe(200);
  });

  it("says what is wrong with a data directory it cannot use", async () => {
    const file = join(await temporary(), "file");
    await writeFile(file, "");
    await expect(startTestServer({ dataDir: file })).rejects.toSatisfy((error) =>
      isHaldaneError(error, "DATA_DIRECTORY_UNUSABLE"),
    );
  });
});

const configMaps = "/api/v1/namespaces/default/configmaps";

function rawConnection(api: TestServer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { port, certificatePem } = api.server;
    const socket = connectTls({ host: "127.0.0.1", port, ca: certificatePem }, () =>
      resolve(socket),
    );
    socket.on("error", reject);
    closers.push(async () => socket.destroy());
  });
}

function head(api: TestServer, method: string, path: string, more = ""): string {
  const { token, port } = api.server;
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
}

describe("bad clients", () => {
  it("refuses bodies above 3 MiB, announced or not", async () => {
    const api = await start();
    const body = JSON.stringify({
      metadata: { name: "big" },
      data: { a: "x".repeat(3 * 1_048_576) },
    });
    expect((await api.ask("POST", configMaps, { body })).json).toMatchObject({
      code: 413,
      reason: "RequestEntityTooLarge",
    });
    const socket = await rawConnection(api);
    socket.write(
      head(
        api,
        "POST",
        configMaps,
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
      ),
    );
    const answer = new Promise<string>((resolve) =>
      socket.once("data", (chunk: Buffer) => resolve(chunk.toString())),
    );
    const chunk = "x".repeat(0x40000);
    for (let sent = 0; sent < 14; sent += 1) socket.write(`40000\r\n${chunk}\r\n`);
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
  });

  it("takes bodies up to the limit", async () => {
    const api = await start();
    const body = JSON.stringify({
      metadata: { name: "big" },
      data: { a: "x".repeat(2 * 1_048_576) },
    });
    expect((await api.ask("POST", configMaps, { body })).status).toBe(201);
  });

  it("refuses bodies it would have to unpack", async () => {
    const api = await start();
    const headers = { "content-encoding": "gzip" };
    expect((await api.ask("POST", configMaps, { body: "x", headers })).status).toBe(415);
  });

  it("answers others while one sends its body slowly", async () => {
    const api = await start();
    const socket = await rawConnection(api);
    socket.write(`${head(api, "POST", configMaps, "Content-Length: 1000\r\n")}{`);
    expect((await api.ask("GET", configMaps)).status).toBe(200);
  });

  it("ends a watch whose client does not read, while others go on", async () => {
    const { store, openWatches } = countingWatches();
    const api = await start({ slowClientMs: 1_000, store });
    const slow = await rawConnection(api);
    slow.write(head(api, "GET", `${configMaps}?watch=1`));
    await new Promise((resolve) => slow.once("readable", resolve));
    const quick = await api.stream(`${configMaps}?watch=1`);
    // Nobody reads from the slow one: sockets and buffers fill, and then it is cut off. The quick one
    // is read between two writes, so that it waits for us no longer than one of them takes.
    for (let round = 0; round < 24; round += 1) {
      const data = { a: "x".repeat(1_048_576) };
      const created = await api.ask("POST", configMaps, {
        body: { metadata: { name: `big-${round}` }, data },
      });
      expect(created.status).toBe(201);
      expect((await quick.next())["type"]).toBe("ADDED");
    }
    await expect.poll(openWatches, { timeout: 30_000 }).toBe(1);
    await api.ask("POST", configMaps, { body: { metadata: { name: "last" } } });
    expect(await quick.next()).toMatchObject({ object: { metadata: { name: "last" } } });
    quick.close();
  }, 60_000);
});

describe("closing", () => {
  it("ends watches and frees the port", async () => {
    const dataDir = await temporary();
    const api = await startTestServer({ dataDir });
    const watch = await api.stream(`${configMaps}?watch=1`);
    const rest = watch.rest();
    await api.server.close();
    expect(await rest).toEqual([]);
    await occupy(api.server.port);
  });
});
