import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { JsonObject } from "../../lib/json.ts";
import { systemClock } from "../../runtime/clock.ts";
import type { ApiClient } from "./api-client.ts";
import { send, startServer } from "./api-server.test-support.ts";
import { credentialsFrom, type Credentials } from "./credentials.ts";
import {
  inClusterAccess,
  KubeconfigError,
  readKubeconfig,
  type ClusterAccess,
} from "./kubeconfig.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "haldane-kubeconfig-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | object): string {
  const file = path.join(folder, name);
  writeFileSync(file, typeof content === "string" ? content : stringify(content));
  return file;
}

function config(
  more: { cluster?: JsonObject; user?: JsonObject; context?: JsonObject } = {},
): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "here",
    contexts: [{ name: "here", context: { cluster: "c", user: "u", ...more.context } }],
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:6443", ...more.cluster } }],
    users: [{ name: "u", user: more.user ?? {} }],
  };
}

function read(more: Parameters<typeof config>[0] = {}): ClusterAccess {
  return readKubeconfig({ files: [write("config", config(more))] });
}

function problem(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(KubeconfigError);
    return (error as Error).message;
  }
  throw new Error("this should have been refused");
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("kubeconfig", () => {
  it("gives server, namespace and where they came from", () => {
    expect(read({ context: { namespace: "prod" } })).toMatchObject({
      server: "https://127.0.0.1:6443",
      namespace: "prod",
      credentials: { kind: "none" },
      tls: { isVerified: true },
      origin: `${path.join(folder, "config")} (context here)`,
    });
    expect(read().namespace).toBe("default");
  });

  it.each<{ name: string; user: JsonObject; credentials: object }>([
    { name: "a token", user: { token: "t" }, credentials: { kind: "token", token: "t" } },
    {
      name: "user and password",
      user: { username: "a", password: "b" },
      credentials: { kind: "basic", username: "a", password: "b" },
    },
    {
      name: "a token file before a token",
      user: { token: "t", tokenFile: "/run/t" },
      credentials: { kind: "tokenFile", file: "/run/t" },
    },
  ])("credentials: $name", ({ user, credentials }) => {
    expect(read({ user }).credentials).toEqual(credentials);
  });

  it("finds files beside the kubeconfig that names them", () => {
    write("ca.pem", "CA");
    write("client.pem", "CERT");
    write("client.key", "KEY");
    const access = read({
      cluster: { "certificate-authority": "ca.pem", "tls-server-name": "api.example" },
      user: { "client-certificate": "client.pem", "client-key": "client.key", tokenFile: "token" },
    });
    expect(access.tls).toEqual({
      ca: "CA",
      cert: "CERT",
      key: "KEY",
      serverName: "api.example",
      isVerified: true,
    });
    expect(access.credentials).toEqual({ kind: "tokenFile", file: path.join(folder, "token") });
  });

  it("takes data before files", () => {
    const access = read({
      cluster: {
        "certificate-authority-data": base64("CA"),
        "certificate-authority": "/none",
        "insecure-skip-tls-verify": true,
      },
      user: { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") },
    });
    expect(access.tls).toMatchObject({ ca: "CA", cert: "CERT", key: "KEY", isVerified: false });
  });

  it("merges several files: the first to name a thing wins", () => {
    const first = write("first", {
      ...config({ cluster: { server: "https://one:1" } }),
      users: [],
    });
    const second = write("second", {
      ...config({ cluster: { server: "https://two:2" }, user: { token: "from second" } }),
      "current-context": "other",
    });
    expect(readKubeconfig({ files: [first, second] })).toMatchObject({
      server: "https://one:1",
      credentials: { token: "from second" },
    });
  });

  it("acts as somebody else if it says so", () => {
    expect(read({ user: { as: "jane", "as-uid": "7", "as-groups": ["dev"] } }).impersonate).toEqual(
      {
        "impersonate-user": "jane",
        "impersonate-uid": "7",
        "impersonate-group": ["dev"],
      },
    );
  });

  it.each<{ name: string; make: () => unknown; words: RegExp }>([
    {
      name: "a missing file",
      make: () => readKubeconfig({ files: [path.join(folder, "none")] }),
      words: /cannot read kubeconfig .*none/,
    },
    {
      name: "a file that is no YAML",
      make: () => readKubeconfig({ files: [write("bad", "a: [")] }),
      words: /is not valid YAML/,
    },
    {
      name: "an empty file",
      make: () => readKubeconfig({ files: [write("empty", "")] }),
      words: /is empty/,
    },
    {
      name: "an unknown context",
      make: () => readKubeconfig({ files: [write("c", config())], context: "prod" }),
      words: /context "prod" is not in .*; see the names with/,
    },
    {
      name: "an unknown cluster",
      make: () => read({ context: { cluster: "gone" } }),
      words: /cluster "gone" is not in/,
    },
    {
      name: "an unknown user",
      make: () => read({ context: { user: "gone" } }),
      words: /user "gone" is not in/,
    },
    {
      name: "no current context",
      make: () => readKubeconfig({ files: [write("c", { contexts: [] })] }),
      words: /has no current-context; choose one with --context/,
    },
    {
      name: "a server that is no address",
      make: () => read({ cluster: { server: "localhost:8080" } }),
      words: /"localhost:8080" is no address; write https/,
    },
    {
      name: "a proxy that speaks no HTTP",
      make: () => read({ cluster: { "proxy-url": "socks5://proxy" } }),
      words: /the proxy-url is no address of an HTTP proxy; write http/,
    },
    {
      name: "an auth provider",
      make: () => read({ user: { "auth-provider": { name: "gcp" } } }),
      words: /use an exec plugin/,
    },
    {
      name: "a certificate file that is missing",
      make: () => read({ cluster: { "certificate-authority": "none.pem" } }),
      words: /cannot read certificate-authority .*none\.pem/,
    },
  ])("refuses $name and says so", ({ make, words }) => {
    expect(problem(make)).toMatch(words);
  });

  it("reads what the official client reads", () => {
    const file = write(
      "config",
      config({
        context: { namespace: "prod" },
        cluster: { "certificate-authority-data": base64("CA") },
        user: { token: "t" },
      }),
    );
    const official = new KubeConfig();
    official.loadFromFile(file);
    const ours = readKubeconfig({ files: [file] });
    expect(ours.server).toBe(official.getCurrentCluster()?.server);
    expect(ours.namespace).toBe(official.getContextObject("here")?.namespace);
    expect(base64(ours.tls.ca ?? "")).toBe(official.getCurrentCluster()?.caData);
    expect(ours.credentials).toEqual({ kind: "token", token: official.getCurrentUser()?.token });
  });

  it("outside a cluster there is no service account", () => {
    expect(inClusterAccess({})).toBeUndefined();
  });
});

async function headerOf(credentials: Credentials, nowMs: number): Promise<string | undefined> {
  return (await credentials.get(nowMs)).header;
}

describe("credentials", () => {
  it("read a token file again after a minute, and at once after a 401", async () => {
    const file = write("token", "one\n");
    const credentials = credentialsFrom({ kind: "tokenFile", file });
    expect(await headerOf(credentials, 0)).toBe("Bearer one");
    write("token", "two\n");
    expect(await headerOf(credentials, 59_000)).toBe("Bearer one");
    expect(await headerOf(credentials, 61_000)).toBe("Bearer two");
    write("token", "three\n");
    credentials.forget();
    expect(await headerOf(credentials, 62_000)).toBe("Bearer three");
  });

  it("say which token file cannot be read", async () => {
    await expect(
      headerOf(credentialsFrom({ kind: "tokenFile", file: path.join(folder, "none") }), 0),
    ).rejects.toThrow(/cannot read the token file .*none/);
  });

  function plugin(script: string): ReturnType<typeof credentialsFrom> {
    const command = write("plugin.sh", `#!/bin/sh\n${script}\n`);
    chmodSync(command, 0o755);
    const user: JsonObject = {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "./plugin.sh",
        args: ["a", "b"],
        env: [{ name: "WHO", value: "me" }],
        provideClusterInfo: true,
      },
    };
    return credentialsFrom(read({ user }).credentials);
  }

  it("run a plugin with its arguments, environment and the cluster, once for all who ask", async () => {
    const log = path.join(folder, "runs");
    const credentials = plugin(
      `echo run >> ${log}; case "$KUBERNETES_EXEC_INFO" in *6443*) ;; *) exit 3;; esac; echo '{"status": {"token": "'$WHO-$1-$2'"}}'`,
    );
    expect(await Promise.all([headerOf(credentials, 0), headerOf(credentials, 0)])).toEqual([
      "Bearer me-a-b",
      "Bearer me-a-b",
    ]);
    expect(await headerOf(credentials, 1e12)).toBe("Bearer me-a-b");
    expect(readFileSync(log, "utf8")).toBe("run\n");
  });

  it("run it again shortly before its token expires", async () => {
    const credentials = plugin(
      `echo '{"status": {"token": "'$$'", "expirationTimestamp": "2026-01-01T00:10:00Z"}}'`,
    );
    const expiresMs = Date.parse("2026-01-01T00:10:00Z");
    const first = await headerOf(credentials, expiresMs - 60_000);
    expect(await headerOf(credentials, expiresMs - 11_000)).toBe(first);
    expect(await headerOf(credentials, expiresMs - 9_000)).not.toBe(first);
  });

  it.each([
    {
      name: "fails",
      script: "echo no login >&2; exit 1",
      words: /credential plugin ".*plugin\.sh" failed: .*no login/s,
    },
    { name: "prints no token", script: "echo '{}'", words: /printed neither status\.token/ },
  ])("name a plugin that $name", async ({ script, words }) => {
    await expect(headerOf(plugin(script), 0)).rejects.toThrow(words);
  });

  it("go with every request, and are fetched anew when the server says 401", async () => {
    const file = write("token", "old");
    const seen: (string | undefined)[] = [];
    const server = await startServer(
      ({ headers }, response) => {
        seen.push(headers.authorization);
        if (headers.authorization === "Bearer new") send(response, 200, { metadata: {} });
        else {
          write("token", "new");
          send(response, 401, { reason: "Unauthorized", message: "Unauthorized" });
        }
      },
      { credentials: { kind: "tokenFile", file }, impersonate: { "impersonate-user": "jane" } },
    );
    const client: ApiClient = server.client({ clock: systemClock });
    await client.json({ method: "GET", path: "/version" });
    expect(seen).toEqual(["Bearer old", "Bearer new"]);
    expect(server.asked[0]?.headers["impersonate-user"]).toBe("jane");
    await server.close();
  });
});
