import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeFields,
  differenceOf,
  encodeFields,
  intersectionOf,
  isEmptySet,
  pathsOf,
  unionOf,
  type FieldSet,
} from "./field-set.ts";

const container = 'k:{"name":"web"}';
const fields = {
  "f:metadata": { "f:labels": { ".": {}, "f:app": {} }, "f:finalizers": { 'v:"a/x"': {} } },
  "f:spec": { "f:containers": { [container]: { ".": {}, "f:image": {} } }, "f:replicas": {} },
};

const arbitraryFields = fc
  .letrec((tie) => ({
    node: fc.dictionary(
      fc.constantFrom("f:a", "f:b", 'k:{"n":1}', 'v:"x"', "."),
      fc.oneof({ depthSize: "small" }, fc.constant({}), tie("node")),
      { maxKeys: 3 },
    ),
  }))
  .node.map((value): FieldSet => decodeFields(value as never));

describe("field sets", () => {
  it("read and write FieldsV1", () => {
    expect(encodeFields(decodeFields(fields))).toEqual(fields);
    expect(isEmptySet(decodeFields(undefined))).toBe(true);
    expect(isEmptySet(decodeFields({}))).toBe(true);
  });

  it("name their paths as Kubernetes does", () => {
    expect(pathsOf(decodeFields(fields))).toEqual([
      '.metadata.finalizers[="a/x"]',
      ".metadata.labels",
      ".metadata.labels.app",
      '.spec.containers[name="web"]',
      '.spec.containers[name="web"].image',
      ".spec.replicas",
    ]);
    const port = { "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': {} } };
    expect(pathsOf(decodeFields(port))).toEqual(['.ports[containerPort=80,protocol="TCP"]']);
  });

  it("are sets of paths: union, difference and intersection agree with those of path lists", () => {
    fc.assert(
      fc.property(arbitraryFields, arbitraryFields, (left, right) => {
        const l = pathsOf(left);
        const r = pathsOf(right);
        const sorted = (paths: Iterable<string>): readonly string[] => [...paths].sort();
        expect(sorted(pathsOf(unionOf(left, right)))).toEqual(sorted(new Set([...l, ...r])));
        expect(sorted(pathsOf(differenceOf(left, right)))).toEqual(
          sorted(l.filter((path) => !r.includes(path))),
        );
        expect(sorted(pathsOf(intersectionOf(left, right)))).toEqual(
          sorted(l.filter((path) => r.includes(path))),
        );
        expect(isEmptySet(left)).toBe(l.length === 0);
        expect(sorted(pathsOf(decodeFields(encodeFields(left))))).toEqual(sorted(l));
      }),
    );
  });
});
