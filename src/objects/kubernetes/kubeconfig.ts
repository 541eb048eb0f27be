// Reads a kubeconfig: which server, whose credentials, which namespace. Only reading; credentials
// that change (token files, exec plugins) are fetched by credentials.ts when they are needed.
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse as parseYaml } from "yaml";
import { isJsonObject, type Json, type JsonObject } from "../../lib/json.ts";

/** Where credentials come from. `certificate` rides on the connection, the rest in a header. */
export type CredentialSource =
  | { readonly kind: "none" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "tokenFile"; readonly file: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | { readonly kind: "exec"; readonly exec: ExecPlugin };

export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cluster: JsonObject | undefined;
}

export interface ServerTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly isVerified: boolean;
}

export interface ClusterAccess {
  readonly server: string;
  readonly namespace: string;
  readonly tls: ServerTls;
  /** http or https; the server is reached through it. */
  readonly proxyUrl?: string;
  readonly credentials: CredentialSource;
  /** What the user acts as (`as`, `as-groups`, `as-uid`). */
  readonly impersonate: Readonly<Record<string, string | readonly string[]>>;
  /** For messages: which file and context this came from. */
  readonly origin: string;
}

/** A kubeconfig that cannot be used; the message says which file and what to do. */
export class KubeconfigError extends Error {
  override readonly name = "KubeconfigError";
}

interface Loaded {
  readonly file: string;
  readonly config: JsonObject;
}

const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Throws a KubeconfigError that says what the file is. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`cannot read ${what} ${file}: ${reason}`, { cause: error });
  }
}

function load(file: string): Loaded {
  const text = readText(file, "kubeconfig");
  let config: unknown;
  try {
    config = parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`kubeconfig ${file} is not valid YAML: ${reason}`, { cause: error });
  }
  if (!isJsonObject(config))
    throw new KubeconfigError(`kubeconfig ${file} is empty; give another with --kubeconfig`);
  return { file, config };
}

function named(
  files: readonly Loaded[],
  list: string,
  name: string,
): { readonly entry: JsonObject; readonly file: string } | undefined {
  for (const { file, config } of files) {
    const entries = (config[list] ?? []) as readonly Json[];
    const found = entries.find((entry) => isJsonObject(entry) && entry["name"] === name);
    if (isJsonObject(found)) return { entry: found, file };
  }
  return undefined;
}

