// core/judge: what measurements say about a canary. Every judge has one shape: settings and measurements in,
// a verdict with the evidence that led there out. Pure and without a clock: measurements carry their own time.
// May import lib and api. The judges: sequential/ (may be asked after every tick and still raises a false alarm
// in at most alpha of all rollouts) and kayenta/ (Netflix's judge); thresholds are core/analysis/judge-value.ts.
// The next judge gets a folder of its own beside them.

/** Argo's words for the end of a metric. No data is never `successful`. */
export type Verdict = "successful" | "failed" | "inconclusive";

/** A verdict with its reasons. `Evidence` is plain data of the judge that spoke. */
export interface Judgement<Evidence> {
  readonly verdict: Verdict;
  /** One sentence for people: what was seen, and why that is the verdict. */
  readonly sentence: string;
  readonly evidence: Evidence;
}

/** All judges: the same settings and measurements give the same judgement, to the bit. */
export type Judge<Settings, Measurements, Evidence> = (
  settings: Settings,
  measurements: Measurements,
) => Judgement<Evidence>;
