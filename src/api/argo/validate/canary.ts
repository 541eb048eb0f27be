// Rules of spec.strategy.canary, in Argo's order.
import { below, invalid } from "../../meta/field-error.ts";
import type { FieldError } from "../../meta/field-error.ts";
import type { TrafficRoutingManifest } from "../../schema/rollout.ts";
import type { CanaryManifest } from "../../schema/rollout-strategy.ts";
import { numberOfShare } from "../parse/duration.ts";
import { hasPlugins } from "../parse/traffic-routing.ts";
import { validateAntiAffinity } from "./anti-affinity.ts";
import { strategyPlace } from "./places.ts";
import { validateSteps } from "./steps.ts";

const place = strategyPlace("canary");

function sameServices(which: string): string {
  return `This rollout uses the same service for the ${which} services, but two different services are required.`;
}

function surgeErrors({ maxSurge, maxUnavailable }: CanaryManifest): readonly FieldError[] {
  if (maxSurge === undefined || maxUnavailable === undefined) return [];
  if (numberOfShare(maxSurge) !== 0 || numberOfShare(maxUnavailable) !== 0) return [];
  return [
    invalid(below(place, "maxSurge"), maxSurge, "MaxSurge and MaxUnavailable both can not be zero"),
  ];
}

function sameServiceErrors({
  stableService = "",
  canaryService = "",
}: CanaryManifest): readonly FieldError[] {
  if (stableService === "" || stableService !== canaryService) return [];
  return [invalid(below(place, "stableService"), stableService, sameServices("stable and canary"))];
}

function pingPongServiceErrors({
  pingService,
  pongService,
}: NonNullable<CanaryManifest["pingPong"]>): readonly FieldError[] {
  const at = below(place, "pingPong");
  const missing = "Ping service and Pong service must to be set to use Ping-Pong feature";
  const errors: FieldError[] = [];
  if (pingService === "") errors.push(invalid(below(at, "pingService"), pingService, missing));
  if (pongService === "") errors.push(invalid(below(at, "pongService"), pongService, missing));
  if (pingService === pongService) {
    errors.push(invalid(below(at, "pingService"), pingService, sameServices("ping and pong")));
  }
  return errors;
}

function pingPongErrors({ pingPong, trafficRouting }: CanaryManifest): readonly FieldError[] {
  if (pingPong === undefined) return [];
  const alb = below(place, "trafficRouting", "alb");
  const errors: FieldError[] = [];
  if (
    trafficRouting &&
    !trafficRouting.alb &&
    !trafficRouting.istio &&
    !hasPlugins(trafficRouting)
  ) {
    const message =
      "Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only";
    errors.push(invalid(alb, null, message));
  }
  errors.push(...pingPongServiceErrors(pingPong));
  if (trafficRouting?.alb && (trafficRouting.alb.rootService ?? "") === "") {
    const message =
      "Root service field is required for the configuration with ALB and ping-pong feature enabled";
    errors.push(invalid(below(alb, "rootService"), "", message));
  }
  return errors;
}

/** Whether a router needs to be told the two Services it splits between (argo-rollouts.md §1.1). */
function needsServices(routing: TrafficRoutingManifest, hasPingPong: boolean): boolean {
  const { nginx, smi, apisix, ambassador, appMesh, traefik, alb, istio } = routing;
  if (nginx ?? smi ?? apisix ?? ambassador ?? appMesh ?? traefik) return true;
  if (hasPingPong) return false;
  return alb !== undefined || (istio !== undefined && istio.destinationRule === undefined);
}

function routedServiceErrors(canary: CanaryManifest): readonly FieldError[] {
  const { trafficRouting, pingPong } = canary;
  if (!trafficRouting || !needsServices(trafficRouting, pingPong !== undefined)) return [];
  const message = "Canary service and Stable service must to be set to use Traffic Routing";
  return (["stableService", "canaryService"] as const)
    .filter((name) => (canary[name] ?? "") === "")
    .map((name) => invalid(below(place, name), "", message));
}

function unroutedErrors({
  scaleDownDelaySeconds,
  dynamicStableScale,
}: CanaryManifest): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (scaleDownDelaySeconds !== undefined) {
    const message = "Canary scaleDownDelaySeconds can only be used with traffic routing";
    errors.push(invalid(below(place, "scaleDownDelaySeconds"), scaleDownDelaySeconds, message));
  }
  if (dynamicStableScale) {
    const message = "Canary dynamicStableScale can only be used with traffic routing";
    errors.push(invalid(below(place, "dynamicStableScale"), true, message));
  }
  return errors;
}

function routedErrors(
  canary: CanaryManifest,
  routing: TrafficRoutingManifest,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (canary.dynamicStableScale && canary.scaleDownDelaySeconds !== undefined) {
    const message = "Canary dynamicStableScale cannot be used with scaleDownDelaySeconds";
    errors.push(invalid(below(place, "dynamicStableScale"), true, message));
  }
  const { maxTrafficWeight = 100 } = routing;
  if (maxTrafficWeight !== 100 && !routing.nginx && !hasPlugins(routing)) {
    const message =
      "Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins";
    errors.push(
      invalid(below(place, "trafficRouting", "maxTrafficWeight"), maxTrafficWeight, message),
    );
  }
  return errors;
}

export function validateCanary(canary: CanaryManifest): readonly FieldError[] {
  const { trafficRouting } = canary;
  return [
    ...surgeErrors(canary),
    ...sameServiceErrors(canary),
    ...pingPongErrors(canary),
    ...routedServiceErrors(canary),
    ...(trafficRouting ? routedErrors(canary, trafficRouting) : unroutedErrors(canary)),
    ...validateSteps(canary),
    ...validateAntiAffinity(canary.antiAffinity, place),
  ];
}
