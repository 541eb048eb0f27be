// metrics/counts: where a judge gets counts of two versions from, besides the gateway: ticks in EVENT time, each with
// what both versions did in it. This file is the port, conformance.ts its sheet, sources.ts the list: prometheus.ts
// (raw samples of counters and histograms) and web.ts (any endpoint that answers with counts). A source counts and
// translates; what the counts mean is decided in core/judge. To add one: a file beside these and a line in sources.ts.
import type { SequentialMetric } from "../../core/judge/sequential/config.ts";
import type { Tick } from "../../core/judge/sequential/tick.ts";
import type { EpochMs } from "../../lib/time.ts";

/** What the two versions are called where they are counted: pod-template hashes, unless the source says otherwise. */
export interface CountedVersions {
  readonly canary: string;
  readonly stable: string;
}

export interface CountsQuestion {
  readonly versions: CountedVersions;
  /** Only ticks that begin at or after this; at most the last hour. */
  readonly sinceMs: EpochMs;
  readonly now: EpochMs;
  readonly signal: AbortSignal;
}

export interface CountsAnswer {
  /**
   * Oldest first and never overlapping; borders do not depend on who asks and when, so a judge may go on from the end
   * of the last one. Where nothing was measured there is no tick, or no sample of that metric: never a zero.
   */
  readonly ticks: readonly Tick[];
  /** Why there is nothing, or not all of it: in words, with secrets masked. */
  readonly problem?: string;
}

export interface CountsSource {
  /** Never rejects for what the world does wrong: that is a problem. */
  count(question: CountsQuestion): Promise<CountsAnswer>;
}

/** What is to be counted: the judge's metrics, latency with the borders it compares. */
export type CountedMetric = SequentialMetric;
