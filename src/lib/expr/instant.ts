// Moments with a time zone, and Go's way of writing them by example ("2006-01-02 15:04:05").

/** A zone: a fixed offset, or the name of one in the time-zone database. */
export type Zone =
  | { readonly kind: "fixed"; readonly name: string; readonly offsetSeconds: number }
  | { readonly kind: "named"; readonly name: string };

export interface Instant {
  /** Nanoseconds since the Unix epoch. */
  readonly ns: bigint;
  readonly zone: Zone;
}

/** The reading of a calendar and a clock. */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

export const UTC: Zone = { kind: "fixed", name: "UTC", offsetSeconds: 0 };
export const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );
export const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const NS_PER_SECOND = 1_000_000_000n;

/** The zone of a name, or undefined if the database has none such. */
export function zoneNamed(name: string): Zone | undefined {
  if (name === "" || name === "UTC") return UTC;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return /^[A-Za-z]/.test(name) ? { kind: "named", name } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function floorDivide(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n);
}

export function secondsOf(ns: bigint): bigint {
  return floorDivide(ns, NS_PER_SECOND);
}

/** Seconds since the epoch of a calendar reading taken as UTC. */
function utcSeconds({ year, month, day, hour, minute, second }: Civil): number {
  // Date.UTC reads years below 100 as 19xx; setting the full year does not.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  return date.getTime() / 1000;
}

function namedOffset(name: string, seconds: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    timeZoneName: "longOffset",
  }).formatToParts(new Date(seconds * 1000));
  const text = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const match = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text);
  if (match === null) return 0;
  const [, sign, hours, minutes, rest = "0"] = match;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
  return sign === "-" ? -size : size;
}

function offsetAt(zone: Zone, seconds: number): number {
  return zone.kind === "fixed" ? zone.offsetSeconds : namedOffset(zone.name, seconds);
}

export function civilOf({ ns, zone }: Instant): Civil {
  const seconds = secondsOf(ns);
  const local = Number(seconds) + offsetAt(zone, Number(seconds));
  const date = new Date(local * 1000);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanosecond: Number(ns - seconds * NS_PER_SECOND),
  };
}

export function instantOf(civil: Civil, zone: Zone): Instant {
  const utc = utcSeconds(civil);
  // The offset depends on the moment and the moment on the offset; the second look settles it outside of the
  // hours that a change of clocks skips or repeats.
  const guess = utc - offsetAt(zone, utc);
  const seconds = utc - offsetAt(zone, guess);
  return { ns: BigInt(seconds) * NS_PER_SECOND + BigInt(civil.nanosecond), zone };
}

export function weekdayOf(civil: Civil): number {
  return new Date(utcSeconds(civil) * 1000).getUTCDay();
}

export function yearDayOf(civil: Civil): number {
  const start = { ...civil, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  return Math.floor((utcSeconds(civil) - utcSeconds(start)) / 86_400) + 1;
}

/** The pieces of a Go layout, longest first where one begins another. */
const LAYOUT_PARTS =
  /January|Jan|Monday|Mon|MST|2006|-07:00:00|-07:00|-0700|-07|Z07:00|Z0700|Z07|[.,]0+|[.,]9+|002|01|02|03|04|05|06|15|PM|pm|_2|[12345]/g;

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function offsetText(seconds: number, part: string): string {
  if (part.startsWith("Z") && seconds === 0) return "Z";
  const size = Math.abs(seconds);
  const hours = two(Math.floor(size / 3600));
  const minutes = two(Math.floor((size % 3600) / 60));
  const sign = seconds < 0 ? "-" : "+";
  if (part.endsWith("07")) return sign + hours;
  if (part === "-07:00:00") return `${sign}${hours}:${minutes}:${two(size % 60)}`;
  return part.includes(":") ? `${sign}${hours}:${minutes}` : `${sign}${hours}${minutes}`;
}

function zoneAbbreviation(zone: Zone, seconds: number): string {
  if (zone.kind === "fixed")
    return zone.name === "" ? offsetText(zone.offsetSeconds, "-0700") : zone.name;
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone.name,
    timeZoneName: "short",
  }).formatToParts(new Date(seconds * 1000));
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone.name;
}

