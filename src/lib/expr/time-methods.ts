import { formatGoDurationNs } from "../go-duration.ts";
import {
  MONTHS,
  UTC,
  WEEKDAYS,
  civilOf,
  formatInstant,
  instantOf,
  secondsOf,
  weekdayOf,
  yearDayOf,
} from "./instant.ts";
import type { Civil, Instant } from "./instant.ts";
import { BOOL, DURATION, FLOAT, INT, INT64, STRING, TIME } from "./types.ts";
import type { Type } from "./types.ts";
import type { SpecialValue, Value } from "./value.ts";

/** A method of Go's time.Time or time.Duration. Arguments have been checked against `params` when it runs. */
export interface Method<Receiver> {
  readonly params: readonly ("time" | "duration" | "int" | "string" | "location")[];
  readonly result: Type;
  readonly run: (receiver: Receiver, args: readonly Value[]) => Value;
}

const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;

function floorTo(ns: bigint, unit: bigint): bigint {
  return ns / unit - (ns % unit < 0n ? 1n : 0n);
}

function nsOf(value: Value | undefined): bigint {
  if (typeof value !== "object" || value === null) return 0n;
  if (value.kind === "duration") return value.ns;
  return value.kind === "time" ? value.instant.ns : 0n;
}

function intOf(value: Value | undefined): number {
  return typeof value === "bigint" || typeof value === "number" ? Number(value) : 0;
}

function textOf(value: Value | undefined): string {
  return typeof value === "string" ? value : "";
}

function duration(ns: bigint): SpecialValue {
  return { kind: "duration", ns: BigInt.asIntN(64, ns) };
}

function at(instant: Instant, ns: bigint): SpecialValue {
  return { kind: "time", instant: { ...instant, ns } };
}

function truncate(ns: bigint, unit: bigint): bigint {
  return unit <= 0n ? ns : ns - (ns % unit);
}

/** To the nearest multiple, halves away from zero. */
function round(ns: bigint, unit: bigint): bigint {
  if (unit <= 0n) return ns;
  const rest = ns % unit;
  const size = rest < 0n ? -rest : rest;
  if (size + size < unit) return ns - rest;
  return ns - rest + (ns < 0n ? -unit : unit);
}

function field(pick: (civil: Civil) => number): Method<Instant> {
  return { params: [], result: INT, run: (instant) => BigInt(pick(civilOf(instant))) };
}

function count(unit: bigint): Method<Instant> {
  return { params: [], result: INT64, run: (instant) => floorTo(instant.ns, unit) };
}

function relation(test: (left: bigint, right: bigint) => boolean): Method<Instant> {
  return {
    params: ["time"],
    result: BOOL,
    run: (instant, [other]) => test(instant.ns, nsOf(other)),
  };
}

function named(goType: string, number: number, names: readonly string[], from: number): Value {
  return {
    kind: "named",
    goType,
    number: BigInt(number),
    name: names[number - from] ?? String(number),
  };
}

/** The first year of Go's calendar, where its zero time lies; Truncate and Round count from there. */
const ZERO_TIME_NS = -62_135_596_800n * NS_PER_SECOND;

function addDate(instant: Instant, [years, months, days]: readonly Value[]): Value {
  const civil = civilOf(instant);
  const sum = {
    ...civil,
    year: civil.year + intOf(years),
    month: civil.month + intOf(months),
    day: civil.day + intOf(days),
  };
  return { kind: "time", instant: instantOf(sum, instant.zone) };
}

function inZone(instant: Instant, [location]: readonly Value[]): Value {
  const isLocation =
    typeof location === "object" && location !== null && location.kind === "location";
  return { kind: "time", instant: { ...instant, zone: isLocation ? location.zone : instant.zone } };
}

