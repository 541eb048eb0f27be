// What the API server keeps in the data directory: its token, its certificate, its last port, and
// the kubeconfig that holds all three. Each file is replaced as a whole and readable by its owner only.
import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { haldaneError } from "../../../lib/errors.ts";
import type { EpochMs } from "../../../lib/time.ts";
import { isUsable, newIdentity, type ServerIdentity } from "./certificate.ts";

const privateMode = 0o600;
const tokenBytes = 32;

function problemOf(error: unknown, directory: string, path: string): Error {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return haldaneError("DISK_FULL", { where: path }, { cause: error });
  return haldaneError("DATA_DIRECTORY_UNUSABLE", { directory, problem: message }, { cause: error });
}

async function readIfThere(directory: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw problemOf(error, directory, path);
  }
}

/** All or nothing, and never readable by others, not even for a moment. */
async function writePrivately(directory: string, path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, text, { mode: privateMode, flag: "wx" });
    await chmod(draft, privateMode);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw problemOf(error, directory, path);
  }
}

export interface AccessFiles {
  readonly kubeconfigPath: string;
  /** 256 bits, made once. */
  token(): Promise<string>;
  /** The stored certificate, or a new one when it does not do for these hosts any more. */
  identity(hosts: readonly string[], nowMs: EpochMs): Promise<ServerIdentity>;
  lastPort(): Promise<number | undefined>;
  rememberPort(port: number): Promise<void>;
  writeKubeconfig(url: string, token: string, certificatePem: string): Promise<void>;
}

function kubeconfig(url: string, token: string, certificatePem: string): string {
  const name = "haldane";
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: url,
          "certificate-authority-data": Buffer.from(certificatePem).toString("base64"),
        },
      },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: "default" } }],
    "current-context": name,
  });
}

/** Splits a file of a private key and a certificate, one after the other. */
function identityIn(text: string): ServerIdentity {
  const begin = text.indexOf("-----BEGIN CERTIFICATE-----");
  return {
    keyPem: text.slice(0, Math.max(0, begin)),
    certificatePem: text.slice(Math.max(0, begin)),
  };
}

export async function openAccessFiles(dataDir: string): Promise<AccessFiles> {
  const directory = join(dataDir, "api-server");
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw problemOf(error, dataDir, directory);
  }
  const kubeconfigPath = join(dataDir, "kubeconfig");
  const tokenPath = join(directory, "token");
  const identityPath = join(directory, "tls.pem");
  const portPath = join(directory, "port");

  return {
    kubeconfigPath,
    async token() {
      const stored = (await readIfThere(dataDir, tokenPath))?.trim() ?? "";
      if (/^[0-9a-f]{64}$/.test(stored)) return stored;
      const token = randomBytes(tokenBytes).toString("hex");
      await writePrivately(dataDir, tokenPath, `${token}\n`);
      return token;
    },
    async identity(hosts, nowMs) {
      const stored = await readIfThere(dataDir, identityPath);
      if (stored !== undefined && isUsable(identityIn(stored), hosts, nowMs))
        return identityIn(stored);
      const identity = newIdentity(hosts, nowMs);
      await writePrivately(dataDir, identityPath, `${identity.keyPem}${identity.certificatePem}`);
      return identity;
    },
    async lastPort() {
      const port = Number(await readIfThere(dataDir, portPath));
      return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
    },
    rememberPort: (port) => writePrivately(dataDir, portPath, `${port}\n`),
    writeKubeconfig: (url, token, certificatePem) =>
      writePrivately(dataDir, kubeconfigPath, kubeconfig(url, token, certificatePem)),
  };
}
