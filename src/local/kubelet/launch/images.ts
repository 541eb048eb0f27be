// An image is a directory: `dir:<path>` says so itself, other names are mapped in the configuration.
import { readFileSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { errorWords, sentenceOf } from "../../../lib/errors.ts";
import { isErrnoException } from "../process/record-file.ts";

/** `images` maps `name:tag` to a directory; `name:*` covers every tag, and `*` in its directory becomes the tag. */
export interface ImageConfig {
  /** Relative directories start here. */
  readonly baseDir: string;
  readonly images: Readonly<Record<string, string>>;
  /** Where a person adds a mapping, for messages: a file name. */
  readonly configFile: string;
}

/** What an image says about itself in `image.json`; the container's own fields come first. */
export interface ImageManifest {
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly workingDir?: string | undefined;
}

export type ImageResolution =
  | { readonly ok: true; readonly directory: string; readonly manifest: ImageManifest }
  | {
      readonly ok: false;
      readonly reason: "ErrImagePull" | "CreateContainerError";
      readonly message: string;
    };

const directoryPrefix = "dir:";
const manifestName = "image.json";
const manifestSchema = z.object({
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).optional(),
  workingDir: z.string().optional(),
});

/** `shop` and `registry:5000/shop` have the tag `latest`; a digest counts as the tag. */
export function splitImage(image: string): { readonly name: string; readonly tag: string } {
  const at = image.indexOf("@");
  if (at >= 0) return { name: image.slice(0, at), tag: image.slice(at + 1) };
  const colon = image.lastIndexOf(":");
  return colon > image.lastIndexOf("/")
    ? { name: image.slice(0, colon), tag: image.slice(colon + 1) }
    : { name: image, tag: "latest" };
}

/** The directory an image name stands for, existing or not; undefined when nothing maps it. */
export function directoryOf(image: string, config: ImageConfig): string | undefined {
  if (image.startsWith(directoryPrefix)) {
    return resolve(config.baseDir, image.slice(directoryPrefix.length));
  }
  const { name, tag } = splitImage(image);
  const exact = own(config.images, image) ?? own(config.images, `${name}:${tag}`);
  const anyTag = own(config.images, `${name}:*`)?.replaceAll("*", tag);
  const found = exact ?? anyTag;
  return found === undefined ? undefined : resolve(config.baseDir, found.replace(/^dir:/, ""));
}

function own(map: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Finds an image's directory and reads its manifest; failures say what to do. `where` names the container. */
export function resolveImage(image: string, config: ImageConfig, where: string): ImageResolution {
  const directory = directoryOf(image, config);
  if (directory === undefined) {
    const howToMap = howToMapOf(image, config);
    return failed(
      "ErrImagePull",
      sentenceOf(errorWords("IMAGE_NOT_MAPPED", { image, where, howToMap })),
    );
  }
  if (!isDirectory(directory)) {
    const words = errorWords("IMAGE_DIRECTORY_MISSING", { image, where, directory });
    return failed("ErrImagePull", sentenceOf(words));
  }
  return withManifest(image, directory);
}

function howToMapOf(image: string, { images, configFile }: ImageConfig): string {
  const { name } = splitImage(image);
  const known = Object.keys(images).sort();
  const others = known.length === 0 ? "no image is mapped yet" : `mapped are ${known.join(", ")}`;
  return `"${image}": "./path" or "${name}:*": "./releases/*" under images in ${configFile} (${others})`;
}

function failed(reason: "ErrImagePull" | "CreateContainerError", message: string): ImageResolution {
  return { ok: false, reason, message };
}

export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (isErrnoException(error)) return false;
    throw error;
  }
}

function withManifest(image: string, directory: string): ImageResolution {
  const path = join(directory, manifestName);
  const refuse = (why: string): ImageResolution =>
    failed(
      "CreateContainerError",
      `image "${image}": ${path}: ${why}; correct it or remove the file`,
    );
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
    if (parsed.success) return { ok: true, directory, manifest: parsed.data };
    const issue = parsed.error.issues[0];
    return refuse(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not valid"}`);
  } catch (error) {
    if (isErrnoException(error) && error.code === "ENOENT")
      return { ok: true, directory, manifest: {} };
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** A working directory inside the image; undefined when it leads out of it. `/app` means `<image>/app`. */
export function insideImage(directory: string, workingDir: string): string | undefined {
  const path = join(directory, workingDir);
  const relative = resolve(path);
  const isInside = relative === directory || relative.startsWith(`${directory}/`);
  return isInside && isAbsolute(relative) ? relative : undefined;
}
