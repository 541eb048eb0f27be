import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  errorCatalogue,
  errorCodes,
  errorWords,
  haldaneError,
  HaldaneError,
  isHaldaneError,
  sentenceOf,
} from "./errors.ts";

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
const sections = page.split(/^## /m).slice(1);

describe("the catalogue and docs/errors.md", () => {
  it("have the same codes in the same order", () => {
    expect(sections.map((section) => section.split("\n")[0])).toEqual(errorCodes);
  });

  it.each(errorCodes)("%s says whether it is tried again", (code) => {
    const section = sections.find((text) => text.startsWith(`${code}\n`)) ?? "";
    const expected =
      errorCatalogue[code].retry === "backoff" ? "*Tried again by itself.*" : "*Not tried again.*";
    expect(section).toContain(expected);
    expect(section.split("\n").join(" ").length).toBeGreaterThan(60);
  });
});

/** Parameters that fit every entry: a missing one would show as "undefined" in the sentence. */
const everything = {
  actual: '"three"',
  able: ["istio"],
  address: "127.0.0.1",
  apiVersion: "v1",
  column: 3,
  command: "haldane get",
  context: "prod",
  directory: "./.haldane",
  expected: "a whole number",
  expression: "result >",
  field: "spec.replicas",
  file: "shop.yaml",
  found: "7",
  howToMap: "images in the configuration",
  image: "shop:v2",
  kind: "Rollout",
  known: ["a", "b"],
  name: "shop",
  namespace: "default",
  nearest: "25 %",
  needed: "20.19",
  percent: 5,
  pid: 42,
  port: 8080,
  power: "mirror",
  problem: "it is broken",
  replicas: 4,
  router: "nginx",
  server: "https://127.0.0.1:6443",
  service: "shop",
  setting: "--port",
  strategies: ["canary", "blueGreen"],
  supported: "6",
  template: "baseline",
  tried: ["~/.kube/config"],
  version: "18.0.0",
  wayOut: "wait longer.",
  wantedBy: "the API server",
  wantedPercent: 10,
  where: "shop.yaml:3:7",
};

describe("every error", () => {
  it.each(errorCodes)("%s says where, what and what to do", (code) => {
    const words = errorWords(code, everything as never);
    expect(words.where).not.toBe("");
    expect(words.what).not.toMatch(/[.?]$/);
    expect(words.wayOut).toMatch(/[.?]$/);
    expect(sentenceOf(words)).not.toContain("undefined");
    expect(sentenceOf(words)).not.toContain("[object");
  });
});

describe("HaldaneError", () => {
  it("is the sentence, the code and the cause", () => {
    const cause = new Error("EADDRINUSE");
    const error = haldaneError(
      "PORT_IN_USE",
      { address: "127.0.0.1", port: 8080, wantedBy: "the API server", setting: "--port" },
      { cause },
    );
    expect(error).toBeInstanceOf(HaldaneError);
    expect(error.message).toBe(
      "127.0.0.1:8080: the port is in use by another program, the API server cannot listen on it; " +
        "stop the other program, or choose another port (--port).",
    );
    expect([error.code, error.retry, error.cause]).toEqual(["PORT_IN_USE", "backoff", cause]);
    expect(isHaldaneError(error)).toBe(true);
    expect(isHaldaneError(error, "PORT_IN_USE")).toBe(true);
    expect(isHaldaneError(error, "DISK_FULL")).toBe(false);
    expect(isHaldaneError(cause)).toBe(false);
  });

  it("names the field after the place, and the nearest field that exists", () => {
    const words = errorWords("FIELD_UNKNOWN", {
      where: "shop.yaml:12:9",
      field: "spec.strategy.canary.setWeigth",
      didYouMean: "setWeight",
      known: ["setWeight", "pause"],
    });
    expect(sentenceOf(words)).toBe(
      "shop.yaml:12:9: spec.strategy.canary.setWeigth: unknown field; did you mean setWeight?",
    );
  });

  it("lists what is known when nothing is near", () => {
    const words = errorWords("FIELD_UNKNOWN", {
      where: "",
      field: "spec.x",
      known: ["a", "b", "c"],
    });
    expect(sentenceOf(words)).toBe("spec.x: unknown field; known are a, b and c.");
  });
});
