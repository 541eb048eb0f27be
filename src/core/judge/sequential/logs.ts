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

/** The same of lists of lists: the mean over all of their values. */
export function logMeanExpOfAll(lists: readonly (readonly number[])[]): number {
  let largest = -Infinity;
  let count = 0;
  for (const list of lists) {
    count += list.length;
    for (const value of list) if (value > largest) largest = value;
  }
  if (largest === -Infinity) return -Infinity;
  let sum = 0;
  for (const list of lists) for (const value of list) sum += Math.exp(value - largest);
  return largest + Math.log(sum / count);
}

/** log(cosh(x)) for any x. */
export function logCosh(x: number): number {
  const size = Math.abs(x);
  return size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
}

/**
 * No alternative's logarithm falls below this: after hours of health a canary that turns bad is still found in time.
 * It is as if e^floor were staked anew each time, which adds at most e^-20 = 2e-9 a tick to a mean that may be 1.
 */
const floor = -20;

/**
 * Evidence as it is kept between ticks: to 8 decimals, so that it is short as JSON and what is read back is what was
 * kept. The error after 10,000 ticks is below 1e-4 at worst, 1e-6 as a rule.
 */
export function kept(value: number): number {
  return value < floor ? floor : Math.round(value * 1e8) / 1e8;
}

/** The same to 5 decimals, for the hundred numbers of a latency metric. */
export function keptShort(value: number): number {
  return value < floor ? floor : Math.round(value * 1e5) / 1e5;
}

/** To 10 significant digits: for what may be of any size. */
export function significant(value: number): number {
  return Number(value.toPrecision(10));
}

/** To 4 decimals: for what is shown and decides nothing. */
export function keptForShow(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
