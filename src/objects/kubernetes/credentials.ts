// The authorization header of a request, fetched anew when it may have changed.
import { execFile } from "node:child_process";
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

export interface Credentials {
  /** The value of `authorization`, or undefined where the connection's certificate is enough. */
  header(nowMs: number): Promise<string | undefined>;
  /** The server said 401: do not use what is remembered. */
  forget(): void;
}

interface Remembered {
  readonly header: string;
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
    async header(nowMs) {
      if (known && known.untilMs > nowMs) return known.header;
      fetching ??= fetchOnce(nowMs);
      return (await fetching).header;
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
  readonly status?: { readonly token?: string; readonly expirationTimestamp?: string };
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
    const { status } = JSON.parse(stdout) as ExecCredential;
    if (!status?.token)
      throw new Error("it printed no status.token (client certificates are not carried out yet)");
    const expiresMs = Date.parse(status.expirationTimestamp ?? "");
    const untilMs = Number.isNaN(expiresMs) ? Infinity : expiresMs - renewBeforeMs;
    return { header: `Bearer ${status.token}`, untilMs };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`the credential plugin "${exec.command}" failed: ${reason}`, {
      cause: error,
    });
  }
}

export function credentialsFrom(source: CredentialSource): Credentials {
  const fixed = (header: string | undefined): Credentials => ({
    header: async () => header,
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
