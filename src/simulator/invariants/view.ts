// The world as the monitors know it: fed by every write, asked by the invariants.
import { podTemplateHashLabel } from "../../api/argo/keys.ts";
import { parseRollout } from "../../api/argo/parse/rollout.ts";
import type { Rollout } from "../../api/argo/rollout.ts";
import type { AnalysisRun } from "../../api/argo/analysis.ts";
import type { HTTPRoute } from "../../api/gateway/http-route.ts";
import type { ReplicaSet, Service } from "../../api/kubernetes/workloads.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { Change } from "../../objects/semantics/stored.ts";

/** Weight by Service of the rule that splits. */
export type Weights = ReadonlyMap<string, number>;

export function weightsOf(route: HTTPRoute | undefined): Weights {
  const plain = route?.spec.rules?.find(
    (rule) => rule.name?.startsWith("haldane-managed-") !== true,
  );
  return new Map((plain?.backendRefs ?? []).map(({ name, weight = 1 }) => [name, weight]));
}

/** Services that header and mirror routes lead to, whatever the weights. */
export function servicesOfManagedRoutes(route: HTTPRoute): readonly string[] {
  const rules = (route.spec.rules ?? []).filter(
    (rule) => rule.name?.startsWith("haldane-managed-") === true,
  );
  return rules.flatMap((rule) => [
    ...(rule.backendRefs ?? []).filter(({ weight = 1 }) => weight > 0).map(({ name }) => name),
    ...(rule.filters ?? []).flatMap(({ requestMirror }) =>
      requestMirror ? [requestMirror.backendRef.name] : [],
    ),
  ]);
}

export function hashOf(object: KubeObject): string {
  return object.metadata.labels?.[podTemplateHashLabel] ?? "";
}

/** Pods that answer now and are not told to go. */
export function capacityOf(set: ReplicaSet): number {
  return Math.min(set.spec.replicas ?? 1, set.status?.availableReplicas ?? 0);
}

function isServedNow(route: HTTPRoute): boolean {
  const condition = route.status?.parents[0]?.conditions.find(({ type }) => type === "Programmed");
  return condition?.observedGeneration === route.metadata.generation;
}

export class WorldView {
  readonly rollouts = new Map<string, Rollout>();
  readonly sets = new Map<string, ReplicaSet>();
  readonly services = new Map<string, Service>();
  readonly routes = new Map<string, HTTPRoute>();
  /** The routes as users meet them. */
  readonly served = new Map<string, HTTPRoute>();
  readonly runs = new Map<string, AnalysisRun>();

  apply({ type, object }: Change): void {
    // The wire border: the store holds what the kinds promise.
    const known = object as unknown as KubeObject;
    const { name } = known.metadata;
    const put = <T>(map: Map<string, T>, value: T): void => {
      if (type === "DELETED") map.delete(name);
      else map.set(name, value);
    };
    switch (known.kind) {
      case "Rollout": {
        put(this.rollouts, parseRollout(asJson(known)).rollout);
        return;
      }
      case "ReplicaSet": {
        put(this.sets, known as ReplicaSet);
        return;
      }
      case "Service": {
        put(this.services, known as Service);
        return;
      }
      case "AnalysisRun": {
        put(this.runs, known as AnalysisRun);
        return;
      }
      case "HTTPRoute":
        if (isServedNow(known as HTTPRoute)) put(this.served, known as HTTPRoute);
        {
          put(this.routes, known as HTTPRoute);
          return;
        }
    }
  }

  ownedSets(rollout: string): readonly ReplicaSet[] {
    return [...this.sets.values()].filter((set) =>
      set.metadata.ownerReferences?.some((owner) => owner.name === rollout),
    );
  }

  setOf(rollout: string, hash: string): ReplicaSet | undefined {
    return this.ownedSets(rollout).find((set) => hashOf(set) === hash);
  }

  /** Ready pods behind a Service. */
  capacity(service: Service | undefined): number {
    const selector = Object.entries(service?.spec.selector ?? {});
    if (selector.length === 0) return 0;
    return [...this.sets.values()]
      .filter((set) =>
        selector.every(([key, value]) => set.spec.template.metadata?.labels?.[key] === value),
      )
      .reduce((sum, set) => sum + capacityOf(set), 0);
  }

  /** What a Service may be getting: as written and as served, whichever is more. */
  share(service: string): number {
    const all = [...this.routes.values(), ...this.served.values()].map(
      (route) => weightsOf(route).get(service) ?? 0,
    );
    return Math.max(0, ...all);
  }

  rolloutUsing(service: string): Rollout | undefined {
    return [...this.rollouts.values()].find(({ spec: { strategy } }) => {
      if (strategy.kind === "canary")
        return [strategy.canaryService, strategy.stableService].includes(service);
      return strategy.kind === "blueGreen" && strategy.activeService === service;
    });
  }
}
