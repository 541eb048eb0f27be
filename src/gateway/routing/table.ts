// The routing table of one listener. Every match of every rule becomes a row; the rows a host may use are
// sorted by Gateway API's precedence when the table is built, so that a look-up takes the first row that holds.
import type { Match, Route, Rule } from "../config.ts";
import { patternsCovering } from "./hostname.ts";
import { compileMatch } from "./match.ts";
import type { Predicate, RequestFacts } from "./match.ts";

interface Row<T> {
  readonly hostname: string;
  readonly holds: Predicate;
  /** Compared element by element, smaller first. */
  readonly rank: readonly number[];
  readonly target: T;
}

const pathRank = { Exact: 0, RegularExpression: 1, PathPrefix: 2 } as const;

export class RoutingTable<T> {
  readonly #rowsByHostname: ReadonlyMap<string, readonly Row<T>[]>;

  /** `toTarget` is called once per rule, in the config's order. */
  constructor(routes: readonly Route[], toTarget: (route: Route, rule: Rule, index: number) => T) {
    const rows = routes.flatMap((route, order) => rowsOfRoute(route, order, toTarget));
    const hostnames = new Set(rows.map((row) => row.hostname));
    this.#rowsByHostname = new Map(
      [...hostnames].map((hostname) => [hostname, rowsCovering(hostname, rows)]),
    );
  }

  /** The target of the most specific match that holds, if any. */
  find(facts: RequestFacts): T | undefined {
    for (const pattern of patternsCovering(facts.host)) {
      const rows = this.#rowsByHostname.get(pattern);
      // A hostname's rows include those of every wider pattern, so the first hit answers for all.
      if (rows) return rows.find((row) => row.holds(facts))?.target;
    }
    return undefined;
  }
}

function rowsOfRoute<T>(
  route: Route,
  order: number,
  toTarget: (route: Route, rule: Rule, index: number) => T,
): readonly Row<T>[] {
  const hostnames = route.hostnames?.length ? route.hostnames : ["*"];
  return route.rules.flatMap((rule, ruleIndex) => {
    const target = toTarget(route, rule, ruleIndex);
    const matches = rule.matches?.length ? rule.matches : [{}];
    return matches.flatMap((match) =>
      hostnames.map((hostname) => ({
        hostname,
        holds: compileMatch(match),
        rank: [...hostnameRank(hostname), ...matchRank(match), order, ruleIndex],
        target,
      })),
    );
  });
}

function rowsCovering<T>(hostname: string, rows: readonly Row<T>[]): readonly Row<T>[] {
  const patterns = new Set(patternsCovering(hostname));
  return rows
    .filter((row) => patterns.has(row.hostname))
    .sort((a, b) => compareRanks(a.rank, b.rank));
}

/** Exact names before wildcards, longer before shorter. */
function hostnameRank(hostname: string): readonly number[] {
  return [hostname.startsWith("*") ? 1 : 0, -hostname.length];
}

/** Exact path, then expression, then the longest prefix; then method, most headers, most query parameters. */
function matchRank(match: Match): readonly number[] {
  const { type, value } = match.path ?? { type: "PathPrefix", value: "/" };
  return [
    pathRank[type],
    -value.replace(/\/$/u, "").length,
    match.method === undefined ? 1 : 0,
    -(match.headers?.length ?? 0),
    -(match.queryParams?.length ?? 0),
  ];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
