// The described traffic as the `traffic` provider sees it: counts of a window, worked out from the
// weights the route carries and the error rate and latency of each version. No dice: a share of
// 5 % of 1,000 requests is 50.
import type { HTTPRoute } from "../api/gateway/http-route.ts";
import { podTemplateHashLabel } from "../api/argo/keys.ts";
import type { ReplicaSet, Service } from "../api/kubernetes/workloads.ts";
import {
  latencyBucketCount,
  latencyBucketOf,
  latencyHistogramOf,
} from "../lib/latency-histogram.ts";
import type { EpochMs } from "../lib/time.ts";
import type { TrafficCounts, TrafficFilter, TrafficSource } from "../metrics/traffic/source.ts";
import type { Cache } from "../runtime/cache.ts";
import { valueAt, versionOf, type World } from "./scenario.ts";

export interface DescribedTrafficOptions {
  readonly world: World;
  readonly startMs: EpochMs;
  /** The routes as they are served, by `namespace/name`. */
  readonly served: ReadonlyMap<string, HTTPRoute>;
  readonly services: Cache<Service>;
  readonly sets: Cache<ReplicaSet>;
}

interface Share {
  readonly version: string;
  readonly service: string;
  /** 0 to 1 */
  readonly share: number;
  /** The part of it that weights of several Services divide. */
  readonly divided: number;
}

/** From `atMs` until the next. */
interface Period {
  readonly atMs: EpochMs;
  readonly namespace: string;
  readonly shares: readonly Share[];
}

interface Total {
  requests: number;
  divided: number;
  failed: number;
  readonly latency: Float64Array;
}

/** As often as the gateway is read. */
const tickMs = 1000;

function newTotal(): Total {
  return { requests: 0, divided: 0, failed: 0, latency: new Float64Array(latencyBucketCount) };
}

function countsBetween(fromMs: EpochMs, toMs: EpochMs, total: Total): TrafficCounts {
  const requests = Math.round(total.requests);
  const divided = Math.round(total.divided);
  const failed = Math.round(total.failed);
  const byClass = { "1xx": 0, "2xx": requests - failed, "3xx": 0, "4xx": 0, "5xx": failed };
  const latency = latencyHistogramOf(total.latency);
  return { fromMs, toMs, requests, divided, failed, gatewayErrors: 0, byClass, latency };
}

/** Records, at each change of a route, who gets which share from then on. */
export class DescribedTraffic implements TrafficSource {
  readonly #options: DescribedTrafficOptions;
  readonly #shares: Period[] = [];

  constructor(options: DescribedTrafficOptions) {
    this.#options = options;
  }

  /** Call after anything may have changed who is served. */
  record(now: EpochMs): void {
    for (const namespace of new Set(
      this.#options.services.list().map(({ metadata }) => metadata.namespace ?? ""),
    )) {
      const shares = this.#sharesNow(namespace);
      const last = this.#shares.findLast((entry) => entry.namespace === namespace);
      if (JSON.stringify(last?.shares) !== JSON.stringify(shares))
        this.#shares.push({ atMs: now, namespace, shares });
    }
  }

