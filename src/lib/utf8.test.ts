import { describe, expect, it } from "vitest";
import { utf8Bytes, utf8Text } from "./utf8.ts";

describe("UTF-8", () => {
  it.each([
    "",
    "plain",
    "é ß",
    "日本語",
    "😀",
    "a\ud800b",
    "\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}",
  ])("%j is encoded as the platform does it", (text) => {
    const bytes = utf8Bytes(text);
    expect(bytes).toEqual([...new TextEncoder().encode(text)]);
    expect(utf8Text(bytes)).toBe(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(bytes)),
    );
  });

  // Go gives one replacement character per byte that begins nothing.
  it.each([
    [[0xff, 0x61], "\ufffda"],
    [[0xc3], "\ufffd"],
    [[0xe2, 0x82], "\ufffd\ufffd"],
    [[0xc0, 0x80], "\ufffd\ufffd"],
    [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    [[0xf4, 0x90, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
  ])("%j", (bytes, text) => {
    expect(utf8Text(bytes)).toBe(text);
  });
});
