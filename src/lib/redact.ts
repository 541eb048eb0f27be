// Secrets taken out of texts that people see. A secret that was put into an address, a form, a JSON
// body or a Basic sign-in comes back in that form when the other side complains: those are masked too.
import { toBase64 } from "./base64.ts";

type Texts = Readonly<Record<string, string>>;

const mask = "*****";
/** Values are read by people and tools; only a text that cannot be a figure by chance is masked in them. */
const shortestInValues = 8;

export interface Redactor {
  readonly message: (text: string) => string;
  readonly value: (text: string) => string;
  readonly metadata: (map: Texts) => Texts;
}

/** Lone surrogates have no form in UTF-8. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}

/** As URLSearchParams writes it. */
function formEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** The secret as it is and without its white space, as written in addresses, forms, JSON and sign-ins. */
function formsOf(secret: string): readonly string[] {
  const whole = wellFormed(secret);
  return [whole, whole.replace(/\s/g, "")].flatMap((text) => [
    text,
    encodeURI(text),
    encodeURIComponent(text),
    formEncoded(text),
    JSON.stringify(text).slice(1, -1),
    toBase64(text),
  ]);
}

/** Replaces secrets by `*****`, the longest first, so that no part of one survives another. */
export function redactorOf(secretValues: readonly string[]): Redactor {
  const secrets = secretValues
    .filter((secret) => secret !== "")
    .flatMap(formsOf)
    .filter((form) => form !== "")
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
