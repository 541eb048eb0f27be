// The canary Ingress of a stable one, pure: the stable's rules that lead to the stable Service, with
// that Service replaced, and the annotations ingress-nginx splits by (argo-rollouts-algorithms §2.16).
import type { Ingress, IngressPath, IngressRule } from "../../api/kubernetes/ingress.ts";
import {
  controllerOf,
  controllerReference,
  type KubeObject,
  type StringMap,
} from "../../api/meta/object.ts";
import { RouterError, type ReleasableKind } from "../router.ts";

const longestName = 253;
const nameEnding = "-canary";
const classAnnotation = "kubernetes.io/ingress.class";
const usualTotal = 100;

export interface NginxConfig {
  /** Prefix of the annotations, without the slash. */
  readonly prefix: string;
  readonly stableIngresses: readonly string[];
  /** Written with the prefix unless they have it. */
  readonly additionalAnnotations: StringMap;
  /** Written as they are. */
  readonly canaryAnnotations: StringMap;
}

export interface CanarySplit {
  readonly weight: number;
  readonly maxWeight: number;
}

export interface Sides {
  readonly canary: string;
  readonly stable: string;
}

/** Whole, the name would be `<rollout>-<ingress>-canary`; a name may not end its first part with a dot. */
export function canaryIngressName(rollout: string, stableIngress: string): string {
  const cut = `${rollout}-${stableIngress}`.slice(0, longestName - nameEnding.length);
  return `${cut.replace(/\.+$/, "")}${nameEnding}`;
}

function leadsTo(path: IngressPath, service: string): boolean {
  return path.backend.service?.name === service;
}

function withService(path: IngressPath, { canary, stable }: Sides): IngressPath {
  const { service } = path.backend;
  if (service?.name !== stable) return path;
  return { ...path, backend: { ...path.backend, service: { ...service, name: canary } } };
}

function canaryRules(stable: Ingress, sides: Sides): readonly IngressRule[] {
  const rules = (stable.spec?.rules ?? []).filter(({ http }) =>
    http?.paths.some((path) => leadsTo(path, sides.stable)),
  );
  if (rules.length === 0) {
    throw new RouterError(
      "TrafficRoutingError",
      `ingress \`${stable.metadata.name}\` has no rules using service ${sides.stable} backend`,
    );
  }
  return rules.map((rule) => ({
    ...rule,
    http: { ...rule.http, paths: (rule.http?.paths ?? []).map((path) => withService(path, sides)) },
  }));
}

function withPrefix(annotations: StringMap, prefix: string): StringMap {
  return Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [
      key.startsWith(`${prefix}/`) ? key : `${prefix}/${key}`,
      value,
    ]),
  );
}

/** The total is left out where it is the usual one, but one that was written before must not stay. */
function totalOf(live: StringMap, key: string, maxWeight: number): StringMap {
  const isWritten = maxWeight !== usualTotal || live[key] !== undefined;
  return isWritten ? { [key]: String(maxWeight) } : {};
}

function weightAnnotations(
  live: StringMap,
  { prefix }: NginxConfig,
  { weight, maxWeight }: CanarySplit,
): StringMap {
  return {
    [`${prefix}/canary`]: "true",
    [`${prefix}/canary-weight`]: String(weight),
    ...totalOf(live, `${prefix}/canary-weight-total`, maxWeight),
  };
}

export interface CanaryOf {
  readonly stable: Ingress;
  /** The canary Ingress as it is, if it is. */
  readonly live: Ingress | undefined;
  readonly owner: KubeObject;
  readonly config: NginxConfig;
  readonly sides: Sides;
}

/** The canary Ingress with that split. What others wrote into its metadata is kept. */
export function canaryIngress(
  { stable, live, owner, config, sides }: CanaryOf,
  split: CanarySplit,
): Ingress {
  const written = live?.metadata.annotations ?? {};
  const ingressClass = stable.metadata.annotations?.[classAnnotation];
  const annotations = {
    ...written,
    ...(ingressClass === undefined ? {} : { [classAnnotation]: ingressClass }),
    ...withPrefix(config.additionalAnnotations, config.prefix),
    ...config.canaryAnnotations,
    ...weightAnnotations(written, config, split),
  };
  const { ingressClassName, tls } = stable.spec ?? {};
  const { namespace = "" } = owner.metadata;
  const name = canaryIngressName(owner.metadata.name, stable.metadata.name);
  const base = live?.metadata ?? {
    name,
    namespace,
    ownerReferences: [controllerReference(owner)],
  };
  return {
    ...(live ?? { apiVersion: "networking.k8s.io/v1", kind: "Ingress" }),
    metadata: { ...base, annotations },
    spec: {
      ...(ingressClassName === undefined ? {} : { ingressClassName }),
      rules: canaryRules(stable, sides),
      ...(tls === undefined ? {} : { tls }),
    },
  };
}

/** The split a canary Ingress says; undefined if it says none that can be read. */
export function splitOf(canary: Ingress, { prefix }: NginxConfig): CanarySplit | undefined {
  const annotations = canary.metadata.annotations ?? {};
  const weight = annotations[`${prefix}/canary-weight`] ?? "";
  const total = annotations[`${prefix}/canary-weight-total`] ?? String(usualTotal);
  if (!/^\d+$/.test(weight) || !/^\d+$/.test(total)) return undefined;
  return { weight: Number(weight), maxWeight: Number(total) };
}

const weightKey = /\/canary-weight$/;

/** A canary Ingress says whose it is by its owner; others of a rollout's have no such annotation. */
function usersOf(object: KubeObject): readonly string[] {
  const isSplit = Object.keys(object.metadata.annotations ?? {}).some((key) => weightKey.test(key));
  const owner = controllerOf(object);
  return isSplit && owner?.kind === "Rollout" ? [owner.name] : [];
}

/** It stays, with weight 0, until the rollout that owns it is gone: nobody is led past a judgement. */
function without(object: KubeObject, rollout: string): KubeObject {
  if (!usersOf(object).includes(rollout)) return object;
  const annotations = Object.fromEntries(
    Object.entries(object.metadata.annotations ?? {}).map(([key, value]) => [
      key,
      weightKey.test(key) ? "0" : value,
    ]),
  );
  return { ...object, metadata: { ...object.metadata, annotations } };
}

export const releasableIngress: ReleasableKind = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  usersOf,
  without,
};
