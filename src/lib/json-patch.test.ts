import { describe, expect, it } from "vitest";
import { applyJsonPatch } from "./json-patch.ts";
import type { Json } from "./json.ts";

describe("applying a JSON patch", () => {
  const cases: readonly [string, Json, Json, Json][] = [
    ["add a member", { a: 1 }, [{ op: "add", path: "/b", value: 2 }], { a: 1, b: 2 }],
    ["add replaces a member", { a: 1 }, [{ op: "add", path: "/a", value: null }], { a: null }],
    [
      "insert into a list",
      { a: [1, 3] },
      [{ op: "add", path: "/a/1", value: 2 }],
      { a: [1, 2, 3] },
    ],
    ["append with -", { a: [1] }, [{ op: "add", path: "/a/-", value: 2 }], { a: [1, 2] }],
    ["append with the length", { a: [1] }, [{ op: "add", path: "/a/1", value: 2 }], { a: [1, 2] }],
    ["remove a member", { a: 1, b: 2 }, [{ op: "remove", path: "/a" }], { b: 2 }],
    ["remove from a list", [1, 2, 3], [{ op: "remove", path: "/1" }], [1, 3]],
    ["replace", { a: { b: 1 } }, [{ op: "replace", path: "/a/b", value: [] }], { a: { b: [] } }],
    ["replace everything", { a: 1 }, [{ op: "replace", path: "", value: 5 }], 5],
    ["move", { a: 1, b: {} }, [{ op: "move", from: "/a", path: "/b/c" }], { b: { c: 1 } }],
    ["move to itself", { a: 1 }, [{ op: "move", from: "/a", path: "/a" }], { a: 1 }],
    ["copy", { a: [1] }, [{ op: "copy", from: "/a", path: "/b" }], { a: [1], b: [1] }],
    [
      "test passes",
      { a: { x: 1, y: [2] } },
      [{ op: "test", path: "/a", value: { y: [2], x: 1 } }],
      { a: { x: 1, y: [2] } },
    ],
    [
      "escapes",
      { "a/b": 1, "c~d": 2 },
      [
        { op: "remove", path: "/a~1b" },
        { op: "remove", path: "/c~0d" },
      ],
      {},
    ],
    ["~01 is ~1", { "~1": 1 }, [{ op: "remove", path: "/~01" }], {}],
    ["the empty key", { "": 1 }, [{ op: "remove", path: "/" }], {}],
    [
      "null is a value to test",
      { a: null },
      [{ op: "test", path: "/a", value: null }],
      { a: null },
    ],
  ];
  it.each(cases)("%s", (_name, document, patch, result) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, patch)).toEqual({ ok: true, value: result });
    expect(document).toEqual(before);
  });

  const failures: readonly [Json, Json, string][] = [
    [{}, { op: "add" }, "a JSON patch must be a list of operations"],
    [{}, [5], "operation 0: must be an object with op and path"],
    [{}, [{ op: "add", path: "/a" }], 'operation 0 (add): "value" is missing'],
    [{}, [{ op: "remove" }], 'operation 0 (remove): "path" must be a text'],
    [
      {},
      [{ op: "frob", path: "" }],
      'operation 0 (frob): unknown op "frob"; known: add, copy, move, remove, replace, test',
    ],
    [
      {},
      [{ op: "remove", path: "a" }],
      'operation 0 (remove): path "a" must be empty or begin with "/"',
    ],
    [
      {},
      [{ op: "remove", path: "/~2" }],
      'operation 0 (remove): path "/~2" has a "~" that is not "~0" or "~1"',
    ],
    [{}, [{ op: "remove", path: "/a" }], "operation 0 (remove): /a: does not exist"],
    [
      {},
      [{ op: "remove", path: "" }],
      "operation 0 (remove): the whole document cannot be removed",
    ],
    [{}, [{ op: "replace", path: "/a", value: 1 }], "operation 0 (replace): /a: does not exist"],
    [{}, [{ op: "add", path: "/a/b", value: 1 }], "operation 0 (add): /a/b: does not exist"],
    [
      { a: 5 },
      [{ op: "add", path: "/a/b", value: 1 }],
      "operation 0 (add): /a/b: a number has no members",
    ],
    [
      [1],
      [{ op: "remove", path: "/1" }],
      "operation 0 (remove): /1: index 1 is out of range, the list has 1 items",
    ],
    [
      [1],
      [{ op: "add", path: "/2", value: 0 }],
      "operation 0 (add): /2: index 2 is out of range, the list has 1 items",
    ],
    [[1], [{ op: "remove", path: "/01" }], 'operation 0 (remove): /01: "01" is no list index'],
    [[1], [{ op: "remove", path: "/-" }], 'operation 0 (remove): /-: "-" is no list index'],
    [
      { a: 1 },
      [
        { op: "add", path: "/b", value: 1 },
        { op: "test", path: "/a", value: 2 },
      ],
      "operation 1 (test): /a: test failed, it is 1, not 2",
    ],
    [
      { a: {} },
      [{ op: "move", from: "/a", path: "/a/b" }],
      "operation 0 (move): /a/b: cannot move /a into itself",
    ],
    [
      {},
      [{ op: "test", path: "/constructor", value: 1 }],
      "operation 0 (test): /constructor: does not exist",
    ],
  ];
  it.each(failures)("%j with %j", (document, patch, message) => {
    expect(applyJsonPatch(document, patch)).toEqual({ ok: false, message });
  });
});
