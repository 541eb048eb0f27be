// What the objects say about themselves once the gateway has answered: pure, from verdicts to statuses.
import type { Gateway, HTTPRoute } from "../../api/gateway/http-route.ts";
import type { Condition } from "../../api/kubernetes/pod.ts";
import { asJson } from "../../api/meta/wire.ts";
import type { ListenerState } from "../../gateway/gateway.ts";
import { deepEqual } from "../../lib/deep-equal.ts";
import { formatTime } from "../../lib/time.ts";
import type { EpochMs } from "../../lib/time.ts";
import type { ParentVerdict, Verdict } from "./attach.ts";
import type { GatewayVerdict, RouteVerdict } from "./compile-gateway.ts";

/** Who writes these statuses: `HTTPRoute.status.parents[].controllerName`. */
export const gatewayControllerName = "haldane.dev/gateway";

/** The condition that says that the data plane runs this very generation of the object. */
export const programmedCondition = "Programmed";

export interface Claimed extends Verdict {
  readonly type: string;
}

export function conditionsOf(
  claims: readonly Claimed[],
  before: readonly Condition[],
  generation: number,
  nowMs: EpochMs,
): readonly Condition[] {
  return claims.map(({ type, isTrue, reason, message }) => {
    const status = isTrue ? "True" : "False";
    const known = before.find((each) => each.type === type);
    const since = known?.status === status ? known.lastTransitionTime : undefined;
    return {
      type,
      status,
      reason,
      message,
      observedGeneration: generation,
      lastTransitionTime: since ?? formatTime(nowMs),
    };
  });
}

/** What the gateway said about its listeners, by name. */
export type ListenerStates = ReadonlyMap<string, ListenerState>;

function isOpen(states: ListenerStates, listener: string): boolean {
  const state = states.get(listener);
  return state !== undefined && state.error === undefined;
}

function programmedOf({ accepted, listeners }: ParentVerdict, states: ListenerStates): Verdict {
  if (!accepted.isTrue) return { isTrue: false, reason: "NotAccepted", message: accepted.message };
  const closed = listeners.filter((listener) => !isOpen(states, listener));
  if (closed.length === 0)
    return { isTrue: true, reason: "Programmed", message: "the gateway routes by this generation" };
  const message = closed
    .map((listener) => states.get(listener)?.error ?? `${listener} is not open`)
    .join("; ");
  return { isTrue: false, reason: "ListenersNotReady", message };
}

function claimsOfParent(parent: ParentVerdict, states: ListenerStates): readonly Claimed[] {
  const dropped = parent.dropped.join("; ");
  const partially: readonly Claimed[] =
    dropped === "" || !parent.accepted.isTrue
      ? []
      : [
          {
            type: "PartiallyInvalid",
            isTrue: true,
            reason: "UnsupportedValue",
            message: `Dropped Rule: ${dropped}`,
          },
        ];
  return [
    { type: "Accepted", ...parent.accepted },
    { type: "ResolvedRefs", ...parent.resolved },
    ...partially,
    { type: programmedCondition, ...programmedOf(parent, states) },
  ];
}

/** The route's new status, or undefined when it says all that already. Parents of other controllers are kept. */
export function routeStatus(
  { route, parents }: RouteVerdict,
  states: ListenerStates,
  nowMs: EpochMs,
): HTTPRoute["status"] | undefined {
  const stored = route.status?.parents ?? [];
  const others = stored.filter((each) => each.controllerName !== gatewayControllerName);
  const own = stored.filter((each) => each.controllerName === gatewayControllerName);
  const generation = route.metadata.generation ?? 0;
  const wanted = parents.map((parent) => {
    const before = own.find((each) => deepEqual(asJson(each.parentRef), asJson(parent.parentRef)));
    const conditions = conditionsOf(
      claimsOfParent(parent, states),
      before?.conditions ?? [],
      generation,
      nowMs,
    );
    return { parentRef: parent.parentRef, controllerName: gatewayControllerName, conditions };
  });
  const status = { ...route.status, parents: [...others, ...wanted] };
  return deepEqual(asJson(status), asJson(route.status ?? { parents: [] })) ? undefined : status;
}

const routeKinds = [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute" }];

/** The Gateway's new status, or undefined when nothing changed. */
export function gatewayStatus(
  { gateway, listeners }: GatewayVerdict,
  states: ListenerStates,
  nowMs: EpochMs,
): Gateway["status"] | undefined {
  const generation = gateway.metadata.generation ?? 0;
  const before = gateway.status?.listeners ?? [];
  const entries = listeners.map(({ name, attachedRoutes, accepted, listener }) => {
    const state = listener === undefined ? undefined : states.get(listener);
    const programmed = accepted.isTrue ? openVerdict(state) : { ...accepted, reason: "Invalid" };
    const claims = [
      { type: "Accepted", ...accepted },
      { type: programmedCondition, ...programmed },
    ];
    const known = before.find((each) => each.name === name)?.conditions ?? [];
    const conditions = conditionsOf(claims, known, generation, nowMs);
    return { name, attachedRoutes, supportedKinds: routeKinds, conditions };
  });
  const isAllOpen = entries.every((each) =>
    each.conditions.every(({ status }) => status === "True"),
  );
  const closed = entries.flatMap((each) =>
    each.conditions.filter(({ status }) => status !== "True"),
  );
  const overall: readonly Claimed[] = [
    { type: "Accepted", isTrue: true, reason: "Accepted", message: "" },
    isAllOpen
      ? { type: programmedCondition, isTrue: true, reason: "Programmed", message: "" }
      : {
          type: programmedCondition,
          isTrue: false,
          reason: "Invalid",
          message: closed[0]?.message ?? "",
        },
  ];
  const conditions = conditionsOf(overall, gateway.status?.conditions ?? [], generation, nowMs);
  // An address where nobody answers would be a lie.
  const isServed = listeners.some((each) => isOpen(states, each.listener ?? ""));
  const addresses = isServed ? [{ type: "IPAddress", value: "127.0.0.1" }] : [];
  const status = { ...gateway.status, addresses, conditions, listeners: entries };
  return deepEqual(asJson(status), asJson(gateway.status ?? {})) ? undefined : status;
}

export function openVerdict(state: ListenerState | undefined): Verdict {
  if (state === undefined)
    return { isTrue: false, reason: "Pending", message: "the gateway has not opened it yet" };
  if (state.error !== undefined) return { isTrue: false, reason: "Invalid", message: state.error };
  return {
    isTrue: true,
    reason: "Programmed",
    message: `listening on ${state.address}:${state.port}`,
  };
}
