// access: who may ask at all, and what proves it. A browser on the same machine can reach loopback, so a foreign Host (DNS
// rebinding) and a foreign Origin are refused before anything is read; then comes the token.
import { createHash, timingSafeEqual } from "node:crypto";
import { RequestProblem } from "../call.ts";

export interface GuardOptions {
  readonly token: string;
  readonly port: number;
  /** Further host names clients may use, without port (`haldane.example.com`). */
  readonly allowedHosts: readonly string[];
}

export interface Credentials {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/** Paths that tell nothing and are asked by whoever waits for the server. */
const openPaths = ["/healthz", "/livez", "/readyz"];

export function isOpenPath(path: string): boolean {
  return openPaths.includes(path);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function forbidden(message: string): RequestProblem {
  return new RequestProblem(403, "Forbidden", message);
}

/** A guard that throws a RequestProblem for whoever may not pass. */
export function createGuard(
  options: GuardOptions,
): (credentials: Credentials, path: string) => void {
  const { port } = options;
  const names = [...loopbackHosts, ...options.allowedHosts.map((host) => host.toLowerCase())];
  const hosts = new Set(names.map((name) => `${name}:${port}`));
  const origins = new Set(
    names.flatMap((name) => [`https://${name}:${port}`, `http://${name}:${port}`]),
  );
  const wanted = digest(options.token);

  return ({ host = "", origin, authorization = "" }, path) => {
    if (!hosts.has(host.toLowerCase())) {
      throw forbidden(
        `the Host header names "${host}", which is not this server; use 127.0.0.1:${port}`,
      );
    }
    if (origin !== undefined && !origins.has(origin.toLowerCase())) {
      throw forbidden(`requests from the origin "${origin}" are not allowed`);
    }
    if (isOpenPath(path)) return;
    const [, token = ""] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    if (timingSafeEqual(digest(token), wanted)) return;
    throw new RequestProblem(
      401,
      "Unauthorized",
      "Unauthorized: this request has no valid token; use the kubeconfig in the data directory",
      { "WWW-Authenticate": "Bearer" },
    );
  };
}
