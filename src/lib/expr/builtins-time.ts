import { parseGoDuration } from "../go-duration.ts";
import { checkCount, checkSignature, textArgument } from "./builtin.ts";
import type { Builtin, CheckedCall, RunningCall } from "./builtin.ts";
import { failAt } from "./failure.ts";
import { UTC, parseInstant, zoneNamed } from "./instant.ts";
import type { Zone } from "./instant.ts";
import { DURATION, TIME } from "./types.ts";
import type { Type } from "./types.ts";
import type { Value } from "./value.ts";

/** The ways of writing a date that are tried when no layout is given. */
const LAYOUTS = [
  "2006-01-02",
  "15:04:05",
  "2006-01-02 15:04:05",
  "2006-01-02T15:04:05Z07:00",
  "02 Jan 06 15:04 MST",
  "Monday, 02-Jan-06 15:04:05 MST",
  "Mon, 02 Jan 2006 15:04:05 MST",
];

function runDuration(call: RunningCall): Value {
  const parsed = parseGoDuration(textArgument(call, 0));
  return parsed.ok ? { kind: "duration", ns: parsed.ns } : failAt(call.at, parsed.message);
}

function zoneArgument(call: RunningCall, index: number): Zone {
  const name = textArgument(call, index);
  return zoneNamed(name) ?? failAt(call.at, `unknown time zone ${name}`);
}

function checkDate(call: CheckedCall): Type {
  const { length } = call.types;
  if (length === 0) failAt(call.at, "invalid number of arguments (expected at least 1, got 0)");
  if (length > 3)
    failAt(call.at, `invalid number of arguments (expected at most 3, got ${length})`);
  return TIME;
}

function runDate(call: RunningCall): Value {
  const [first] = call.args;
  const isZoned = typeof first === "object" && first !== null && first.kind === "location";
  if (isZoned) return dateIn({ ...call, args: call.args.slice(1) }, first.zone);
  return dateIn(call, call.args.length > 2 ? zoneArgument(call, 2) : UTC);
}

function dateIn(call: RunningCall, zone: Zone): Value {
  const text = textArgument(call, 0);
  const layouts = call.args.length > 1 ? [textArgument(call, 1)] : LAYOUTS;
  for (const layout of layouts) {
    const instant = parseInstant(text, layout, zone);
    if (instant !== undefined) return { kind: "time", instant };
  }
  return failAt(
    call.at,
    call.args.length > 1
      ? `date ${text} does not fit the layout ${layouts.join("")}`
      : `invalid date ${text}`,
  );
}

/** Functions of time. What time it is comes with the call. */
export const TIME_BUILTINS: Readonly<Record<string, Builtin>> = {
  now: {
    check: (call) => {
      checkCount(call, 0);
      return TIME;
    },
    run: (call) => ({
      kind: "time",
      instant: { ns: BigInt(Math.round(call.nowMs * 1e6)), zone: UTC },
    }),
  },
  duration: {
    check: (call) => {
      checkSignature(call, ["string"]);
      return DURATION;
    },
    run: runDuration,
  },
  date: { check: checkDate, run: runDate },
  timezone: {
    check: (call) => {
      checkSignature(call, ["string"]);
      return { kind: "other", go: "*time.Location" };
    },
    run: (call) => ({ kind: "location", zone: zoneArgument(call, 0) }),
  },
};