function textOf(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function objectOf(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isJsonObject(value) ? value : {};
}

/** `<key>-data` (base64) or the file `<key>` names, relative to the kubeconfig. */
function pemOf(object: JsonObject, key: string, file: string): string | undefined {
  const data = textOf(object, `${key}-data`);
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8");
  const name = textOf(object, key);
  return name === undefined ? undefined : readText(path.resolve(path.dirname(file), name), key);
}

function execOf(exec: JsonObject, cluster: JsonObject, file: string): ExecPlugin {
  const command = textOf(exec, "command") ?? "";
  const env = ((exec["env"] ?? []) as readonly Json[]).flatMap((entry) =>
    isJsonObject(entry)
      ? [[textOf(entry, "name") ?? "", textOf(entry, "value") ?? ""] as const]
      : [],
  );
  const isRelative = command.includes("/") && !path.isAbsolute(command);
  return {
    apiVersion: textOf(exec, "apiVersion") ?? "client.authentication.k8s.io/v1",
    command: isRelative ? path.resolve(path.dirname(file), command) : command,
    args: ((exec["args"] ?? []) as readonly Json[]).map(String),
    env: Object.fromEntries(env),
    cluster: exec["provideClusterInfo"] === true ? cluster : undefined,
  };
}

function credentialsOf(user: JsonObject, cluster: JsonObject, file: string): CredentialSource {
  const tokenFile = textOf(user, "tokenFile");
  if (tokenFile !== undefined)
    return { kind: "tokenFile", file: path.resolve(path.dirname(file), tokenFile) };
  const token = textOf(user, "token");
  if (token !== undefined) return { kind: "token", token };
  const username = textOf(user, "username");
  if (username !== undefined)
    return { kind: "basic", username, password: textOf(user, "password") ?? "" };
  if (isJsonObject(user["exec"]))
    return { kind: "exec", exec: execOf(user["exec"], cluster, file) };
  if (isJsonObject(user["auth-provider"])) {
    throw new KubeconfigError(
      `kubeconfig ${file} uses an auth-provider, which Kubernetes removed; use an exec plugin`,
    );
  }
  return { kind: "none" };
}

function impersonationOf(user: JsonObject): ClusterAccess["impersonate"] {
  const groups = user["as-groups"];
  const as = textOf(user, "as");
  const uid = textOf(user, "as-uid");
  return {
    ...(as === undefined ? {} : { "impersonate-user": as }),
    ...(uid === undefined ? {} : { "impersonate-uid": uid }),
    ...(Array.isArray(groups) ? { "impersonate-group": groups.map(String) } : {}),
  };
}

function required(
  found: { entry: JsonObject; file: string } | undefined,
  what: string,
  name: string,
  origin: string,
): { entry: JsonObject; file: string } {
  if (found) return found;
  throw new KubeconfigError(
    `${what} "${name}" is not in ${origin}; see the names with: kubectl config get-contexts`,
  );
}

export interface KubeconfigChoice {
  /** One file, or several to be merged as KUBECONFIG says: the first to name a thing wins. */
  readonly files: readonly string[];
  readonly context?: string | undefined;
  /** Entries to use in place of the context's. */
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
}

/** Throws a KubeconfigError when a file, the context or what it names is missing. */
export function readKubeconfig(choice: KubeconfigChoice): ClusterAccess {
  const { files, context } = choice;
  const loaded = files.map(load);
  const origin = files.join(", ");
  const current = loaded
    .map(({ config }) => textOf(config, "current-context"))
    .find((name) => name !== undefined);
  const contextName = context ?? current;
  if (contextName === undefined)
    throw new KubeconfigError(`${origin} has no current-context; choose one with --context`);
  const { entry } = required(
    named(loaded, "contexts", contextName),
    "context",
    contextName,
    origin,
  );
  const chosen = objectOf(entry, "context");
  const clusterName = choice.cluster ?? textOf(chosen, "cluster") ?? "";
  const cluster = required(named(loaded, "clusters", clusterName), "cluster", clusterName, origin);
  const userName = choice.user ?? textOf(chosen, "user");
  const user =
    userName === undefined
      ? undefined
      : required(named(loaded, "users", userName), "user", userName, origin);
  return accessOf(objectOf(cluster.entry, "cluster"), cluster.file, {
    user: user ? objectOf(user.entry, "user") : {},
    userFile: user?.file ?? cluster.file,
    namespace: textOf(chosen, "namespace") ?? "default",
    origin: `${origin} (context ${contextName})`,
  });
}

interface ChosenUser {
  readonly user: JsonObject;
  readonly userFile: string;
  readonly namespace: string;
  readonly origin: string;
}

/** The address as it is. Throws a KubeconfigError for a proxy of another kind. */
export function proxyIn(text: string | undefined, origin: string): string | undefined {
  if (text === undefined) return undefined;
  if (/^https?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw new KubeconfigError(
    `${origin}: the proxy-url is no address of an HTTP proxy; write http://HOST:PORT or https://HOST:PORT`,
  );
}

function accessOf(
  cluster: JsonObject,
  file: string,
  { user, userFile, namespace, origin }: ChosenUser,
): ClusterAccess {
  const server = textOf(cluster, "server");
  if (server === undefined) throw new KubeconfigError(`${origin}: the cluster has no server`);
  if (!/^https?:\/\/[^/]/.test(server) || !URL.canParse(server)) {
    throw new KubeconfigError(
      `${origin}: the server "${server}" is no address; write https://HOST:PORT`,
    );
  }
  const proxyUrl = proxyIn(textOf(cluster, "proxy-url"), origin);
  return {
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    server: server.replace(/\/+$/, ""),
    namespace,
    tls: {
      ca: pemOf(cluster, "certificate-authority", file),
      cert: pemOf(user, "client-certificate", userFile),
      key: pemOf(user, "client-key", userFile),
      serverName: textOf(cluster, "tls-server-name"),
      isVerified: cluster["insecure-skip-tls-verify"] !== true,
    },
    credentials: credentialsOf(user, cluster, userFile),
    impersonate: impersonationOf(user),
    origin,
  };
}

/** Access from inside a pod, by its service account; undefined when not in a cluster. */
export function inClusterAccess(
  env: Readonly<Record<string, string | undefined>>,
  folder = serviceAccountFolder,
): ClusterAccess | undefined {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"] ?? "443";
  if (host === undefined || host === "") return undefined;
  const bracketed = host.includes(":") ? `[${host}]` : host;
  return {
    server: `https://${bracketed}:${port}`,
    namespace: readText(`${folder}/namespace`, "service account namespace").trim(),
    tls: {
      ca: readText(`${folder}/ca.crt`, "service account certificate authority"),
      cert: undefined,
      key: undefined,
      serverName: undefined,
      isVerified: true,
    },
    credentials: { kind: "tokenFile", file: `${folder}/token` },
    impersonate: {},
    origin: "the pod's service account",
  };
}
