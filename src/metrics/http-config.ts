// Reading the blocks HTTP providers share: texts, numbers and header lists of a configuration.
import { parseGoDuration } from "../lib/go-duration.ts";
import { isJsonArray, isJsonObject, ownProperty, type Json, type JsonObject } from "../lib/json.ts";
import { ProviderError } from "./provider.ts";

/** The provider's own block of a metric; `{}` if it is no object. */
export function blockOf(provider: JsonObject, kind: string): JsonObject {
  const block = ownProperty(provider, kind);
  return isJsonObject(block) ? block : {};
}

export function textOf(config: JsonObject, key: string): string {
  const value = ownProperty(config, key);
  return typeof value === "string" ? value : "";
}

export function numberOf(config: JsonObject, key: string): number | undefined {
  const value = ownProperty(config, key);
  return typeof value === "number" ? value : undefined;
}

/** A Go duration in milliseconds. Throws a ProviderError with Go's words, or `wording` of them. */
export function durationOf(
  text: string,
  wording: (problem: string) => string = (problem) => problem,
): number {
  const duration = parseGoDuration(text);
  if (!duration.ok) throw new ProviderError(wording(duration.message));
  return duration.ms;
}

/** Whether a text is an http or https address with a host. */
export function isHttpAddress(text: string): boolean {
  return /^https?:\/\/[^/]/i.test(text) && URL.canParse(text);
}

function pairOf(header: Json): readonly (readonly [string, string])[] {
  if (!isJsonObject(header)) return [];
  const key = textOf(header, "key");
  return key === "" ? [] : [[key.toLowerCase(), textOf(header, "value")]];
}

/** `headers: [{ key, value }]` by lower-case name; the last of a name wins. */
export function headersOf(config: JsonObject): Readonly<Record<string, string>> {
  const headers = ownProperty(config, "headers");
  return isJsonArray(headers) ? Object.fromEntries(headers.flatMap(pairOf)) : {};
}
