// What references are looked up in, and where a name is written: shared by the files beside this.
import type { JsonObject } from "../../../lib/json.ts";
import { placeOf } from "../../meta/field-error.ts";
import type { Place } from "../../meta/field-error.ts";
import type { Service } from "../../kubernetes/workloads.ts";
import type { AnalysisTemplate } from "../analysis.ts";
import type { CanaryStrategy, Strategy } from "../rollout.ts";

export type ByName<T> = Readonly<Record<string, T | undefined>>;

/** The objects of the Rollout's namespace that its names were looked up in. */
export interface References {
  readonly services: ByName<Service>;
  readonly analysisTemplates: ByName<AnalysisTemplate>;
  readonly clusterAnalysisTemplates: ByName<AnalysisTemplate>;
  /** Each of these absent = nobody can look (the kind is not served here): not checked. */
  readonly ingresses?: ByName<JsonObject>;
  /** Also by `name.namespace`, as Argo's users may write it. */
  readonly virtualServices?: ByName<JsonObject>;
  readonly ambassadorMappings?: ByName<JsonObject>;
  readonly appMeshVirtualServices?: ByName<JsonObject>;
  readonly appMeshVirtualRouters?: ByName<JsonObject>;
  readonly httpRoutes?: ByName<JsonObject>;
}

/** A name in a field: where it is written. */
export interface NamedAt {
  readonly name: string;
  readonly place: Place;
}

export function lookUp<T>(objects: ByName<T> | undefined, name: string): T | undefined {
  return objects && Object.hasOwn(objects, name) ? objects[name] : undefined;
}

/** Reference errors, unlike the others, have the strategy's name in their path. */
export function referencePlace(strategy: Strategy["kind"]): Place {
  return placeOf(["spec", "strategy", strategy]);
}

/** One configured router: its block, and where that stands. */
export interface RouterAt {
  readonly strategy: CanaryStrategy;
  readonly config: JsonObject;
  readonly place: Place;
}
