/** The UTF-8 bytes of `text`; a lone surrogate becomes the replacement character, as in Go and in TextEncoder. */
export function utf8Bytes(text: string): readonly number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000)
      bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 63),
        0x80 | ((code >> 6) & 63),
        0x80 | (code & 63),
      );
    }
  }
  return bytes;
}

/** The text of UTF-8 bytes; every byte that is part of no character becomes the replacement character, as in Go. */
export function utf8Text(bytes: readonly number[]): string {
  const parts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [point, length] = pointAt(bytes, at);
    parts.push(String.fromCodePoint(point));
    at += length;
  }
  return parts.join("");
}

/** Size of the character a lead byte begins, the bits of the lead byte, and the smallest code it may stand for. */
const LEADS: readonly (readonly [from: number, below: number, size: number, least: number])[] = [
  [0xc0, 0xe0, 2, 0x80],
  [0xe0, 0xf0, 3, 0x800],
  [0xf0, 0xf8, 4, 0x10000],
];

function pointAt(bytes: readonly number[], at: number): readonly [number, number] {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return [lead, 1];
  const found = LEADS.find(([from, below]) => lead >= from && lead < below);
  if (found === undefined) return [0xfffd, 1];
  const [from, , size, least] = found;
  let point = lead - from;
  for (const byte of bytes.slice(at + 1, at + size)) {
    if ((byte & 0xc0) !== 0x80) return [0xfffd, 1];
    point = (point << 6) | (byte & 0x3f);
  }
  const isWhole = at + size <= bytes.length;
  const isScalar = point >= least && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return isWhole && isScalar ? [point, size] : [0xfffd, 1];
}
