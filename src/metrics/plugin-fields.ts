// How the configuration of a provider of our own is read, field by field.
import { didYouMean } from "../lib/did-you-mean.ts";
import { parseGoDuration } from "../lib/go-duration.ts";
import { isJsonArray, isJsonObject, ownProperty, type Json, type JsonObject } from "../lib/json.ts";
import { ProviderError } from "./provider.ts";

/** One object of a metric's configuration. Whatever is wrong is a ProviderError that names the field. */
export class PluginFields {
  readonly #place: string;
  readonly #object: JsonObject;

  /** `place` leads to the object: `metric 'judge': provider.plugin["haldane.dev/sequential"]`. */
  constructor(place: string, object: JsonObject, known: readonly string[]) {
    this.#place = place;
    this.#object = object;
    for (const key of Object.keys(object)) {
      if (known.includes(key)) continue;
      const meant = didYouMean(key, known);
      const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
      this.refuse(key, `unknown field${hint}; known: ${known.join(", ")}`);
    }
  }

  refuse(field: string, problem: string): never {
    throw new ProviderError(`${this.placeOf(field)}: ${problem}`);
  }

  placeOf(field: string): string {
    return `${this.#place}.${field}`;
  }

  get(field: string): Json | undefined {
    return ownProperty(this.#object, field) ?? undefined;
  }

  /** Empty is refused: an argument that came out empty must not mean "all". */
  text(field: string): string | undefined {
    const value = this.get(field);
    if (value === undefined) return undefined;
    return typeof value === "string" && value !== ""
      ? value
      : this.refuse(field, "must be a text that is not empty");
  }

  /** A number, also as text, which is how arguments leave it. */
  number(field: string): number | undefined {
    const value = this.get(field);
    if (value === undefined) return undefined;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    return this.refuse(field, "must be a number");
  }

  above(field: string, least: number, most = Infinity): number | undefined {
    const number = this.number(field);
    if (number === undefined || (number > least && number <= most)) return number;
    const limit = most === Infinity ? "" : ` and at most ${String(most)}`;
    return this.refuse(field, `must be above ${String(least)}${limit}`);
  }

  /** A share: `20%` or 0.2. */
  share(field: string): number | undefined {
    const value = this.get(field);
    const percent = typeof value === "string" ? /^\s*([\d.]+)\s*%\s*$/.exec(value)?.[1] : undefined;
    const share = percent === undefined ? this.number(field) : Number(percent) / 100;
    if (share === undefined || (Number.isFinite(share) && share >= 0)) return share;
    return this.refuse(field, "must be a share such as 20% or 0.2");
  }

  durationMs(field: string): number | undefined {
    const value = this.get(field);
    if (value === undefined) return undefined;
    const parsed = typeof value === "string" ? parseGoDuration(value) : undefined;
    if (parsed?.ok === true && parsed.ms >= 0) return parsed.ms;
    return this.refuse(field, 'must be a duration such as "30s"');
  }

  oneOf<T extends string>(field: string, known: readonly T[]): T | undefined {
    const value = this.get(field);
    if (value === undefined) return undefined;
    const chosen = known.find((name) => name === value);
    return chosen ?? this.refuse(field, `must be one of ${known.join(", ")}`);
  }

  /** An object of its own, which may have these fields. */
  below(field: string, known: readonly string[]): PluginFields | undefined {
    const value = this.get(field);
    if (value === undefined) return undefined;
    if (!isJsonObject(value)) return this.refuse(field, `must be an object of ${known.join(", ")}`);
    return new PluginFields(this.placeOf(field), value, known);
  }

  numbers(field: string): readonly number[] | undefined {
    const value = this.get(field);
    if (value === undefined) return undefined;
    const list = isJsonArray(value) ? value.map(Number) : [];
    if (list.length > 0 && list.every((each) => Number.isFinite(each))) return list;
    return this.refuse(field, "must be a list of numbers");
  }
}
