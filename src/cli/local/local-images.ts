// Which directory stands for which image on this machine: from LocalCluster documents, kept in the
// data directory so that the next start knows them too.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { SourceDocument } from "../../api/yaml/documents.ts";
import { haldaneError } from "../../lib/errors.ts";
import { isJsonObject, ownProperty } from "../../lib/json.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import type { ImageConfig } from "../../local/kubelet/launch/images.ts";
import { placeOf } from "../read-manifests.ts";

export const imagesFileName = "images.json";
const knownFields = ["apiVersion", "kind", "metadata", "images"];

type Mapping = Readonly<Record<string, string>>;

function fileOf(dataDir: string): string {
  return path.join(dataDir, imagesFileName);
}

function damaged(dataDir: string, problem: string, cause?: unknown): Error {
  const params = { file: fileOf(dataDir), problem };
  return haldaneError("IMAGES_FILE_DAMAGED", params, cause === undefined ? {} : { cause });
}

function readMapping(dataDir: string): Mapping {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(fileOf(dataDir), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw damaged(dataDir, error instanceof Error ? error.message : String(error), error);
  }
  const images = isJsonObject(parsed) ? (parsed["images"] ?? {}) : undefined;
  if (!isJsonObject(images)) throw damaged(dataDir, "it is no object with the field images");
  for (const [image, directory] of Object.entries(images))
    if (typeof directory !== "string")
      throw damaged(dataDir, `images["${image}"] must be a directory`);
  return images as Mapping;
}

/** Read anew at each launch of a container: a mapping added later is found without a restart. */
export function imageConfig(dataDir: string, baseDir: string): ImageConfig {
  return { baseDir, images: readMapping(dataDir), configFile: fileOf(dataDir) };
}

function refuseUnknownFields(document: SourceDocument): void {
  for (const field of Object.keys(document.object)) {
    if (knownFields.includes(field)) continue;
    const meant = didYouMean(field, knownFields);
    const hint = meant === undefined ? {} : { didYouMean: meant };
    throw haldaneError("FIELD_UNKNOWN", {
      where: placeOf(document, field),
      field,
      ...hint,
      known: knownFields,
    });
  }
}

/** The mapping of one document, its directories made absolute: they are relative to its file. */
export function mappingOf(document: SourceDocument, cwd: string): Mapping {
  refuseUnknownFields(document);
  const images = ownProperty(document.object, "images") ?? {};
  if (!isJsonObject(images)) {
    const actual = JSON.stringify(images);
    throw haldaneError("FIELD_WRONG_TYPE", {
      where: placeOf(document, "images"),
      field: "images",
      expected: "an object: image → directory",
      actual,
    });
  }
  const base = path.dirname(path.resolve(cwd, document.file));
  const entries = Object.entries(images).map(([image, directory]) => {
    if (typeof directory !== "string") {
      const where = placeOf(document, "images", image);
      throw haldaneError("FIELD_WRONG_TYPE", {
        where,
        field: `images["${image}"]`,
        expected: "a directory",
        actual: JSON.stringify(directory),
      });
    }
    return [image, path.resolve(base, directory)] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * Adds mappings to those of the data directory; a new one wins over an old one. Throws
 * IMAGES_FILE_DAMAGED, also where there is nothing to add: no pod could start.
 */
export function addMappings(dataDir: string, mappings: readonly Mapping[]): void {
  const images = Object.assign({}, readMapping(dataDir), ...mappings) as Mapping;
  if (mappings.length === 0) return;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const temporary = `${fileOf(dataDir)}.new`;
  writeFileSync(temporary, `${JSON.stringify({ images }, undefined, 2)}\n`);
  renameSync(temporary, fileOf(dataDir));
}
