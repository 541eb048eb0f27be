// Writes src/core/replicas/pod-template-fields.ts: the fields of every Go struct a pod template can reach, in Go's
// order. The pod-template hash is taken over Go's JSON, and the order is found nowhere but in the Go source
// (OpenAPI documents sort alphabetically). Only names, kinds and order are read; no code is taken over.
//
// To run it again, for a new Kubernetes version (Go and network access needed):
//   cd "$(mktemp -d)" && go mod init fields && go get k8s.io/api@v0.34.1 k8s.io/apimachinery@v0.34.1
//   API=$(go list -m -f '{{.Dir}}' k8s.io/api) META=$(go list -m -f '{{.Dir}}' k8s.io/apimachinery)
//   cd - && npx tsx scripts/generate-pod-template-schema.ts v0.34.1 "$API/core/v1/types.go" "$META/pkg/apis/meta/v1/types.go"
//   npx prettier --write src/core/replicas/pod-template-fields.ts
// then compare the golden hashes in src/core/replicas/pod-template-hash.vectors.json: a changed hash means that
// every rollout of a user would change its hash with the upgrade.

import { readFileSync, writeFileSync } from "node:fs";

interface Field {
  readonly name: string;
  readonly goType: string;
  readonly options: readonly string[];
  readonly embedded: boolean;
}

const ROOT = "PodTemplateSpec";
const TARGET = new URL("../src/core/replicas/pod-template-fields.ts", import.meta.url);
const SCALARS: Readonly<Record<string, string>> = {
  string: "string",
  bool: "bool",
  int: "int",
  int32: "int",
  int64: "int",
  "types.UID": "string",
  Time: "time",
  "resource.Quantity": "quantity",
  "intstr.IntOrString": "intOrString",
  FieldsV1: "raw",
};

const structs = new Map<string, readonly Field[]>();
const aliases = new Map<string, string>();

function fieldOf(line: string): Field | undefined {
  const match = /^\t(?:(\w+)\s+)?([\w.*[\]]+)\s+`json:"([^"]*)"/.exec(line);
  if (match === null) return undefined;
  const [, goName, goType = "", tag = ""] = match;
  const [name = "", ...options] = tag.split(",");
  return {
    name,
    goType,
    options,
    embedded: goName === undefined && (name === "" || options.includes("inline")),
  };
}

function readTypes(path: string): void {
  let open: { readonly name: string; readonly fields: Field[] } | undefined;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const struct = /^type (\w+) struct \{$/.exec(line)?.[1];
    const alias = /^type (\w+) ([\w.*[\]]+)(?:\s*\/\/.*)?$/.exec(line);
    if (struct !== undefined) open = { name: struct, fields: [] };
    else if (alias?.[1] !== undefined && alias[2] !== undefined) aliases.set(alias[1], alias[2]);
    else if (open !== undefined && line === "}") {
      structs.set(open.name, open.fields);
      open = undefined;
    } else if (open !== undefined) {
      const field = fieldOf(line);
      if (field !== undefined) open.fields.push(field);
    }
  }
}

/** `*X`, `[]X` and `{}X` (a map) around a scalar kind or a struct's name. */
function kindOf(goType: string): string {
  if (goType.startsWith("*")) return `*${kindOf(goType.slice(1))}`;
  if (goType === "[]byte") return "bytes";
  if (goType.startsWith("[]")) return `[]${kindOf(goType.slice(2))}`;
  const map = /^map\[[\w.]+\](.+)$/.exec(goType)?.[1];
  if (map !== undefined) return `{}${kindOf(map)}`;
  const scalar = SCALARS[goType];
  if (scalar !== undefined) return scalar;
  const name = goType.replace(/^metav1\./, "");
  if (name !== goType) return kindOf(name);
  const alias = aliases.get(name);
  if (alias !== undefined) return kindOf(alias);
  if (!structs.has(name)) throw new Error(`unknown Go type ${goType}`);
  return name;
}

function flatFields(name: string): readonly Field[] {
  const fields = structs.get(name);
  if (fields === undefined) throw new Error(`unknown struct ${name}`);
  return fields.flatMap((field) => {
    if (field.name === "-") return [];
    return field.embedded ? flatFields(field.goType.replace(/^metav1\./, "")) : [field];
  });
}

/** `?` the field is left out when empty (omitempty), `0` also when it is a zero struct (omitzero). */
function flagsOf({ options }: Field): string {
  return (options.includes("omitempty") ? "?" : "") + (options.includes("omitzero") ? "0" : "");
}

function reachable(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const open = [ROOT];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const entries = flatFields(name).map((field) => {
      const kind = kindOf(field.goType);
      const struct = kind.replace(/^(?:\*|\[\]|\{\})+/, "");
      if (structs.has(struct) && !Object.values(SCALARS).includes(struct)) open.push(struct);
      return `${field.name}${flagsOf(field)} ${kind}`;
    });
    found.set(name, entries);
  }
  return found;
}

const [version, ...paths] = process.argv.slice(2);
if (version === undefined || paths.length === 0)
  throw new Error("usage: generate-pod-template-schema VERSION types.go…");
for (const path of paths) readTypes(path);
const entries = [...reachable()].sort(([left], [right]) => (left < right ? -1 : 1));
const body = entries.map(([name, fields]) => `  ${name}: ${JSON.stringify(fields)},`).join("\n");
writeFileSync(
  TARGET,
  `// Generated by scripts/generate-pod-template-schema.ts from k8s.io/api ${version}; do not edit.
//
// Per Go struct its JSON fields in Go's order, one text each: the name, flags, a blank, the kind.
// Flags: \`?\` left out when empty, \`0\` left out when a zero struct. Kinds: string, bool, int, quantity,
// intOrString, time, bytes, raw or the name of a struct, behind \`*\` (may be absent), \`[]\` (list), \`{}\` (map).

export const podTemplateFields: Readonly<Record<string, readonly string[]>> = {
${body}
};
`,
);
