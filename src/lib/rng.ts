// Chance as an input: a seeded generator whose whole state is one number, so that a run can be repeated from the
// seed a failure printed. Mulberry32: 32 bits of state, good enough for tests and simulated traffic; not for secrets.

/** A place to keep the state; plain data, so it can be saved and restored. */
export interface Rng {
  state: number;
}

/** A generator from a seed; the seed's low 32 bits count. */
export function createRng(seed: number): Rng {
  return { state: seed >>> 0 };
}

/** The next number in [0, 1). Advances `rng`. */
export function next(rng: Rng): number {
  rng.state = (rng.state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(rng.state ^ (rng.state >>> 15), 1 | rng.state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** A whole number in [0, below). Throws a RangeError unless `below` is a positive integer. */
export function nextInt(rng: Rng, below: number): number {
  if (!Number.isSafeInteger(below) || below < 1) {
    throw new RangeError(`nextInt needs a positive whole number, got ${below}`);
  }
  return Math.floor(next(rng) * below);
}

/** One of the items, each as likely. Throws a RangeError for an empty list. */
export function pick<T extends object | string | number | boolean>(
  rng: Rng,
  items: readonly T[],
): T {
  const chosen = items.length === 0 ? undefined : items[nextInt(rng, items.length)];
  if (chosen === undefined) throw new RangeError("pick needs at least one item");
  return chosen;
}

/** A generator of its own for a part of the work, so that adding draws in one part does not shift the others. */
export function fork(rng: Rng): Rng {
  return createRng(Math.floor(next(rng) * 2 ** 32));
}
