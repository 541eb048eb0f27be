import { describe, expect, it } from "vitest";
import { redactorOf } from "./redact.ts";

describe("a redactor", () => {
  const { message, value, metadata } = redactorOf(["p@ss w'ord/1", "longer p@ss w'ord/1", ""]);

  it.each([
    ["as it is", "refused p@ss w'ord/1!", "refused *****!"],
    ["in an address", "q=p%40ss%20w'ord%2F1&x", "q=*****&x"],
    ["in a form", new URLSearchParams({ q: "p@ss w'ord/1", x: "1" }).toString(), "q=*****&x=1"],
    ["in an address as a whole", "http://x/p@ss%20w'ord/1?x", "http://x/*****?x"],
    ["without its space", "target=p@ssw'ord/1", "target=*****"],
    ["in Base64", btoa("p@ss w'ord/1"), "*****"],
    ["the longer one first", "longer p@ss w'ord/1", "*****"],
    ["nothing to hide", "all is well", "all is well"],
  ])("%s", (_name, text, masked) => {
    expect(message(text)).toBe(masked);
  });

  it("in JSON", () => {
    const quoting = redactorOf(['a"b\n']);
    expect(quoting.message(JSON.stringify({ error: 'bad a"b\n' }))).toBe('{"error":"bad *****"}');
  });

  it("leaves short secrets in values, which may be figures by chance", () => {
    const short = redactorOf(["42", "12345678"]);
    expect(short.value("42 12345678")).toBe("42 *****");
    expect(short.message("42")).toBe("*****");
  });

  it("masks values and metadata too", () => {
    expect(value("p@ss w'ord/1")).toBe("*****");
    expect(metadata({ query: "p@ss w'ord/1" })).toEqual({ query: "*****" });
  });

  it("takes texts that are no good Unicode", () => {
    expect(redactorOf(["\ud800"]).message("x")).toBe("x");
  });
});
