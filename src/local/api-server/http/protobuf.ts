// Bodies in Kubernetes' protobuf form, read into the JSON they stand for. Go's typed clients, the
// ones inside kubectl among them, send built-in kinds this way. A field that is not in
// protobuf-forms.ts is refused, never dropped: what was written is stored, or it is an error.
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { formatTime } from "../../../lib/time.ts";
import { StoreError } from "../../../objects/object-store.ts";
import { RequestProblem } from "../call.ts";
import { fieldsOf, isReadable, type Field } from "./protobuf-forms.ts";

export const protobufType = "application/vnd.kubernetes.protobuf";

const magic = [0x6b, 0x38, 0x73, 0x00];

function malformed(): StoreError {
  return new StoreError("BadRequest", "the body of the request is not valid protobuf");
}

function unreadable(what: string): RequestProblem {
  const message = `the body of the request is protobuf with ${what}, which is not read here; send it as application/json`;
  return new RequestProblem(415, "UnsupportedMediaType", message);
}

/** One field on the wire: a number, or bytes (a text, a message). */
type Value = bigint | Uint8Array;

interface Part {
  readonly number: number;
  readonly value: Value;
}

function varint(
  bytes: Uint8Array,
  from: number,
): { readonly value: bigint; readonly next: number } {
  let value = 0n;
  for (let at = from; at < from + 10; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) throw malformed();
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - from));
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw malformed();
}

function* partsOf(bytes: Uint8Array): Generator<Part> {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    const number = Number(tag.value >> 3n);
    const wireType = Number(tag.value & 7n);
    const first = varint(bytes, tag.next);
    if (wireType === 0) {
      yield { number, value: first.value };
      at = first.next;
    } else {
      const end = first.next + Number(first.value);
      // Kubernetes uses no fixed-width fields in the messages read here.
      if (wireType !== 2 || end > bytes.length) throw malformed();
      yield { number, value: bytes.subarray(first.next, end) };
      at = end;
    }
  }
}

function bytesOf(value: Value): Uint8Array {
  if (typeof value === "bigint") throw malformed();
  return value;
}

function integerOf(value: Value): number {
  if (typeof value !== "bigint") throw malformed();
  return Number(BigInt.asIntN(64, value));
}

function textOf(value: Value): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(value));
  } catch (error) {
    throw error instanceof TypeError ? malformed() : error;
  }
}

function partsByNumber(value: Value): ReadonlyMap<number, Value> {
  return new Map([...partsOf(bytesOf(value))].map((part) => [part.number, part.value]));
}

const microDigits = 6;

/** A moment as RFC 3339; null for the zero time, which is an empty message. */
function timeOf(value: Value, hasMicroseconds: boolean): Json {
  const parts = partsByNumber(value);
  const seconds = parts.get(1);
  if (seconds === undefined) return null;
  const wholeSeconds = formatTime(integerOf(seconds) * 1000);
  if (!hasMicroseconds) return wholeSeconds;
  const nanos = integerOf(parts.get(2) ?? 0n);
  const digits = String(Math.floor(nanos / 1000)).padStart(microDigits, "0");
  return wholeSeconds.replace("Z", `.${digits}Z`);
}

function intOrStringOf(value: Value): Json {
  const parts = partsByNumber(value);
  if (integerOf(parts.get(1) ?? 0n) === 1) return textOf(parts.get(3) ?? new Uint8Array());
  return Number(BigInt.asIntN(32, BigInt(integerOf(parts.get(2) ?? 0n))));
}

function fieldsV1Of(value: Value): Json {
  const raw = partsByNumber(value).get(1);
  if (raw === undefined) return null;
  try {
    return JSON.parse(textOf(raw)) as Json;
  } catch (error) {
    throw error instanceof SyntaxError ? malformed() : error;
  }
}

const scalars: Readonly<Record<string, (value: Value) => Json>> = {
  string: textOf,
  int: integerOf,
  bool: (value) => integerOf(value) !== 0,
  bytes: (value) => Buffer.from(bytesOf(value)).toString("base64"),
  time: (value) => timeOf(value, false),
  microTime: (value) => timeOf(value, true),
  intOrString: intOrStringOf,
  quantity: (value) => textOf(partsByNumber(value).get(1) ?? new Uint8Array()),
  fields: fieldsV1Of,
};

function readValue(value: Value, type: string): Json {
  const scalar = Object.hasOwn(scalars, type) ? scalars[type] : undefined;
  return scalar ? scalar(value) : readMessage(bytesOf(value), type);
}

function isZero(value: Json): boolean {
  if (isJsonArray(value)) return value.length === 0;
  if (isJsonObject(value)) return Object.keys(value).length === 0;
  return value === null || value === "" || value === 0 || value === false;
}

function isEmptyOnWire(value: Value): boolean {
  return typeof value === "bigint" ? value === 0n : value.length === 0;
}

function withEntry(before: Json | undefined, value: Value, type: string): JsonObject {
  const parts = partsByNumber(value);
  const key = textOf(parts.get(1) ?? new Uint8Array());
  const entry = readValue(parts.get(2) ?? new Uint8Array(), type);
  return { ...(isJsonObject(before) ? before : {}), [key]: entry };
}

/** The object so far with one more field of it. Go writes zeros too; JSON leaves them out. */
function withField(
  object: JsonObject,
  { name, type, shape, keepsZero }: Field,
  value: Value,
): JsonObject {
  const before = object[name];
  switch (shape) {
    case "ignored":
      return object;
    case "list":
      return {
        ...object,
        [name]: [...(isJsonArray(before) ? before : []), readValue(value, type)],
      };
    case "map":
      return { ...object, [name]: withEntry(before, value, type) };
    case "inline": {
      const inner = readValue(value, type);
      return isJsonObject(inner) ? { ...object, ...inner } : object;
    }
    case "one": {
      const read = readValue(value, type);
      return isZero(read) && !keepsZero ? object : { ...object, [name]: read };
    }
  }
}

function readMessage(bytes: Uint8Array, message: string): JsonObject {
  const fields = fieldsOf(message);
  if (fields === undefined) throw unreadable(`a ${message}`);
  let object: JsonObject = {};
  for (const { number, value } of partsOf(bytes)) {
    const field = fields.get(number);
    if (field) object = withField(object, field, value);
    else if (!isEmptyOnWire(value)) throw unreadable(`field ${number} of ${message}`);
  }
  return object;
}

/** The object in an envelope of four magic bytes, its kind and its message. Refuses kinds we do not read. */
export function parseProtobuf(bytes: Uint8Array): JsonObject {
  if (!magic.every((byte, index) => bytes[index] === byte)) throw malformed();
  const envelope = partsByNumber(bytes.subarray(magic.length));
  const typeMeta = partsByNumber(envelope.get(1) ?? new Uint8Array());
  const apiVersion = textOf(typeMeta.get(1) ?? new Uint8Array());
  const kind = textOf(typeMeta.get(2) ?? new Uint8Array());
  if (!isReadable(kind)) throw unreadable(`the kind ${kind === "" ? "(none)" : kind}`);
  return { apiVersion, kind, ...readMessage(bytesOf(envelope.get(2) ?? new Uint8Array()), kind) };
}
