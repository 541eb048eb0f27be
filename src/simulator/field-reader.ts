// Reads a document field by field and knows where each stands: every mistake is an error with file,
// line and column, the field's path, and what would be right.
import { formatPath, type FieldPath } from "../api/meta/field-path.ts";
import type { SourceDocument } from "../api/yaml/documents.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { haldaneError } from "../lib/errors.ts";
import { parseGoDuration } from "../lib/go-duration.ts";
import {
  entriesOf,
  isJsonArray,
  isJsonObject,
  ownProperty,
  type Json,
  type JsonObject,
} from "../lib/json.ts";

export class FieldReader {
  readonly #document: SourceDocument;
  readonly #value: Json;
  readonly #path: FieldPath;

  constructor(document: SourceDocument, value: Json, path: FieldPath) {
    this.#document = document;
    this.#value = value;
    this.#path = path;
  }

  get isList(): boolean {
    return isJsonArray(this.#value);
  }

  #place(path: FieldPath = this.#path): { readonly where: string; readonly field: string } {
    const { line, column } = this.#document.positionOf(path);
    return { where: `${this.#document.file}:${line}:${column}`, field: formatPath(path) };
  }

  #wrongType(expected: string): Error {
    const actual = isJsonObject(this.#value)
      ? "an object"
      : isJsonArray(this.#value)
        ? "a list"
        : JSON.stringify(this.#value);
    return haldaneError("FIELD_WRONG_TYPE", { ...this.#place(), expected, actual });
  }

  #child(key: string | number, value: Json): FieldReader {
    return new FieldReader(this.#document, value, [...this.#path, key]);
  }

  json(): Json {
    return this.#value;
  }

  object(): JsonObject {
    if (!isJsonObject(this.#value)) throw this.#wrongType("an object");
    return this.#value;
  }

  /** Refuses every other field. */
  knows(known: readonly string[]): void {
    for (const name of Object.keys(this.object())) {
      if (known.includes(name)) continue;
      const meant = didYouMean(name, known);
      const hint = meant === undefined ? {} : { didYouMean: meant };
      throw haldaneError("FIELD_UNKNOWN", {
        ...this.#place([...this.#path, name]),
        ...hint,
        known,
      });
    }
  }

  field(name: string): FieldReader | undefined {
    const value = ownProperty(this.object(), name);
    return value === undefined || value === null ? undefined : this.#child(name, value);
  }

  required(name: string): FieldReader {
    const found = this.field(name);
    if (found) return found;
    throw haldaneError("FIELD_REQUIRED", this.#place([...this.#path, name]));
  }

  /** The one of these fields that is there; `null` counts as there. */
  exactlyOne(names: readonly string[]): { readonly name: string; readonly field: FieldReader } {
    const present = names.filter((name) => ownProperty(this.object(), name) !== undefined);
    const [name] = present;
    if (name !== undefined && present.length === 1)
      return { name, field: this.#child(name, ownProperty(this.object(), name) ?? null) };
    const found = present.length === 0 ? "none is given" : `${present.join(" and ")} are given`;
    throw haldaneError("FIELD_INVALID", {
      ...this.#place(),
      problem: `exactly one of ${names.join(", ")} is needed, ${found}`,
    });
  }

  entries(): readonly (readonly [string, FieldReader])[] {
    return entriesOf(this.object()).map(
      ([name, value]) => [name, this.#child(name, value)] as const,
    );
  }

  items(): readonly FieldReader[] {
    if (!isJsonArray(this.#value)) throw this.#wrongType("a list");
    return this.#value.map((item, index) => this.#child(index, item));
  }

  number(): number {
    if (typeof this.#value !== "number" || this.#value < 0)
      throw this.#wrongType("a number from 0 up");
    return this.#value;
  }

  boolean(): boolean {
    if (typeof this.#value !== "boolean") throw this.#wrongType("true or false");
    return this.#value;
  }

  text(): string {
    if (typeof this.#value !== "string") throw this.#wrongType("a text");
    return this.#value;
  }

  oneOf<const V extends readonly string[]>(known: V): V[number] {
    const value = this.text();
    const found = known.find((word) => word === value);
    if (found !== undefined) return found;
    const meant = didYouMean(value, known);
    const hint =
      meant === undefined ? `it is one of ${known.join(", ")}` : `did you mean ${meant}?`;
    throw haldaneError("FIELD_INVALID", {
      ...this.#place(),
      problem: `there is no ${value}; ${hint}`,
    });
  }

  /** Milliseconds, from "90s", "5m", "1h30m" or a number of seconds. */
  duration(): number {
    if (typeof this.#value === "number") return this.number() * 1000;
    const parsed = parseGoDuration(this.text());
    if (parsed.ok && parsed.ms >= 0) return parsed.ms;
    throw haldaneError("FIELD_INVALID", {
      ...this.#place(),
      problem: `"${this.text()}" is no duration; write it as 90s, 5m or 1h30m`,
    });
  }
}
