// A stand-in Prometheus that answers range selectors from described series. Only for tests.
import { now } from "../http-sheet.test-support.ts";
import type { Heard, Reply } from "../loopback.test-support.ts";

type At = readonly [atMs: number, value: number];

export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly At[];
  readonly histograms?: readonly (readonly [number, object])[];
}

interface Steady {
  readonly everyMs: number;
  /** How long before `now` the last scrape was. */
  readonly offsetMs: number;
  readonly perScrape: number;
  readonly from?: number;
}

/** A counter that grows by the same with every scrape, for ten minutes. */
export function steady({
  everyMs,
  offsetMs,
  perScrape,
  from = 1000 * perScrape,
}: Steady): readonly At[] {
  const scrapes = Math.floor(600_000 / everyMs);
  return Array.from({ length: scrapes }, (_, index): At => {
    const back = scrapes - 1 - index;
    return [now - offsetMs - back * everyMs, from + perScrape * index];
  });
}

/** The same, with every counter begun anew at a moment. */
export function beginsAnew(
  world: (query: string) => readonly RawSeries[],
  atMs: number,
): (query: string) => readonly RawSeries[] {
  return (query) =>
    world(query).map((series) => {
      const before = series.samples.filter(([at]) => at < atMs).at(-1)?.[1] ?? 0;
      const samples = series.samples.map(([at, value]): At => [
        at,
        at < atMs ? value : value - before,
      ]);
      return { ...series, samples };
    });
}

/** Answers `selector[180s]` at the asked time. */
export function rawPrometheus(
  world: (query: string) => readonly RawSeries[],
): (heard: Heard) => Reply {
  return ({ body }) => {
    const form = new URLSearchParams(body);
    const [, selector = "", seconds = "0"] =
      /^([\s\S]*)\[(\d+)s\]$/.exec(form.get("query") ?? "") ?? [];
    const untilMs = Number(form.get("time")) * 1000;
    const isAsked = (atMs: number): boolean =>
      atMs > untilMs - Number(seconds) * 1000 && atMs <= untilMs;
    const result = world(selector)
      .map(({ labels, samples, histograms = [] }) => ({
        metric: labels,
        values: samples
          .filter(([atMs]) => isAsked(atMs))
          .map(([atMs, value]) => [atMs / 1000, String(value)]),
        histograms: histograms
          .filter(([atMs]) => isAsked(atMs))
          .map(([atMs, value]) => [atMs / 1000, value]),
      }))
      .map(({ metric, values, histograms: native }) => ({
        metric,
        ...(values.length > 0 ? { values } : {}),
        ...(native.length > 0 ? { histograms: native } : {}),
      }));
    return { body: JSON.stringify({ status: "success", data: { resultType: "matrix", result } }) };
  };
}
