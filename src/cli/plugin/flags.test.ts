import { describe, expect, it } from "vitest";
import { parseFlags, type Flag } from "./flags.ts";

const flags: readonly Flag[] = [
  { name: "namespace", short: "n", type: "string", about: "" },
  { name: "watch", short: "w", type: "bool", isOnByDefault: true, about: "" },
  { name: "all-namespaces", short: "A", type: "bool", about: "" },
  { name: "timeout", short: "t", type: "duration", about: "" },
  { name: "to-revision", type: "int", about: "" },
  { name: "filename", short: "f", type: "slice", about: "" },
  { name: "argument", short: "a", type: "array", about: "" },
];

function read(line: string): unknown {
  const { values, args } = parseFlags(line.split(" "), flags);
  return [Object.fromEntries(values), args];
}

describe("flags", () => {
  it.each([
    ["shop -n web", { namespace: "web" }, ["shop"]],
    ["-nweb shop", { namespace: "web" }, ["shop"]],
    ["-n=web --namespace=api", { namespace: "api" }, []],
    ["--watch=false shop", { watch: false }, ["shop"]],
    ["-w=false", { watch: false }, []],
    ["-w shop", { watch: true }, ["shop"]],
    ["-Aw", { "all-namespaces": true, watch: true }, []],
    ["-Anweb", { "all-namespaces": true, namespace: "web" }, []],
    ["-t 90s --to-revision=3", { timeout: "90s", "to-revision": 3 }, []],
    ["-f a,b -f c", { filename: ["a", "b", "c"] }, []],
    ["-a x=1,2 -a y=3", { argument: ["x=1,2", "y=3"] }, []],
    ["a -- -n b", {}, ["a", "-n", "b"]],
    ["-", {}, ["-"]],
    ["--namespace= x", {}, ["x"]],
    ["-nweb --namespace= x", {}, ["x"]],
  ])("%s", (line, values, args) => {
    expect(read(line)).toEqual([values, args]);
  });

  it.each([
    ["--nope", "unknown flag: --nope"],
    ["-Ax", "unknown shorthand flag: 'x' in -x"],
    ["--namespace", "flag needs an argument: --namespace"],
    ["-n", "flag needs an argument: 'n' in -n"],
    ["--=x", "bad flag syntax: --=x"],
    [
      "--watch=maybe",
      'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      "--to-revision two",
      'invalid argument "two" for "--to-revision" flag: strconv.ParseInt: parsing "two": invalid syntax',
    ],
    ["-t soon", 'invalid argument "soon" for "-t, --timeout" flag: time: invalid duration "soon"'],
  ])("%s: %s", (line, message) => {
    expect(() => read(line)).toThrow(message);
  });
});
