// Every way a kubeconfig, or a pod, can say who we are, asked of a real API server: who am I?
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { JsonObject } from "../../src/lib/json.ts";
import { ApiClient } from "../../src/objects/kubernetes/api-client.ts";
import {
  inClusterAccess,
  readKubeconfig,
  type ClusterAccess,
} from "../../src/objects/kubernetes/kubeconfig.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { openCluster, type TestCluster } from "./cluster.test-support.ts";
import { testAccess } from "./kubeconfig.test-support.ts";

const access = testAccess();
const folder = mkdtempSync(path.join(os.tmpdir(), "haldane-access-"));
const hasCertificate = access.tls.cert !== undefined;
if (!hasCertificate) console.warn("client certificates: the kubeconfig given has none, not asked");

let cluster: TestCluster;
let account: string;
let token: string;

beforeAll(async () => {
  cluster = openCluster();
  const namespace = await cluster.newNamespace();
  account = `system:serviceaccount:${namespace}:tester`;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const made = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "tester" } };
  await cluster.client.json({ method: "POST", path: accounts, body: made });
  token = await newToken(`${accounts}/tester/token`);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cluster.close();
});

async function newToken(at: string): Promise<string> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const answer = await cluster.client.json({ method: "POST", path: at, body });
  return (answer as { readonly status: { readonly token: string } }).status.token;
}

function file(name: string, text: string, mode = 0o600): string {
  const made = path.join(folder, name);
  writeFileSync(made, text, { mode });
  return made;
}

function kubeconfig(name: string, user: JsonObject): ClusterAccess {
  const config = {
    "current-context": "x",
    clusters: [
      {
        name: "x",
        cluster: {
          server: access.server,
          ...(access.tls.ca === undefined
            ? {}
            : { "certificate-authority-data": Buffer.from(access.tls.ca).toString("base64") }),
          ...(access.tls.isVerified ? {} : { "insecure-skip-tls-verify": true }),
        },
      },
    ],
    users: [{ name: "x", user }],
    contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
  };
  return readKubeconfig({ files: [file(name, stringify(config))] });
}

function clientFor(as: ClusterAccess): ApiClient {
  return new ApiClient({ access: as, clock: systemClock, userAgent: "haldane-tests" });
}

async function whoAmI(client: ApiClient): Promise<string> {
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const answer = await client.json({ method: "POST", path, body });
  const { status } = answer as {
    readonly status: { readonly userInfo: { readonly username: string } };
  };
  return status.userInfo.username;
}

async function whoIs(as: ClusterAccess): Promise<string> {
  const client = clientFor(as);
  try {
    return await whoAmI(client);
  } finally {
    await client.close();
  }
}

describe("credentials", () => {
  it("a token", async () => {
    expect(await whoIs(kubeconfig("token", { token }))).toBe(account);
  });

  it("a token file, read again when the server refuses what was in it", async () => {
    const tokenFile = file("token.txt", "of-yesterday\n");
    const client = clientFor(kubeconfig("token-file", { tokenFile }));
    try {
      await expect(whoAmI(client)).rejects.toMatchObject({ reason: "Unauthorized" });
      file("token.txt", `${token}\n`);
      expect(await whoAmI(client)).toBe(account);
    } finally {
      await client.close();
    }
  });

  it("a plugin that is run", async () => {
    const credential = {
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token },
    };
    file("plugin.sh", `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`, 0o700);
    const exec = {
      apiVersion: "client.authentication.k8s.io/v1",
      command: "./plugin.sh",
      interactiveMode: "Never",
    };
    expect(await whoIs(kubeconfig("exec", { exec }))).toBe(account);
  });

  it("a pod's service account", async () => {
    file("namespace", "web\n");
    file("ca.crt", access.tls.ca ?? "");
    file("token", token);
    const { hostname, port } = new URL(access.server);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port || "443" };
    const found = inClusterAccess(env, folder);
    expect(found?.namespace).toBe("web");
    expect(found && (await whoIs(found))).toBe(account);
  });

  it.skipIf(!hasCertificate)("a client certificate", async () => {
    const { cert = "", key = "" } = access.tls;
    const user = {
      "client-certificate-data": Buffer.from(cert).toString("base64"),
      "client-key-data": Buffer.from(key).toString("base64"),
    };
    const name = await whoIs(kubeconfig("certificate", user));
    expect(name).not.toBe("system:anonymous");
    expect(name).toBe(await whoIs(access));
  });

  it("somebody who acts as another", async () => {
    const as = { ...access, impersonate: { "impersonate-user": account } };
    expect(await whoIs(as)).toBe(account);
  });
});
