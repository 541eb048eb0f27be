// Certificates that a plugin gives out, and proxies on the way: on real sockets.
import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { createServer as createTlsServer, type Server } from "node:https";
import { connect, type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newIdentity } from "../../local/api-server/access/certificate.ts";
import { VirtualClock } from "../../runtime/virtual-clock.ts";
import { ApiClient } from "./api-client.ts";
import { accessTo } from "./api-server.test-support.ts";
import type { ClusterAccess } from "./kubeconfig.ts";

const startMs = Date.parse("2026-11-21T00:00:00Z");
const identity = newIdentity(["127.0.0.1"], Date.now());

let folder: string;
let clock: VirtualClock;
const servers: (Server | HttpServer)[] = [];
const clients: ApiClient[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "haldane-connections-"));
  clock = new VirtualClock(startMs);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map(async (client) => client.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

async function listen(server: Server | HttpServer): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Answers with the serial number of the certificate it was shown. */
async function startApiServer(): Promise<{ readonly access: ClusterAccess; shown: string[] }> {
  const shown: string[] = [];
  const tls = { key: identity.keyPem, cert: identity.certificatePem };
  const server = createTlsServer(
    { ...tls, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { socket } = request;
      const found = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      shown.push(found?.serialNumber ?? "none");
      response.end('{"gitVersion":"v1"}');
    },
  );
  const port = await listen(server);
  const access = accessTo(port, { server: `https://127.0.0.1:${port}` });
  return { access: { ...access, tls: { ...access.tls, ca: identity.certificatePem } }, shown };
}

function clientOf(access: ClusterAccess): ApiClient {
  const client = new ApiClient({ access, clock, userAgent: "haldane/test" });
  clients.push(client);
  return client;
}

function tenMinutesLater(): void {
  clock.after(600_000, () => undefined);
  clock.fireNext(startMs + 600_000);
}

const version = { method: "GET", path: "/version" } as const;

describe("a certificate of a credential plugin", () => {
  const certificates = [1, 2].map(() => newIdentity(["client"], Date.now()));
  const serials = certificates.map(
    ({ certificatePem }) => new X509Certificate(certificatePem).serialNumber,
  );

  function execOf(printed: object): ClusterAccess["credentials"] {
    const command = path.join(folder, "plugin.sh");
    writeFileSync(command, `#!/bin/sh\ncat ${folder}/credential.json\n`);
    chmodSync(command, 0o755);
    print(printed);
    const apiVersion = "client.authentication.k8s.io/v1";
    return { kind: "exec", exec: { apiVersion, command, args: [], env: {}, cluster: undefined } };
  }

  const print = (status: object): void =>
    writeFileSync(path.join(folder, "credential.json"), JSON.stringify({ status }));

  const printedOf = (index: number, expirationTimestamp?: string): object => ({
    clientCertificateData: certificates[index]?.certificatePem,
    clientKeyData: certificates[index]?.keyPem,
    expirationTimestamp,
  });

  it("is shown when connecting, and the next one once it has ended", async () => {
    const { access, shown } = await startApiServer();
    const credentials = execOf(printedOf(0, "2026-11-21T00:10:00Z"));
    const client = clientOf({ ...access, credentials });
    await client.json(version);
    print(printedOf(1, "2026-11-21T00:20:00Z"));
    await client.json(version);
    tenMinutesLater();
    await client.json(version);
    expect(shown).toEqual([serials[0], serials[0], serials[1]]);
  });

  it("lets what goes over the former connections end there", async () => {
    const { access } = await startApiServer();
    const credentials = execOf(printedOf(0, "2026-11-21T00:10:00Z"));
    const client = clientOf({ ...access, credentials });
    const body = await client.stream(version);
    print(printedOf(1));
    tenMinutesLater();
    await client.json(version);
    expect(await body.text()).toBe('{"gitVersion":"v1"}');
  });

  it.each([
    [{}, "printed neither status.token nor status.clientCertificateData"],
    [{ clientCertificateData: "x" }, "only one of status.clientCertificateData and"],
  ])("is missed in %j", async (printed, words) => {
    const { access } = await startApiServer();
    const client = clientOf({ ...access, credentials: execOf(printed) });
    await expect(client.json(version)).rejects.toThrow(words);
  });
});

describe("a proxy", () => {
  const asked: string[] = [];

  beforeEach(() => asked.splice(0));

  async function startProxy(code = 200): Promise<number> {
    const proxy = createServer();
    proxy.on("connect", ({ url = "", headers }, socket, head) => {
      asked.push(`${url} ${headers["proxy-authorization"] ?? "-"}`);
      if (code !== 200) return socket.end(`HTTP/1.1 ${code} No\r\n\r\n`);
      const [host = "", port = ""] = url.split(":");
      const way = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        way.write(head);
        way.pipe(socket).pipe(way);
      });
      for (const end of [way, socket]) {
        end.on("error", () => undefined);
        end.on("close", () => [way, socket].forEach((other) => other.destroy()));
      }
      return undefined;
    });
    return listen(proxy);
  }

  it("is gone through, with the name and password of its address", async () => {
    const { access, shown } = await startApiServer();
    const proxyUrl = `http://me:secret@127.0.0.1:${await startProxy()}`;
    const client = clientOf({ ...access, proxyUrl });
    await client.json(version);
    await (await client.stream(version)).text();
    const { host } = new URL(access.server);
    const basic = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    expect(asked).toEqual([`${host} ${basic}`, `${host} ${basic}`]);
    expect(shown).toEqual(["none", "none"]);
  });

  it("that refuses is named, without its password", async () => {
    const { access } = await startApiServer();
    const port = await startProxy(403);
    const client = clientOf({ ...access, proxyUrl: `http://me:secret@127.0.0.1:${port}` });
    await expect(client.json(version)).rejects.toThrow(
      `the API server ${access.server} cannot be reached through the proxy http://127.0.0.1:${port}: Proxy response (403)`,
    );
  });

  it("that is not there is named", async () => {
    const { access } = await startApiServer();
    const client = clientOf({ ...access, proxyUrl: "http://127.0.0.1:1" });
    await expect(client.json(version)).rejects.toThrow(
      "through the proxy http://127.0.0.1:1: nothing listens there",
    );
  });
});