export const TIME_METHODS: Readonly<Record<string, Method<Instant>>> = {
  Unix: { params: [], result: INT64, run: (instant) => secondsOf(instant.ns) },
  UnixMilli: count(NS_PER_MS),
  UnixMicro: count(1000n),
  UnixNano: count(1n),
  Year: field((civil) => civil.year),
  Month: {
    params: [],
    result: { kind: "other", go: "time.Month" },
    run: (instant) => named("time.Month", civilOf(instant).month, MONTHS, 1),
  },
  Weekday: {
    params: [],
    result: { kind: "other", go: "time.Weekday" },
    run: (instant) => named("time.Weekday", weekdayOf(civilOf(instant)), WEEKDAYS, 0),
  },
  Day: field((civil) => civil.day),
  YearDay: field(yearDayOf),
  Hour: field((civil) => civil.hour),
  Minute: field((civil) => civil.minute),
  Second: field((civil) => civil.second),
  Nanosecond: field((civil) => civil.nanosecond),
  Add: {
    params: ["duration"],
    result: TIME,
    run: (instant, [by]) => at(instant, instant.ns + nsOf(by)),
  },
  AddDate: { params: ["int", "int", "int"], result: TIME, run: addDate },
  Sub: {
    params: ["time"],
    result: DURATION,
    run: (instant, [other]) => duration(instant.ns - nsOf(other)),
  },
  After: relation((left, right) => left > right),
  Before: relation((left, right) => left < right),
  Equal: relation((left, right) => left === right),
  Compare: {
    params: ["time"],
    result: INT,
    run: ({ ns }, [other]) => (ns === nsOf(other) ? 0n : ns < nsOf(other) ? -1n : 1n),
  },
  IsZero: { params: [], result: BOOL, run: ({ ns }) => ns === ZERO_TIME_NS },
  Truncate: {
    params: ["duration"],
    result: TIME,
    run: (instant, [unit]) =>
      at(instant, ZERO_TIME_NS + truncate(instant.ns - ZERO_TIME_NS, nsOf(unit))),
  },
  Round: {
    params: ["duration"],
    result: TIME,
    run: (instant, [unit]) =>
      at(instant, ZERO_TIME_NS + round(instant.ns - ZERO_TIME_NS, nsOf(unit))),
  },
  UTC: {
    params: [],
    result: TIME,
    run: ({ ns }) => ({ kind: "time", instant: { ns, zone: UTC } }),
  },
  In: { params: ["location"], result: TIME, run: inZone },
  Format: {
    params: ["string"],
    result: STRING,
    run: (instant, [layout]) => formatInstant(instant, textOf(layout)),
  },
  String: {
    params: [],
    result: STRING,
    run: (instant) => formatInstant(instant, "2006-01-02 15:04:05.999999999 -0700 MST"),
  },
};

function inUnits(unitNs: number): Method<bigint> {
  return { params: [], result: FLOAT, run: (ns) => Number(ns) / unitNs };
}

function inWhole(unit: bigint): Method<bigint> {
  return { params: [], result: INT64, run: (ns) => ns / unit };
}

export const DURATION_METHODS: Readonly<Record<string, Method<bigint>>> = {
  Hours: inUnits(3.6e12),
  Minutes: inUnits(6e10),
  Seconds: inUnits(1e9),
  Milliseconds: inWhole(NS_PER_MS),
  Microseconds: inWhole(1000n),
  Nanoseconds: inWhole(1n),
  Abs: { params: [], result: DURATION, run: (ns) => duration(ns < 0n ? -ns : ns) },
  Round: {
    params: ["duration"],
    result: DURATION,
    run: (ns, [unit]) => duration(round(ns, nsOf(unit))),
  },
  Truncate: {
    params: ["duration"],
    result: DURATION,
    run: (ns, [unit]) => duration(truncate(ns, nsOf(unit))),
  },
  String: { params: [], result: STRING, run: (ns) => formatGoDurationNs(ns) },
};

/** The one method of months and weekdays that is of use in a condition. */
export const NAMED_METHODS: Readonly<Record<string, Method<string>>> = {
  String: { params: [], result: STRING, run: (name) => name },
};
