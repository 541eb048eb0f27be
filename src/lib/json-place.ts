// A place in a JSON document that is read field by field. What is wrong is collected with where it is, so that all
// of it is told at once; the reader goes on with what is used where the field is absent.
import { didYouMean } from "./did-you-mean.ts";
import { isJsonArray, isJsonObject, ownProperty, type Json, type JsonObject } from "./json.ts";

function asJsonText(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

export class JsonPlace {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #problems: string[];

  constructor(object: JsonObject, path: string, problems: string[]) {
    this.#object = object;
    this.#path = path;
    this.#problems = problems;
  }

  /** `metrics[2].query.type`. */
  pathOf(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }

  refuse(key: string, problem: string): void {
    this.#problems.push(`${this.pathOf(key)}: ${problem}`);
  }

  /** undefined for null, too. */
  get(key: string): Json | undefined {
    return ownProperty(this.#object, key) ?? undefined;
  }

  get keys(): readonly string[] {
    return Object.keys(this.#object).filter((key) => this.get(key) !== undefined);
  }

  #read<T>(key: string, wanted: string, absent: T, accept: (value: Json) => T | undefined): T {
    const value = this.get(key);
    if (value === undefined) return absent;
    const accepted = accept(value);
    if (accepted !== undefined) return accepted;
    this.refuse(key, `must be ${wanted}, not ${asJsonText(value)}`);
    return absent;
  }

  text(key: string): string {
    return this.#read(key, "a text", "", (value) =>
      typeof value === "string" ? value : undefined,
    );
  }

  requiredText(key: string): string {
    const text = this.text(key);
    if (text === "" && (this.get(key) ?? "") === "") this.refuse(key, "is missing");
    return text;
  }

  flag(key: string, absent: boolean): boolean {
    return this.#read(key, "true or false", absent, (value) =>
      typeof value === "boolean" ? value : undefined,
    );
  }

  /** A number from `least` to `most`. */
  number<T>(key: string, absent: T, least: number, most = Number.MAX_VALUE): number | T {
    const range = most === Number.MAX_VALUE ? `${least} or more` : `from ${least} to ${most}`;
    return this.#read<number | T>(key, `a number ${range}`, absent, (value) =>
      typeof value === "number" && value >= least && value <= most ? value : undefined,
    );
  }

  oneOf<T extends string>(key: string, known: readonly T[], absent: T): T {
    const value = this.get(key);
    const meant = typeof value === "string" ? didYouMean(value, known) : undefined;
    const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    return this.#read(key, `one of ${known.join(", ")}${hint}`, absent, (found) =>
      known.find((name) => name === found),
    );
  }

  texts(key: string): readonly string[] {
    const isText = (item: Json): item is string => typeof item === "string" && item !== "";
    return this.#read<readonly string[]>(key, "a list of texts", [], (value) =>
      isJsonArray(value) && value.every(isText) ? value : undefined,
    );
  }

  /** The object at a key; one without fields where there is none. */
  at(key: string): JsonPlace {
    const object = this.#read<JsonObject>(key, "an object", {}, (value) =>
      isJsonObject(value) ? value : undefined,
    );
    return new JsonPlace(object, this.pathOf(key), this.#problems);
  }

  /** The objects of a list. */
  each(key: string): readonly JsonPlace[] {
    const items = this.#read<readonly Json[]>(key, "a list", [], (value) =>
      isJsonArray(value) ? value : undefined,
    );
    return items.flatMap((item, index) => {
      const path = `${key}[${index}]`;
      if (isJsonObject(item)) return [new JsonPlace(item, this.pathOf(path), this.#problems)];
      this.refuse(path, `must be an object, not ${asJsonText(item)}`);
      return [];
    });
  }

  /** Refuses keys that are not known. */
  refuseUnknown(known: readonly string[]): void {
    for (const key of this.keys.filter((one) => !known.includes(one))) {
      const meant = didYouMean(key, known);
      const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
      this.refuse(key, `is not known${hint} (known: ${known.join(", ")})`);
    }
  }

  /** Refuses keys that are almost a known one; others are somebody else's. */
  refuseMisspelt(known: readonly string[]): void {
    for (const key of this.keys) {
      const meant = known.includes(key) ? undefined : didYouMean(key, known);
      if (meant !== undefined) this.refuse(key, `is not known; did you mean ${meant}?`);
    }
  }
}
