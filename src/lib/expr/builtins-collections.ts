import { argument, checkCount, checkKind, invalidArgument, itemsArgument } from "./builtin.ts";
import type { Builtin, CheckedCall, RunningCall } from "./builtin.ts";
import { failAt } from "./failure.ts";
import { areEqual, asIndex, isLess } from "./operators.ts";
import { ANY_LIST, INT, UNKNOWN, listOf, nameOf } from "./types.ts";
import type { Type } from "./types.ts";
import { goTypeOf, isList, isMap, list, map, printValue } from "./value.ts";
import type { MapValue, Value } from "./value.ts";

type Problem = (type: string) => string;

function checkContainer(
  kinds: readonly Type["kind"][],
  problem: Problem,
  result: Type,
): (call: CheckedCall) => Type {
  return (call) => {
    checkCount(call, 1);
    checkKind(call, 0, kinds, problem);
    return result;
  };
}

/** A function of one list. */
function listFunction(
  verb: string,
  result: Type,
  run: (items: readonly Value[], call: RunningCall) => Value,
): Builtin {
  const problem: Problem = (type) => `cannot ${verb} ${type}`;
  return {
    check: checkContainer(["list"], problem, result),
    run: (call) => run(itemsArgument(call, 0, problem), call),
  };
}

/** A function of one map. */
function mapFunction(verb: string, result: Type, run: (value: MapValue) => Value): Builtin {
  const problem: Problem = (type) => `cannot ${verb} ${type}`;
  return {
    check: checkContainer(["map"], problem, result),
    run: (call) => {
      const value = argument(call, 0);
      if (!isMap(value)) return failAt(call.at, problem(goTypeOf(value)));
      call.spend(value.entries.size);
      return run(value);
    },
  };
}

function runLen(call: RunningCall): Value {
  const value = argument(call, 0);
  if (typeof value === "string") {
    call.spend(Math.ceil(value.length / 100));
    return BigInt(Array.from(value).length);
  }
  if (isList(value)) return BigInt(value.items.length);
  if (isMap(value)) return BigInt(value.entries.size);
  return failAt(call.at, invalidArgument("len")(goTypeOf(value)));
}

function checkGet(call: CheckedCall): Type {
  checkCount(call, 2);
  const [container = UNKNOWN, key = UNKNOWN] = call.types;
  if (container.kind === "map") return container.element;
  if (container.kind === "unknown") return UNKNOWN;
  if (container.kind !== "list") {
    return failAt(
      call.positions[0] ?? call.at,
      `type ${nameOf(container)} does not support indexing`,
    );
  }
  if (key.kind === "int" || key.kind === "unknown") return container.element;
  return failAt(call.positions[1] ?? call.at, `non-integer slice index ${nameOf(key)}`);
}

/** Like `[…]`, but nil where there is nothing. */
function runGet(call: RunningCall): Value {
  const container = argument(call, 0);
  const key = argument(call, 1);
  if (isMap(container)) return container.entries.get(key) ?? null;
  if (!isList(container)) return null;
  return container.items.at(asIndex(call.at, key)) ?? null;
}

function checkTake(call: CheckedCall): Type {
  checkCount(call, 2);
  checkKind(call, 0, ["list"], (type) => `cannot take from ${type}`);
  checkKind(call, 1, ["int"], (type) => `cannot take ${type} elements`);
  return ANY_LIST;
}

function runTake(call: RunningCall): Value {
  const items = itemsArgument(call, 0, (type) => `cannot take from ${type}`);
  const count = asIndex(call.at, argument(call, 1));
  if (count < 0) return failAt(call.at, "reflect.Value.Slice: slice index out of bounds");
  return list(items.slice(0, count));
}

function pairOf(call: RunningCall, pair: Value): readonly [Value, Value] {
  const [key, value, ...more] = isList(pair) ? pair.items : [];
  if (key === undefined || value === undefined || more.length > 0) {
    return failAt(call.at, `invalid pair ${printValue(pair)}`);
  }
  return [key, value];
}

function unique(items: readonly Value[], call: RunningCall): Value {
  const kept: Value[] = [];
  for (const item of items) {
    call.spend(kept.length);
    if (!kept.some((other) => areEqual(other, item))) kept.push(item);
  }
  return list(kept);
}

