// DestinationRule subsets <-> versions, pure. A subset follows a version by the hash among its
// labels; subsets of experiments are ours, told by having that label alone; all others stay.
import { managedByRolloutsAnnotation, podTemplateHashLabel } from "../../api/argo/keys.ts";
import type { TrafficDestination } from "../../api/argo/traffic.ts";
import type { DestinationRule, IstioSubset } from "../../api/istio/networking.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { RouterError, type ReleasableKind } from "../router.ts";
import type { Sides } from "./istio-config.ts";

export interface SubsetHashes {
  readonly canary: string;
  readonly stable: string;
  readonly additional: ReadonlyMap<string, string>;
}

/** What to bring subsets to; undefined = leave as it is. */
export interface SubsetGoal {
  /** "" = of every version. */
  readonly canary: string | undefined;
  readonly stable: string | undefined;
  readonly additional: readonly TrafficDestination[];
  /** Whether subsets of experiments that are not in `additional` go. */
  readonly isFinal: boolean;
}

type SubsetSides = Extract<Sides, { by: "subset" }>;

function hashOf({ labels = {} }: IstioSubset): string {
  return labels[podTemplateHashLabel] ?? "";
}

function subsetsOf(rule: DestinationRule, sides: SubsetSides): readonly IstioSubset[] {
  const { subsets = [] } = rule.spec;
  for (const name of [sides.canary, sides.stable]) {
    const count = subsets.filter((subset) => subset.name === name).length;
    if (count === 1) continue;
    const { namespace = "", name: ruleName } = rule.metadata;
    const problem = count === 0 ? "has no subset" : "has more than one subset";
    throw new RouterError(
      "TrafficRoutingError",
      `DestinationRule ${namespace}/${ruleName} ${problem} '${name}'; it needs one of that name`,
    );
  }
  return subsets;
}

function isOfExperiment({ name, labels = {} }: IstioSubset, sides: SubsetSides): boolean {
  const isNamed = [sides.canary, sides.stable, ...sides.kept].includes(name);
  const keys = Object.keys(labels);
  return !isNamed && keys.length === 1 && keys[0] === podTemplateHashLabel;
}

export function readHashes(rule: DestinationRule, sides: SubsetSides): SubsetHashes {
  const subsets = subsetsOf(rule, sides);
  const named = (name: string): string => {
    const subset = subsets.find((one) => one.name === name);
    return subset ? hashOf(subset) : "";
  };
  const ofExperiments = subsets.filter((subset) => isOfExperiment(subset, sides));
  return {
    canary: named(sides.canary),
    stable: named(sides.stable),
    additional: new Map(ofExperiments.map((subset) => [subset.name, hashOf(subset)])),
  };
}

function withHash(subset: IstioSubset, hash: string | undefined): IstioSubset {
  if (hash === undefined) return subset;
  const { [podTemplateHashLabel]: _hash, ...rest } = subset.labels ?? {};
  return { ...subset, labels: hash === "" ? rest : { ...rest, [podTemplateHashLabel]: hash } };
}

/** `manager` is the rollout's name. */
export function withSubsets(
  rule: DestinationRule,
  goal: SubsetGoal,
  sides: SubsetSides,
  manager: string,
): DestinationRule {
  const subsets = subsetsOf(rule, sides);
  const wanted = new Map(
    goal.additional.flatMap(({ service, podTemplateHash }) =>
      service === undefined ? [] : [[service, podTemplateHash] as const],
    ),
  );
  const kept = subsets.filter(
    (subset) => !(goal.isFinal && isOfExperiment(subset, sides) && !wanted.has(subset.name)),
  );
  const edited = kept.map((subset) => {
    if (subset.name === sides.canary) return withHash(subset, goal.canary);
    if (subset.name === sides.stable) return withHash(subset, goal.stable);
    return withHash(subset, wanted.get(subset.name));
  });
  const present = new Set(subsets.map(({ name }) => name));
  const added = [...wanted]
    .filter(([name]) => !present.has(name))
    .map(([name, hash]) => ({ name, labels: { [podTemplateHashLabel]: hash } }));
  return {
    ...rule,
    metadata: withManager(rule.metadata, manager),
    spec: { ...rule.spec, subsets: [...edited, ...added] },
  };
}

function withManager(
  metadata: DestinationRule["metadata"],
  manager: string,
): DestinationRule["metadata"] {
  if (metadata.annotations?.[managedByRolloutsAnnotation] === manager) return metadata;
  const annotations = { ...metadata.annotations, [managedByRolloutsAnnotation]: manager };
  return { ...metadata, annotations };
}

function usersOf({ metadata }: KubeObject): readonly string[] {
  const manager = metadata.annotations?.[managedByRolloutsAnnotation];
  return manager === undefined ? [] : [manager];
}

/** The subset of every version; labels that only we had written go as a whole. */
function ofAllVersions(subset: IstioSubset): IstioSubset {
  if (subset.labels?.[podTemplateHashLabel] === undefined) return subset;
  const { [podTemplateHashLabel]: _hash, ...others } = subset.labels;
  const { labels: _labels, ...rest } = subset;
  return Object.keys(others).length === 0 ? rest : { ...rest, labels: others };
}

/** Its subsets select every version again, and nothing says whose it was. */
function withoutRollout(object: KubeObject, rollout: string): KubeObject {
  if (!usersOf(object).includes(rollout)) return object;
  const rule = object as DestinationRule;
  const { [managedByRolloutsAnnotation]: _manager, ...annotations } = {
    ...rule.metadata.annotations,
  };
  const { subsets } = rule.spec;
  const spec = { ...rule.spec, ...(subsets ? { subsets: subsets.map(ofAllVersions) } : {}) };
  const given: DestinationRule = { ...rule, metadata: { ...rule.metadata, annotations }, spec };
  return given;
}

export function releasableRule(apiVersion: string): ReleasableKind {
  return { apiVersion, kind: "DestinationRule", usersOf, without: withoutRollout };
}
