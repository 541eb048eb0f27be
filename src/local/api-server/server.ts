// local/api-server: the object store as a Kubernetes API over HTTPS on loopback, for kubectl, client
// libraries and our own CLI. access/ decides who may ask, http/ reads and writes the wire, discovery/
// says what there is, resources/ and pods/ answer, tables/ is what `kubectl get` prints. Translates
// between HTTP and objects/object-store.ts and decides nothing. May import lib, api, objects, runtime.
import { setMaxListeners } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { isIPv6 } from "node:net";
import { haldaneError } from "../../lib/errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import { openAccessFiles, type AccessFiles } from "./access/files.ts";
import { createGuard } from "./access/guard.ts";
import { createDispatch } from "./dispatch.ts";
import { createRequestHandler } from "./http/serve.ts";
import type { ApiOptions } from "./options.ts";

export interface ApiServerOptions extends ApiOptions {
  /** Holds the kubeconfig, and in `api-server/` the token, the certificate and the last port. */
  readonly dataDir: string;
  /** 127.0.0.1 if absent. */
  readonly address?: string;
  /** undefined or 0: the port of last time if it is free, any free one otherwise. */
  readonly port?: number;
  /** Further host names clients may use, without port. */
  readonly allowedHosts?: readonly string[];
  /** How long a watch or log waits for its client to take what was sent; 30 s if absent. */
  readonly slowClientMs?: number;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly kubeconfigPath: string;
  readonly token: string;
  readonly certificatePem: string;
  /** Ends watches and logs, lets other requests finish, frees the port. */
  close(): Promise<void>;
}

const longestRequestMs = 60_000;
const longestHeadersMs = 10_000;
const keepAliveMs = 90_000;
const closeWithinMs = 3_000;
const mostConnections = 2_000;
const anyAddress = ["0.0.0.0", "::"];

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenProblem(error: unknown, address: string, port: number): Error {
  const { code } = error as NodeJS.ErrnoException;
  const params = { address, port, wantedBy: "the API server", setting: "--api-port" };
  if (code === "EADDRINUSE") return haldaneError("PORT_IN_USE", params, { cause: error });
  if (code === "EACCES") return haldaneError("PORT_FORBIDDEN", params, { cause: error });
  return error as Error;
}

/** A port that was asked for is taken or refused; a remembered one gives way to another. */
async function listenSomewhere(
  server: Server,
  options: ApiServerOptions,
  files: AccessFiles,
): Promise<number> {
  const { address = "127.0.0.1", port = 0 } = options;
  const remembered = port === 0 ? await files.lastPort() : undefined;
  try {
    return await listen(server, remembered ?? port, address);
  } catch (error) {
    if (remembered === undefined) throw listenProblem(error, address, port);
    options.log.warn("the port of last time is taken; using another", { port: remembered });
    return await listen(server, 0, address);
  }
}

/** Requests in flight have a few seconds to finish; a client that holds on longer is cut off. */
async function closeServer(server: Server, clock: Clock): Promise<void> {
  const cancel = clock.after(closeWithinMs, () => server.closeAllConnections());
  try {
    await new Promise<void>((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      server.closeIdleConnections();
    });
  } finally {
    cancel();
  }
}

function hostOf(address: string): string {
  if (anyAddress.includes(address)) return "127.0.0.1";
  return isIPv6(address) ? `[${address}]` : address;
}

/**
 * Starts to serve, and writes the kubeconfig. Rejects with PORT_IN_USE, PORT_FORBIDDEN,
 * DATA_DIRECTORY_UNUSABLE or DISK_FULL.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const {
    dataDir,
    clock,
    log,
    address = "127.0.0.1",
    allowedHosts = [],
    slowClientMs = 30_000,
  } = options;
  const files = await openAccessFiles(dataDir);
  const token = await files.token();
  const own = anyAddress.includes(address) ? [] : [address];
  const names = [...new Set(["localhost", "127.0.0.1", "::1", ...own, ...allowedHosts])];
  const { keyPem, certificatePem } = await files.identity(names, clock.now());
  const server = createServer({
    key: keyPem,
    cert: certificatePem,
    requestTimeout: longestRequestMs,
    headersTimeout: longestHeadersMs,
    keepAliveTimeout: keepAliveMs,
  });
  server.maxConnections = mostConnections;
  const port = await listenSomewhere(server, options, files);
  const closing = new AbortController();
  // Every open request listens for the end; that is no leak.
  setMaxListeners(0, closing.signal);
  const guard = createGuard({
    token,
    port,
    allowedHosts: [...own, ...allowedHosts].map((each) => hostOf(each)),
  });
  const dispatch = createDispatch(options, `${hostOf(address)}:${port}`);
  server.on(
    "request",
    createRequestHandler({ dispatch, guard, clock, log, slowClientMs, closing: closing.signal }),
  );
  const url = `https://${hostOf(address)}:${port}`;
  await files.rememberPort(port);
  await files.writeKubeconfig(url, token, certificatePem);
  log.info("the API server listens", { url });
  return {
    url,
    port,
    kubeconfigPath: files.kubeconfigPath,
    token,
    certificatePem,
    async close() {
      closing.abort();
      await closeServer(server, clock);
    },
  };
}
