import { describe, expect, it } from "vitest";
import { formatPath } from "./field-path.ts";
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  envNameProblems,
  labelKeyProblems,
  labelValueProblems,
  portNameProblems,
  portNumberProblems,
  serviceNameProblems,
} from "./names.ts";

const long = "a".repeat(64);

describe.each<
  readonly [string, (text: string) => readonly string[], readonly string[], readonly string[]]
>([
  [
    "RFC 1123 labels",
    dnsLabelProblems,
    ["a", "1-a", "a".repeat(63)],
    ["", "A", "-a", "a-", "a.b", long],
  ],
  [
    "RFC 1123 subdomains",
    dnsSubdomainProblems,
    ["a.b-c.1", long],
    ["", "a..b", "a_b", "a".repeat(254)],
  ],
  ["RFC 1035 labels", serviceNameProblems, ["a1", "a-b"], ["", "1a", "a.b", long]],
  [
    "label keys",
    labelKeyProblems,
    ["app", "a.b/c_D", "x".repeat(63)],
    ["", "/a", "a/", "a/b/c", "A/b", "a b", long],
  ],
  ["label values", labelValueProblems, ["", "A_b.c-1"], ["-a", "a b", long]],
  ["port names", portNameProblems, ["http", "a-1"], ["", "1", "a--b", "-a", "A", "a".repeat(16)]],
  ["environment names", envNameProblems, ["A", "a.b-c d"], ["", "A=B", "ü"]],
])("%s", (_, problemsOf, good, bad) => {
  it.each(good)("%j is one", (text) => {
    expect(problemsOf(text)).toEqual([]);
  });
  it.each(bad)("%j is none", (text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});

describe("port numbers", () => {
  it.each([1, 65_535])("%d is one", (port) => {
    expect(portNumberProblems(port)).toEqual([]);
  });
  it.each([0, -1, 65_536])("%d is none", (port) => {
    expect(portNumberProblems(port)).toEqual(["must be between 1 and 65535, inclusive"]);
  });
});

describe("formatPath", () => {
  it.each([
    [["spec", "steps", 1, "setWeight"], "spec.steps[1].setWeight"],
    [["metadata", "labels", "example.com/team"], "metadata.labels[example.com/team]"],
    [[], ""],
  ] as const)("%j is %s", (path, text) => {
    expect(formatPath(path)).toBe(text);
  });
});
