// Where the cluster of this machine keeps its data, and the kubeconfig in it.
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { haldaneError } from "../../lib/errors.ts";
import type { GlobalOptions } from "../command.ts";

export const defaultDataDir = ".haldane";

export function localKubeconfig(options: GlobalOptions, cwd: string): string {
  return path.join(path.resolve(cwd, options.data ?? defaultDataDir), "kubeconfig");
}

/** Step by step: Node's own recursive way never comes back from places like /proc. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  makeDirectory(path.dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

/** Makes the directory if it is not there. Throws DATA_DIRECTORY_UNUSABLE if nothing can be kept in it. */
export function requireDataDir(directory: string): void {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw haldaneError("DATA_DIRECTORY_UNUSABLE", { directory, problem }, { cause: error });
  }
}
