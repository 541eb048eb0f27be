// The connections to one API server, straight or through a proxy. Those for requests and those for
// watches are kept apart, and both are made anew when the client certificate changes.
import { Pool, ProxyAgent, type Dispatcher } from "undici";
import type { ClientCertificate } from "./credentials.ts";
import type { ClusterAccess } from "./kubeconfig.ts";

interface PoolSize {
  readonly connections: number;
  /** How long headers, and then each piece of a body, may take; 0 = for ever. */
  readonly timeoutMs: number;
}

export interface Lines {
  readonly requests: Dispatcher;
  /**
   * A watch or a followed log holds its connection for minutes, and may be silent as long: it must
   * neither take one from the requests nor end for its silence. Who watches times silence himself.
   */
  readonly watches: Dispatcher;
}

const connectTimeoutMs = 10_000;
const watchSize: PoolSize = { connections: 256, timeoutMs: 0 };

function tlsOf({ tls }: ClusterAccess, certificate: ClientCertificate | undefined) {
  const { cert = tls.cert, key = tls.key } = certificate ?? {};
  return {
    rejectUnauthorized: tls.isVerified,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

function dispatcherFor(
  access: ClusterAccess,
  certificate: ClientCertificate | undefined,
  { connections, timeoutMs }: PoolSize,
): Dispatcher {
  const size = {
    connections,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  };
  const tls = { timeout: connectTimeoutMs, ...tlsOf(access, certificate) };
  return access.proxyUrl === undefined
    ? new Pool(new URL(access.server).origin, { ...size, connect: tls })
    : new ProxyAgent({ ...size, uri: access.proxyUrl, requestTls: tls });
}

function isSame(a: ClientCertificate | undefined, b: ClientCertificate | undefined): boolean {
  return a?.cert === b?.cert && a?.key === b?.key;
}

export class Connections {
  readonly #access: ClusterAccess;
  readonly #size: PoolSize;
  readonly #open = new Set<Dispatcher>();
  #certificate: ClientCertificate | undefined;
  #lines: Lines | undefined;

  /** `size` is that of the connections for requests. */
  constructor(access: ClusterAccess, size: PoolSize) {
    this.#access = access;
    this.#size = size;
  }

  /** Those that show this certificate. What still goes over others ends there in peace. */
  with(certificate: ClientCertificate | undefined): Lines {
    if (this.#lines && isSame(this.#certificate, certificate)) return this.#lines;
    for (const dispatcher of this.#open) void this.#retire(dispatcher);
    this.#certificate = certificate;
    this.#lines = {
      requests: this.#make(certificate, this.#size),
      watches: this.#make(certificate, watchSize),
    };
    return this.#lines;
  }

  /** At once, whatever they are used for. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map(async (dispatcher) => dispatcher.destroy()));
  }

  #make(certificate: ClientCertificate | undefined, size: PoolSize): Dispatcher {
    const dispatcher = dispatcherFor(this.#access, certificate, size);
    this.#open.add(dispatcher);
    return dispatcher;
  }

  async #retire(dispatcher: Dispatcher): Promise<void> {
    try {
      await dispatcher.close();
    } finally {
      this.#open.delete(dispatcher);
    }
  }
}
