// A real Prometheus on a free port of this machine, scraping one target each second.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { newIdentity } from "../../src/local/api-server/access/certificate.ts";

export interface RealPrometheus {
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/** The user `admin` with the password `test`: the example of Prometheus' own guide. */
const basicAuthUsers =
  "basic_auth_users:\n  admin: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay\n";

const folders = (process.env["PATH"] ?? "").split(path.delimiter);
const binary = folders.map((folder) => path.join(folder, "prometheus")).find(existsSync);

/** Why the suite cannot run here; undefined where it can. */
export const missing: string | undefined =
  binary === undefined
    ? "skipped: prometheus is not on the PATH; install it (apt-get install prometheus) to run this suite"
    : undefined;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}

async function writeGuard(directory: string): Promise<readonly string[]> {
  const { keyPem, certificatePem } = newIdentity(["127.0.0.1"], Date.now());
  const file = (name: string): string => path.join(directory, name);
  await writeFile(file("key.pem"), keyPem, { mode: 0o600 });
  await writeFile(file("certificate.pem"), certificatePem);
  const tls = `tls_server_config:\n  cert_file: ${file("certificate.pem")}\n  key_file: ${file("key.pem")}\n`;
  await writeFile(file("web.yml"), tls + basicAuthUsers);
  return [`--web.config.file=${file("web.yml")}`];
}

async function hasEnded(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  await new Promise<void>((resolve) => server.once("exit", () => resolve()));
}

export interface PrometheusOptions {
  /** It wants TLS (with a certificate nobody knows) and the sign-in admin:test. */
  readonly isGuarded?: boolean;
  /** It scrapes native histograms. */
  readonly isNative?: boolean;
}

export async function startPrometheus(
  target: string,
  { isGuarded = false, isNative = false }: PrometheusOptions = {},
): Promise<RealPrometheus> {
  const directory = await mkdtemp(path.join(tmpdir(), "haldane-prometheus-"));
  const port = await freePort();
  const config = path.join(directory, "prometheus.yml");
  await writeFile(
    config,
    `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: shop, static_configs: [{targets: ["${target}"]}]}]\n`,
  );
  const guard = isGuarded ? await writeGuard(directory) : [];
  const log = await open(path.join(directory, "log"), "w");
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${String(port)}`,
    ...guard,
    ...(isNative ? ["--enable-feature=native-histograms"] : []),
  ];
  const server = spawn(binary ?? "prometheus", flags, { stdio: ["ignore", log.fd, log.fd] });
  await log.close();
  const stop = async (): Promise<void> => {
    server.kill("SIGKILL");
    await hasEnded(server);
    await rm(directory, { recursive: true, force: true });
  };
  return { address: `${isGuarded ? "https" : "http"}://127.0.0.1:${String(port)}`, stop };
}
