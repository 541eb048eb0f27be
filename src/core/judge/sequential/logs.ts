// Arithmetic on logarithms of evidence: products of a million likelihood ratios neither overflow nor vanish.

/** log(mean(exp(values))), without overflow. Of an empty list: -Infinity. */
export function logMeanExp(values: readonly number[]): number {
  return logSumExp(values) - Math.log(values.length);
}

/** log(Σ exp(values)), without overflow. Of an empty list: -Infinity. */
export function logSumExp(values: readonly number[]): number {
  let largest = -Infinity;
  for (const value of values) if (value > largest) largest = value;
  if (largest === -Infinity) return -Infinity;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

/** log(cosh(x)) for any x. */
export function logCosh(x: number): number {
  const size = Math.abs(x);
  return size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
}

/**
 * To 8 decimals. Everything kept between ticks is rounded so: it is short as JSON, and what is read back is what
 * was kept. The error after 10,000 ticks is below 1e-4 at worst, 1e-6 as a rule.
 */
export function kept(value: number): number {
  return Math.round(value * 1e8) / 1e8;
}

/** To 4 decimals: for what is shown and decides nothing. */
export function keptForShow(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
