import { utf8Bytes } from "./utf8.ts";

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a, 32 bits, over bytes. Returns an unsigned integer. */
export function fnv1a32(bytes: Iterable<number>): number {
  let hash = OFFSET_BASIS;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}

/** FNV-1a, 32 bits, over the UTF-8 bytes of a text. */
export function fnv1a32Text(text: string): number {
  return fnv1a32(utf8Bytes(text));
}
