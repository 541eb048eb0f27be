// How Go prints numbers and quotes text. Measurement values, error messages and argument substitution are read by
// tools that were written against Go's output, so the digits and escapes have to agree.

/** From ten to this power up, `%v` writes an exponent. */
const MIN_PRINTED_EXPONENT = 6;

interface Decimal {
  readonly negative: boolean;
  /** Significant digits without leading or trailing zeros; "0" for zero. */
  readonly digits: string;
  /** Power of ten of the first digit. */
  readonly exponent: number;
}

function decimalOf(value: number): Decimal {
  const [mantissa = "0", exponent = "0"] = Math.abs(value).toExponential().split("e");
  return {
    negative: value < 0 || Object.is(value, -0),
    digits: mantissa.replace(".", ""),
    exponent: Number(exponent),
  };
}

function specialFloat(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : undefined;
}

function plainDecimal({ negative, digits, exponent }: Decimal): string {
  const sign = negative ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const fraction = digits.slice(exponent + 1);
  return fraction === "" ? sign + whole : `${sign}${whole}.${fraction}`;
}

/** The shortest decimal that reads back as `value`, never with an exponent: `0.9`, `1000000`, `NaN`, `+Inf` (Go: FormatFloat(v, 'f', -1, 64)). */
export function formatFloat(value: number): string {
  return specialFloat(value) ?? plainDecimal(decimalOf(value));
}

/** A float64 as Go's `%v` and `%g` print it: shortest digits, an exponent below 1e-4 and from a million up (`1e+06`). */
export function formatFloatV(value: number): string {
  const special = specialFloat(value);
  if (special !== undefined) return special;
  const decimal = decimalOf(value);
  const { negative, digits, exponent } = decimal;
  if (exponent >= -4 && exponent < MIN_PRINTED_EXPONENT) return plainDecimal(decimal);
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const power = String(Math.abs(exponent)).padStart(2, "0");
  return `${negative ? "-" : ""}${digits.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${power}`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function quoteCharacter(character: string): string {
  const short = Object.hasOwn(SHORT_ESCAPES, character) ? SHORT_ESCAPES[character] : undefined;
  if (short !== undefined) return short;
  if (PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0xfffd;
  // A lone surrogate has no UTF-8 form; Go would have read the replacement character in its place.
  if (code >= 0xd800 && code <= 0xdfff) return "\ufffd";
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, "0")}`;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** The text as a double-quoted Go literal, as strconv.Quote and `%q` write it. */
export function quoteGo(text: string): string {
  return `"${Array.from(text, quoteCharacter).join("")}"`;
}