function fractionText(nanosecond: number, part: string): string {
  const digits = String(nanosecond)
    .padStart(9, "0")
    .slice(0, part.length - 1);
  if (part.endsWith("0")) return part.charAt(0) + digits;
  const trimmed = digits.replace(/0+$/, "");
  return trimmed === "" ? "" : part.charAt(0) + trimmed;
}

type PartWriter = (civil: Civil, instant: Instant) => string;

const PART_WRITERS: Readonly<Record<string, PartWriter>> = {
  "2006": ({ year }) => String(year).padStart(4, "0"),
  "06": ({ year }) => two(year % 100),
  "01": ({ month }) => two(month),
  "1": ({ month }) => String(month),
  Jan: ({ month }) => (MONTHS[month - 1] ?? "").slice(0, 3),
  January: ({ month }) => MONTHS[month - 1] ?? "",
  "02": ({ day }) => two(day),
  _2: ({ day }) => String(day).padStart(2, " "),
  "2": ({ day }) => String(day),
  "002": (civil) => String(yearDayOf(civil)).padStart(3, "0"),
  Mon: (civil) => (WEEKDAYS[weekdayOf(civil)] ?? "").slice(0, 3),
  Monday: (civil) => WEEKDAYS[weekdayOf(civil)] ?? "",
  "15": ({ hour }) => two(hour),
  "03": ({ hour }) => two(hour % 12 || 12),
  "3": ({ hour }) => String(hour % 12 || 12),
  PM: ({ hour }) => (hour < 12 ? "AM" : "PM"),
  pm: ({ hour }) => (hour < 12 ? "am" : "pm"),
  "04": ({ minute }) => two(minute),
  "4": ({ minute }) => String(minute),
  "05": ({ second }) => two(second),
  "5": ({ second }) => String(second),
  MST: (_, { ns, zone }) => zoneAbbreviation(zone, Number(secondsOf(ns))),
};

function writePart(part: string, civil: Civil, instant: Instant): string {
  const writer = Object.hasOwn(PART_WRITERS, part) ? PART_WRITERS[part] : undefined;
  if (writer !== undefined) return writer(civil, instant);
  if (/^[.,]/.test(part)) return fractionText(civil.nanosecond, part);
  return offsetText(offsetAt(instant.zone, Number(secondsOf(instant.ns))), part);
}

/** Writes a moment after the pattern of a Go layout. */
export function formatInstant(instant: Instant, layout: string): string {
  const civil = civilOf(instant);
  return layout.replace(LAYOUT_PARTS, (part) => writePart(part, civil, instant));
}

const PART_PATTERNS: Readonly<Record<string, string>> = {
  "2006": "(?<year>\\d{4})",
  "06": "(?<shortYear>\\d{2})",
  "01": "(?<month>\\d{2})",
  "1": "(?<month>\\d{1,2})",
  Jan: "(?<monthName>[A-Za-z]{3})",
  January: "(?<monthName>[A-Za-z]+)",
  "02": "(?<day>\\d{1,2})",
  _2: " ?(?<day>\\d{1,2})",
  "2": "(?<day>\\d{1,2})",
  "002": "(?<yearDay>\\d{3})",
  Mon: "[A-Za-z]{3}",
  Monday: "[A-Za-z]+",
  "15": "(?<hour>\\d{2})",
  "03": "(?<hour12>\\d{2})",
  "3": "(?<hour12>\\d{1,2})",
  PM: "(?<half>AM|PM)",
  pm: "(?<half>am|pm)",
  "04": "(?<minute>\\d{2})",
  "4": "(?<minute>\\d{1,2})",
  "05": "(?<second>\\d{2})(?<seconds>[.,]\\d+)?",
  "5": "(?<second>\\d{1,2})(?<seconds>[.,]\\d+)?",
  MST: "(?<zoneName>[A-Z]{3,5}|[+-]\\d{2})",
};

function patternOf(part: string): string {
  const pattern = Object.hasOwn(PART_PATTERNS, part) ? PART_PATTERNS[part] : undefined;
  if (pattern !== undefined) return pattern;
  // The digits of a fraction have been read with the seconds, which accept one even where the layout has none.
  if (/^[.,]/.test(part)) return "";
  return part.startsWith("Z") ? "(?<offset>Z|[+-][\\d:]+)" : "(?<offset>[+-][\\d:]+)";
}

