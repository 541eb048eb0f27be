import { argument, itemsArgument } from "./builtin.ts";
import type { RunningCall } from "./builtin.ts";
import { sortByKeys, sortingCost } from "./builtins-collections.ts";
import { failAt } from "./failure.ts";
import { asBoolean, calculate } from "./operators.ts";
import type { PredicateBuiltin } from "./signatures.ts";
import { list, map } from "./value.ts";
import type { Value } from "./value.ts";

/** The element a predicate looks at. */
export interface Pointer {
  readonly element: Value;
  readonly index: number;
  readonly accumulator: Value;
}

type Test = (pointer: Pointer) => Value;

interface Walk {
  readonly call: RunningCall;
  readonly items: readonly Value[];
  /** The predicate's value for an element. */
  readonly of: (element: Value, index: number) => Value;
  /** The same where it has to be a condition. */
  readonly holds: (element: Value, index: number) => boolean;
}

/** Runs a function that evaluates its predicate once per element; `test` does so in the caller's scope. */
export function runPredicateBuiltin(name: PredicateBuiltin, call: RunningCall, test: Test): Value {
  const items = itemsArgument(call, 0, (type) => `builtin ${name} takes only array (got ${type})`);
  if (name === "reduce") return reduce(call, items, test);
  const of = (element: Value, index: number): Value => test({ element, index, accumulator: null });
  const holds = (element: Value, index: number): boolean => asBoolean(call.at, of(element, index));
  return HANDLERS[name]({ call, items, of, holds });
}

const HANDLERS: Readonly<Record<Exclude<PredicateBuiltin, "reduce">, (walk: Walk) => Value>> = {
  all: ({ items, holds }) => items.every(holds),
  any: ({ items, holds }) => items.some(holds),
  none: ({ items, holds }) => !items.some(holds),
  one: ({ items, holds }) => items.filter(holds).length === 1,
  count: ({ items, holds }) => BigInt(items.filter(holds).length),
  filter: ({ items, holds }) => list(items.filter(holds)),
  map: ({ items, of }) => list(items.map(of)),
  find: ({ items, holds }) => items.find(holds) ?? null,
  findLast: ({ items, holds }) => items.findLast(holds) ?? null,
  findIndex: ({ items, holds }) => indexOrNil(items.findIndex(holds)),
  findLastIndex: ({ items, holds }) => indexOrNil(items.findLastIndex(holds)),
  sum: ({ call, items, of }) =>
    items.reduce<Value>((sum, item, index) => calculate(call.at, "+", of(item, index), sum), 0n),
  groupBy,
  sortBy,
};

function indexOrNil(index: number): Value {
  return index < 0 ? null : BigInt(index);
}

function groupBy({ items, of }: Walk): Value {
  const groups = new Map<Value, Value[]>();
  for (const [index, item] of items.entries()) {
    const key = of(item, index);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const lists = [...groups].map(([key, group]) => [key, list(group)] as const);
  return map(new Map<Value, Value>(lists), "map[interface {}][]interface {}");
}

function sortBy({ call, items, of }: Walk): Value {
  const order = call.args.length > 1 ? argument(call, 1) : "asc";
  if (order !== "asc" && order !== "desc") return failAt(call.at, "unknown order, use asc or desc");
  call.spend(sortingCost(items.length));
  const pairs = items.map((item, index) => [of(item, index), item] as const);
  return list(sortByKeys(call.at, pairs, order === "desc"));
}

function reduce(call: RunningCall, items: readonly Value[], test: Test): Value {
  const [first, ...others] = items;
  const hasStart = call.args.length > 1;
  if (!hasStart && first === undefined)
    return failAt(call.at, "reduce of empty array with no initial value");
  const start = hasStart ? argument(call, 1) : (first ?? null);
  const offset = hasStart ? 0 : 1;
  return (hasStart ? items : others).reduce<Value>(
    (accumulator, element, index) => test({ element, index: index + offset, accumulator }),
    start,
  );
}
