// HTTPRoute rules in the gateway's words, and what is wrong with them.
import type {
  BackendRef,
  HTTPRoute,
  HeaderModifier,
  HttpRouteFilter,
  HttpRouteMatch,
  HttpRouteRule,
} from "../../api/gateway/http-route.ts";
import { validateGatewayConfig } from "../../gateway/config-validation.ts";
import { headerMatchTypes, pathMatchTypes, queryParamMatchTypes } from "../../gateway/config.ts";
import type { Filter, Match, Rule, Timeouts, WeightedBackend } from "../../gateway/config.ts";
import { parseGoDuration } from "../../lib/go-duration.ts";
import type { Backends } from "./backends.ts";

export interface Unresolved {
  readonly reason: "InvalidKind" | "BackendNotFound" | "RefNotPermitted" | "UnsupportedValue";
  readonly message: string;
}

export interface CompiledRules {
  readonly rules: readonly Rule[];
  /** Why a rule was left out; the others go live. */
  readonly dropped: readonly string[];
  /** References that lead nowhere; their share of the requests is answered with an error. */
  readonly unresolved: readonly Unresolved[];
}

/** What a user wrote and the gateway cannot do; the rule is dropped and the sentence reported. */
class RuleProblem extends Error {
  override readonly name = "RuleProblem";
}

export function compileRules(route: HTTPRoute, backends: Backends): CompiledRules {
  const unresolved: Unresolved[] = [];
  const dropped: string[] = [];
  const rules = (route.spec.rules ?? []).flatMap((rule, index) => {
    try {
      const compiled = compileRule(rule, route, backends, unresolved);
      refuseInvalid(compiled);
      return [compiled];
    } catch (error) {
      if (!(error instanceof RuleProblem)) throw error;
      dropped.push(`spec.rules[${index}].${error.message}`);
      return [];
    }
  });
  return { rules, dropped, unresolved };
}

/** The gateway refuses a config as a whole; one wrong rule must not hold back everybody's changes. */
function refuseInvalid(rule: Rule): void {
  const named = [
    ...rule.backends.map((each) => each.backend),
    ...(rule.filters ?? []).flatMap((each) => (each.kind === "mirror" ? [each.backend] : [])),
  ];
  const verdict = validateGatewayConfig({
    generation: 0,
    listeners: [{ name: "x", port: 0, routes: [{ name: "x", rules: [rule] }] }],
    backends: [...new Set(named)].map((name) => ({ name, endpoints: [] })),
  });
  if (verdict.ok) return;
  const prefix = "listeners[0].routes[0].rules[0].";
  throw new RuleProblem(verdict.errors.map((error) => error.replace(prefix, "")).join("; "));
}

function compileRule(
  rule: HttpRouteRule,
  route: HTTPRoute,
  backends: Backends,
  unresolved: Unresolved[],
): Rule {
  const namespace = route.metadata.namespace ?? "";
  const resolve = (ref: BackendRef): string => {
    const found = backends.lookUp(ref, namespace);
    if (found.ok) return found.backend.name;
    unresolved.push({ reason: found.reason, message: found.message });
    return backends.nowhere(`${ref.namespace ?? namespace}/${ref.name}:${ref.port ?? 0}`).name;
  };
  const matches = (rule.matches ?? []).map((match, index) => compileMatch(match, index));
  const filters = (rule.filters ?? []).map((filter, index) =>
    compileFilter(filter, index, resolve),
  );
  const timeouts = compileTimeouts(rule);
  return {
    ...(matches.length === 0 ? {} : { matches }),
    ...(filters.length === 0 ? {} : { filters }),
    backends: sumWeights(
      (rule.backendRefs ?? []).map((ref) => ({ backend: resolve(ref), weight: ref.weight ?? 1 })),
    ),
    ...(timeouts === undefined ? {} : { timeouts }),
  };
}

/** A Service named twice in one rule has the sum of both shares. */
function sumWeights(refs: readonly WeightedBackend[]): readonly WeightedBackend[] {
  const sums = new Map<string, number>();
  for (const { backend, weight } of refs) sums.set(backend, (sums.get(backend) ?? 0) + weight);
  return [...sums].map(([backend, weight]) => ({ backend, weight }));
}

function oneOf<T extends string>(known: readonly T[], value: string, where: string): T {
  const found = known.find((each) => each === value);
  if (found === undefined)
    throw new RuleProblem(`${where}: "${value}" is not carried out here; use ${known.join(", ")}`);
  return found;
}

function compileMatch(match: HttpRouteMatch, index: number): Match {
  const at = `matches[${index}]`;
  const { path, method } = match;
  const headers = (match.headers ?? []).map(({ type = "Exact", name, value }, number) => ({
    type: oneOf(headerMatchTypes, type, `${at}.headers[${number}].type`),
    name,
    value,
  }));
  const queryParams = (match.queryParams ?? []).map(({ type = "Exact", name, value }, number) => ({
    type: oneOf(queryParamMatchTypes, type, `${at}.queryParams[${number}].type`),
    name,
    value,
  }));
  return {
    path: {
      type: oneOf(pathMatchTypes, path?.type ?? "PathPrefix", `${at}.path.type`),
      value: path?.value ?? "/",
    },
    ...(headers.length === 0 ? {} : { headers }),
    ...(queryParams.length === 0 ? {} : { queryParams }),
    ...(method === undefined ? {} : { method }),
  };
}

function compileFilter(
  filter: HttpRouteFilter,
  index: number,
  resolve: (ref: BackendRef) => string,
): Filter {
  const at = `filters[${index}]`;
  switch (filter.type) {
    case "RequestHeaderModifier":
      return requestHeaders(filter.requestHeaderModifier ?? {});
    case "RequestMirror": {
      const mirror = filter.requestMirror;
      if (mirror === undefined)
        throw new RuleProblem(`${at}: requestMirror is missing; name its backendRef`);
      const { percent, fraction, backendRef } = mirror;
      const ofFraction =
        fraction === undefined
          ? undefined
          : (100 * fraction.numerator) / (fraction.denominator ?? 100);
      return {
        kind: "mirror",
        backend: resolve(backendRef),
        percent: percent ?? ofFraction ?? 100,
      };
    }
    default:
      throw new RuleProblem(
        `${at}.type: ${filter.type} is not carried out here; use RequestHeaderModifier or RequestMirror`,
      );
  }
}

function requestHeaders({ set, add, remove }: HeaderModifier): Filter {
  return {
    kind: "requestHeaders",
    ...(set === undefined ? {} : { set: set.map(({ name, value }) => ({ name, value })) }),
    ...(add === undefined ? {} : { add: add.map(({ name, value }) => ({ name, value })) }),
    ...(remove === undefined ? {} : { remove }),
  };
}

function compileTimeouts({ timeouts }: HttpRouteRule): Timeouts | undefined {
  const requestMs = timeoutMs(timeouts?.request, "timeouts.request");
  const backendRequestMs = timeoutMs(timeouts?.backendRequest, "timeouts.backendRequest");
  if (requestMs === undefined && backendRequestMs === undefined) return undefined;
  return {
    ...(requestMs === undefined ? {} : { requestMs }),
    ...(backendRequestMs === undefined ? {} : { backendRequestMs }),
  };
}

/** `0s` switches a timeout off. */
function timeoutMs(text: string | undefined, where: string): number | undefined {
  if (text === undefined) return undefined;
  const parsed = parseGoDuration(text);
  if (!parsed.ok)
    throw new RuleProblem(`${where}: ${parsed.message}; write a duration such as 10s`);
  return parsed.ms > 0 ? parsed.ms : undefined;
}
