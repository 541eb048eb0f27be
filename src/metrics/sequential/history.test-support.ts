// Test support: a gateway's history of two versions, second by second.
import {
  latencyBucketCount,
  latencyBucketOf,
  latencyHistogramOf,
  type CounterSeries,
} from "../../lib/latency-histogram.ts";
import { trafficHistory, type TrafficHistory } from "../traffic/history.ts";

/** Requests a second of one version. */
export interface Rate {
  readonly ok: number;
  readonly bad?: number;
  readonly ms?: number;
  /** How many of them weights divided; all, unless said. */
  readonly divided?: number;
}

export interface Versions {
  readonly canary: Rate;
  readonly stable: Rate;
  /** Requests for which the Service `shop-canary` had no pod. */
  readonly nobody?: number;
}

export interface TwoVersions {
  readonly history: TrafficHistory;
  /** Goes on for so many seconds; the versions are `new` and `old`. */
  feed(seconds: number, versions: Versions): void;
  /** Where it has come to. */
  now(): number;
}

interface Sum {
  readonly ok: number;
  readonly bad: number;
  readonly divided: number;
  readonly latency: Float64Array;
}

export function twoVersions(startMs: number): TwoVersions {
  const history = trafficHistory({
    ownerOf: (backend) => ({ namespace: "default", service: backend }),
  });
  const sums = new Map<string, Sum>();
  let nowMs = startMs;
  let lost = 0;
  const series = (): readonly CounterSeries[] => [
    ...[...sums].map(([version, { ok, bad, divided, latency }]) => ({
      backend: "shop",
      version,
      counters: { requests: ok + bad, divided, responses2xx: ok, responses5xx: bad },
      latency: latencyHistogramOf(latency),
    })),
    {
      backend: "shop-canary",
      version: "",
      counters: { requests: lost, lost, divided: lost },
      latency: latencyHistogramOf(new Float64Array(latencyBucketCount)),
    },
  ];
  const add = (version: string, { ok, bad = 0, ms = 10, divided = ok + bad }: Rate): void => {
    const before = sums.get(version) ?? {
      ok: 0,
      bad: 0,
      divided: 0,
      latency: new Float64Array(latencyBucketCount),
    };
    const bucket = latencyBucketOf(ms);
    before.latency[bucket] = (before.latency[bucket] ?? 0) + ok + bad;
    sums.set(version, {
      ok: before.ok + ok,
      bad: before.bad + bad,
      divided: before.divided + divided,
      latency: before.latency,
    });
  };
  const record = (): void =>
    history.record({ epoch: "1", startedAtMs: startMs - 60_000, nowMs, series: series() });
  record();
  return {
    history,
    feed(seconds, { canary, stable, nobody = 0 }) {
      for (let second = 0; second < seconds; second += 1) {
        add("new", canary);
        add("old", stable);
        lost += nobody;
        nowMs += 1000;
        record();
      }
    },
    now: () => nowMs,
  };
}
