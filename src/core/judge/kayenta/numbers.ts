// The plain statistics of the judge, on values that are finite.

/** The value at an index that is known to exist. */
export function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

export function ascending(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The quantile `share` (0 to 1) of ascending values as R's type 7 interpolates it. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const [low, high] = [at(sorted, below), at(sorted, Math.min(below + 1, sorted.length - 1))];
  return low + (position - below) * (high - low);
}

/**
 * The values within min(p01, Q1 − factor·IQR) and max(p99, Q3 + factor·IQR), both ends included. The order stays.
 * `slack`, a share of the values' range, is what a value may lie outside of them.
 */
export function withoutOutliers(
  values: readonly number[],
  factor: number,
  slack = 0,
): readonly number[] {
  const sorted = ascending(values);
  const [first, third] = [quantile(sorted, 0.25), quantile(sorted, 0.75)];
  const reach = factor * (third - first);
  const leeway = slack * (at(sorted, sorted.length - 1) - at(sorted, 0));
  const lowest = Math.min(quantile(sorted, 0.01), first - reach) - leeway;
  const highest = Math.max(quantile(sorted, 0.99), third + reach) + leeway;
  return values.filter((value) => !(value < lowest || value > highest));
}

/** The one value that all have; undefined if they differ or there are none. */
export function onlyValue(values: readonly number[]): number | undefined {
  const [first] = values;
  return values.every((value) => value === first) ? first : undefined;
}
