// Where a function crosses zero: Brent's method (Algorithms for Minimization without Derivatives, 1973, ch. 4), with
// the stopping rule of R's zeroin, so that the inexactness of its roots is the same.

export interface RootSearch {
  readonly tolerance: number;
  readonly maxIterations: number;
}

/** A place and the function's value there. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** The three places of a round: the best so far, the one before it, and one on the other side of the root. */
interface Places {
  readonly best: Point;
  readonly before: Point;
  readonly other: Point;
}

/** The guess of a line through two points, or of the inverse parabola through three: a step of top / bottom. */
function interpolated({ best, before, other }: Places): { top: number; bottom: number } {
  const span = other.x - best.x;
  const toBefore = best.y / before.y;
  let [top, bottom] = [span * toBefore, 1 - toBefore];
  if (before.x !== other.x) {
    const [first, second] = [before.y / other.y, best.y / other.y];
    top = toBefore * (span * first * (first - second) - (best.x - before.x) * (second - 1));
    bottom = (first - 1) * (second - 1) * (toBefore - 1);
  }
  return top > 0 ? { top, bottom: -bottom } : { top: -top, bottom };
}

/** Half of what is left, or the interpolated step where that is trusted; never shorter than `reach`. */
function nextStep(places: Places, lastStep: number, reach: number): number {
  const span = places.other.x - places.best.x;
  let step = span / 2;
  if (Math.abs(lastStep) >= reach && Math.abs(places.before.y) > Math.abs(places.best.y)) {
    const { top, bottom } = interpolated(places);
    const isInside = top < 0.75 * span * bottom - Math.abs(reach * bottom) / 2;
    if (isInside && top < Math.abs((lastStep * bottom) / 2)) step = top / bottom;
  }
  if (Math.abs(step) >= reach) return step;
  return step > 0 ? reach : -reach;
}

function haveOneSign(left: Point, right: Point): boolean {
  return (left.y > 0 && right.y > 0) || (left.y < 0 && right.y < 0);
}

/**
 * A root of `f` between `from` and `to`, where it has opposite signs. After `maxIterations`, the best place so far.
 */
export function rootBetween(
  f: (x: number) => number,
  [from, to]: readonly [number, number],
  { tolerance, maxIterations }: RootSearch,
): number {
  let before: Point = { x: from, y: f(from) };
  let best: Point = { x: to, y: f(to) };
  let other = before;
  if (before.y === 0) return from;
  for (let round = 0; round <= maxIterations; round += 1) {
    const lastStep = best.x - before.x;
    if (Math.abs(other.y) < Math.abs(best.y)) [before, best, other] = [best, other, best];
    const reach = 2 * Number.EPSILON * Math.abs(best.x) + tolerance / 2;
    if (best.y === 0 || Math.abs(other.x - best.x) / 2 <= reach) return best.x;
    const x = best.x + nextStep({ best, before, other }, lastStep, reach);
    before = best;
    best = { x, y: f(x) };
    if (haveOneSign(best, other)) other = before;
  }
  return best.x;
}
