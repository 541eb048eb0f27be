// Objects from files as Go's strict decoder takes them: a field nobody knows is an error.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { KubeObject } from "../../api/meta/object.ts";
import type { SourceText } from "../../api/yaml/documents.ts";
import type { SchemaNode } from "../../api/schema/schema.ts";
import type { JsonObject } from "../../lib/json.ts";
import type { CliContext } from "../command.ts";

/** The words of Go's json package where the YAML in between is told, too. */
function unreadable(problem: string): Error {
  return new Error(`error unmarshaling JSON: while decoding JSON: ${problem}`);
}

export async function readText(file: string, cli: Pick<CliContext, "cwd">): Promise<SourceText> {
  const { readDocuments } = await import("../../api/yaml/documents.ts");
  return readDocuments(readFileText(file, cli), file);
}

export function readFileText(file: string, { cwd }: Pick<CliContext, "cwd">): string {
  try {
    return readFileSync(path.resolve(cwd, file), "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isMissing) throw new Error(`open ${file}: no such file or directory`, { cause: error });
    throw error;
  }
}

/** Throws for the first field that the schema does not have, or that has a wrong type. */
export async function requireStrict(object: JsonObject, schema: SchemaNode): Promise<void> {
  const [{ unknownFields }, { conform }, { typeErrorOf }, { formatFieldError }] = await Promise.all(
    [
      import("../../api/schema/unknown-fields.ts"),
      import("../../api/schema/conform.ts"),
      import("../../api/schema/type-errors.ts"),
      import("../../api/meta/field-error.ts"),
    ],
  );
  const [unknown] = unknownFields(object, schema);
  if (unknown) throw unreadable(`json: unknown field "${unknown.name}"`);
  const [problem] = conform(object, schema).problems.filter(({ kind }) => kind === "wrongType");
  if (problem) throw unreadable(formatFieldError(typeErrorOf(problem)));
}

export function textAt(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === "string" ? value : "";
}

export type StoredObject = JsonObject & KubeObject;
