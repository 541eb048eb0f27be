import { utf8Bytes, utf8Text } from "./utf8.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The UTF-8 bytes of a text in base64, padded. */
export function toBase64(text: string): string {
  const bytes = utf8Bytes(text);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.slice(at, at + 3);
    const bits = (first << 16) | (second << 8) | third;
    const letters = [18, 12, 6, 0].map((shift) => ALPHABET.charAt((bits >> shift) & 63));
    parts.push(
      letters
        .slice(0, Math.min(3, bytes.length - at) + 1)
        .join("")
        .padEnd(4, "="),
    );
  }
  return parts.join("");
}

export type Base64Result =
  | { readonly ok: true; readonly text: string }
  /** The offset of the first character that does not belong. */
  | { readonly ok: false; readonly offset: number };

/** The text of padded base64; line breaks inside it are skipped. */
export function fromBase64(encoded: string): Base64Result {
  const clean = encoded.replace(/[\r\n]/g, "");
  const body = clean.replace(/={1,2}$/, "");
  const wrong = Array.from(body).findIndex((letter) => !ALPHABET.includes(letter));
  if (wrong >= 0) return { ok: false, offset: wrong };
  if (clean.length % 4 !== 0) return { ok: false, offset: clean.length };
  const bytes: number[] = [];
  for (let at = 0; at < body.length; at += 4) {
    const group = body.slice(at, at + 4);
    const bits = Array.from(group.padEnd(4, "A")).reduce(
      (sum, letter) => (sum << 6) | ALPHABET.indexOf(letter),
      0,
    );
    bytes.push(...[bits >> 16, (bits >> 8) & 255, bits & 255].slice(0, group.length - 1));
  }
  return { ok: true, text: utf8Text(bytes) };
}