function layoutPattern(layout: string): RegExp | undefined {
  const parts: string[] = [];
  let from = 0;
  for (const match of layout.matchAll(LAYOUT_PARTS)) {
    parts.push(escapePattern(layout.slice(from, match.index)), patternOf(match[0]));
    from = match.index + match[0].length;
  }
  const source = `^${parts.join("")}${escapePattern(layout.slice(from))}$`;
  const names = [...source.matchAll(/\(\?<(\w+)>/g)].map((match) => match[1]);
  // A layout that names the same part twice cannot be read unambiguously.
  return new Set(names).size === names.length ? new RegExp(source) : undefined;
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

type Groups = Readonly<Record<string, string | undefined>>;

function hourOf({ hour, hour12, half }: Groups): number {
  if (hour12 === undefined) return Number(hour ?? "0");
  const afternoon = half?.toUpperCase() === "PM" ? 12 : 0;
  return (Number(hour12) % 12) + afternoon;
}

function yearOf({ year, shortYear }: Groups): number {
  if (shortYear === undefined) return Number(year ?? "0");
  return Number(shortYear) + (Number(shortYear) >= 69 ? 1900 : 2000);
}

function monthOf({ month, monthName }: Groups): number {
  if (monthName === undefined) return Number(month ?? "1");
  const wanted = monthName.toLowerCase();
  return (
    1 +
    MONTHS.findIndex((name) =>
      [name.toLowerCase(), name.slice(0, 3).toLowerCase()].includes(wanted),
    )
  );
}

function numberIn(groups: Groups, names: readonly string[], fallback: number): number {
  const text = names.map((name) => groups[name]).find((value) => value !== undefined);
  return text === undefined ? fallback : Number(text);
}

function isInRange({ year, month, day, hour, minute, second }: Civil, isYearDay: boolean): boolean {
  const isClock = hour < 24 && minute < 60 && second < 60;
  const isMonth = month >= 1 && month <= 12;
  return isClock && isMonth && day >= 1 && day <= (isYearDay ? 366 : daysIn(year, month));
}

function civilOfGroups(groups: Groups): Civil | undefined {
  const civil: Civil = {
    year: yearOf(groups),
    month: monthOf(groups),
    day: numberIn(groups, ["day", "yearDay"], 1),
    hour: hourOf(groups),
    minute: numberIn(groups, ["minute"], 0),
    second: numberIn(groups, ["second"], 0),
    nanosecond: Number((groups["seconds"] ?? "").slice(1, 10).padEnd(9, "0")),
  };
  return isInRange(civil, groups["yearDay"] !== undefined) ? civil : undefined;
}

function daysIn(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 0);
  return date.getUTCDate();
}

function fixedZone(offset: string): Zone {
  if (offset === "Z") return UTC;
  const digits = offset.slice(1).replaceAll(":", "").padEnd(6, "0");
  const [hours = 0, minutes = 0, seconds = 0] = [0, 2, 4].map((at) =>
    Number(digits.slice(at, at + 2)),
  );
  const size = hours * 3600 + minutes * 60 + seconds;
  const offsetSeconds = offset.startsWith("-") ? -size : size;
  return offsetSeconds === 0 ? UTC : { kind: "fixed", name: "", offsetSeconds };
}

/** Reads a moment written after a Go layout; undefined when it does not fit. Without a zone in the text, `zone` holds. */
export function parseInstant(text: string, layout: string, zone: Zone): Instant | undefined {
  const match = layoutPattern(layout)?.exec(text);
  if (match === null || match === undefined) return undefined;
  const groups: Groups = match.groups ?? {};
  const civil = civilOfGroups(groups);
  if (civil === undefined) return undefined;
  const { offset, zoneName } = groups;
  if (offset !== undefined) return instantOf(civil, fixedZone(offset));
  // An abbreviation says nothing about its offset; like Go, take it for UTC under that name.
  if (zoneName !== undefined)
    return instantOf(
      civil,
      zoneName === "UTC" ? UTC : { kind: "fixed", name: zoneName, offsetSeconds: 0 },
    );
  return instantOf(civil, zone);
}
