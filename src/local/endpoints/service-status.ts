// What a LoadBalancer Service says about its ports: the address only while it is served there, and
// otherwise why not and what to do. Pure.
import type { Condition } from "../../api/kubernetes/pod.ts";
import type { Service } from "../../api/kubernetes/workloads.ts";
import { asJson } from "../../api/meta/wire.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { errorWords, sentenceOf } from "../../lib/errors.ts";
import type { EpochMs } from "../../lib/time.ts";
import { portAnnotation } from "./entrances.ts";
import type { PortClaim } from "./entrances.ts";
import { conditionsOf, openVerdict, programmedCondition } from "./route-status.ts";
import type { Claimed, ListenerStates } from "./route-status.ts";

interface PortProblem {
  readonly reason: "PortInUse";
  readonly message: string;
}

/** Why a Service's port is not open, with what to do. */
function portProblem(claim: PortClaim, states: ListenerStates): PortProblem | undefined {
  const { owner, boundPort, conflict } = claim;
  const state = states.get(claim.listener);
  if (conflict === undefined && state?.error === undefined) return undefined;
  const wantedBy = `${owner.kind} ${owner.namespace}/${owner.name}`;
  const setting = `its port, or the annotation ${portAnnotation}: auto for any free one`;
  const words = errorWords("PORT_IN_USE", {
    address: state?.address ?? "127.0.0.1",
    port: boundPort,
    wantedBy,
    setting,
  });
  if (conflict === undefined) return { reason: "PortInUse", message: sentenceOf(words) };
  const what = `the port is taken by ${conflict}, ${wantedBy} cannot listen on it`;
  return {
    reason: "PortInUse",
    message: sentenceOf({ ...words, what, wayOut: `choose another port (${setting}).` }),
  };
}

function isServed(claim: PortClaim, states: ListenerStates): boolean {
  return states.has(claim.listener) && portProblem(claim, states) === undefined;
}

/** The Service's new status, or undefined when nothing changed. `claims` are those of this Service. */
export function serviceStatus(
  service: Service,
  claims: readonly PortClaim[],
  states: ListenerStates,
  nowMs: EpochMs,
): Service["status"] | undefined {
  const { conditions: before = [], loadBalancer: _before, ...rest } = service.status ?? {};
  const others = before.filter((each) => each.type !== programmedCondition);
  const own = claims.length === 0 ? [] : [programmedOf(claims, states)];
  const generation = service.metadata.generation ?? 0;
  const conditions = [...others, ...conditionsOf(own, before, generation, nowMs)];
  const status = {
    ...rest,
    ...(conditions.length === 0 ? {} : { conditions }),
    loadBalancer: loadBalancerOf(claims, states),
  };
  const stored = { loadBalancer: {}, ...service.status };
  return deepEqual(asJson(status), asJson(stored)) ? undefined : status;
}

/** An address where nobody answers would be a lie: without an open port there is none. */
function loadBalancerOf(
  claims: readonly PortClaim[],
  states: ListenerStates,
): NonNullable<NonNullable<Service["status"]>["loadBalancer"]> {
  if (!claims.some((claim) => isServed(claim, states))) return {};
  const ports = claims.map((claim) => ({
    port: states.get(claim.listener)?.port ?? claim.port,
    protocol: "TCP",
    ...(isServed(claim, states) ? {} : { error: "PortInUse" }),
  }));
  return { ingress: [{ ip: "127.0.0.1", ports }] };
}

function programmedOf(claims: readonly PortClaim[], states: ListenerStates): Claimed {
  const type = programmedCondition;
  const problems = claims.flatMap((claim) => portProblem(claim, states) ?? []);
  if (problems.length > 0) {
    const message = problems.map((each) => each.message).join(" ");
    return { type, isTrue: false, reason: "PortInUse", message };
  }
  const verdicts = claims.map(({ listener }) => openVerdict(states.get(listener)));
  const first = verdicts.find((verdict) => !verdict.isTrue) ?? verdicts[0];
  const message = [...new Set(verdicts.map((verdict) => verdict.message))].join("; ");
  return { type, isTrue: first?.isTrue ?? false, reason: first?.reason ?? "Pending", message };
}

export interface ServiceNews {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** Names this turn of events, so that it is told once. */
  readonly cause: string;
}

/** What to tell of a Service's ports: that one cannot be opened, or that all are again. */
export function serviceNews(
  before: Service["status"],
  after: Service["status"],
): ServiceNews | undefined {
  const find = (status: Service["status"]): Condition | undefined =>
    status?.conditions?.find((each) => each.type === programmedCondition);
  const [then, now] = [find(before), find(after)];
  if (now === undefined) return undefined;
  const { reason = "", message = "", lastTransitionTime = "" } = now;
  if (now.status !== "True")
    return reason === "Pending"
      ? undefined
      : { type: "Warning", reason, message, cause: `${reason} ${lastTransitionTime}` };
  return then?.status === "False" && then.reason === "PortInUse"
    ? { type: "Normal", reason, message, cause: `${reason} ${lastTransitionTime}` }
    : undefined;
}
