import { describe, expect, it } from "vitest";
import { openApiV2Bytes } from "./openapi-protobuf.ts";

/** Field numbers and values of one message; nested messages are read where asked for. */
function fieldsOf(bytes: Buffer): readonly (readonly [number: number, value: Buffer])[] {
  const fields: (readonly [number, Buffer])[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const length = varint();
    expect(tag % 8).toBe(2);
    fields.push([tag >> 3, bytes.subarray(at, at + length)]);
    at += length;
  }
  return fields;
}

/** The value found by following one field number after the other. */
function at(bytes: Buffer, ...path: readonly number[]): Buffer {
  return path.reduce((value, number) => {
    const found = fieldsOf(value).find(([each]) => each === number);
    if (found === undefined) throw new Error(`no field ${String(number)}`);
    return found[1];
  }, bytes);
}

const kind = { group: "argoproj.io", version: "v1alpha1", kind: "Rollout" };
const bytes = openApiV2Bytes({
  swagger: "2.0",
  info: { title: "Haldane", version: "v1" },
  paths: {
    "/rollouts/{name}": {
      get: { description: "get Rollout" },
      patch: {
        description: `patch ${"x".repeat(300)}`,
        parameters: [
          { name: "dryRun", in: "query", type: "string", description: "All" },
          { name: "fieldValidation", in: "query", type: "string", description: "Strict" },
        ],
        "x-kubernetes-group-version-kind": kind,
      },
      parameters: [{ name: "name", in: "path" }],
    },
  },
});

describe("OpenAPI v2 as protobuf", () => {
  it("has what kubectl looks up: the parameters of a kind's patch", () => {
    expect(at(bytes, 1).toString()).toBe("2.0");
    expect(at(bytes, 2, 1).toString()).toBe("Haldane");
    expect(at(bytes, 8, 2, 1).toString()).toBe("/rollouts/{name}");
    const patch = at(bytes, 8, 2, 2, 8);
    const parameters = fieldsOf(patch).filter(([number]) => number === 8);
    expect(parameters.map(([, value]) => at(value, 1, 2, 3, 4).toString())).toEqual([
      "dryRun",
      "fieldValidation",
    ]);
    expect(at(patch, 13, 1).toString()).toBe("x-kubernetes-group-version-kind");
    expect(JSON.parse(at(patch, 13, 2, 2).toString())).toEqual(kind);
    expect(at(patch, 3)).toHaveLength(306);
  });

  it("leaves reads out", () => {
    expect(fieldsOf(at(bytes, 8, 2, 2)).map(([number]) => number)).toEqual([8]);
  });
});
