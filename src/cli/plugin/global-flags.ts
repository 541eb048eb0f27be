// The flags every command of the plugin takes: kubectl's, and the plugin's own for logging.
import path from "node:path";
import { parseGoDuration } from "../../lib/go-duration.ts";
import type { AccessFlags, CliContext } from "../command.ts";
import { FlagError, type Flag, type FlagValue } from "./flags.ts";

export const globalFlags: readonly Flag[] = [
  { name: "as", type: "string", about: "Username to impersonate for the operation." },
  { name: "as-group", type: "array", about: "Group to impersonate; may be given several times." },
  { name: "as-uid", type: "string", about: "UID to impersonate for the operation." },
  { name: "cache-dir", type: "string", about: "Accepted; nothing is cached." },
  {
    name: "certificate-authority",
    type: "string",
    about: "Path to a cert file for the certificate authority",
  },
  {
    name: "client-certificate",
    type: "string",
    about: "Path to a client certificate file for TLS",
  },
  { name: "client-key", type: "string", about: "Path to a client key file for TLS" },
  { name: "cluster", type: "string", about: "The name of the kubeconfig cluster to use" },
  { name: "context", type: "string", about: "The name of the kubeconfig context to use" },
  { name: "disable-compression", type: "bool", about: "Accepted; responses are never compressed." },
  {
    name: "insecure-skip-tls-verify",
    type: "bool",
    about: "Do not check the server's certificate. Your connection is then insecure.",
  },
  {
    name: "kloglevel",
    short: "v",
    type: "int",
    usual: "0",
    about: "Accepted; there is no client log.",
  },
  { name: "kubeconfig", type: "string", about: "Path to the kubeconfig file to use" },
  { name: "loglevel", type: "string", usual: "info", about: "Accepted; there is no client log." },
  { name: "namespace", short: "n", type: "string", about: "The namespace scope of this request" },
  {
    name: "request-timeout",
    type: "string",
    usual: "0",
    about: "How long to wait for one answer: 1s, 2m, 3h, or a number of seconds; 0 = as usual, 30s",
  },
  {
    name: "server",
    short: "s",
    type: "string",
    about: "The address and port of the Kubernetes API server",
  },
  {
    name: "tls-server-name",
    type: "string",
    about: "Server name for checking the server's certificate",
  },
  { name: "token", type: "string", about: "Bearer token for authentication to the API server" },
  { name: "user", type: "string", about: "The name of the kubeconfig user to use" },
];

function requestTimeoutMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = /^\d+$/.test(value) ? `${value}s` : value;
  const parsed = parseGoDuration(text);
  if (!parsed.ok)
    throw new FlagError(
      `Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)`,
    );
  return parsed.ms > 0 ? parsed.ms : undefined;
}

/** What the flags say about the server and who asks it. Throws a FlagError. */
export function accessFlags(
  values: ReadonlyMap<string, FlagValue>,
  { cwd }: Pick<CliContext, "cwd">,
): AccessFlags {
  const text = (name: string): string | undefined => {
    const value = values.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const file = (name: string): string | undefined => {
    const typed = text(name);
    return typed === undefined ? undefined : path.resolve(cwd, typed);
  };
  const groups = values.get("as-group");
  return {
    cluster: text("cluster"),
    user: text("user"),
    requestTimeoutMs: requestTimeoutMs(text("request-timeout")),
    overrides: {
      server: text("server"),
      caFile: file("certificate-authority"),
      certFile: file("client-certificate"),
      keyFile: file("client-key"),
      serverName: text("tls-server-name"),
      isVerified: values.get("insecure-skip-tls-verify") === true ? false : undefined,
      token: text("token"),
      username: undefined,
      password: undefined,
      impersonate: {
        user: text("as"),
        uid: text("as-uid"),
        groups: Array.isArray(groups) ? (groups as readonly string[]) : [],
      },
    },
  };
}
