// Builds what requests are routed by from a config: one routing table per listener, one balancer per backend, and
// the upstreams behind them, which are kept where an endpoint stays the same.
import type { Backend, Endpoint, GatewayConfig, MirrorFilter, Route, Rule } from "./config.ts";
import { Balancer } from "./proxy/balancer.ts";
import type { MirrorTarget, RuleTarget } from "./proxy/rule-target.ts";
import { Upstream } from "./proxy/upstream.ts";
import { RoutingTable } from "./routing/table.ts";
import { EvenSampler, WeightedSplit } from "./routing/split.ts";
import type { Series } from "./stats/series.ts";
import type { SeriesStore } from "./stats/series-store.ts";

export interface LiveTable {
  readonly config: GatewayConfig;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly balancers: ReadonlyMap<string, Balancer>;
  /** By listener name. */
  readonly tables: ReadonlyMap<string, RoutingTable<RuleTarget>>;
  /** By listener, route and rule, for the next table to continue. */
  readonly splits: ReadonlyMap<string, WeightedSplit<Balancer>>;
  readonly samplers: ReadonlyMap<string, EvenSampler>;
}

/** The table of a checked config. Pure but for new upstreams (which open nothing yet) and new series. */
export function buildTable(
  config: GatewayConfig,
  previous: LiveTable | undefined,
  store: SeriesStore,
): LiveTable {
  const upstreams = upstreamsOf(config, previous);
  const balancers = new Map(
    config.backends.map((backend) => [backend.name, balancerOf(backend, upstreams, store)]),
  );
  const splits = new Map<string, WeightedSplit<Balancer>>();
  const samplers = new Map<string, EvenSampler>();
  const tables = new Map(
    config.listeners.map((listener) => [
      listener.name,
      new RoutingTable<RuleTarget>(listener.routes, (route, rule, index) =>
        targetOf(rule, ruleKey(listener.name, route, index)),
      ),
    ]),
  );
  return { config, upstreams, balancers, tables, splits, samplers };

  function targetOf(rule: Rule, key: string): RuleTarget {
    const split = splitOf(rule, balancers, previous?.splits.get(key));
    splits.set(key, split);
    const mirrors = (rule.filters ?? []).filter((filter) => filter.kind === "mirror");
    return {
      split,
      mirrors: mirrors.map((filter, index) => mirrorOf(filter, `${key} ${String(index)}`)),
      requestHeaderFilters: (rule.filters ?? []).filter(
        (filter) => filter.kind === "requestHeaders",
      ),
      timeouts: rule.timeouts ?? {},
    };
  }

  function mirrorOf(filter: MirrorFilter, key: string): MirrorTarget {
    const percent = filter.percent ?? 100;
    const samplerKey = `${key} ${filter.backend} ${String(percent)}`;
    const sampler = previous?.samplers.get(samplerKey) ?? new EvenSampler(percent);
    samplers.set(samplerKey, sampler);
    return { balancer: known(balancers, filter.backend), sampler };
  }
}

/** Every series the table counts in. */
export function seriesInUse(table: LiveTable): ReadonlySet<Series> {
  return new Set([...table.balancers.values()].flatMap((balancer) => balancer.series()));
}

function upstreamsOf(
  config: GatewayConfig,
  previous: LiveTable | undefined,
): ReadonlyMap<string, Upstream> {
  const upstreams = new Map<string, Upstream>();
  for (const endpoint of config.backends.flatMap((backend) => backend.endpoints)) {
    const key = upstreamKey(endpoint);
    if (upstreams.has(key)) continue;
    upstreams.set(key, previous?.upstreams.get(key) ?? new Upstream(endpoint));
  }
  return upstreams;
}

/** A pod that took over another's port is another endpoint: no connection to the old one may serve it. */
export function upstreamKey(endpoint: Endpoint): string {
  return JSON.stringify([endpoint.host, endpoint.port, endpoint.pod]);
}

function balancerOf(
  backend: Backend,
  upstreams: ReadonlyMap<string, Upstream>,
  store: SeriesStore,
): Balancer {
  const targets = backend.endpoints.map((endpoint) => ({
    upstream: known(upstreams, upstreamKey(endpoint)),
    version: endpoint.version,
    series: store.of(backend.name, endpoint.version),
  }));
  return new Balancer(backend.name, targets, () => store.of(backend.name, ""));
}

function splitOf(
  rule: Rule,
  balancers: ReadonlyMap<string, Balancer>,
  previous: WeightedSplit<Balancer> | undefined,
): WeightedSplit<Balancer> {
  const items = rule.backends.map(({ backend, weight }) => ({
    name: backend,
    weight,
    target: known(balancers, backend),
  }));
  return new WeightedSplit(items, previous);
}

function ruleKey(listener: string, route: Route, index: number): string {
  return JSON.stringify([listener, route.name, index]);
}

/** Validation has checked every reference; a miss is our own mistake. */
function known<T>(items: ReadonlyMap<string, T>, key: string): T {
  const item = items.get(key);
  if (item === undefined) throw new Error(`gateway table: nothing is known as ${key}`);
  return item;
}
