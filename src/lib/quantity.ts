// Kubernetes resource quantities: "100m", "1.5Gi", "1e3". The canonical text is what the API server stores and what
// goes into the pod-template hash, so two spellings of the same amount must come out the same.

/** An exact amount in nano units. Kubernetes keeps nothing finer: smaller parts round away from zero. */
export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** Set when Kubernetes stores the text as it was written rather than its canonical form. */
  readonly keptText?: string;
}
export type QuantityFormat = "decimal" | "binary" | "exponent";
export type QuantityResult =
  | { readonly ok: true; readonly value: Quantity }
  | { readonly ok: false; readonly message: string };

const NANO = 1_000_000_000n;
const MAX_UNITS = 2n ** 63n - 1n;
const DECIMAL_SUFFIXES: readonly (readonly [string, number])[] = [
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
];
const BINARY_SUFFIXES: readonly (readonly [string, number])[] = [
  ["Ki", 10],
  ["Mi", 20],
  ["Gi", 30],
  ["Ti", 40],
  ["Pi", 50],
  ["Ei", 60],
];
const NUMBER_AND_SUFFIX = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;
/** Larger powers of ten are no amounts of anything, only a way to exhaust memory. */
const MAX_EXPONENT = 400;
/** What fits an int64 with room to spare; longer numbers take Kubernetes' slow path, which never keeps the text. */
const FAST_DIGITS = 18;
const FORMAT_WRONG =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

interface Scale {
  readonly format: QuantityFormat;
  readonly ten: number;
  readonly two: number;
}

function scaleOf(suffix: string): Scale | undefined {
  const decimal = DECIMAL_SUFFIXES.find(([name]) => name === suffix);
  if (decimal !== undefined) return { format: "decimal", ten: decimal[1], two: 0 };
  const binary = BINARY_SUFFIXES.find(([name]) => name === suffix);
  if (binary !== undefined) return { format: "binary", ten: 0, two: binary[1] };
  const exponent = Number(/^[eE]([-+]?\d+)$/.exec(suffix)?.[1] ?? Number.NaN);
  return Math.abs(exponent) <= MAX_EXPONENT
    ? { format: "exponent", ten: exponent, two: 0 }
    : undefined;
}

/** Digits × 10^ten × 2^two in nanos, rounded up; binary amounts stop at the largest int64. */
function nanosOf(digits: bigint, ten: number, { format, two }: Scale): bigint {
  const power = ten + 9;
  const scaled = digits * 2n ** BigInt(two);
  const divisor = 10n ** BigInt(Math.max(0, -power));
  const nanos = (scaled * 10n ** BigInt(Math.max(0, power)) + divisor - 1n) / divisor;
  return format === "binary" && nanos > MAX_UNITS * NANO ? MAX_UNITS * NANO : nanos;
}

/** Whether Kubernetes' quick reading of small numbers applies, as opposed to its reading with big decimals. */
function isReadQuickly(whole: string, fraction: string, { format, ten, two }: Scale): boolean {
  if (format !== "binary") {
    return whole.length + fraction.length <= FAST_DIGITS && ten - fraction.length >= -9;
  }
  return fraction === "" && 15 - whole.length - Math.trunc((two * 3) / 10) - 1 >= 0;
}

/**
 * The quick reading keeps a text it takes for canonical, without looking twice: `1.500` and `+1` stay as they are,
 * although `1500m` and `1` are the canonical spellings. Hashes depend on it.
 */
function isTextKept(whole: string, fraction: string, scale: Scale): boolean {
  if (!isReadQuickly(whole, fraction, scale)) return false;
  if (scale.format === "binary") return BigInt(whole) % 8n !== 0n;
  const isCounted = (scale.ten - fraction.length) % 3 === 0 && !whole.startsWith("0");
  return isCounted && !(whole + fraction).endsWith("000");
}

function quantityOf(sign: string, whole: string, fraction: string, scale: Scale): Quantity {
  const size = nanosOf(BigInt(whole + fraction), scale.ten - fraction.length, scale);
  return { nanos: sign === "-" ? -size : size, format: scale.format };
}

/** Parses a quantity. The texts of its errors are those of the API server. */
export function parseQuantity(text: string): QuantityResult {
  const match = NUMBER_AND_SUFFIX.exec(text);
  if (match === null || text === "") return { ok: false, message: FORMAT_WRONG };
  const [, sign = "", written = "", fraction = "", suffix = ""] = match;
  const whole = written.replace(/^0+(?=.)/, "") || "0";
  const scale = scaleOf(suffix);
  if (scale === undefined) return { ok: false, message: "unable to parse quantity's suffix" };
  if (written + fraction === "" && !isReadQuickly(whole, fraction, scale)) {
    return { ok: false, message: "unable to parse numeric part of quantity" };
  }
  const value = quantityOf(sign, whole, fraction, scale);
  const isKept = isTextKept(whole, fraction, scale);
  return { ok: true, value: isKept ? { ...value, keptText: text } : value };
}

/** The largest power of ten, a multiple of three, that divides the nanos without a rest. */
function decimalParts(nanos: bigint): readonly [bigint, number] {
  let mantissa = nanos;
  let exponent = -9;
  while (mantissa % 1000n === 0n) {
    mantissa /= 1000n;
    exponent += 3;
  }
  return [mantissa, exponent];
}

function binaryText(nanos: bigint): string | undefined {
  const units = nanos / NANO;
  if (nanos % NANO !== 0n || (units > -1024n && units < 1024n)) return undefined;
  const fitting = BINARY_SUFFIXES.filter(([, power]) => units % (1n << BigInt(power)) === 0n).at(
    -1,
  );
  return fitting === undefined
    ? String(units)
    : `${units / (1n << BigInt(fitting[1]))}${fitting[0]}`;
}

/** The one spelling Kubernetes stores: `1000m` → `1`, `1.5Gi` → `1536Mi`, `0.1` → `100m`, `1e3` → `1e3`. */
export function formatQuantity({ nanos, format, keptText }: Quantity): string {
  if (keptText !== undefined) return keptText;
  if (nanos === 0n) return "0";
  if (format === "binary") {
    const text = binaryText(nanos);
    if (text !== undefined) return text;
  }
  const [mantissa, exponent] = decimalParts(nanos);
  if (format === "exponent") return exponent === 0 ? String(mantissa) : `${mantissa}e${exponent}`;
  // Beyond exa there is no suffix, and Kubernetes then writes none; such an amount is nonsense in any spelling.
  const suffix = DECIMAL_SUFFIXES.find(([, power]) => power === exponent)?.[0] ?? "";
  return `${mantissa}${suffix}`;
}

/** The amount in whole units (cores, bytes) as a float64. */
export function quantityToNumber({ nanos }: Quantity): number {
  return Number(nanos / NANO) + Number(nanos % NANO) / 1e9;
}

/** The canonical spelling of a quantity text, or undefined when it is none. */
export function canonicalQuantity(text: string): string | undefined {
  const parsed = parseQuantity(text);
  return parsed.ok ? formatQuantity(parsed.value) : undefined;
}
