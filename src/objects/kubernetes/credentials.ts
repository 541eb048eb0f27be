// What a request identifies itself by, a header or a client certificate: fetched anew when it may have
// changed.
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type { CredentialSource, ExecPlugin } from "./kubeconfig.ts";
import { KubeconfigError } from "./kubeconfig.ts";

const run = promisify(execFile);
/** Kubernetes' own clients read a token file again after a minute. */
const tokenFileLifeMs = 60_000;
const execTimeoutMs = 60_000;
/** An exec token is renewed this long before it expires. */
const renewBeforeMs = 10_000;

/** PEM texts. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface Identity {
  /** The value of `authorization`. */
  readonly header?: string;
  /** To be shown when connecting, in place of the kubeconfig's. */
  readonly certificate?: ClientCertificate;
}

export interface Credentials {
  get(nowMs: number): Promise<Identity>;
  /** The server said 401: do not use what is remembered. */
  forget(): void;
}

interface Remembered extends Identity {
  readonly untilMs: number;
}

/** Fetches once for all who ask at the same time, and again when it may have changed. */
function remembering(fetch: (nowMs: number) => Promise<Remembered>): Credentials {
  let known: Remembered | undefined;
  let fetching: Promise<Remembered> | undefined;

  async function fetchOnce(nowMs: number): Promise<Remembered> {
    try {
      known = await fetch(nowMs);
      return known;
    } finally {
      fetching = undefined;
    }
  }

  return {
    async get(nowMs) {
      if (known && known.untilMs > nowMs) return known;
      fetching ??= fetchOnce(nowMs);
      return fetching;
    },
    forget() {
      known = undefined;
    },
  };
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`cannot read the token file ${file}: ${reason}`, { cause: error });
  }
}

interface ExecCredential {
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

/** A token, a certificate with its key, or both. */
function identityOf({ status = {} }: ExecCredential): Identity {
  const { token = "", clientCertificateData: cert = "", clientKeyData: key = "" } = status;
  if ((cert === "") !== (key === ""))
    throw new Error("it printed only one of status.clientCertificateData and status.clientKeyData");
  if (token === "" && cert === "")
    throw new Error("it printed neither status.token nor status.clientCertificateData");
  return {
    ...(token === "" ? {} : { header: `Bearer ${token}` }),
    ...(cert === "" ? {} : { certificate: { cert, key } }),
  };
}

/** When a certificate ends, if the plugin does not say when to ask again. */
function endOf({ certificate }: Identity): number {
  if (certificate === undefined) return NaN;
  return Date.parse(new X509Certificate(certificate.cert).validTo);
}

async function runPlugin(exec: ExecPlugin): Promise<Remembered> {
  const info = {
    apiVersion: exec.apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false, ...(exec.cluster ? { cluster: exec.cluster } : {}) },
  };
  const env = { ...process.env, ...exec.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  try {
    const { stdout } = await run(exec.command, [...exec.args], { env, timeout: execTimeoutMs });
    const printed = JSON.parse(stdout) as ExecCredential;
    const identity = identityOf(printed);
    const saidMs = Date.parse(printed.status?.expirationTimestamp ?? "");
    const expiresMs = Number.isNaN(saidMs) ? endOf(identity) : saidMs;
    const untilMs = Number.isNaN(expiresMs) ? Infinity : expiresMs - renewBeforeMs;
    return { ...identity, untilMs };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`the credential plugin "${exec.command}" failed: ${reason}`, {
      cause: error,
    });
  }
}

export function credentialsFrom(source: CredentialSource): Credentials {
  const fixed = (header: string | undefined): Credentials => ({
    get: async () => (header === undefined ? {} : { header }),
    forget: () => undefined,
  });
  switch (source.kind) {
    case "none":
      return fixed(undefined);
    case "token":
      return fixed(`Bearer ${source.token}`);
    case "basic":
      return fixed(
        `Basic ${Buffer.from(`${source.username}:${source.password}`).toString("base64")}`,
      );
    case "tokenFile":
      return remembering(async (nowMs) => ({
        header: `Bearer ${await readToken(source.file)}`,
        untilMs: nowMs + tokenFileLifeMs,
      }));
    case "exec":
      return remembering(async () => runPlugin(source.exec));
  }
}
