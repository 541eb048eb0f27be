// Whether load balancers serve a split: every rule that leads to both the canary's and the stable's
// target group must have the very weights, and there must be one. Target groups are told by the tag
// the AWS load balancer controller gives them, `namespace/ingress-service:port`.
import type { Ingress } from "../../api/kubernetes/ingress.ts";
import type { RolloutStatus } from "../../api/argo/rollout-status.ts";
import type { TrafficDestination } from "../../api/argo/traffic.ts";
import type { KubeObject } from "../../api/meta/object.ts";
import { isJsonArray, type Json } from "../../lib/json.ts";
import { errorText } from "../../runtime/log.ts";
import type { InForce } from "../split.ts";
import type { ServedBalancer, ServedTarget, TargetGroups } from "../target-groups.ts";

export interface Verification {
  /** undefined: it is served. */
  readonly waitingFor: string | undefined;
  /** Why it could not be found out. */
  readonly error: string | undefined;
  /** One entry per Ingress whose load balancer was found. */
  readonly albs: readonly Json[];
}

export interface Verifying {
  readonly targetGroups: TargetGroups;
  readonly servicePort: number;
  readonly ingresses: readonly Ingress[];
  readonly split: InForce;
}

function statusOf(owner: KubeObject): Partial<RolloutStatus> {
  return (owner as KubeObject & { readonly status?: RolloutStatus }).status ?? {};
}

/** What the status says of the load balancers since they were last asked. */
export function recordedAlbs(owner: KubeObject): readonly Json[] {
  const { albs } = statusOf(owner);
  return albs !== undefined && isJsonArray(albs) ? albs : [];
}

/** The status says that these very weights were found served: nobody needs to be asked again. */
export function wasVerified(owner: KubeObject, split: InForce): boolean {
  const weights = statusOf(owner).canary?.weights;
  if (weights?.verified !== true) return false;
  const recorded = [weights.canary, weights.stable, ...(weights.additional ?? [])];
  const wanted = [split.canary, split.stable, ...split.additional];
  return (
    recorded.length === wanted.length &&
    wanted.every(({ weight, service }, index) => {
      const { weight: was, serviceName = service } = recorded[index] ?? {};
      return was === weight && serviceName === service;
    })
  );
}

/** Argo's names: the parts of an ARN that dashboards of Amazon's metrics use. */
function described(arn: string, name: string, skipped: number): Json {
  return { name, arn, fullName: arn.split("/").slice(skipped).join("/") };
}

interface Looked {
  readonly waitingFor: string | undefined;
  readonly alb: Json | undefined;
}

function resourceOf(ingress: Ingress, { service }: TrafficDestination, port: number): string {
  const { namespace = "", name } = ingress.metadata;
  return `${namespace}/${name}-${service ?? ""}:${port}`;
}

function weightIn(rule: readonly ServedTarget[], resource: string): number | undefined {
  return rule.find((target) => target.resource === resource)?.weight;
}

function albOf(
  ingress: Ingress,
  balancer: ServedBalancer,
  resources: { readonly canary: string; readonly stable: string },
): Json {
  const groupOf = (resource: string): Json => {
    const arn = balancer.rules.flat().find((target) => target.resource === resource)?.arn ?? "";
    return described(arn, arn.split("/")[1] ?? "", 1);
  };
  return {
    loadBalancer: described(balancer.arn, balancer.name, 2),
    canaryTargetGroup: groupOf(resources.canary),
    stableTargetGroup: groupOf(resources.stable),
    ingress: ingress.metadata.name,
  };
}

/** What a load balancer serves of the split. */
function compare(ingress: Ingress, balancer: ServedBalancer, verifying: Verifying): Looked {
  const { split, servicePort } = verifying;
  const resource = (to: TrafficDestination): string => resourceOf(ingress, to, servicePort);
  const canary = resource(split.canary);
  const stable = resource(split.stable);
  const alb = albOf(ingress, balancer, { canary, stable });
  const splitting = balancer.rules.filter((rule) =>
    [canary, stable].every((side) => weightIn(rule, side) !== undefined),
  );
  if (splitting.length === 0) {
    return {
      alb,
      waitingFor: `load balancer ${balancer.name} to split between ${canary} and ${stable}`,
    };
  }
  const wanted = [split.canary, ...split.additional, split.stable];
  const late = splitting
    .flatMap((rule) => wanted.map((to) => ({ to, served: weightIn(rule, resource(to)) })))
    .find(({ to, served }) => served !== to.weight);
  if (late === undefined) return { alb, waitingFor: undefined };
  const { to, served } = late;
  const now = served === undefined ? "does not lead there" : `serves ${served}`;
  const waitingFor = `load balancer ${balancer.name} to serve weight ${to.weight} of ${resource(to)} (${now})`;
  return { alb, waitingFor };
}

async function look(ingress: Ingress, verifying: Verifying): Promise<Looked> {
  const hostnames = (ingress.status?.loadBalancer?.ingress ?? []).flatMap(({ hostname }) =>
    hostname === undefined || hostname === "" ? [] : [hostname],
  );
  const [hostname] = hostnames;
  const { name } = ingress.metadata;
  if (hostname === undefined) {
    return { alb: undefined, waitingFor: `Ingress ${name} to get a load balancer` };
  }
  const balancer = await verifying.targetGroups.servedBy(hostname);
  if (balancer) return compare(ingress, balancer, verifying);
  return {
    alb: undefined,
    waitingFor: `load balancer ${hostname} of Ingress ${name}: it is not there`,
  };
}

/** Asks for every Ingress. Never rejects: what cannot be found out is not verified. */
export async function verify(verifying: Verifying): Promise<Verification> {
  try {
    const looked: Looked[] = [];
    for (const ingress of verifying.ingresses) looked.push(await look(ingress, verifying));
    return {
      waitingFor: looked.find(({ waitingFor }) => waitingFor !== undefined)?.waitingFor,
      error: undefined,
      albs: looked.flatMap(({ alb }) => (alb === undefined ? [] : [alb])),
    };
  } catch (error) {
    const text = errorText(error);
    return { waitingFor: `an answer from AWS: ${text}`, error: text, albs: [] };
  }
}
