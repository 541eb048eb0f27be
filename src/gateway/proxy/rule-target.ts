// A rule of the config ready for use: where its share of requests goes and what is done to them on the way.
import type { RequestHeadersFilter, Timeouts } from "../config.ts";
import type { EvenSampler, WeightedSplit } from "../routing/split.ts";
import type { Balancer } from "./balancer.ts";

export interface MirrorTarget {
  readonly balancer: Balancer;
  readonly sampler: EvenSampler;
}

export interface RuleTarget {
  readonly split: WeightedSplit<Balancer>;
  readonly requestHeaderFilters: readonly RequestHeadersFilter[];
  readonly mirrors: readonly MirrorTarget[];
  readonly timeouts: Timeouts;
}
