/** Functions whose second argument is evaluated once per element. */
const PREDICATE_BUILTINS = [
  "all",
  "none",
  "any",
  "one",
  "filter",
  "map",
  "find",
  "findIndex",
  "findLast",
  "findLastIndex",
  "count",
  "sum",
  "groupBy",
  "sortBy",
  "reduce",
] as const;
export type PredicateBuiltin = (typeof PREDICATE_BUILTINS)[number];

export function isPredicateBuiltin(name: string): name is PredicateBuiltin {
  return PREDICATE_BUILTINS.some((known) => known === name);
}

/** `count(list)` counts trues and `sum(list)` adds the elements themselves. */
export function predicateIsOptional(name: string): boolean {
  return name === "count" || name === "sum";
}

/** Predicates of these must be conditions. */
export function wantsBoolean(name: PredicateBuiltin): boolean {
  return !["map", "sum", "groupBy", "sortBy", "reduce"].includes(name);
}
