// Files, directories and standard input → objects with the place each was read from. LocalCluster
// documents (where this machine finds images) are told apart: they are for `up`, not for a server.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { SourceDocument, SourceProblem } from "../api/yaml/documents.ts";
import type { KubeObject } from "../api/meta/object.ts";
import { resourceTypeOf, resourceTypes } from "../api/resources.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { haldaneError } from "../lib/errors.ts";
import type { JsonObject } from "../lib/json.ts";
import type { CliContext } from "./command.ts";

export interface Manifest {
  readonly object: KubeObject;
  readonly document: SourceDocument;
}

export interface Manifests {
  readonly objects: readonly Manifest[];
  /** `kind: LocalCluster` and `kind: Simulation`, of haldane.dev: for us, not for a server. */
  readonly ours: readonly SourceDocument[];
}

export const haldaneApiVersion = "haldane.dev/v1alpha1";
const extensions = [".yaml", ".yml", ".json"];

export function placeOf(
  { file, positionOf }: SourceDocument,
  ...fieldPath: readonly (string | number)[]
): string {
  const { line, column } = positionOf(fieldPath);
  return `${file}:${line}:${column}`;
}

function unreadable(file: string, error: unknown): Error {
  const problem = error instanceof Error ? error.message : String(error);
  return haldaneError("FILE_UNREADABLE", { file, problem }, { cause: error });
}

/** A directory's manifests, in order of name; directories in it are not entered. */
function filesOf(name: string, cwd: string): readonly string[] {
  const resolved = path.resolve(cwd, name);
  try {
    if (!statSync(resolved).isDirectory()) return [name];
    const entries = readdirSync(resolved).filter((entry) =>
      extensions.includes(path.extname(entry)),
    );
    return entries.sort().map((entry) => path.join(name, entry));
  } catch (error) {
    throw unreadable(name, error);
  }
}

async function readStdin(cli: CliContext): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of cli.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function readText(file: string, cli: CliContext): Promise<string> {
  if (file === "-") return readStdin(cli);
  try {
    return readFileSync(path.resolve(cli.cwd, file), "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}

function textAt(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === "string" ? value : "";
}

export function isOurs({ object }: SourceDocument): boolean {
  return (
    object["apiVersion"] === haldaneApiVersion &&
    ["LocalCluster", "Simulation"].includes(textAt(object, "kind"))
  );
}

function asManifest(document: SourceDocument): Manifest {
  const { object } = document;
  const apiVersion = textAt(object, "apiVersion");
  const kind = textAt(object, "kind");
  if (resourceTypeOf(apiVersion, kind))
    return { object: object as JsonObject & KubeObject, document };
  const known = resourceTypes.map((type) => type.kind);
  const meant = didYouMean(kind, known);
  throw haldaneError("KIND_UNKNOWN", {
    where: placeOf(document, "kind"),
    apiVersion,
    kind,
    ...(meant === undefined ? {} : { didYouMean: meant }),
    known,
  });
}

export interface Sources {
  readonly documents: readonly SourceDocument[];
  /** Texts that are no YAML, or no objects. */
  readonly problems: readonly SourceProblem[];
}

/** Every document of the names, in order, and what could not be read as one. */
export async function readSources(names: readonly string[], cli: CliContext): Promise<Sources> {
  // Reading YAML is the slow part of starting: what reads no files does not load it.
  const { readDocuments } = await import("../api/yaml/documents.ts");
  const documents: SourceDocument[] = [];
  const problems: SourceProblem[] = [];
  for (const file of names.flatMap((name) => (name === "-" ? [name] : filesOf(name, cli.cwd)))) {
    const read = readDocuments(await readText(file, cli), file === "-" ? "standard input" : file);
    documents.push(...read.documents);
    problems.push(...read.problems);
  }
  if (documents.length + problems.length === 0)
    throw haldaneError("NO_MANIFESTS", { where: names.join(", ") });
  return { documents, problems };
}

function problemError({ file, position, kind, problem }: SourceProblem): Error {
  const where = `${file}:${position.line}:${position.column}`;
  return kind === "syntax"
    ? haldaneError("YAML_SYNTAX", { where, problem })
    : haldaneError("MANIFEST_NOT_AN_OBJECT", { where, found: problem });
}

/** The objects of the names, in order. Throws the first problem there is, with its place. */
export async function readManifests(names: readonly string[], cli: CliContext): Promise<Manifests> {
  const { documents, problems } = await readSources(names, cli);
  const [problem] = problems;
  if (problem) throw problemError(problem);
  const ours = documents.filter(isOurs);
  return { ours, objects: documents.filter((document) => !isOurs(document)).map(asManifest) };
}
