// The judge of this project, fed as the gateway feeds it.
import type { SequentialConfig } from "../../src/core/judge/sequential/config.ts";
import { advance } from "../../src/core/judge/sequential/sequential.ts";
import { begin } from "../../src/core/judge/sequential/state.ts";
import type { Tick } from "../../src/core/judge/sequential/tick.ts";
import type { Hour, Interval, Rule } from "./rules.ts";

const sampleOf = ({ total, failed }: Interval): { total: number; count: number } => ({
  total,
  count: failed,
});

function tickOf({ tickSeconds, canary, stable }: Hour, index: number): Tick {
  const [mine, theirs] = [canary[index], stable[index]];
  if (mine === undefined || theirs === undefined) throw new RangeError(`no tick ${index}`);
  return {
    fromMs: index * tickSeconds * 1000,
    toMs: (index + 1) * tickSeconds * 1000,
    samples: { errors: { canary: sampleOf(mine), stable: sampleOf(theirs) } },
  };
}

/** `ticksBefore`: how much of stable alone is known when the canary begins; taken from the end of the hour. */
export function sequentialRule(
  more: Partial<SequentialConfig>,
  { ticksBefore }: { readonly ticksBefore: number },
): Rule {
  const config: SequentialConfig = {
    sampleRatioLevel: 0,
    ...more,
    metrics: [{ name: "errors", kind: "errors" }],
  };
  return (hour) => {
    const startMs = -ticksBefore * hour.tickSeconds * 1000;
    const past = hour.stable.slice(hour.stable.length - ticksBefore);
    const before = past.map((stable, index): Tick => {
      const fromMs = startMs + index * hour.tickSeconds * 1000;
      const errors = { canary: { total: 0, count: 0 }, stable: sampleOf(stable) };
      return { fromMs, toMs: fromMs + hour.tickSeconds * 1000, samples: { errors } };
    });
    let { state } = advance(config, begin(config, startMs), before);
    for (let index = 0; index < hour.canary.length; index += 1) {
      state = advance(config, state, [tickOf(hour, index)]).state;
      if (state.decidedMs !== undefined) return (index + 1) * hour.tickSeconds;
    }
    return undefined;
  };
}
