import { utf8Bytes } from "./utf8.ts";

// Go's durations as text: "30s", "1.5h", "1h30m", "-5ms". Intervals, delays and timeouts are written this way, and
// their error texts are shown to users as Go words them.

export interface GoDuration {
  readonly ok: true;
  /** Exact, in nanoseconds. */
  readonly ns: bigint;
  /** The same in milliseconds; below a millisecond it has a fraction. */
  readonly ms: number;
}
export type GoDurationResult = GoDuration | { readonly ok: false; readonly message: string };

const NS_PER_UNIT: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n], // micro sign
  ["μs", 1_000n], // Greek mu
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);
const MAX_NS = 2n ** 63n - 1n;
/** One number with its unit; the unit is everything up to the next digit or point. */
const PART = /(\d*)(?:\.(\d*))?([^.\d]*)/y;

function quoteInput(text: string): string {
  const bytes = Array.from(text, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    if (character >= " " && character < "\u007f") return character;
    return utf8Bytes(character)
      .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
      .join("");
  });
  return `"${bytes.join("")}"`;
}

function fail(problem: string, text: string): GoDurationResult {
  return { ok: false, message: `time: ${problem} ${quoteInput(text)}` };
}

function unitProblem(unit: string): string {
  return unit === "" ? "missing unit in duration" : `unknown unit ${quoteInput(unit)} in duration`;
}

/** The nanoseconds of the unsigned part, or what is wrong with it. */
function sumOfParts(body: string): bigint | string {
  let total = 0n;
  let at = 0;
  do {
    PART.lastIndex = at;
    const [part = "", whole = "", fraction = "", unit = ""] = PART.exec(body) ?? [];
    if (whole === "" && fraction === "") return "invalid duration";
    const scale = NS_PER_UNIT.get(unit);
    if (scale === undefined) return unitProblem(unit);
    const power = 10n ** BigInt(fraction.length);
    total += (BigInt(whole + fraction) * scale) / power;
    if (total > MAX_NS + 1n) return "invalid duration";
    at += part.length;
  } while (at < body.length);
  return total;
}

/**
 * Parses a signed sequence of decimals with units ns, us, µs, ms, s, m, h; a bare "0" is allowed.
 * Errors read `time: invalid duration "x"`, `time: missing unit in duration "10"`,
 * `time: unknown unit "d" in duration "1d"` (argo-rollouts §1.5).
 */
export function parseGoDuration(text: string): GoDurationResult {
  const negative = text.startsWith("-");
  const body = negative || text.startsWith("+") ? text.slice(1) : text;
  if (body === "0") return { ok: true, ns: 0n, ms: 0 };
  const total = sumOfParts(body);
  if (typeof total === "string") return fail(total, text);
  if (total > (negative ? MAX_NS + 1n : MAX_NS)) return fail("invalid duration", text);
  const ns = negative ? -total : total;
  return { ok: true, ns, ms: Number(ns) / 1e6 };
}

function withFraction(ns: bigint, unitNs: bigint): string {
  const width = String(unitNs).length - 1;
  const fraction = String(ns % unitNs)
    .padStart(width, "0")
    .replace(/0+$/, "");
  return fraction === "" ? String(ns / unitNs) : `${ns / unitNs}.${fraction}`;
}

function formatBelowSecond(ns: bigint): string {
  if (ns === 0n) return "0s";
  if (ns < 1_000n) return `${ns}ns`;
  return ns < 1_000_000n ? `${withFraction(ns, 1_000n)}µs` : `${withFraction(ns, 1_000_000n)}ms`;
}

/** Nanoseconds as Go prints a duration: `1h30m0s`, `1.5s`, `100ms`, `0s`. */
export function formatGoDurationNs(ns: bigint): string {
  if (ns < 0n) return `-${formatGoDurationNs(-ns)}`;
  if (ns < 1_000_000_000n) return formatBelowSecond(ns);
  const minutes = ns / 60_000_000_000n;
  const seconds = `${withFraction(ns % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** Milliseconds as Go prints a duration. Throws a RangeError for NaN and infinities. */
export function formatGoDuration(ms: number): string {
  return formatGoDurationNs(BigInt(Math.round(ms * 1e6)));
}
