import { compareByCodePoint, goJsonNumber, goJsonString } from "../../lib/go-json.ts";
import { entriesOf, isJsonArray, isJsonObject, ownProperty } from "../../lib/json.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { formatQuantity, parseQuantity } from "../../lib/quantity.ts";
import { formatTime, parseTime } from "../../lib/time.ts";
import { podTemplateFields } from "./pod-template-fields.ts";
import { stepsFields } from "./steps-fields.ts";

// Wire objects as Go would write them after reading them into its types: the bytes that hashes are taken over. Which
// struct has which fields in which order is data: pod-template-fields.ts (generated) and steps-fields.ts.

/** One field of a Go struct, unfolded from its one-line form. */
export interface StructField {
  readonly name: string;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  readonly kind: string;
}

function unfold(line: string): StructField {
  const [head = "", kind = ""] = line.split(" ");
  const [name = "", flags = ""] = head.split(/(?=[?])/);
  return { name, kind, omitEmpty: flags.includes("?"), omitZero: flags.includes("0") };
}

const structs: ReadonlyMap<string, readonly StructField[]> = new Map(
  Object.entries({ ...podTemplateFields, ...stepsFields }).map(([name, lines]) => [
    name,
    lines.map(unfold),
  ]),
);

export interface MarshalOptions {
  /** Kubernetes libraries up to 0.30 (Rollouts up to 1.8) wrote `"creationTimestamp":null` in every metadata. */
  readonly legacyCreationTimestamp?: boolean;
  /** Write quantities by amount rather than as they are stored, so that equal amounts read alike. */
  readonly compareQuantities?: boolean;
}

/** Would Go's omitempty leave this value out? Structs never count as empty. */
function isEmpty(value: Json | undefined, kind: string): boolean {
  if (value === undefined || value === null)
    return !structs.has(kind) && kind !== "quantity" && kind !== "intOrString";
  if (kind.startsWith("[]")) return !isJsonArray(value) || value.length === 0;
  if (kind.startsWith("{}")) return !isJsonObject(value) || entriesOf(value).length === 0;
  return value === ZERO_VALUES.get(kind);
}

const ZERO_VALUES: ReadonlyMap<string, Json> = new Map<string, Json>([
  ["string", ""],
  ["bytes", ""],
  ["int", 0],
  ["bool", false],
]);

function marshalTime(value: Json | undefined): string {
  const atMs = typeof value === "string" ? parseTime(value) : undefined;
  return atMs === undefined ? "null" : goJsonString(formatTime(atMs));
}

/** A quantity in its stored spelling; a number is read as its text, nothing as zero. */
function marshalQuantity(value: Json | undefined, options: MarshalOptions): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") return options.compareQuantities === true ? '"0n"' : '"0"';
  const parsed = parseQuantity(text.trim());
  if (!parsed.ok) return goJsonString(text);
  return goJsonString(
    options.compareQuantities === true ? `${parsed.value.nanos}n` : formatQuantity(parsed.value),
  );
}

type ScalarWriter = (value: Json | undefined, options: MarshalOptions) => string;

const writeText: ScalarWriter = (value) => goJsonString(typeof value === "string" ? value : "");
const writeNumber: ScalarWriter = (value) =>
  typeof value === "number" ? goJsonNumber(value) : "0";

const SCALAR_WRITERS: ReadonlyMap<string, ScalarWriter> = new Map<string, ScalarWriter>([
  ["string", writeText],
  ["bytes", writeText],
  ["int", writeNumber],
  ["bool", (value) => String(value === true)],
  [
    "intOrString",
    (value, options) => (typeof value === "string" ? writeText : writeNumber)(value, options),
  ],
  ["quantity", marshalQuantity],
  ["time", marshalTime],
  ["raw", (value) => (value === undefined ? "null" : marshalRaw(value))],
]);

/** JSON kept as it was written, keys in their order. */
function marshalRaw(value: Json): string {
  if (typeof value === "string") return goJsonString(value);
  if (typeof value === "number") return goJsonNumber(value);
  if (isJsonArray(value)) return `[${value.map(marshalRaw).join(",")}]`;
  if (!isJsonObject(value)) return String(value);
  return `{${entriesOf(value)
    .map(([key, inner]) => `${goJsonString(key)}:${marshalRaw(inner)}`)
    .join(",")}}`;
}

function marshalMap(value: JsonObject, kind: string, options: MarshalOptions): string {
  const members = entriesOf(value)
    .toSorted(([left], [right]) => compareByCodePoint(left, right))
    .map(([key, inner]) => `${goJsonString(key)}:${marshal(inner, kind, options)}`);
  return `{${members.join(",")}}`;
}

function isLeftOut(value: Json | undefined, field: StructField, options: MarshalOptions): boolean {
  if (!field.omitZero) return field.omitEmpty && isEmpty(value, field.kind);
  return options.legacyCreationTimestamp !== true && marshalTime(value) === "null";
}

function marshalStruct(
  value: Json | undefined,
  fields: readonly StructField[],
  options: MarshalOptions,
): string {
  const object = isJsonObject(value) ? value : {};
  const members = fields.flatMap((field) => {
    const member = ownProperty(object, field.name);
    if (isLeftOut(member, field, options)) return [];
    return [`${goJsonString(field.name)}:${marshal(member, field.kind, options)}`];
  });
  return `{${members.join(",")}}`;
}

/**
 * What Go writes for a value once it has been read into its type: unknown fields gone, quantities in their stored
 * spelling, fields in Go's order, map keys sorted. A value of the wrong type counts as absent; validation, which
 * comes first, refuses it.
 */
export function marshal(
  value: Json | undefined,
  kind: string,
  options: MarshalOptions = {},
): string {
  if (kind.startsWith("*")) {
    return value === undefined || value === null ? "null" : marshal(value, kind.slice(1), options);
  }
  if (kind.startsWith("[]")) {
    if (!isJsonArray(value)) return "null";
    return `[${value.map((item) => marshal(item, kind.slice(2), options)).join(",")}]`;
  }
  if (kind.startsWith("{}"))
    return isJsonObject(value) ? marshalMap(value, kind.slice(2), options) : "null";
  return (
    SCALAR_WRITERS.get(kind)?.(value, options) ??
    marshalStruct(value, structs.get(kind) ?? [], options)
  );
}

/** Go's JSON of a PodTemplateSpec: the bytes the pod-template hash is taken over (argo-rollouts-algorithms §2.1). */
export function marshalPodTemplate(template: Json, options: MarshalOptions = {}): string {
  return marshal(template, "PodTemplateSpec", options);
}

/** Go's JSON of canary.steps; null when there are none. */
export function marshalSteps(steps: Json | undefined): string {
  return marshal(steps, "[]CanaryStep");
}
