// The canary Mapping of a stable one, pure: the stable's spec, led to the canary Service, with a weight.
import {
  controllerOf,
  controllerReference,
  isControlledBy,
  type KubeObject,
} from "../../api/meta/object.ts";
import type { JsonObject } from "../../lib/json.ts";
import { RouterError, type RouterSettings } from "../router.ts";

const usualApiVersion = "getambassador.io/v2";
const apiVersions = [
  "getambassador.io/v1",
  usualApiVersion,
  "getambassador.io/v3alpha1",
  "x.getambassador.io/v3alpha1",
];
const nameEnding = "-canary";
const longestStem = 253 - nameEnding.length;

export interface MappingSpec extends JsonObject {
  readonly service?: string;
  readonly weight?: number;
}

export interface Mapping extends KubeObject {
  readonly spec?: MappingSpec;
}

export interface Sides {
  readonly canary: string;
  readonly stable: string;
}

/** The version an installation is set to; undefined if there is no such version. */
export function apiVersionOf({
  ambassadorApiVersion = usualApiVersion,
}: RouterSettings): string | undefined {
  return apiVersions.find((known) => known === ambassadorApiVersion);
}

export const knownApiVersions: readonly string[] = apiVersions;

export function canaryMappingName(mapping: string): string {
  return `${mapping.slice(0, longestStem).replace(/\.+$/, "")}${nameEnding}`;
}

/** The Service's name may stand anywhere in it: `shop`, `shop.prod:80`, `https://shop`. */
function canaryService({ metadata, spec }: Mapping, { canary, stable }: Sides): string {
  const service = spec?.service ?? "";
  if (service.includes(stable)) return service.replace(stable, () => canary);
  throw new RouterError(
    "AmbassadorMappingConfigError",
    `Ambassador mapping "${metadata.name}" does not lead to service ${stable}: its spec.service is "${service}"`,
  );
}

/** A Mapping whose weight is its own would fight the canary's. */
export function mustNotWeigh({ metadata, spec }: Mapping): void {
  if (spec?.weight === undefined) return;
  throw new RouterError(
    "AmbassadorMappingConfigError",
    `Ambassador mapping "${metadata.name}" can not define weight`,
  );
}

export interface CanaryOf {
  readonly stable: Mapping;
  readonly live: Mapping | undefined;
  readonly owner: KubeObject;
  readonly sides: Sides;
}

/**
 * Ours, or made by Argo, which leaves no owner: one that leads to the canary Service and belongs to
 * nobody. Anything else is somebody's.
 */
export function isOurs(live: Mapping, { stable, owner, sides }: Omit<CanaryOf, "live">): boolean {
  const controller = controllerOf(live);
  if (controller) return controller.uid === owner.metadata.uid;
  return live.spec?.service === canaryService(stable, sides);
}

/** When a canary Mapping was first seen without a share; it is taken away a little later. */
export const weightlessSinceAnnotation = "haldane.dev/weightless-since";

export function canaryMapping({ stable, live, owner, sides }: CanaryOf, weight: number): Mapping {
  const { namespace = "" } = owner.metadata;
  const known = live?.metadata ?? { name: canaryMappingName(stable.metadata.name), namespace };
  const owners = known.ownerReferences ?? [];
  const isOwned = live !== undefined && isControlledBy(live, owner);
  const metadata = {
    ...known,
    ownerReferences: isOwned ? owners : [...owners, controllerReference(owner)],
  };
  const { [weightlessSinceAnnotation]: _since, ...annotations } = metadata.annotations ?? {};
  const spec = { ...stable.spec, service: canaryService(stable, sides), weight };
  return {
    apiVersion: stable.apiVersion,
    kind: stable.kind,
    ...live,
    metadata: metadata.annotations && weight > 0 ? { ...metadata, annotations } : metadata,
    spec,
  };
}
