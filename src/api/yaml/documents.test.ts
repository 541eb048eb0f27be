import { describe, expect, it } from "vitest";
import type { FieldPath } from "../meta/field-path.ts";
import { readDocuments } from "./documents.ts";

const rollout = `# a comment
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
spec:
  strategy:
    canary:
      steps:
        - setWeight: 20
        - pause:
            duration: 5m
---
kind: Service
metadata: {name: shop, labels: {a/b: c}}
`;

describe("positions", () => {
  const { documents } = readDocuments(rollout, "shop.yaml");
  it.each<readonly [string, number, FieldPath, number, number]>([
    ["the document itself", 0, [], 2, 1],
    ["a key", 0, ["metadata", "name"], 5, 3],
    ["a list item", 0, ["spec", "strategy", "canary", "steps", 1], 11, 11],
    [
      "a key in a list item",
      0,
      ["spec", "strategy", "canary", "steps", 1, "pause", "duration"],
      12,
      13,
    ],
    [
      "a field nobody wrote: its nearest parent",
      0,
      ["spec", "strategy", "canary", "steps", 7, "x"],
      9,
      7,
    ],
    ["the second document", 1, ["metadata"], 15, 1],
    ["a key of a flow map", 1, ["metadata", "labels", "a/b"], 15, 33],
  ])("%s", (_, index, path, line, column) => {
    expect(documents[index]?.positionOf(path)).toEqual({ line, column });
  });
  it("name the file", () => {
    expect(documents.map(({ file }) => file)).toEqual(["shop.yaml", "shop.yaml"]);
  });
});

describe("reading", () => {
  const objectsOf = (text: string) =>
    readDocuments(text, "f").documents.map(({ object }) => object);

  it("several documents, empty ones left out", () => {
    expect(objectsOf("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n")).toEqual([{ a: 1 }, { b: 2 }]);
  });
  it("JSON", () => {
    expect(objectsOf('{\n\t"kind": "Rollout",\n\t"spec": {"replicas": 3}\n}')).toEqual([
      { kind: "Rollout", spec: { replicas: 3 } },
    ]);
  });
  it("a List as its items, with their positions", () => {
    const { documents } = readDocuments(
      "kind: List\nitems:\n  - kind: A\n    x: 1\n  - kind: B\n",
      "f",
    );
    expect(documents.map(({ object }) => object)).toEqual([{ kind: "A", x: 1 }, { kind: "B" }]);
    expect(documents[0]?.positionOf(["x"])).toEqual({ line: 4, column: 5 });
    expect(documents[1]?.positionOf([])).toEqual({ line: 5, column: 5 });
  });
  it("anchors, merge keys and positions through them", () => {
    const text = "base: &b {x: 1}\ncopy: *b\nmore:\n  <<: *b\n  y: 2\n";
    const { documents } = readDocuments(text, "f");
    expect(documents[0]?.object).toEqual({ base: { x: 1 }, copy: { x: 1 }, more: { x: 1, y: 2 } });
    expect(documents[0]?.positionOf(["copy", "x"])).toEqual({ line: 1, column: 11 });
  });
  it("the words of YAML 1.1 as Kubernetes does; octal, sexagesimal and dates stay what they look like", () => {
    expect(objectsOf('a: yes\nb: off\nc: "yes"\nd: 12:30\ne: 2026-11-21\nf: 1e3\ng: ~\n')).toEqual([
      { a: true, b: false, c: "yes", d: "12:30", e: "2026-11-21", f: 1000, g: null },
    ]);
  });
  it("nothing", () => {
    expect(readDocuments("", "f")).toEqual({ documents: [], problems: [] });
    expect(readDocuments("# only a comment\n", "f")).toEqual({ documents: [], problems: [] });
  });
  it("a key called __proto__ as a key", () => {
    const [object] = objectsOf("a:\n  __proto__: {x: 1}\n");
    expect(JSON.stringify(object)).toBe('{"a":{"__proto__":{"x":1}}}');
  });
});

describe("problems", () => {
  it("have their position, and spare the other documents", () => {
    const { documents, problems } = readDocuments("a: 1\n---\nb: [1\nc: 2\n---\nd: 4\n", "f.yaml");
    expect(documents.map(({ object }) => object)).toEqual([{ a: 1 }, { d: 4 }]);
    expect(problems).toMatchObject([
      { kind: "syntax", file: "f.yaml", position: { line: 4, column: 1 } },
    ]);
  });
  it.each([
    ["a key twice", "a: 1\na: 2\n", 2, 1, "Map keys must be unique"],
    ["a tab as indentation", "a:\n\tb: 1\n", 2, 1, "Tabs are not allowed as indentation"],
    [
      "an unknown alias",
      "a: *x\n",
      1,
      4,
      "Unresolved alias (the anchor must be set before the alias): x",
    ],
  ])("%s", (_, text, line, column, problem) => {
    expect(readDocuments(text, "f").problems).toEqual([
      { kind: "syntax", file: "f", position: { line, column }, problem },
    ]);
  });
  it.each([
    ["- a\n", "a list"],
    ["hello\n", 'the string "hello"'],
    ["3\n", "the number 3"],
  ])("%s is no object", (text, problem) => {
    expect(readDocuments(text, "f").problems).toEqual([
      { kind: "notAnObject", file: "f", position: { line: 1, column: 1 }, problem },
    ]);
  });
  it("aliases that explode are refused", () => {
    const levels = Array.from({ length: 12 }, (_, index) =>
      index === 0 ? "a0: &a0 [x, x]" : `a${index}: &a${index} [*a${index - 1}, *a${index - 1}]`,
    );
    expect(readDocuments(levels.join("\n"), "f")).toMatchObject({
      documents: [],
      problems: [{ kind: "syntax" }],
    });
  });
});
