// How Go reads numbers from text (strconv), for asInt, asFloat, int and float in conditions.

const MAX_INT64 = 2n ** 63n - 1n;

export type NumberProblem = "invalid syntax" | "value out of range";
export type IntResult =
  | { readonly ok: true; readonly value: bigint }
  | { readonly ok: false; readonly problem: NumberProblem };
export type FloatResult =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly problem: NumberProblem };

/** A base-10 int64 with an optional sign and nothing else. */
export function parseGoInt(text: string): IntResult {
  if (!/^[+-]?\d+$/.test(text)) return { ok: false, problem: "invalid syntax" };
  const value = BigInt(text.replace(/^\+/, ""));
  const fits = value <= MAX_INT64 && value >= -MAX_INT64 - 1n;
  return fits ? { ok: true, value } : { ok: false, problem: "value out of range" };
}

const DECIMAL = /^[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?$/;
const HEX = /^([+-]?)0[xX]([\da-fA-F_]*)(?:\.([\da-fA-F_]*))?[pP]([+-]?\d+)$/;
const SPECIALS: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
  ["infinity", Infinity],
  ["+infinity", Infinity],
  ["-infinity", -Infinity],
]);

function parseHex(text: string): number | undefined {
  const [, sign, whole = "", fraction = "", power] = HEX.exec(text) ?? [];
  const digits = (whole + fraction).replaceAll("_", "");
  if (power === undefined || digits === "") return undefined;
  const value =
    Number(BigInt(`0x${digits}`)) * 2 ** (Number(power) - 4 * fraction.replaceAll("_", "").length);
  return sign === "-" ? -value : value;
}

/** A float64: decimal or hexadecimal, `inf`, `infinity` and `nan` in any case. */
export function parseGoFloat(text: string): FloatResult {
  const special = SPECIALS.get(text.toLowerCase());
  if (special !== undefined) return { ok: true, value: special };
  const value = DECIMAL.test(text) ? Number(text.replaceAll("_", "")) : parseHex(text);
  if (value === undefined) return { ok: false, problem: "invalid syntax" };
  return Number.isFinite(value)
    ? { ok: true, value }
    : { ok: false, problem: "value out of range" };
}
