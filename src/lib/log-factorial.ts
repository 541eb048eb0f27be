// log(n!) for whole numbers: a table for the small ones, Stirling's series beyond (exact to 1e-13 from there on).

const tableSize = 2048;

function tableOf(size: number): Float64Array {
  const table = new Float64Array(size);
  // Kahan's sum: the rounding of two thousand additions stays that of one.
  let lost = 0;
  for (let n = 2; n < size; n += 1) {
    const before = table[n - 1] ?? 0;
    const term = Math.log(n) - lost;
    const sum = before + term;
    lost = sum - before - term;
    table[n] = sum;
  }
  return table;
}

const table = tableOf(tableSize);
const halfLogTwoPi = Math.log(2 * Math.PI) / 2;

/** log(n!) of a whole number n ≥ 0. */
export function logFactorial(n: number): number {
  const known = table[n];
  if (known !== undefined) return known;
  const inverse = 1 / n;
  const series = inverse / 12 - (inverse * inverse * inverse) / 360;
  return (n + 0.5) * Math.log(n) - n + halfLogTwoPi + series;
}

/** log of the number of ways to choose k of n. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}
