// api/schema: the wire form of every kind as plain data, in the vocabulary of a structural schema:
// types, required fields, maps, int-or-string. conform.ts reads values by it, unknown-fields.ts
// finds misspelt ones, kinds.ts is the list; CRDs are printed from the same data. Imports lib and
// api/meta. It is data rather than zod because zod costs 100 ms of a 90 ms start (import 42 ms,
// 1,400 fields 20 ms, first use 38 ms). A new kind: a file here and a line in kinds.ts.
import type { Json } from "../../lib/json.ts";

export const scalarTypes = [
  "string",
  "integer",
  "number",
  "boolean",
  "intOrString",
  "quantity",
] as const;
export type ScalarType = (typeof scalarTypes)[number];

/** Where the CRD says it otherwise than we read it: as Argo's CRD does, so that it accepts the same manifests. */
export interface CrdForm {
  /** Of an object: only these fields; the API server drops the others. */
  readonly keeps?: readonly string[];
  /** Of an object: these are required instead. */
  readonly requires?: readonly string[];
  /** Of a map: any JSON object; the values are not looked at. */
  readonly isOpen?: true;
  /** CEL rules (`x-kubernetes-validations`). */
  readonly rules?: readonly { readonly rule: string; readonly message: string }[];
}

interface NodeBase {
  readonly description?: string;
  /** The CRD default: filled in by the API server when an object is written. */
  readonly default?: Json;
  /** Server-side apply changes it only as a whole (`x-kubernetes-map-type: atomic`). */
  readonly isAtomic?: true;
  readonly crd?: CrdForm;
}

export interface ScalarNode extends NodeBase {
  readonly type: ScalarType;
  readonly format?: "int32" | "int64" | "date-time" | "byte";
  /** The whole set of values, where there is one: ours to check, not the CRD's (`isCrdEnum` says otherwise). */
  readonly known?: readonly string[];
  readonly isCrdEnum?: true;
}

export interface ObjectNode extends NodeBase {
  readonly type: "object";
  readonly properties: Readonly<Record<string, SchemaNode>>;
  readonly required: readonly string[];
  /** Whatever else it holds is its owner's business: never reported, never pruned. */
  readonly preservesUnknown?: true;
}

/** Free keys, one form of value: labels, resource amounts, ConfigMap data. */
export interface MapNode extends NodeBase {
  readonly type: "map";
  readonly values: SchemaNode;
}

export interface ArrayNode extends NodeBase {
  readonly type: "array";
  readonly items: SchemaNode;
  /** The fields that identify an item (list-type map): how server-side apply merges it. */
  readonly keys?: readonly string[];
}

/** Any JSON at all. */
export interface AnyNode extends NodeBase {
  readonly type: "any";
}

export type SchemaNode = ScalarNode | ObjectNode | MapNode | ArrayNode | AnyNode;

/** A schema whose conforming values have type T. `wire` never exists; it carries T. */
export type Schema<T> = SchemaNode & { readonly wire?: T };

export type WireOf<S> = S extends { readonly wire?: infer T } ? T : never;

type Shape = Readonly<Record<string, Schema<unknown>>>;
type Simplify<T> = { readonly [K in keyof T]: T[K] };
type Fields<P extends Shape, R extends keyof P> = Simplify<
  { readonly [K in Exclude<keyof P, R>]?: WireOf<P[K]> } & { readonly [K in R]: WireOf<P[K]> }
>;

/** An object with these fields; all are optional but those named in `required`. */
export function object<P extends Shape, R extends keyof P & string = never>(
  properties: P,
  required: readonly R[] = [],
): Schema<Fields<P, R>> {
  return { type: "object", properties, required };
}

/** Like `object`, for forms we know only in part: other fields are nobody's mistake. */
export function openObject<P extends Shape, R extends keyof P & string = never>(
  properties: P,
  required: readonly R[] = [],
): Schema<Fields<P, R>> {
  return { type: "object", properties, required, preservesUnknown: true };
}

export function list<T>(items: Schema<T>, keys?: readonly string[]): Schema<readonly T[]> {
  return { type: "array", items, ...(keys === undefined ? {} : { keys }) };
}

export function map<T>(values: Schema<T>): Schema<Readonly<Record<string, T>>> {
  return { type: "map", values };
}

/** A text out of a closed set that the CRD itself leaves open. */
export function oneOf<const V extends readonly string[]>(known: V): Schema<V[number]> {
  return { type: "string", known };
}

/** A text out of a closed set that the CRD enforces. */
export function crdEnum<const V extends readonly string[]>(known: V): Schema<V[number]> {
  return { type: "string", known, isCrdEnum: true };
}

export function described<T>(schema: Schema<T>, description: string): Schema<T> {
  return { ...schema, description };
}

/** An object or a map that server-side apply changes only as a whole. */
export function atomic<T>(schema: Schema<T>): Schema<T> {
  return { ...schema, isAtomic: true };
}

export function asCrd<T>(schema: Schema<T>, crd: CrdForm): Schema<T> {
  return { ...schema, crd: { ...schema.crd, ...crd } };
}

export function defaulted<T>(schema: Schema<T>, value: Json): Schema<T> {
  return { ...schema, default: value };
}

export const text: Schema<string> = { type: "string" };
export const dateTime: Schema<string> = { type: "string", format: "date-time" };
export const base64: Schema<string> = { type: "string", format: "byte" };
export const int32: Schema<number> = { type: "integer", format: "int32" };
export const int64: Schema<number> = { type: "integer", format: "int64" };
export const bool: Schema<boolean> = { type: "boolean" };
export const intOrString: Schema<number | string> = { type: "intOrString" };
export const quantity: Schema<number | string> = { type: "quantity" };
export const any: Schema<Json> = { type: "any" };
export const strings: Schema<readonly string[]> = list(text);
export const stringMap: Schema<Readonly<Record<string, string>>> = map(text);
