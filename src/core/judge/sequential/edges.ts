// Which borders of a latency histogram are compared with which. "At most m slower" compares the canary's share
// beyond an edge with stable's share beyond the edge that is 1 + m times faster: a shift by whole buckets.
import type { LatencyMetric } from "./config.ts";

/** Requests slower than `edgesMs[canary]` at the canary against those slower than `edgesMs[stable]` at stable. */
export interface ComparedEdge {
  readonly canary: number;
  readonly stable: number;
}

/** More edges cost time and state and see nothing more. */
const mostCompared = 16;
/** Edges in manifests are rounded; ratios of neighbours may differ by this share. */
const ratioTolerance = 0.02;

function ratioOf(edgesMs: readonly number[]): number {
  const [first = 1] = edgesMs;
  return ((edgesMs.at(-1) ?? 1) / first) ** (1 / (edgesMs.length - 1));
}

/** By how many buckets requests that take 1 + slower times as long are shifted; not always a whole number. */
function shiftOf(edgesMs: readonly number[], slower: number): number {
  return Math.log1p(slower) / Math.log(ratioOf(edgesMs));
}

/** Up to 16 edges, spread evenly over those that have a partner. `slower` = 0 compares each with itself. */
export function comparedEdges(edgesMs: readonly number[], slower: number): readonly ComparedEdge[] {
  const shift = Math.round(shiftOf(edgesMs, slower));
  const pairs = edgesMs.map((_, index) => ({ canary: index, stable: index - shift }));
  const possible = pairs.filter(({ stable }) => stable >= 0);
  const count = Math.min(mostCompared, possible.length);
  return Array.from({ length: count }, (_, index) => {
    const at = count === 1 ? 0 : Math.round((index * (possible.length - 1)) / (count - 1));
    return possible[at] ?? { canary: 0, stable: 0 };
  });
}

function orderProblem(edgesMs: readonly number[], where: string): readonly string[] {
  const rise = edgesMs.every(
    (edge, index) => Number.isFinite(edge) && edge > (index === 0 ? 0 : (edgesMs[index - 1] ?? 0)),
  );
  if (edgesMs.length < 2 || edgesMs.length > 64 || !rise) {
    return [`${where}.edgesMs must be 2 to 64 rising numbers above 0, in milliseconds.`];
  }
  return [];
}

function shiftProblem(
  edgesMs: readonly number[],
  slower: number,
  where: string,
): readonly string[] {
  const ratio = ratioOf(edgesMs);
  const uneven = edgesMs.some((edge, index) => {
    const before = edgesMs[index - 1];
    return before !== undefined && Math.abs(edge / before / ratio - 1) > ratioTolerance;
  });
  if (uneven) {
    return [
      `${where}.edgesMs have different ratios; "slower" needs each edge the same times the last.`,
    ];
  }
  const shift = shiftOf(edgesMs, slower);
  if (Math.abs(shift - Math.round(shift)) <= ratioTolerance * Math.max(1, shift)) {
    return Math.round(shift) < edgesMs.length
      ? []
      : [`${where}.edgesMs span less than the margin; use more edges.`];
  }
  const nearest = [Math.floor(shift), Math.ceil(shift)].map((k) => (ratio ** k - 1).toFixed(3));
  return [
    `${where}.margin is ${slower}, which is no whole number of buckets; use ${nearest.join(" or ")}, or edges of the ratio ${(1 + slower).toFixed(3)}.`,
  ];
}

/** What is wrong with the edges of a latency metric whose defaults are filled in, one sentence each. */
export function edgeProblems(
  metric: LatencyMetric & { readonly edgesMs: readonly number[]; readonly margin: number },
  where: string,
): readonly string[] {
  const { edgesMs, objective, marginOf, margin } = metric;
  const wrong = orderProblem(edgesMs, where);
  if (wrong.length > 0) return wrong;
  const isEdge = objective === undefined || edgesMs.includes(objective.slowerThanMs);
  return [
    ...(isEdge
      ? []
      : [`${where}.objective.slowerThanMs is no edge; edges are ${edgesMs.join(", ")}.`]),
    ...(marginOf === "slower" && margin >= 0 ? shiftProblem(edgesMs, margin, where) : []),
  ];
}
