// The last live config on disk, so that a gateway started alone serves on, on the same ports.
import { open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { validateGatewayConfig } from "./config-validation.ts";
import type { GatewayConfig } from "./config.ts";

export interface SavedConfig {
  readonly config: GatewayConfig;
  /** The port each listener had, by name: what 0 stood for. */
  readonly ports: Readonly<Record<string, number>>;
}

export type LoadedConfig =
  | { readonly kind: "none" }
  | { readonly kind: "loaded"; readonly saved: SavedConfig }
  | { readonly kind: "unusable"; readonly message: string };

const envelope = z.object({ config: z.unknown(), ports: z.record(z.string(), z.int()) });

function fileIn(dataDir: string): string {
  return join(dataDir, "gateway-config.json");
}

/** Replaces the file as a whole: a crash leaves the old or the new one, never a part. */
export async function saveConfig(dataDir: string, saved: SavedConfig): Promise<void> {
  await writeWhole(fileIn(dataDir), `${JSON.stringify(saved)}\n`, 0o600);
}

/** Writes beside the file, makes it durable, then renames over it. */
export async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const beside = `${file}.${String(process.pid)}.tmp`;
  const handle = await open(beside, "w", mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
}

/** An unusable file is put aside as `gateway-config.json.unusable`, and the message says so. */
export async function loadConfig(dataDir: string): Promise<LoadedConfig> {
  const file = fileIn(dataDir);
  const text = await readIfThere(file);
  if (text === undefined) return { kind: "none" };
  const problem = (why: string) => putAside(file, why);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return problem(String(error));
  }
  const parsed = envelope.safeParse(value);
  if (!parsed.success) return problem(parsed.error.message);
  const verdict = validateGatewayConfig(parsed.data.config);
  if (!verdict.ok) return problem(verdict.errors.join("; "));
  return { kind: "loaded", saved: { config: verdict.config, ports: parsed.data.ports } };
}

async function putAside(file: string, why: string): Promise<LoadedConfig> {
  const aside = `${file}.unusable`;
  await rename(file, aside);
  return {
    kind: "unusable",
    message: `${file}: ${why}; kept as ${aside}. The gateway serves nothing until it is given a config.`,
  };
}

/** The text of a file, or undefined when it does not exist. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
