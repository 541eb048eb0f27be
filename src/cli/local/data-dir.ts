// Where the cluster of this machine keeps its data, and the kubeconfig in it.
import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { haldaneError } from "../../lib/errors.ts";
import type { GlobalOptions } from "../command.ts";

export const defaultDataDir = ".haldane";

export function localKubeconfig(options: GlobalOptions, cwd: string): string {
  return path.join(path.resolve(cwd, options.data ?? defaultDataDir), "kubeconfig");
}

/** Step by step: Node's own recursive way never comes back from places like /proc. */
function makeDirectory(directory: string): void {
  if (!existsSync(directory)) {
    makeDirectory(path.dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
  } else if (!statSync(directory).isDirectory()) {
    throw new FileInTheWay(directory);
  }
}

class FileInTheWay extends Error {
  readonly file: string;
  constructor(file: string) {
    super(`${file} is a file, not a directory`);
    this.file = file;
  }
}

function problemOf(error: unknown, directory: string): string {
  if (error instanceof FileInTheWay && error.file === directory)
    return "it is a file, not a directory";
  return error instanceof Error ? error.message : String(error);
}

/** Makes the directory if it is not there. Throws DATA_DIRECTORY_UNUSABLE if nothing can be kept in it. */
export function requireDataDir(directory: string): void {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const problem = problemOf(error, directory);
    throw haldaneError("DATA_DIRECTORY_UNUSABLE", { directory, problem }, { cause: error });
  }
}
