// What was counted in each of the last seconds, kept here because this process outlives controllers: a new one takes
// it over and judges on where the old one stopped.
import { hasCounts, subtractSnapshots } from "../../lib/latency-histogram.ts";
import type { CounterInterval, CounterPast, CounterSnapshot } from "../../lib/latency-histogram.ts";

const keepMs = 600_000;
/** Numbers kept at most, over all intervals: some tens of megabytes. With very many versions the past is shorter. */
const mostNumbers = 400_000;

interface Kept {
  readonly interval: CounterInterval;
  readonly numbers: number;
}

export class RecentPast {
  readonly #kept: Kept[] = [];
  #numbers = 0;
  #last: CounterSnapshot;

  /** `beginning`: the snapshot of nothing, from which the first interval is counted. */
  constructor(beginning: CounterSnapshot) {
    this.#last = beginning;
  }

  /** Ends the present interval; about once a second. */
  note(snapshot: CounterSnapshot): void {
    if (snapshot.nowMs <= this.#last.nowMs) return;
    const { fromMs, toMs, series } = subtractSnapshots(snapshot, this.#last);
    this.#last = snapshot;
    const interval = { fromMs, toMs, series: series.filter((each) => hasCounts(each)) };
    const numbers = numbersOf(interval);
    this.#kept.push({ interval, numbers });
    this.#numbers += numbers;
    this.#forget(toMs - keepMs);
  }

  /** Up to now: the interval that is under way ends here. */
  read(snapshot: CounterSnapshot): CounterPast {
    this.note(snapshot);
    return { intervals: this.#kept.map(({ interval }) => interval), snapshot: this.#last };
  }

  #forget(beforeMs: number): void {
    for (;;) {
      const [oldest] = this.#kept;
      const isKept =
        oldest === undefined || (oldest.interval.toMs >= beforeMs && this.#numbers <= mostNumbers);
      if (isKept) return;
      this.#numbers -= oldest.numbers;
      this.#kept.shift();
    }
  }
}

function numbersOf({ series }: CounterInterval): number {
  return series.reduce(
    (sum, { counters, latency }) => sum + Object.keys(counters).length + 2 * latency.counts.length,
    1,
  );
}
