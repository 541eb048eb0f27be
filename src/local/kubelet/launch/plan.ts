// From a container's spec to what is started: image, working directory, environment, command line.
// launch/ may import lib, api and process/record-file.ts; every way to fail is a sentence to the user.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { Container, Pod } from "../../../api/kubernetes/pod.ts";
import { isErrnoException } from "../process/record-file.ts";
import type { BlockedReason } from "../supervisor/record.ts";
import { environmentOf } from "./environment.ts";
import type { ConfigSource } from "./environment.ts";
import { expand } from "./expand.ts";
import { insideImage, isDirectory, resolveImage } from "./images.ts";
import type { ImageConfig, ImageManifest } from "./images.ts";

export interface LaunchPlan {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly imageDirectory: string;
}

export type PlanResult =
  | { readonly ok: true; readonly plan: LaunchPlan }
  | { readonly ok: false; readonly reason: BlockedReason; readonly message: string };

export interface PlanInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly ports: Readonly<Record<string, number>>;
}

function refuse(reason: BlockedReason, message: string): PlanResult {
  return { ok: false, reason, message };
}

/** Resolves everything a launch needs; never throws for what a user wrote. */
export async function planLaunch(
  input: PlanInput,
  images: ImageConfig,
  source: ConfigSource,
): Promise<PlanResult> {
  const { container } = input;
  const { name, namespace = "" } = input.pod.metadata;
  const where = `pod ${namespace}/${name}, container ${container.name}`;
  const image = resolveImage(container.image ?? "", images, where);
  if (!image.ok) return image;
  const { directory, manifest } = image;
  const workingDir = container.workingDir ?? manifest.workingDir ?? ".";
  const cwd = insideImage(directory, workingDir);
  if (cwd === undefined || !isDirectory(cwd)) {
    const what = `workingDir "${workingDir}" is no directory inside the image ${directory}`;
    return refuse(
      "CreateContainerError",
      `container ${container.name}: ${what}; create it there or correct workingDir`,
    );
  }
  const environment = await environmentOf({ ...input, imageEnv: manifest.env ?? {} }, source);
  if (!environment.ok) return refuse("CreateContainerConfigError", environment.message);
  const { env } = environment;
  const argv = commandLine(container, manifest).map((word) => expand(word, env));
  const problem = problemOfCommand(argv[0], cwd, env["PATH"] ?? "");
  if (problem !== undefined) {
    return refuse("CreateContainerError", `container ${container.name}: ${problem}`);
  }
  return { ok: true, plan: { argv, cwd, env, imageDirectory: directory } };
}

/** Kubernetes' rule: a command replaces the image's command and args, args replace its args only. */
function commandLine(container: Container, manifest: ImageManifest): readonly string[] {
  const hasCommand = (container.command ?? []).length > 0;
  const command = hasCommand ? container.command : manifest.command;
  const args = container.args ?? (hasCommand ? [] : manifest.args);
  return [...(command ?? []), ...(args ?? [])];
}

function problemOfCommand(
  command: string | undefined,
  cwd: string,
  path: string,
): string | undefined {
  if (command === undefined || command === "") {
    return 'there is nothing to run: give the container a command, or put {"command": ["…"]} into image.json in the image\'s directory';
  }
  if (command.includes("/")) {
    const file = resolve(cwd, command);
    return isExecutable(file)
      ? undefined
      : `command "${command}": ${file} is no executable file; correct the command or build the release`;
  }
  if (path.split(delimiter).some((folder) => isExecutable(join(folder, command)))) return undefined;
  return `command "${command}" was not found in PATH (${path}); install it or write its path, e.g. ./${command}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (error) {
    if (isErrnoException(error)) return false;
    throw error;
  }
}
