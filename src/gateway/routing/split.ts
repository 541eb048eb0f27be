// Divides requests by weight without chance: smooth weighted round robin. Over any run of as many requests
// as the weights' sum, each target receives exactly its weight, and its turns are spread evenly.

interface Share<T> {
  readonly target: T;
  readonly weight: number;
  /** How far the target is behind its due, in weight units; the one furthest behind is next. */
  credit: number;
}

export class WeightedSplit<T> {
  readonly #shares: Share<T>[];
  readonly #sum: number;
  /** Splits with equal signatures may continue each other's sequence. */
  readonly signature: string;

  /**
   * `previous` is the split this one replaces. With unchanged names and weights the sequence goes on where it
   * stood; otherwise a table that changes more often than a small share's turn comes would starve that share.
   */
  constructor(
    items: readonly { readonly name: string; readonly weight: number; readonly target: T }[],
    previous?: WeightedSplit<T>,
  ) {
    this.signature = JSON.stringify(items.map(({ name, weight }) => [name, weight]));
    const credits = previous?.signature === this.signature ? previous.#credits() : [];
    this.#shares = items
      .map(({ target, weight }, index) => ({ target, weight, credit: credits[index] ?? 0 }))
      .filter((share) => share.weight > 0);
    this.#sum = this.#shares.reduce((sum, share) => sum + share.weight, 0);
  }

  /** Whether there is anything to divide: more than one target has a weight. */
  get divides(): boolean {
    return this.#shares.length > 1;
  }

  /** The next request's target; undefined when no target has a weight. */
  next(): T | undefined {
    const [first] = this.#shares;
    if (first === undefined || this.#shares.length === 1) return first?.target;
    let chosen = first;
    for (const share of this.#shares) {
      share.credit += share.weight;
      if (share.credit > chosen.credit) chosen = share;
    }
    chosen.credit -= this.#sum;
    return chosen.target;
  }

  /** Credits in the order of the constructor's items, weightless ones included. */
  #credits(): readonly number[] {
    const weights = JSON.parse(this.signature) as readonly (readonly [string, number])[];
    let next = 0;
    return weights.map(([, weight]) => (weight > 0 ? (this.#shares[next++]?.credit ?? 0) : 0));
  }
}

/** Says yes to `percent` of the questions, evenly spread, exactly over every run of 100. */
export class EvenSampler {
  readonly #percent: number;
  #due = 0;

  constructor(percent: number) {
    this.#percent = percent;
  }

  take(): boolean {
    this.#due += this.#percent;
    if (this.#due < 100) return false;
    this.#due -= 100;
    return true;
  }
}
