import type { StringMap } from "../../api/meta/object.ts";

const mask = "*****";
/** Values are read by people and tools; only a text that cannot be a figure by chance is masked in them. */
const shortestInValues = 8;

export interface Redactor {
  readonly message: (text: string) => string;
  readonly value: (text: string) => string;
  readonly metadata: (map: StringMap) => StringMap;
}

/** Replaces secrets by `*****`, the longest first, so that no part of one survives another. */
export function redactorOf(secretValues: readonly string[]): Redactor {
  const secrets = secretValues
    .filter((secret) => secret !== "")
    .toSorted((a, b) => b.length - a.length);
  const message = (text: string): string =>
    secrets.reduce((masked, secret) => masked.replaceAll(secret, mask), text);
  return {
    message,
    value: (text) =>
      secrets
        .filter((secret) => secret.length >= shortestInValues)
        .reduce((masked, secret) => masked.replaceAll(secret, mask), text),
    metadata: (map) =>
      Object.fromEntries(Object.entries(map).map(([key, text]) => [key, message(text)])),
  };
}
