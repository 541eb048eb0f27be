// Events are news, not records: they go after a while, as Kubernetes lets them.
import { parseTime, type EpochMs } from "../../lib/time.ts";
import { valueAt } from "./selection.ts";
import type { Stored } from "./stored.ts";

/** When an event was last seen; its creation if it says nothing about it. */
function lastSeenMs(event: Stored): EpochMs {
  const said = ["lastTimestamp", "series.lastObservedTime", "eventTime"].map((path) =>
    valueAt(event, path),
  );
  const text = said.find((value) => typeof value === "string");
  return parseTime(typeof text === "string" ? text : event.metadata.creationTimestamp) ?? 0;
}

/** The events last seen before `beforeMs`. */
export function expiredEvents(events: Iterable<Stored>, beforeMs: EpochMs): readonly Stored[] {
  return [...events].filter((event) => lastSeenMs(event) < beforeMs);
}