  window(filter: TrafficFilter, windowMs: number, now: EpochMs): TrafficCounts | undefined {
    const fromMs = now - windowMs;
    const periods = this.#shares.filter(({ namespace }) => namespace === filter.namespace);
    const [first] = periods;
    // Nobody watched before the first record: a gap is no data.
    if (!first || first.atMs > fromMs) return undefined;
    const total = newTotal();
    for (const [index, period] of periods.entries()) {
      const startMs = Math.max(fromMs, period.atMs);
      const endMs = Math.min(now, periods[index + 1]?.atMs ?? now);
      if (endMs > startMs)
        this.#add(
          total,
          period.shares.filter((share) => isAsked(share, filter)),
          startMs,
          endMs,
        );
    }
    return countsBetween(fromMs, now, total);
  }

  /** Second by second. What is left over of one second's share counts in the next. */
  ticks(filter: TrafficFilter, sinceMs: EpochMs, now: EpochMs): readonly TrafficCounts[] {
    const periods = this.#shares.filter(({ namespace }) => namespace === filter.namespace);
    const [first] = periods;
    if (!first) return [];
    const begun = Math.ceil(Math.max(sinceMs, first.atMs) / tickMs) * tickMs;
    const count = Math.max(0, Math.floor((now - begun) / tickMs));
    return Array.from({ length: count }, (_, index) => {
      const fromMs = begun + index * tickMs;
      return this.#tick(periods, filter, fromMs);
    });
  }

  #tick(periods: readonly Period[], filter: TrafficFilter, fromMs: EpochMs): TrafficCounts {
    const toMs = fromMs + tickMs;
    const total = newTotal();
    const sums = new Map<string, Pick<Share, "share" | "divided">>();
    for (const [index, period] of periods.entries()) {
      const startMs = Math.max(fromMs, period.atMs);
      const endMs = Math.min(toMs, periods[index + 1]?.atMs ?? toMs);
      if (endMs <= startMs) continue;
      for (const one of period.shares.filter((share) => isAsked(share, filter))) {
        const part = (endMs - startMs) / tickMs;
        const { share, divided } = sums.get(one.version) ?? { share: 0, divided: 0 };
        sums.set(one.version, {
          share: share + one.share * part,
          divided: divided + one.divided * part,
        });
      }
    }
    for (const [version, one] of sums) this.#addTick(total, { version, ...one }, fromMs);
    return countsBetween(fromMs, toMs, total);
  }

  #addTick(total: Total, { version, share, divided }: Omit<Share, "service">, fromMs: EpochMs) {
    const { world, startMs: worldStartMs } = this.#options;
    const sinceMs = fromMs - worldStartMs;
    const second = sinceMs / tickMs;
    const described = versionOf(world, this.#imageOf(version));
    const rate = valueAt(world.requestsPerSecond, sinceMs) * share;
    const failing = valueAt(described.errorPercent, sinceMs) / 100;
    const requestsUntil = (at: number): number => Math.floor(at * rate);
    const failedUntil = (at: number): number => Math.floor(requestsUntil(at) * failing);
    const requests = requestsUntil(second + 1) - requestsUntil(second);
    const bucket = latencyBucketOf(valueAt(described.latencyMs, sinceMs));
    total.requests += requests;
    total.divided += share === 0 ? 0 : (requests * divided) / share;
    total.failed += failedUntil(second + 1) - failedUntil(second);
    total.latency[bucket] = (total.latency[bucket] ?? 0) + requests;
  }

  #add(total: Total, shares: readonly Share[], startMs: number, endMs: number): void {
    const { world, startMs: worldStartMs } = this.#options;
    const sinceMs = startMs - worldStartMs;
    for (const { version, share, divided } of shares) {
      const described = versionOf(world, this.#imageOf(version));
      const all = (valueAt(world.requestsPerSecond, sinceMs) * (endMs - startMs)) / 1000;
      const requests = all * share;
      const bucket = latencyBucketOf(valueAt(described.latencyMs, sinceMs));
      total.requests += requests;
      total.divided += all * divided;
      total.failed += (requests * valueAt(described.errorPercent, sinceMs)) / 100;
      total.latency[bucket] = (total.latency[bucket] ?? 0) + requests;
    }
  }

  #imageOf(hash: string): string {
    const set = this.#options.sets
      .list()
      .find(({ metadata }) => metadata.labels?.[podTemplateHashLabel] === hash);
    return set?.spec.template.spec.containers[0]?.image ?? "";
  }

  /** By the weights of routes; Services no route splits serve all of their own ready pods. */
  #sharesNow(namespace: string): readonly Share[] {
    const { services } = this.#options;
    const routed = this.#routedShares(namespace);
    return services.list(namespace).flatMap((service) => {
      const serving = this.#servingPods(service, namespace);
      const pods = serving.reduce((total, { available }) => total + available, 0);
      const { share = routed.size === 0 ? 1 : 0, divided = 0 } =
        routed.get(service.metadata.name) ?? {};
      return serving.map(({ version, available }) => ({
        version,
        service: service.metadata.name,
        share: (share * available) / Math.max(1, pods),
        divided: (divided * available) / Math.max(1, pods),
      }));
    });
  }

  /** By Service. Routes that lead to the same one bring it equally many requests each. */
  #routedShares(namespace: string): ReadonlyMap<string, Pick<Share, "share" | "divided">> {
    const found = new Map<string, Pick<Share, "share" | "divided">[]>();
    for (const route of this.#options.served.values()) {
      if (route.metadata.namespace !== namespace) continue;
      const plain = route.spec.rules?.find(
        (rule) => rule.name?.startsWith("haldane-managed-") !== true,
      );
      const refs = plain?.backendRefs ?? [];
      const sum = refs.reduce((total, { weight = 1 }) => total + weight, 0);
      const isDivided = refs.filter(({ weight = 1 }) => weight > 0).length > 1;
      for (const { name, weight = 1 } of refs) {
        const share = sum === 0 ? 0 : weight / sum;
        const others = found.get(name) ?? [];
        found.set(name, [...others, { share, divided: isDivided ? share : 0 }]);
      }
    }
    const mean = (all: readonly number[]): number =>
      all.reduce((sum, one) => sum + one, 0) / all.length;
    return new Map(
      [...found].map(([name, all]) => [
        name,
        {
          share: mean(all.map(({ share }) => share)),
          divided: mean(all.map(({ divided }) => divided)),
        },
      ]),
    );
  }

  #servingPods(
    service: Service,
    namespace: string,
  ): readonly { readonly version: string; readonly available: number }[] {
    const selector = service.spec.selector ?? {};
    return this.#options.sets.list(namespace).flatMap((set) => {
      const labels = set.spec.template.metadata?.labels ?? {};
      const isSelected = Object.entries(selector).every(([key, value]) => labels[key] === value);
      const version = labels[podTemplateHashLabel];
      const available = set.status?.availableReplicas ?? 0;
      return isSelected && version !== undefined && available > 0 ? [{ version, available }] : [];
    });
  }
}

function isAsked(share: Share, { service, version }: TrafficFilter): boolean {
  return (
    (service === undefined || share.service === service) &&
    (version === undefined || share.version === version)
  );
}
