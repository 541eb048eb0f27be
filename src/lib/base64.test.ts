import { describe, expect, it } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";

describe("base64", () => {
  it.each(["", "a", "ab", "abc", "äöü€😀", "\u0000\u00ff"])("%j goes there and back", (text) => {
    const encoded = toBase64(text);
    expect(encoded).toBe(Buffer.from(text, "utf8").toString("base64"));
    expect(fromBase64(encoded)).toEqual({ ok: true, text });
  });

  it.each([
    ["!", 0],
    ["YW!=", 2],
    ["YWI", 3],
    ["YQ==YQ==", 2],
  ])("%s is refused at %d", (encoded, offset) => {
    expect(fromBase64(encoded)).toEqual({ ok: false, offset });
  });

  it("skips line breaks", () => {
    expect(fromBase64("YW\nI=\r\n")).toEqual({ ok: true, text: "ab" });
  });
});