function flatten(items: readonly Value[], call: RunningCall): readonly Value[] {
  call.spend(items.length);
  return items.flatMap((item) => (isList(item) ? flatten(item.items, call) : [item]));
}

function checkConcat(call: CheckedCall): Type {
  if (call.types.length === 0)
    failAt(call.at, "invalid number of arguments (expected at least 1, got 0)");
  for (const index of call.types.keys())
    checkKind(call, index, ["list"], (type) => `cannot concat ${type}`);
  return ANY_LIST;
}

function runConcat(call: RunningCall): Value {
  return list(
    call.args.flatMap((_, index) => itemsArgument(call, index, (type) => `cannot concat ${type}`)),
  );
}

/** Sorts by keys already computed; equal keys keep their order. `desc` turns the comparison round. */
export function sortByKeys(
  at: number,
  pairs: readonly (readonly [key: Value, item: Value])[],
  descending: boolean,
): readonly Value[] {
  const isBefore = (left: Value, right: Value): boolean =>
    descending ? isLess(at, right, left) : isLess(at, left, right);
  return pairs
    .toSorted(([left], [right]) => (isBefore(left, right) ? -1 : Number(isBefore(right, left))))
    .map(([, item]) => item);
}

/** The steps a sort of `count` items is charged with. */
export function sortingCost(count: number): number {
  return Math.ceil(count * Math.log2(count + 2));
}

function checkSort(call: CheckedCall): Type {
  const [first = UNKNOWN, order] = call.types;
  if (call.types.length === 0 || call.types.length > 2) {
    return failAt(
      call.at,
      `${call.types.length === 0 ? "not enough" : "too many"} arguments to call sort`,
    );
  }
  if (first.kind !== "list" && first.kind !== "unknown") {
    failAt(
      call.positions[0] ?? call.at,
      `cannot use ${nameOf(first)} as argument (type []int) to call sort `,
    );
  }
  if (order !== undefined && order.kind !== "string" && order.kind !== "unknown") {
    failAt(
      call.positions[1] ?? call.at,
      `cannot use ${nameOf(order)} as argument (type string) to call sort `,
    );
  }
  return ANY_LIST;
}

function runSort(call: RunningCall): Value {
  const items = itemsArgument(call, 0);
  const order = call.args.length > 1 ? argument(call, 1) : "asc";
  if (order !== "asc" && order !== "desc") {
    return failAt(call.at, `invalid order ${printValue(order)}, expected asc or desc`);
  }
  call.spend(sortingCost(items.length));
  return list(
    sortByKeys(
      call.at,
      items.map((item) => [item, item]),
      order === "desc",
    ),
  );
}

function pairs(value: MapValue): Value {
  return list(
    [...value.entries].map(([key, item]) => list([key, item])),
    "[2]interface {}",
  );
}

/** Functions of lists and maps without a predicate. */
export const COLLECTION_BUILTINS: Readonly<Record<string, Builtin>> = {
  len: {
    check: checkContainer(["list", "map", "string"], invalidArgument("len"), INT),
    run: runLen,
  },
  get: { check: checkGet, run: runGet },
  take: { check: checkTake, run: runTake },
  first: listFunction("get first element from", UNKNOWN, (items) => items[0] ?? null),
  last: listFunction("get last element from", UNKNOWN, (items) => items.at(-1) ?? null),
  keys: mapFunction("get keys from", ANY_LIST, (value) => list([...value.entries.keys()])),
  values: mapFunction("get values from", ANY_LIST, (value) => list([...value.entries.values()])),
  toPairs: mapFunction("transform to pairs", listOf(ANY_LIST, "[][2]interface {}"), pairs),
  fromPairs: listFunction(
    "transform from pairs",
    { kind: "map", element: UNKNOWN, go: "map[interface {}]interface {}" },
    (items, call) =>
      map(new Map(items.map((pair) => pairOf(call, pair))), "map[interface {}]interface {}"),
  ),
  reverse: listFunction("reverse", ANY_LIST, (items) => list(items.toReversed())),
  uniq: listFunction("uniq", ANY_LIST, unique),
  flatten: listFunction("flatten", ANY_LIST, (items, call) => list(flatten(items, call))),
  concat: { check: checkConcat, run: runConcat },
  sort: { check: checkSort, run: runSort },
};
