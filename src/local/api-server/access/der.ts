// DER, as far as a certificate needs it: tag, length, content.

const longestShortLength = 0x7f;

function lengthBytes(length: number): readonly number[] {
  if (length <= longestShortLength) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

/** One element. Contents are joined, so a sequence takes its members one after the other. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Buffer.concat([Uint8Array.from([tag, ...lengthBytes(length)]), ...contents]);
}

export const sequence = (...members: readonly Uint8Array[]): Uint8Array =>
  element(0x30, ...members);
export const set = (...members: readonly Uint8Array[]): Uint8Array => element(0x31, ...members);
export const octets = (content: Uint8Array): Uint8Array => element(0x04, content);
export const boolean = (value: boolean): Uint8Array =>
  element(0x01, Uint8Array.of(value ? 0xff : 0));
export const utf8 = (text: string): Uint8Array => element(0x0c, Buffer.from(text));
/** `[n]` around a whole element. */
export const tagged = (number: number, content: Uint8Array): Uint8Array =>
  element(0xa0 | number, content);
/** `[n]` in place of a primitive element's own tag. */
export const retagged = (number: number, content: Uint8Array): Uint8Array =>
  element(0x80 | number, content);

/** A positive number given as its big-endian bytes; a leading zero keeps it positive. */
export function integer(bytes: Uint8Array): Uint8Array {
  const isNegative = (bytes[0] ?? 0) >= 0x80;
  return element(0x02, isNegative ? Buffer.concat([Uint8Array.of(0), bytes]) : bytes);
}

export function bits(content: Uint8Array, unusedBits = 0): Uint8Array {
  return element(0x03, Uint8Array.of(unusedBits), content);
}

function base128(value: number): readonly number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    bytes.unshift(0x80 | (rest % 128));
  return bytes;
}

/** `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(
    0x06,
    Uint8Array.from([first * 40 + second, ...rest.flatMap((part) => base128(part))]),
  );
}

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5). */
export function time(atMs: number): Uint8Array {
  const text = `${new Date(atMs).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
  return text < "2050"
    ? element(0x17, Buffer.from(text.slice(2)))
    : element(0x18, Buffer.from(text));
}
