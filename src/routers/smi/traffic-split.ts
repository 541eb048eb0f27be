// TrafficSplit <-> TrafficPlan, pure. Versions differ in how a weight is written only: v1alpha1 as a
// quantity, later ones as a whole number. Weights are relative: any total will do.
import type { TrafficDestination, TrafficPlan } from "../../api/argo/traffic.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import type { RouterSettings } from "../router.ts";
import { destination, type InForce } from "../split.ts";

/** Argo knows the first three; v1alpha4 has the fields of v1alpha3. */
const versions = ["v1alpha1", "v1alpha2", "v1alpha3", "v1alpha4"] as const;
type Version = (typeof versions)[number];

const group = "split.smi-spec.io";

interface Backend {
  readonly service: string;
  readonly weight?: number | string;
}

export interface TrafficSplit extends KubeObject {
  readonly spec?: { readonly service?: string; readonly backends?: readonly Backend[] };
}

/** The version an installation is set to; undefined if there is no such version. */
export function versionOf({
  trafficSplitApiVersion = "v1alpha1",
}: RouterSettings): Version | undefined {
  const wanted = trafficSplitApiVersion.replace(`${group}/`, "");
  return versions.find((version) => version === wanted);
}

export function apiVersionOf(version: Version): string {
  return `${group}/${version}`;
}

function backendOf({ service, weight }: TrafficDestination, version: Version): readonly Backend[] {
  if (service === undefined) return [];
  return [{ service, weight: version === "v1alpha1" ? String(weight) : weight }];
}

export function backendsOf(
  { canary, additional, stable }: Pick<InForce, "canary" | "additional" | "stable">,
  version: Version,
): readonly Backend[] {
  return [canary, ...additional, stable].flatMap((one) => backendOf(one, version));
}

/** The object with the plan in force; the rest of its spec (matches) stays. */
export function withPlan(
  split: TrafficSplit,
  plan: Pick<TrafficPlan, "canary" | "additional" | "stable">,
  { version, root }: { readonly version: Version; readonly root: string },
): TrafficSplit {
  const backends = backendsOf(plan, version);
  return { ...split, spec: { ...split.spec, service: root, backends } };
}

function weightOf({ weight = 0 }: Backend): number {
  const text = String(weight);
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

/** undefined: it is for another root service, or a weight is no whole number. */
export function splitOf(
  { spec }: TrafficSplit,
  {
    root,
    canary,
    stable,
  }: { readonly root: string; readonly canary: string; readonly stable: string },
): InForce | undefined {
  const found = (spec?.backends ?? []).map((one) => destination(one.service, weightOf(one)));
  const maxWeight = found.reduce((sum, { weight }) => sum + weight, 0);
  if (spec?.service !== root || Number.isNaN(maxWeight)) return undefined;
  const to = (service: string): TrafficDestination =>
    found.find((one) => one.service === service) ?? destination(service, 0);
  return {
    maxWeight,
    canary: to(canary),
    stable: to(stable),
    additional: found.filter(({ service }) => service !== canary && service !== stable),
    routes: [],
  };
}
