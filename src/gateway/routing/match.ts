// Compiles one Match of the config into a predicate on what is known of a request.
import type { IncomingHttpHeaders } from "node:http";
import type { HeaderMatch, Match, QueryParamMatch } from "../config.ts";

/** What routing may look at. `path` is the raw path without the query; `host` is lower case without a port. */
export interface RequestFacts {
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

export type Predicate = (facts: RequestFacts) => boolean;

/** A predicate that holds when every condition of the match does. Regular expressions must match the whole value. */
export function compileMatch(match: Match): Predicate {
  const conditions = [
    ...pathConditions(match),
    ...(match.method === undefined ? [] : [methodCondition(match.method)]),
    ...(match.headers ?? []).map((header) => headerCondition(header)),
    ...(match.queryParams?.length ? [queryCondition(match.queryParams)] : []),
  ];
  const [first, second] = conditions;
  if (!first) return () => true;
  if (!second) return first;
  return (facts) => conditions.every((condition) => condition(facts));
}

function pathConditions(match: Match): readonly Predicate[] {
  if (!match.path) return [];
  const { type, value } = match.path;
  switch (type) {
    case "Exact":
      return [(facts) => facts.path === value];
    case "PathPrefix":
      return value === "/" ? [] : [prefixCondition(value)];
    case "RegularExpression": {
      const whole = wholeValue(value);
      return [(facts) => whole.test(facts.path)];
    }
  }
}

/** A prefix ends where a path element ends: /shop covers /shop and /shop/cart, not /shopping. */
function prefixCondition(value: string): Predicate {
  const stem = value.endsWith("/") ? value.slice(0, -1) : value;
  return ({ path }) =>
    path.startsWith(stem) && (path.length === stem.length || path[stem.length] === "/");
}

function methodCondition(method: string): Predicate {
  return (facts) => facts.method === method;
}

function headerCondition(header: HeaderMatch): Predicate {
  const name = header.name.toLowerCase();
  const matches = valueCondition(header.type, header.value);
  return (facts) => {
    const value = facts.headers[name];
    if (value === undefined) return false;
    return matches(typeof value === "string" ? value : value.join(", "));
  };
}

function queryCondition(params: readonly QueryParamMatch[]): Predicate {
  const conditions = params.map(
    (param) => [param.name, valueCondition(param.type, param.value)] as const,
  );
  return (facts) => {
    const query = new URLSearchParams(facts.query);
    return conditions.every(([name, matches]) => {
      const value = query.get(name);
      return value !== null && matches(value);
    });
  };
}

function valueCondition(type: HeaderMatch["type"], wanted: string): (value: string) => boolean {
  switch (type) {
    case "Exact":
      return (value) => value === wanted;
    case "Prefix":
      return (value) => value.startsWith(wanted);
    case "RegularExpression": {
      const whole = wholeValue(wanted);
      return (value) => whole.test(value);
    }
  }
}

function wholeValue(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, "u");
}
